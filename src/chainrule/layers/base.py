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
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import dtype_policies, tree
from chainrule._typing import Config
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ShapeError, unknown_name
from chainrule.layers import context
from chainrule.layers.arguments import (
    as_tensors,
    build_arguments,
    call_parameters,
    first_argument,
    input_shapes,
)
from chainrule.layers.input_spec import InputSpec, check_input
from chainrule.layers.masks import any_mask, find_masks, hand_on
from chainrule.layers.rarer import RarerMethods, warn_of_input_shape
from chainrule.layers.state import HoldsState
from chainrule.saving.serialization import Configurable, public, snake_case
from chainrule.symbolic import is_symbolic
from chainrule.utils.naming import unique_name
from chainrule.variables import Variable, weights_follow

if TYPE_CHECKING:
    from chainrule.engines.plan import Step

_building = RLock()
_LEGACY = ("input_shape", "batch_input_shape", "input_dim", "batch_size", "weights")


@public("keras.layers")
class Layer(RarerMethods, HoldsState, Configurable):
    """A function of arrays with variables of its own, as `keras.layers.Layer`.

    Args:
        activity_regularizer: penalty on the layer's output, added to the loss.
        trainable: whether its variables are trained.
        dtype: float type of variables and computation, `'float32'` by default.
        autocast: cast float inputs to that type.
        name: unique in a model; made from the class name by default.

    Raises:
        UnknownNameError: an argument that no layer has.
    """

    input_spec: InputSpec | list[InputSpec] | None = None
    supports_masking: bool = False
    _dtype_policy: Any = None
    _path: str | None = None
    _computes_masks = False  # whether a class has a `compute_mask` of its own

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
                raise unknown_name(f"argument of {type(self).__name__}:", key, _argument_names(type(self)))
        if name is not None and (not isinstance(name, str) or "/" in name or not name):
            raise ValueError(f"{type(self).__name__}: a name must be a string without '/', but is {name!r}.")
        if not isinstance(trainable, bool | np.bool_):
            raise ValueError(f"{type(self).__name__}: trainable must be True or False, but is {trainable!r}.")
        self.name: str = name or unique_name(snake_case(type(self).__name__))
        self._build_shapes: dict[str, Any] | None = None
        self._legacy = kwargs
        if "input_shape" in kwargs or "input_dim" in kwargs:
            warn_of_input_shape(self)
        self._trainable = bool(trainable)
        self.dtype_policy = dtype_policies.get(dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _finishing(cls.build)  # type: ignore[method-assign]
        cls._watches = not str(getattr(cls.call, "__module__", "")).startswith("chainrule.")
        if "compute_mask" in cls.__dict__:
            cls._computes_masks = True
            cls.supports_masking = cls.__dict__.get("supports_masking", True)

    # -- what a subclass writes ---------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs of this shape, in which `None` stands for the batch size."""
        self._find_path()
        self.built = True
        if type(self).build is Layer.build:  # and not from the `build` of a class of its own, which may go on
            self._lock_state()

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

    # -- calling ------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `call` on arrays and return tensors; on symbolic tensors, note the call as part of a model."""
        if "_trainable" not in self.__dict__:
            raise RuntimeError(f"{type(self).__name__}.__init__ must call super().__init__() first.")
        if not (self.built and len(args) == 1 and not kwargs and type(args[0]) is Tensor):
            self._find_path()
            if any(map(is_symbolic, args)) or any(map(is_symbolic, kwargs.values())):
                from chainrule.layers.drawing import call_layer

                return call_layer(self, args, kwargs)
            args, kwargs = self._converted(args, kwargs)
            if not self.built:
                with _building:  # several threads may use a layer for the first time
                    if not self.built:
                        if self.input_spec is not None:  # before `build` is given shapes it cannot read
                            check_input(self, first_argument(type(self), args, kwargs))
                        self._build_for(args, kwargs)
        elif self.autocast and args[0].value.dtype.kind == "f":
            args = (as_tensors(args[0], self.compute_dtype),)
        if self.input_spec is not None:
            check_input(self, first_argument(type(self), args, kwargs))
        masks = find_masks(self, args, kwargs)
        outputs = self._run(args, kwargs)
        if self._computes_masks or any_mask(masks):
            hand_on(self, first_argument(type(self), args, kwargs), outputs, masks)
        return outputs

    def _converted(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with arrays as tensors; the first may also be a list of numbers."""
        dtype = self.compute_dtype if self.autocast else None
        first = None if args else next(iter(call_parameters(type(self))), None)

        def convert(value: Any) -> Any:
            whole = isinstance(value, list | tuple | dict) or hasattr(value, "__array__")
            return as_tensors(value, dtype) if whole else value

        head = tuple(as_tensors(v, dtype) for v in args[:1])
        named = {k: as_tensors(v, dtype) if k == first else convert(v) for k, v in kwargs.items()}
        return (*head, *map(convert, args[1:])), named

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run `call`. `training` is what the caller says, else the surrounding call's, else the default of `call`."""
        parameters, outer = call_parameters(type(self)), context.current()
        training = kwargs.pop("training", None)
        if len(args) > 1 and "training" in list(parameters)[: len(args)]:
            training = args[list(parameters).index("training")]
        elif "training" in parameters:
            if training is None:
                training = parameters["training"].default if outer is None or outer.training is None else outer.training
            if training is not None:
                kwargs["training"] = training
        elif training is None and outer is not None:
            training = outer.training
        if "mask" in kwargs and kwargs["mask"] is None and "mask" not in parameters:
            del kwargs["mask"]
        if outer is None:
            self._forget_losses()
        with context.Entered(self, None if training is None else bool(training)) as running:
            outputs = running.outputs = self.call(*args, **kwargs)
            if self.activity_regularizer is not None:
                self._penalize_activity(self.activity_regularizer, outputs)
        if self._watches and self._locked and self._parts:
            self._refuse_added()
        return outputs

    # -- building -----------------------------------------------------------------------------------------------------

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Call `build` with the shapes of the inputs of the first call."""
        self.build(**build_arguments(self, input_shapes(type(self), args, kwargs)))
        self.built = True
        self._lock_state()

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

        Raises:
            ShapeError: an axis length is unknown or negative.
        """
        from chainrule import constraints, initializers, regularizers
        from chainrule.initializers.base import RandomInitializer

        if isinstance(shape, str):
            raise TypeError(
                f"Layer '{self.name}': write add_weight(shape=..., name={shape!r}); the name comes by keyword."
            )
        if self._locked:
            raise self._too_late(f"the variable '{name}'" if name else "a variable")
        shape = () if shape is None else (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
        if any(not isinstance(n, int | np.integer) or n < 0 for n in shape):
            raise ShapeError(
                f"Layer '{self.name}': the variable '{name}' needs a known shape, but {shape} was asked for. "
                "Give the model an Input of known shape."
            )
        dtype = dtype or self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if np.dtype(dtype).kind == "f" else "zeros"
        first = initializers.get(initializer)
        if weights_follow() and isinstance(first, RandomInitializer) and self._reads_all():
            first = initializers.Zeros()  # drawing may take long, and nobody would see the numbers
        v = Variable(
            first,
            shape=shape,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            name=name,
            regularizer=regularizers.get(regularizer),
            constraint=constraints.get(constraint),
        )
        v.path = "/".join([*context.names(self), v.name])
        v.overwrite_with_gradient = overwrite_with_gradient
        self._own(v)
        if not self._trainable:
            v.trainable = False
        return v

    def _reads_all(self) -> bool:
        """Whether the class leaves it to ours to load its variables, all of them."""
        return type(self).load_own_variables.__module__.startswith("chainrule.")

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Another name of `add_weight`."""
        return self.add_weight(shape, initializer, dtype, trainable, autocast, regularizer, constraint, name=name)

    # -- types and shapes ---------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """The float type of the variables."""
        return str(self._policy().variable_dtype)

    @property
    def variable_dtype(self) -> str:
        return str(self._policy().variable_dtype)

    @property
    def compute_dtype(self) -> str:
        return str(self._policy().compute_dtype)

    @property
    def dtype_policy(self) -> Any:
        """What `dtype` says: a policy, or a map of policies by path; settable, in a map for this layer's path."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy, given = dtype_policies.get(value), self._dtype_policy
        if isinstance(given, dtype_policies.DTypePolicyMap) and self._path is not None:
            if self._path in given:
                del given[self._path]
            given[self._path] = policy
        else:
            self._dtype_policy = policy

    def _policy(self) -> Any:
        """Return the policy of this layer; of a map, before the path is known, the default."""
        policy = self._dtype_policy
        if self._path is not None and isinstance(policy, dtype_policies.DTypePolicyMap):
            return policy[self._path]
        return policy

    @property
    def input_dtype(self) -> str:
        """The float type that inputs are cast to."""
        return self.compute_dtype

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output shape for an input shape; found by trying `call` on zeros unless a layer knows better."""
        from chainrule.layers.drawing import probe

        return tree.map_structure(lambda t: t.shape, probe(self, input_shape))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for symbolic inputs, without making the call part of a graph."""
        from chainrule.layers.drawing import output_spec

        return output_spec(self, args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for symbolic inputs; another name of `compute_output_spec`."""
        return self.compute_output_spec(*args, **kwargs)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the output, given inputs and their mask; a class that overrides this supports masking."""
        return previous_mask

    @property
    def input(self) -> Any:
        """The symbolic input of the first call of the layer on symbolic tensors."""
        return self._first_node().input

    @property
    def output(self) -> Any:
        """The symbolic output of the first call of the layer on symbolic tensors."""
        return self._first_node().output

    def _first_node(self) -> Any:
        if not self._nodes:
            raise AttributeError(
                f"Layer '{self.name}' has not been called on a symbolic input: it has no input or output."
            )
        return self._nodes[0]

    @property
    def path(self) -> str | None:
        """The names of the layers around this one and its own, such as 'encoder/dense'; None before it is built."""
        return self._path

    def _find_path(self) -> None:
        """Settle the path where the layer is built or called first."""
        if self._path is None:
            self._path = "/".join(context.names(self))

    # -- configuration ------------------------------------------------------------------------------------------------

    def _base_config(self) -> Config:
        config: Config = {"name": self.name, "trainable": self._trainable, "dtype": self.dtype_policy.serialize_form()}
        if self.activity_regularizer is not None:
            from chainrule import regularizers

            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    def get_build_config(self) -> Config | None:
        """Return the shapes the layer was built with, as Keras writes them, or None."""
        shapes = self._build_shapes
        if not shapes:
            return None
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {"shapes_dict": dict(shapes)}

    def build_from_config(self, config: Config) -> None:
        """Build with the shapes of `get_build_config`."""
        if not isinstance(config, dict) or not (self.built or {*config} <= {"input_shape", "shapes_dict"}):
            raise ShapeError(
                f"Layer '{self.name}': expected 'input_shape' or 'shapes_dict', but the file has {config!r:.80}."
            )
        if self.built or not config:
            return
        if config.get("input_shape") is not None:
            self.build(_as_shape(config["input_shape"]))
        elif config.get("shapes_dict"):
            self.build(**{name: _as_shape(shape) for name, shape in config["shapes_dict"].items()})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


# -- helpers ----------------------------------------------------------------------------------------------------------


def _argument_names(cls: type) -> list[str]:
    """Return the names of all arguments of a class's constructor, and of those it hands on to."""
    names: list[str] = []
    for base in cls.__mro__:
        if "__init__" in base.__dict__ and issubclass(base, Layer):
            names.extend(n for n, p in inspect.signature(base.__init__).parameters.items() if p.kind not in _REST)
    return [n for n in dict.fromkeys(names) if n != "self"]


_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _as_shape(value: Any) -> Any:
    if isinstance(value, list | tuple) and all(v is None or isinstance(v, int) for v in value):
        return tuple(value)
    if isinstance(value, dict):
        return {k: _as_shape(v) for k, v in value.items()}
    return [_as_shape(v) for v in value] if isinstance(value, list | tuple) else value


def _finishing(build: Callable[..., None]) -> Callable[..., None]:
    """Wrap a class's `build`: run it in the layer's name scope, note the shapes, mark the layer as built."""
    names = list(inspect.signature(build).parameters)[1:]

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self.built and self._build_shapes is not None and self._own_variables():
            raise ValueError(
                f"{type(self).__name__} '{self.name}' is built already, for {self._build_shapes}. Make a new layer for "
                "another input."
            )
        with context.name_scope(self):
            self._find_path()
            build(self, *args, **kwargs)
        shapes = {**dict(zip(names, args, strict=False)), **kwargs}
        if self._build_shapes is None and all(s is not None for s in shapes.values()):
            self._build_shapes = shapes
        self.built = True
        weights = self._legacy.pop("weights", None)
        if weights is not None:
            self.set_weights(weights)
        if type(self).build is wrapped:
            self._lock_state()

    return wrapped
