"""Health: what is wrong with a model, its training or its data, in sentences with numbers and advice.

    chainrule.health.check(model, x, y, history)     a report, at any time
    chainrule.health.Monitor(model, probe)           the same while a model trains

The rules are one file for each family (`units`, `gradients`, `progress`, `data`); all their limits are in
`thresholds.py`.
"""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.health.data import check_data as check_data
    from chainrule.health.examine import check as check
    from chainrule.health.finding import Finding as Finding
    from chainrule.health.monitor import Monitor as Monitor
    from chainrule.health.report import Report as Report
    from chainrule.health.table import check_table as check_table
    from chainrule.health.thresholds import THRESHOLDS as THRESHOLDS

_NAMES = {
    "Finding": "chainrule.health.finding",
    "Monitor": "chainrule.health.monitor",
    "Report": "chainrule.health.report",
    "THRESHOLDS": "chainrule.health.thresholds",
    "check": "chainrule.health.examine",
    "check_data": "chainrule.health.data",
    "check_table": "chainrule.health.table",
}

__all__ = sorted(_NAMES)
__getattr__ = getter("chainrule.health", (), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
