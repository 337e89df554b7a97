"""The variables an optimizer owns: made as `keras.Optimizer` makes them, listed, saved and loaded."""

from __future__ import annotations

import warnings
from collections.abc import MutableMapping, Sequence
from typing import Any

from chainrule._typing import Array
from chainrule.errors import ShapeError
from chainrule.variables import Variable


class OwnsVariables:
    """Keeps the list `variables` in the order in which they were made; that order is the order in files."""

    name: str
    built: bool
    _variables: list[Variable]

    def __setattr__(self, attribute: str, value: Any) -> None:
        if "_variables" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}: call super().__init__(...) as the first statement of __init__, before setting "
                f"self.{attribute}."
            )
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, Variable):
                self._track_variable(item)
        super().__setattr__(attribute, value)

    @property
    def variables(self) -> list[Variable]:
        """All an optimizer must save to continue: iteration, learning rate, then the moments in Keras's order."""
        return list(self._variables)

    def _track_variable(self, variable: Variable) -> None:
        if not any(variable is known for known in self._variables):
            self._variables.append(variable)

    def _untrack_variable(self, variable: Variable) -> None:
        self._variables[:] = [known for known in self._variables if known is not variable]

    def _adopt(self, variable: Variable, name: str) -> Variable:
        variable.name = name
        variable.path = f"{self.name}/{name}"
        self._track_variable(variable)
        return variable

    # -- making variables --------------------------------------------------------------------------------------------

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to this optimizer.

        Args:
            shape: its shape, without `None`.
            initializer: name, initializer or function `(shape, dtype) -> array`.
            dtype: its type, by default the default float type.
            aggregation: accepted for Keras's sake; one process needs none.
            layout: as `aggregation`.
            name: the last part of its path.
        """
        from chainrule import initializers

        variable = Variable(initializers.get(initializer), shape=tuple(shape), dtype=dtype, trainable=False, name=name)
        return self._adopt(variable, variable.name)

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make a variable of the shape and type of a model's, named after both: `mlp_dense_kernel_momentum`."""
        return self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            name=moment_name(reference_variable, name or "var"),
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Make one variable per model variable and per name.

        Args:
            trainable_variables: the model's variables.
            name: one name, which gives a list; or several, which give a tuple of lists, made variable by variable.
            initializer: one for all names, or one per name.

        Raises:
            ValueError: the numbers of names and initializers differ.
        """
        names = [name] if isinstance(name, str) else list(name)
        several = isinstance(initializer, list | tuple)
        initial = list(initializer) if several else [initializer] * len(names)
        if len(names) != len(initial):
            raise ValueError(
                "The number of names must match the number of initializers. "
                f"Received name={name!r}, initializer={initializer!r}."
            )
        made: tuple[list[Variable | None], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for kept, one, start in zip(made, names, initial, strict=True):
                skip = variable.overwrite_with_gradient
                kept.append(None if skip else self.add_variable_from_reference(variable, one, start))
        return made[0] if isinstance(name, str) else made

    # -- changing variables ------------------------------------------------------------------------------------------

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable, the model's or the optimizer's own."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    # -- saving and loading ------------------------------------------------------------------------------------------

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Set all `variables`.

        Raises:
            ValueError: the optimizer is not built yet.
            ShapeError: an array has another shape than its variable.
        """
        if not self.built:
            raise ValueError(
                f"{self.name}: set_weights needs a built optimizer: call build(model.trainable_variables) first."
            )
        for variable, weight in zip(self.variables, weights, strict=False):
            if variable.shape != weight.shape:
                raise ShapeError(
                    f"Optimizer variable '{variable.path}': expected a value of shape {variable.shape}, "
                    f"received shape {weight.shape}."
                )
            variable.assign(weight)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Write the values of `variables` into `store` under '0', '1', ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Read what `save_own_variables` wrote; warns and reads nothing if the number of variables differs."""
        if len(store.keys()) != len(self.variables):
            hint = "" if self.built else " The optimizer has not been built yet."
            warnings.warn(
                f"Optimizer '{self.name}': its state is not loaded, because it has {len(self.variables)} variables "
                f"and the file has {len(store.keys())}.{hint}",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(self.variables):
            variable.assign(store[str(i)])


def moment_name(variable: Variable, row: str) -> str:
    """Return Keras's name of a moment: the path of the model's variable and the moment.

    >>> v = Variable([0.0]); v.path = "mlp/dense/kernel"
    >>> moment_name(v, "velocity")
    'mlp_dense_kernel_velocity'
    """
    return f"{variable.path.replace('/', '_')}_{row}"
