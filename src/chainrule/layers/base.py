"""`Layer`: the base of all layers. A layer of your own needs only `build` and `call`.

    class Scale(cr.layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

        def call(self, x):
            return x * self.factor

`call` is the truth: training, tracing and saving all go through it, and its backward pass comes from the tape.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import dtype_policies, tree
from chainrule._typing import Array, Config
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ShapeError
from chainrule.layers import context
from chainrule.layers.input_spec import InputSpec, check_input
from chainrule.saving.serialization import Configurable, public, snake_case
from chainrule.utils.naming import unique_name
from chainrule.variables import Variable

if TYPE_CHECKING:
    from chainrule.engines.plan import Step

_NO_LAYERS = frozenset({"_init_arguments", "_nodes", "_legacy", "_members"})
_LEGACY = ("input_shape", "batch_input_shape", "input_dim", "batch_size", "weights")


@public("keras.layers")
class Layer(Configurable):
    """A function of arrays with variables of its own, as `keras.layers.Layer`.

    Args:
        activity_regularizer: penalty on the layer's output, added to the loss.
        trainable: whether its variables are trained.
        dtype: float type of variables and computation, `'float32'` by default.
        autocast: cast float inputs to that type.
        name: unique in a model; made from the class name by default.
    """

    input_spec: InputSpec | list[InputSpec] | None = None
    supports_masking = False

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        from chainrule import regularizers

        for key in kwargs:
            if key not in _LEGACY:
                raise TypeError(f"{type(self).__name__} got an unknown argument {key!r}.")
        if name is not None and (not isinstance(name, str) or "/" in name or not name):
            raise ValueError(f"{type(self).__name__}: a name must be a string without '/', but is {name!r}.")
        self.name: str = name or unique_name(snake_case(type(self).__name__))
        self.dtype_policy = dtype_policies.get(dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = bool(trainable)
        self._variables_trainable: list[Variable] = []
        self._variables_fixed: list[Variable] = []
        self._losses: list[Any] = []
        self._losses_call: object = None
        self._last_call: object = None
        self._build_shapes: dict[str, Any] | None = None
        self._legacy = kwargs
        self._nodes: list[Any] = []
        self.built = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _finishing(cls.build)  # type: ignore[method-assign]

    # -- what a subclass writes -----------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs of this shape, in which `None` stands for the batch size."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the output, with `chainrule.ops` and Python operators."""
        raise TypeError(f"Layer {type(self).__name__} does not define `call(self, inputs)`.")

    def lower(self) -> Iterator[Step]:
        """Describe `call` as steps for an engine that does not run Python.

        Raises:
            CannotLower: the layer has no such description; the model then runs on the reference engine.
        """
        from chainrule.engines.plan import CannotLower

        raise CannotLower(f"layer '{self.name}' is Python code ({type(self).__name__}.call)")

    # -- calling --------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "_variables_trainable" not in self.__dict__:
            raise RuntimeError(f"{type(self).__name__}.__init__ must call super().__init__() first.")
        if any(getattr(v, "symbolic", False) for v in tree.flatten([list(args), kwargs])):
            from chainrule.symbolic import call_layer

            return call_layer(self, args, kwargs)
        if args:
            args = (self._as_tensors(args[0]), *args[1:])
        else:
            first = next(iter(_call_parameters(type(self))), None)
            if first in kwargs:
                kwargs[first] = self._as_tensors(kwargs[first])
        if not self.built:
            self._build_for(args, kwargs)
        check_input(self, args[0] if args else kwargs.get(_first(self)))
        return self._run(args, kwargs)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run `call` with the `training` flag of the surrounding call."""
        training = kwargs.get("training")
        with context.enter(self, training) as current:
            if "training" in _call_parameters(type(self)):
                kwargs["training"] = current.training
            elif "training" in kwargs:
                del kwargs["training"]
            if "mask" in kwargs and kwargs["mask"] is None and "mask" not in _call_parameters(type(self)):
                del kwargs["mask"]
            self._last_call = current.root
            outputs = current.outputs = self.call(*args, **kwargs)
            if self.activity_regularizer is not None:
                for output in tree.flatten(outputs):
                    self.add_loss(self.activity_regularizer(output) / max(1, output.shape[0]))
        return outputs

    def _as_tensors(self, inputs: Any) -> Any:
        dtype = self.compute_dtype if self.autocast else None
        if isinstance(inputs, Tensor) and inputs.dtype == dtype:
            return inputs
        return tree.map_structure(lambda v: _as_tensor(v, dtype), inputs)

    # -- building -------------------------------------------------------------------------------------------------------

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Call `build` with the shapes of the inputs of the first call."""
        shapes = input_shapes(self, args, kwargs)
        names = list(inspect.signature(type(self).build).parameters)[1:]
        if len(shapes) > 1 and all(f"{k}_shape" in names for k in shapes):
            self.build(**{f"{k}_shape": v for k, v in shapes.items()})
        else:
            self.build(next(iter(shapes.values()), None))
        self.built = True

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of this layer.

        Args:
            shape: its shape; a number by default.
            initializer: a name or object of `chainrule.initializers`; glorot_uniform for floats by default.
        """
        from chainrule import constraints, initializers, regularizers

        if isinstance(shape, str):  # Keras 2 wrote add_weight(name, shape)
            name, shape, initializer = shape, initializer, None
        shape = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        if any(not isinstance(n, int | np.integer) or n < 0 for n in shape):
            raise ShapeError(
                f"Layer '{self.name}': the variable '{name}' needs a known shape, but {shape} was asked for. "
                "Give the model an Input of known shape."
            )
        dtype = dtype or self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if np.dtype(dtype).kind == "f" else "zeros"
        v = Variable(
            initializers.get(initializer),
            shape=shape,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            name=name or "variable",
            regularizer=regularizers.get(regularizer),
            constraint=constraints.get(constraint),
        )
        v.path = "/".join([*context.names(self), v.name])
        v.overwrite_with_gradient = overwrite_with_gradient
        (self._variables_trainable if trainable else self._variables_fixed).append(v)
        if not self._trainable:
            v.trainable = False
        return v

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Variable) and "_variables_trainable" in self.__dict__:
            known = self._variables_trainable if value.trainable else self._variables_fixed
            if all(v is not value for v in (*self._variables_trainable, *self._variables_fixed)):
                known.append(value)
        object.__setattr__(self, name, value)

    # -- variables ------------------------------------------------------------------------------------------------------

    def _sublayers(self) -> list[Layer]:
        """Return the layers held in attributes (and in their lists and dicts), in the order they were set."""
        found: list[Layer] = []
        for key, value in self.__dict__.items():
            if key not in _NO_LAYERS:
                _collect(value, found)
        return found

    def _flatten_layers(self) -> list[Layer]:
        """Return this layer and all layers below it, each once."""
        seen: dict[int, Layer] = {}
        stack: list[Layer] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in seen:
                seen[id(layer)] = layer
                stack.extend(reversed(layer._sublayers()))
        return list(seen.values())

    @property
    def weights(self) -> list[Variable]:
        """The variables of this layer and of the layers in it, each once."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            for v in (*layer._variables_trainable, *layer._variables_fixed):
                found.setdefault(id(v), v)
        return list(found.values())

    @property
    def variables(self) -> list[Variable]:
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return self.non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether the variables are trained; setting it concerns the layers inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for v in self._variables_trainable:
            v.trainable = bool(value)
        for layer in self._sublayers():
            layer.trainable = value

    def get_weights(self) -> list[Array]:
        """Return the values of all variables as a list of arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Set the values of all variables, in the order of `get_weights`.

        Raises:
            ShapeError: their number or shapes differ.
        """
        mine = self.weights
        if len(mine) != len(weights):
            raise ShapeError(f"'{self.name}' has {len(mine)} weights, but set_weights received {len(weights)}.")
        arrays = [np.asarray(w) for w in weights]
        for v, w in zip(mine, arrays, strict=True):
            if v.shape != w.shape:
                raise ShapeError(f"'{self.name}': weight '{v.path}' has shape {v.shape}, but received shape {w.shape}.")
        for v, w in zip(mine, arrays, strict=True):
            v.assign(w)

    def count_params(self) -> int:
        """Return the number of numbers in all variables."""
        if not self.built:
            raise ValueError(f"Layer '{self.name}' has no weights yet: build it with an Input, or call it on data.")
        return sum(v.size for v in self.weights)

    # -- losses ---------------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a number computed in `call` to the training loss."""
        current = context.current()
        call = current.root if current else None
        if self._losses_call is not call:
            self._losses, self._losses_call = [], call
        self._losses.extend(tree.flatten(loss))

    @property
    def losses(self) -> list[Any]:
        """What `add_loss` and the regularizers contributed in the last call."""
        found: list[Any] = []
        for layer in self._flatten_layers():
            if layer._losses and layer._losses_call in (None, self._last_call):
                found.extend(layer._losses)
        return found + self._regularization_losses()

    def _regularization_losses(self) -> list[Any]:
        return [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]

    # -- types and shapes -----------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """The float type of the variables."""
        return self.dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        return self.dtype_policy.compute_dtype

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output shape for an input shape; found by trying `call` on zeros unless a layer knows better."""
        from chainrule.symbolic import probe

        return tree.map_structure(lambda t: t.shape, probe(self, input_shape))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return previous_mask

    @property
    def input(self) -> Any:
        """The symbolic input of the only place where the layer is used."""
        return self._only_node().input

    @property
    def output(self) -> Any:
        """The symbolic output of the only place where the layer is used."""
        return self._only_node().output

    def _only_node(self) -> Any:
        if not self._nodes:
            raise AttributeError(
                f"Layer '{self.name}' has not been called on a symbolic input: it has no input or output."
            )
        return self._nodes[0]

    @property
    def path(self) -> str:
        return "/".join(context.names(self))

    # -- configuration --------------------------------------------------------------------------------------------------

    def _base_config(self) -> Config:
        config: Config = {"name": self.name, "trainable": self._trainable, "dtype": self.dtype_policy.serialize_form()}
        if self.activity_regularizer is not None:
            from chainrule import regularizers

            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    def get_build_config(self) -> Config | None:
        """Return the shapes the layer was built with, or None."""
        return None if self._build_shapes is None else dict(self._build_shapes)

    def build_from_config(self, config: Config) -> None:
        """Build with the shapes of `get_build_config`."""
        shapes = {k: _as_shape(v) for k, v in config.items()}
        if not self.built and shapes:
            if set(shapes) == {"input_shape"}:
                self.build(shapes["input_shape"])
            else:
                self.build(**shapes)

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own variables into a mapping under `'0'`, `'1'`, ..."""
        for i, v in enumerate((*self._variables_trainable, *self._variables_fixed)):
            store[str(i)] = v.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the layer's own variables from such a mapping.

        Raises:
            ShapeError: their number or shapes differ.
        """
        mine = (*self._variables_trainable, *self._variables_fixed)
        if len(store.keys()) != len(mine):
            raise ShapeError(
                f"Layer '{self.name}' has {len(mine)} variables, but the file holds {len(store.keys())} for it."
                + ("" if self.built else " The layer is not built yet.")
            )
        for i, v in enumerate(mine):
            v.assign(np.asarray(store[str(i)]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


# -- helpers ------------------------------------------------------------------------------------------------------------


def _as_tensor(value: Any, dtype: str | None) -> Any:
    """Return a tensor; floats are cast to `dtype`, integers, booleans and strings stay."""
    from chainrule import ops

    if value is None:
        return None
    if not isinstance(value, Operators):
        from chainrule.autodiff.promotion import as_array

        if isinstance(value, np.ndarray):
            array = value
        elif hasattr(value, "detach"):
            array = np.asarray(value.detach())
        else:
            array = as_array(value)
        if dtype is not None and array.dtype.kind == "f" and array.dtype != dtype:
            array = array.astype(dtype)
        elif array.flags.writeable:
            array = array.copy() if context.recording() else array
        return Tensor(array)
    if dtype is not None and value.dtype != dtype and np.dtype(value.dtype).kind == "f":  # type: ignore[attr-defined]
        return ops.cast(value, dtype)
    return value


def _as_shape(value: Any) -> Any:
    if isinstance(value, list | tuple) and all(v is None or isinstance(v, int) for v in value):
        return tuple(value)
    if isinstance(value, dict):
        return {k: _as_shape(v) for k, v in value.items()}
    return [_as_shape(v) for v in value] if isinstance(value, list | tuple) else value


def _collect(value: Any, found: list[Layer]) -> None:
    if isinstance(value, Layer):
        found.append(value)
    elif isinstance(value, list | tuple):
        for part in value:
            _collect(part, found)
    elif isinstance(value, dict):
        for part in value.values():
            _collect(part, found)


@functools.cache
def _call_parameters(cls: type) -> dict[str, inspect.Parameter]:
    """Return the parameters of `call`, without `self`."""
    return dict(list(inspect.signature(cls.call).parameters.items())[1:])  # type: ignore[attr-defined]


def _first(layer: Layer) -> str:
    return next(iter(_call_parameters(type(layer))), "inputs")


def input_shapes(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the shape of each tensor argument of a call by name (a structure of shapes for a structure of tensors)."""
    bound = dict(zip(_call_parameters(type(layer)), args, strict=False))
    bound.update(kwargs)
    shapes: dict[str, Any] = {}
    for name, value in bound.items():
        leaves = tree.flatten(value)
        if leaves and all(hasattr(v, "shape") for v in leaves):
            shapes[name] = tree.map_structure(lambda v: tuple(v.shape), value)
    return shapes


def _finishing(build: Callable[..., None]) -> Callable[..., None]:
    """Wrap a class's `build`: run it once in the layer's name scope, note the shapes, mark the layer as built."""

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        with context.name_scope(self):
            build(self, *args, **kwargs)
        names = list(inspect.signature(build).parameters)[1:]
        shapes = {**dict(zip(names, args, strict=False)), **kwargs}
        if self._build_shapes is None and all(s is not None for s in shapes.values()):
            self._build_shapes = shapes
        self.built = True
        weights = self._legacy.pop("weights", None)
        if weights is not None:
            self.set_weights(weights)

    return wrapped
