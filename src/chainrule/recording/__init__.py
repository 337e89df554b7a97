"""Recordings of trainings: one file that the page, the report and TensorBoard read.

model.fit(x, y, callbacks=[chainrule.callbacks.Recorder("runs/first")])
run = chainrule.recording.load("runs/first")
"""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.recording import messages as messages
    from chainrule.recording.probe import Probe as Probe
    from chainrule.recording.recording import Recording as Recording
    from chainrule.recording.recording import load as load

_NAMES = {
    "Probe": "chainrule.recording.probe",
    "Recording": "chainrule.recording.recording",
    "load": "chainrule.recording.recording",
}

__all__ = sorted(["messages", *_NAMES])
__getattr__ = getter("chainrule.recording", ("messages",), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
