"""Recordings of trainings: one file that the page, the report and TensorBoard read."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.recording import messages as messages

_NAMES: dict[str, str] = {}

__all__ = sorted(["messages", *_NAMES])
__getattr__ = getter("chainrule.recording", ("messages",), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
