"""The numbers behind the pictures of `chainrule.plot`, as arrays and under the same names; matplotlib is not needed."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.plot.arrays.calibration import Calibration as Calibration
    from chainrule.plot.arrays.calibration import calibration as calibration
    from chainrule.plot.arrays.confusion import Confusion as Confusion
    from chainrule.plot.arrays.confusion import confusion as confusion
    from chainrule.plot.arrays.outcome import Classified as Classified
    from chainrule.plot.arrays.outcome import classified as classified
    from chainrule.plot.arrays.ranking import PrecisionRecall as PrecisionRecall
    from chainrule.plot.arrays.ranking import Roc as Roc
    from chainrule.plot.arrays.ranking import precision_recall as precision_recall
    from chainrule.plot.arrays.ranking import roc as roc
    from chainrule.plot.arrays.regression import Residuals as Residuals
    from chainrule.plot.arrays.regression import residuals as residuals
    from chainrule.plot.arrays.training import Training as Training
    from chainrule.plot.arrays.training import training as training

_NAMES = {
    "Calibration": "chainrule.plot.arrays.calibration",
    "Classified": "chainrule.plot.arrays.outcome",
    "Confusion": "chainrule.plot.arrays.confusion",
    "PrecisionRecall": "chainrule.plot.arrays.ranking",
    "Residuals": "chainrule.plot.arrays.regression",
    "Roc": "chainrule.plot.arrays.ranking",
    "Training": "chainrule.plot.arrays.training",
    "calibration": "chainrule.plot.arrays.calibration",
    "classified": "chainrule.plot.arrays.outcome",
    "confusion": "chainrule.plot.arrays.confusion",
    "precision_recall": "chainrule.plot.arrays.ranking",
    "residuals": "chainrule.plot.arrays.regression",
    "roc": "chainrule.plot.arrays.ranking",
    "training": "chainrule.plot.arrays.training",
}

__all__ = sorted(_NAMES)
__getattr__ = getter("chainrule.plot.numbers", (), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
