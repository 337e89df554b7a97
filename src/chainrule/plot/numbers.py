"""The numbers behind the pictures of `chainrule.plot`, as arrays and under the same names; matplotlib is not needed."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.plot.arrays.calibration import Calibration as Calibration
    from chainrule.plot.arrays.calibration import calibration as calibration
    from chainrule.plot.arrays.confusion import Confusion as Confusion
    from chainrule.plot.arrays.confusion import confusion as confusion
    from chainrule.plot.arrays.directions import principal as principal
    from chainrule.plot.arrays.flow import GradientFlow as GradientFlow
    from chainrule.plot.arrays.flow import gradient_flow as gradient_flow
    from chainrule.plot.arrays.histograms import Histogram as Histogram
    from chainrule.plot.arrays.histograms import Spread as Spread
    from chainrule.plot.arrays.histograms import activations as activations
    from chainrule.plot.arrays.histograms import histogram as histogram
    from chainrule.plot.arrays.histograms import spreads as spreads
    from chainrule.plot.arrays.histograms import weights as weights
    from chainrule.plot.arrays.inputs import Feature as Feature
    from chainrule.plot.arrays.inputs import Inputs as Inputs
    from chainrule.plot.arrays.layers import layer_outputs as layer_outputs
    from chainrule.plot.arrays.outcome import Classified as Classified
    from chainrule.plot.arrays.outcome import classified as classified
    from chainrule.plot.arrays.plane import Plane as Plane
    from chainrule.plot.arrays.plane import plane as plane
    from chainrule.plot.arrays.ranking import PrecisionRecall as PrecisionRecall
    from chainrule.plot.arrays.ranking import Roc as Roc
    from chainrule.plot.arrays.ranking import precision_recall as precision_recall
    from chainrule.plot.arrays.ranking import roc as roc
    from chainrule.plot.arrays.regions import Regions as Regions
    from chainrule.plot.arrays.regions import regions as regions
    from chainrule.plot.arrays.regression import Residuals as Residuals
    from chainrule.plot.arrays.regression import residuals as residuals
    from chainrule.plot.arrays.surface import Surface as Surface
    from chainrule.plot.arrays.surface import surface as surface
    from chainrule.plot.arrays.training import Training as Training
    from chainrule.plot.arrays.training import training as training
    from chainrule.plot.arrays.units import Units as Units
    from chainrule.plot.arrays.units import units as units

_NAMES = {
    "Calibration": "chainrule.plot.arrays.calibration",
    "Classified": "chainrule.plot.arrays.outcome",
    "Confusion": "chainrule.plot.arrays.confusion",
    "Feature": "chainrule.plot.arrays.inputs",
    "GradientFlow": "chainrule.plot.arrays.flow",
    "Histogram": "chainrule.plot.arrays.histograms",
    "Inputs": "chainrule.plot.arrays.inputs",
    "Plane": "chainrule.plot.arrays.plane",
    "PrecisionRecall": "chainrule.plot.arrays.ranking",
    "Regions": "chainrule.plot.arrays.regions",
    "Residuals": "chainrule.plot.arrays.regression",
    "Roc": "chainrule.plot.arrays.ranking",
    "Spread": "chainrule.plot.arrays.histograms",
    "Surface": "chainrule.plot.arrays.surface",
    "Training": "chainrule.plot.arrays.training",
    "Units": "chainrule.plot.arrays.units",
    "activations": "chainrule.plot.arrays.histograms",
    "calibration": "chainrule.plot.arrays.calibration",
    "classified": "chainrule.plot.arrays.outcome",
    "confusion": "chainrule.plot.arrays.confusion",
    "gradient_flow": "chainrule.plot.arrays.flow",
    "histogram": "chainrule.plot.arrays.histograms",
    "layer_outputs": "chainrule.plot.arrays.layers",
    "plane": "chainrule.plot.arrays.plane",
    "precision_recall": "chainrule.plot.arrays.ranking",
    "principal": "chainrule.plot.arrays.directions",
    "regions": "chainrule.plot.arrays.regions",
    "residuals": "chainrule.plot.arrays.regression",
    "roc": "chainrule.plot.arrays.ranking",
    "spreads": "chainrule.plot.arrays.histograms",
    "surface": "chainrule.plot.arrays.surface",
    "training": "chainrule.plot.arrays.training",
    "units": "chainrule.plot.arrays.units",
    "weights": "chainrule.plot.arrays.histograms",
}

__all__ = sorted(_NAMES)
__getattr__ = getter("chainrule.plot.numbers", (), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
