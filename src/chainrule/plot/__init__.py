"""Pictures of data, networks and training (`chainrule.plot`), and the numbers behind them (`chainrule.plot.numbers`).

Every function takes `ax=` and returns the axes it has drawn on; none shows or saves anything by itself:

    chainrule.plot.roc(y, p).figure.savefig("roc.png")

`plot.numbers` has, under the same name, what a picture shows as arrays; pictures take those too.
"""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.diagram import network as network
    from chainrule.plot.canvas import description as description
    from chainrule.plot.pictures.calibration import calibration as calibration
    from chainrule.plot.pictures.confusion import confusion as confusion
    from chainrule.plot.pictures.flow import gradient_flow as gradient_flow
    from chainrule.plot.pictures.histograms import activations as activations
    from chainrule.plot.pictures.histograms import weights as weights
    from chainrule.plot.pictures.inspection import dependence as dependence
    from chainrule.plot.pictures.inspection import importance as importance
    from chainrule.plot.pictures.learning_rates import learning_rates as learning_rates
    from chainrule.plot.pictures.ranking import precision_recall as precision_recall
    from chainrule.plot.pictures.ranking import roc as roc
    from chainrule.plot.pictures.regions import regions as regions
    from chainrule.plot.pictures.regression import predictions as predictions
    from chainrule.plot.pictures.regression import residuals as residuals
    from chainrule.plot.pictures.surface import surface as surface
    from chainrule.plot.pictures.training import training as training
    from chainrule.plot.pictures.units import units as units
    from chainrule.plot.vector import svg as svg

_MODULES = ("canvas", "colours", "numbers")
_NAMES = {
    "activations": "chainrule.plot.pictures.histograms",
    "calibration": "chainrule.plot.pictures.calibration",
    "confusion": "chainrule.plot.pictures.confusion",
    "dependence": "chainrule.plot.pictures.inspection",
    "description": "chainrule.plot.canvas",
    "gradient_flow": "chainrule.plot.pictures.flow",
    "importance": "chainrule.plot.pictures.inspection",
    "learning_rates": "chainrule.plot.pictures.learning_rates",
    "network": "chainrule.diagram",
    "precision_recall": "chainrule.plot.pictures.ranking",
    "predictions": "chainrule.plot.pictures.regression",
    "regions": "chainrule.plot.pictures.regions",
    "residuals": "chainrule.plot.pictures.regression",
    "roc": "chainrule.plot.pictures.ranking",
    "surface": "chainrule.plot.pictures.surface",
    "svg": "chainrule.plot.vector",
    "training": "chainrule.plot.pictures.training",
    "units": "chainrule.plot.pictures.units",
    "weights": "chainrule.plot.pictures.histograms",
}

__all__ = sorted([*_NAMES, "colours", "numbers"])
__getattr__ = getter("chainrule.plot", _MODULES, _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
