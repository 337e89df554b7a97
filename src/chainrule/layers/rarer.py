"""What Keras's layers have besides: a call without side effects, and hints in place of what is not here."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from chainrule.autodiff.tape import substitute
from chainrule.variables import Variable

if TYPE_CHECKING:
    from chainrule.layers.base import Layer


class RarerMethods:
    """The methods of `Layer` that few programs call."""

    quantization_mode = None
    """Always None: variables are floats."""

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the layer with other values in place of its variables, which stay as they are.

        Args:
            trainable_variables: a value for each of `layer.trainable_variables`.
            non_trainable_variables: a value for each of `layer.non_trainable_variables`.
            args, kwargs: those of the call.
            return_losses: return the losses of the call, too.

        Returns:
            The outputs, the new values of the non-trainable variables, and the losses if asked for. Tensors given for
            trainable variables are followed by a tape, so that gradients with respect to them can be taken.

        Raises:
            ValueError: the layer is not built, or has another number of variables.

        >>> import chainrule as cr
        >>> layer = cr.layers.Dense(1, kernel_initializer="zeros")
        >>> layer.build((None, 2))
        >>> outputs, others = layer.stateless_call([[[1.0], [2.0]], [3.0]], [], [[1.0, 1.0]])
        >>> outputs.numpy().tolist(), others, layer.kernel.numpy().tolist()
        ([[6.0]], [], [[0.0], [0.0]])
        """
        layer: Any = self
        if not layer.built:
            raise ValueError(
                f"{type(self).__name__} '{layer.name}' must be built before stateless_call: call it on data first."
            )
        values: dict[int, Any] = {}
        for what, given in (
            ("trainable_variables", trainable_variables),
            ("non_trainable_variables", non_trainable_variables),
        ):
            mine = getattr(layer, what)
            if len(given) != len(mine):
                raise ValueError(
                    f"{type(self).__name__} '{layer.name}': stateless_call needs a value for each of its {len(mine)} "
                    f"{what}, but received {len(given)}."
                )
            values.update(stand_ins(zip(mine, given, strict=True)))
        before = [(part, part._losses) for part in layer._flatten_layers()]
        try:
            with substitute(values):
                layer._forget_losses()
                outputs = layer._run(*layer._converted(args, kwargs))
                losses = layer.losses if return_losses else None
        finally:
            for part, kept in before:
                part._losses = kept
        fixed = [values.get(id(v), v.value) for v in layer.non_trainable_variables]
        return (outputs, fixed, losses) if return_losses else (outputs, fixed)

    def add_metric(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Keras 3 has it no longer.

        Raises:
            NotImplementedError: always, with what to do instead.
        """
        raise NotImplementedError(
            f"Layer '{self._name()}': add_metric does not exist in Keras 3. Give metrics to compile(metrics=[...]), or "
            "make one in __init__ (self.m = metrics.Mean()) and call self.m.update_state(value) in `call`."
        )

    def quantize(self, mode: Any = None, type_check: bool = True, config: Any = None) -> NoReturn:
        """Not here: variables are floats.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            f"Layer '{self._name()}': quantised weights are not supported (mode={mode!r}). Quantise with Keras: it "
            "reads the files that chainrule writes."
        )

    def enable_lora(self, rank: int, *args: Any, **kwargs: Any) -> NoReturn:
        """Not here.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            f"Layer '{self._name()}': low-rank adaptation (rank={rank!r}) is not supported. To train few weights, set "
            "trainable=False on the other layers."
        )

    def _name(self) -> str:
        return str(getattr(self, "name", type(self).__name__))


def stand_ins(pairs: Iterable[tuple[Variable, Any]]) -> dict[int, Any]:
    """Return what `substitute` takes for pairs of variables and values.

    Raises:
        ValueError: a value has another shape than its variable.
    """
    return {id(v): _stand_in(v, new) for v, new in pairs if new is not v}


def _stand_in(variable: Variable, new: Any) -> Any:
    """Return what stands for a variable: a tensor as it is, anything else as an array of the variable's type."""
    import numpy as np

    from chainrule.autodiff.tensor import Tensor

    value = new if isinstance(new, Tensor) else np.asarray(getattr(new, "value", new), variable.dtype)
    if tuple(value.shape) != tuple(variable.shape):
        raise ValueError(
            f"Variable '{variable.path}' has shape {variable.shape}, but received shape {tuple(value.shape)}."
        )
    return value


def warn_of_input_shape(layer: Layer) -> None:
    """Say, at the line outside of chainrule, that an `Input` is the better place for the shape; Keras warns, too."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "chainrule":
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"{type(layer).__name__} '{layer.name}': write Input(shape) as the first entry of the model in place of "
        "input_shape= or input_dim= in a layer.",
        stacklevel=level,
    )
