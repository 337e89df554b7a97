"""A model's state as nested dicts by path, and the loss for other values of its variables: rarer methods of `Model`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from chainrule.autodiff.tape import substitute
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import unknown_name
from chainrule.layers.rarer import stand_ins

_KINDS = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")


class StateTree:
    """The methods of `Model` that few programs call."""

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Return the values of all variables, of optimizer and metrics too, as nested dicts by their paths.

        Args:
            value_format: `'backend_tensor'` for tensors, `'numpy_array'` for arrays; copies either way.

        Raises:
            UnknownNameError: another format.

        >>> import chainrule as cr
        >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, name="d", kernel_initializer="ones")], name="m")
        >>> model.get_state_tree("numpy_array")["trainable_variables"]["m"]["d"]["kernel"].tolist()
        [[1.0]]
        """
        if value_format not in ("backend_tensor", "numpy_array"):
            raise unknown_name("value_format", value_format, ["backend_tensor", "numpy_array"])
        found: dict[str, Any] = {}
        for kind in _KINDS:
            tree = found[kind] = {}
            for v in _variables(self, kind):
                *outer, last = v.path.split("/")
                inner = tree
                for name in outer:
                    inner = inner.setdefault(name, {})
                inner[last] = v.numpy() if value_format == "numpy_array" else Tensor(v.numpy())
        return found

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Set the variables that a tree of `get_state_tree` names; a tree that does not fit changes nothing.

        Raises:
            UnknownNameError: there is no variable of such a path.
        """
        pairs = []
        for kind, tree in state_tree.items():
            if kind not in _KINDS:
                raise unknown_name("part of a state tree:", kind, _KINDS)
            known = {v.path: v for v in _variables(self, kind)}
            for path, value in _leaves(tree):
                if path not in known:
                    raise unknown_name(f"variable in {kind}:", path, known)
                pairs.append((known[path], value))
        stand_ins(pairs)
        for v, value in pairs:
            v.assign(value)

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[Any, Any, Any]]:
        """Return the loss for other values of the variables, which stay as they are, and the values after it.

        Raises:
            ValueError: there is not one value for each variable.
        """
        model: Any = self
        parts = (
            (model.trainable_variables, trainable_variables),
            (model.non_trainable_variables, non_trainable_variables),
            (model.metrics_variables, metrics_variables),
        )
        values: dict[int, Any] = {}
        for mine, given in parts:
            if len(mine) != len(given):
                raise ValueError(
                    f"Model '{model.name}': stateless_compute_loss needs {len(mine)} values, but received {len(given)}."
                )
            values.update(stand_ins(zip(mine, given, strict=True)))
        with substitute(values):
            loss = model.compute_loss(x, y, y_pred, sample_weight, training=training)
        fixed, metrics = ([values.get(id(v), v.value) for v in mine] for mine, _ in parts[1:])
        return loss, (trainable_variables, fixed, metrics)

    def get_quantization_layer_structure(self, mode: Any = None) -> NoReturn:
        """Not here: variables are floats.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(f"Model '{getattr(self, 'name', '')}': quantised weights are not supported.")


def _variables(model: Any, kind: str) -> list[Any]:
    if kind == "optimizer_variables":
        return list(model.optimizer.variables) if model.optimizer is not None else []
    return list(getattr(model, kind))


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}/")
        else:
            yield prefix + key, value
