"""Models as scikit-learn estimators (`keras.wrappers`), for pipelines, cross-validation and grid searches."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.wrappers.classifier import SKLearnClassifier as SKLearnClassifier
    from chainrule.wrappers.regressor import SKLearnRegressor as SKLearnRegressor
    from chainrule.wrappers.transformer import SKLearnTransformer as SKLearnTransformer

_NAMES = {
    "SKLearnClassifier": "chainrule.wrappers.classifier",
    "SKLearnRegressor": "chainrule.wrappers.regressor",
    "SKLearnTransformer": "chainrule.wrappers.transformer",
}

__all__ = sorted(_NAMES)
__getattr__ = getter("chainrule.wrappers", (), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
