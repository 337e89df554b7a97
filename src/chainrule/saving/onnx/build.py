"""From a checked description of an ONNX graph to a model: each node becomes a layer, or an op where there is none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ChainruleError, ModelFileError
from chainrule.saving.limits import allowed, at_most
from chainrule.saving.onnx.read import Described, Node, Value, read_onnx
from chainrule.saving.onnx.tensors import Tensor
from chainrule.symbolic import KerasTensor
from chainrule.variables import memory_limit

_SPARE = 64 << 20
_MOST_ELEMENTS = 1 << 20  # of one observation of one value
_MOST_IN_ALL = 1 << 24
_LENGTH = 7  # an axis of unknown length, for such counts
_MALFORMED = (TypeError, ValueError, KeyError, AttributeError, IndexError, ArithmeticError, MemoryError, RecursionError)

Reading = Callable[..., Any]
OPERATORS: dict[str, Reading] = {}
"""What each kind of node becomes: a function of the builder, the node and its inputs."""

ATTRIBUTES: dict[str, type] = {
    **dict.fromkeys(("alpha", "beta", "gamma", "epsilon", "momentum", "ratio", "min", "max", "value_float"), float),
    **dict.fromkeys(
        (
            "axis", "transA", "transB", "training_mode", "spatial", "stash_type", "to", "saturate", "keepdims",
            "select_last_index", "noop_with_empty_axes", "exclusive", "reverse", "largest", "sorted", "allowzero",
            "num_outputs", "start", "end", "fmod", "value_int", "seed",
        ),
        int,
    ),
    **dict.fromkeys(
        ("axes", "perm", "starts", "ends", "split", "value_ints", "value_floats", "offset", "scale"), list
    ),
    "approximate": str,
    "round_mode": str,
    "value": Tensor,
}  # fmt: skip
"""The attributes that operators may have, by name, with their types."""

KEEPS_SHAPES = {"Gather", "Slice", "Concat", "Unsqueeze", "Squeeze", "Cast", "Reshape", "Identity"}
"""What may be done with a shape in which -1 stands for the batch."""
READS_ROWS = {"MatMul", "Add", "Reshape", "Identity"}
"""What may follow when a value is flattened to a matrix of rows for a product."""


def import_onnx(filepath: Any, outputs: Sequence[str] | None = None, max_bytes: int | None = None) -> Any:
    """Make a model of an ONNX file: of what exporters write for feedforward networks. No package is needed.

    The model predicts, trains, saves and shows its numbers as any other. The file is only data: operators are looked up
    in a table, and nothing outside of the file is read.

    Args:
        filepath: the file.
        outputs: names of those outputs that are wanted; all by default. scikit-learn's classifiers have `'label'`,
            which is no tensor of numbers to train, and `'probabilities'`.
        max_bytes: the most that the file, and the variables that it asks for, may each have. By default 2 GB, and twice
            what the file has and 64 MB.

    Raises:
        ModelFileError: the file is damaged, reaches outside of itself, or has an operator that is not known here.

    >>> import chainrule as cr, os, tempfile
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, activation="tanh")])
    >>> path = os.path.join(tempfile.mkdtemp(), "m.onnx")
    >>> model.export(path, format="onnx")
    >>> [type(layer).__name__ for layer in import_onnx(path).layers]
    ['InputLayer', 'Dense', 'Activation']
    """
    with at_most(max_bytes):
        return build_model(read_onnx(Path(filepath)), outputs)


def build_model(described: Described, outputs: Sequence[str] | None = None) -> Any:
    """Return the model that a description says.

    Raises:
        ModelFileError: as for `import_onnx`.
    """
    from chainrule.saving.onnx import operators  # noqa: F401  (its functions put themselves into OPERATORS)

    names = [v.name for v in described.outputs]
    wanted = list(names if outputs is None else outputs)
    for name in wanted:
        if name not in names:
            raise ModelFileError(f"'{described.source}' has no output {name!r:.80}; it has {names!s:.200}.")
    builder = Builder(described, _needed(described, wanted), wanted)
    try:
        with memory_limit(allowed(described.size, _SPARE)):
            return builder.model()
    except ChainruleError as error:
        raise error if isinstance(error, ModelFileError) else builder.refusal(str(error)) from error
    except _MALFORMED as error:
        raise builder.refusal(f"{type(error).__name__}: {error}") from error


def _needed(described: Described, wanted: Iterable[str]) -> list[Node]:
    """Return the nodes that the wanted outputs come from, in order."""
    names, kept = set(wanted), []
    for node in reversed(described.nodes):
        if names.intersection(node.outputs):
            kept.append(node)
            names.update(node.inputs)
    return kept[::-1]


class Builder:
    """Values by name, each an array or a symbolic tensor, and what the functions in `operators.py` need to make more.

    Attributes:
        dtype: of layers.
        makers: the node that makes each value.
        opset: version of the operators.
        shapes: names of arrays in which -1 stands for the size of the batch.
        rows: names of values that were flattened to a matrix in the file, and are not here (see `_reshape`).
    """

    def __init__(self, described: Described, nodes: list[Node], wanted: list[str]) -> None:
        self.described = described
        self.opset = described.opset
        self.nodes = nodes
        self.wanted = wanted
        self.node: Node | None = None
        self.values: dict[str, Any] = {}
        doubles = any(v.dtype == "float64" for v in described.outputs if v.name in wanted)
        self.dtype = "float64" if doubles else "float32"
        self.shapes: set[str] = set()
        self.rows: set[str] = set()
        self._names: set[str] = set()
        self._left = _MOST_IN_ALL
        self._readers: dict[str, list[Node]] = {}
        self.makers: dict[str, Node] = {name: node for node in nodes for name in node.outputs}
        for node in nodes:
            for name in node.inputs:
                self._readers.setdefault(name, []).append(node)

    def refusal(self, reason: str) -> ModelFileError:
        """Return the error that something about the current node cannot be."""
        where = f"node {(self.node.name or self.node.outputs[0])!r:.80} ({self.node.kind:.40})" if self.node else "it"
        return ModelFileError(f"'{self.described.source}': {where}: {reason}".rstrip(".") + ".")

    def model(self) -> Any:
        """Return the model."""
        from chainrule.models.functional import Functional

        self._check_kinds()
        inputs = [self._input(v) for v in self.described.inputs if v.name in self._readers or v.name in self.wanted]
        for node in self.nodes:
            self.node = node
            if node.outputs[0] not in self.values:
                self._run(node)
        self.node = None
        ends = [self.take(name) for name in self.wanted if name not in self.rows]
        if not inputs or len(ends) < len(self.wanted) or not all(isinstance(t, KerasTensor) for t in ends):
            raise self.refusal("its outputs do not depend on inputs")
        name = _word(self.described.name) or None
        return Functional(inputs if len(inputs) > 1 else inputs[0], ends if len(ends) > 1 else ends[0], name=name)

    def _check_kinds(self) -> None:
        for node in self.nodes:
            if node.kind not in OPERATORS:
                self.node = node
                others = [v.name for v in self.described.outputs if v.name not in self._behind(node)]
                hint = f" Leave the output out that needs it: outputs={others!s:.120}" if others else ""
                raise self.refusal(f"the operator {node.kind!r:.60} is not known here.{hint}")

            for name, value in node.attributes.items():
                if not isinstance(value, ATTRIBUTES.get(name, type(None))) or value is None:
                    self.node = node
                    raise self.refusal(f"its attribute {name!r:.60} is not known here, or of another type")

    def _behind(self, node: Node) -> set[str]:
        """Return the names of the values that depend on a node."""
        names = set(node.outputs)
        for other in self.nodes:
            if names.intersection(other.inputs):
                names.update(other.outputs)
        return names

    def _input(self, value: Value) -> Any:
        import chainrule

        if value.dtype is None or value.shape is None or not value.shape:
            raise self.refusal(f"its input {value.name!r:.80} is no tensor of numbers with a batch axis")
        if "int" not in value.dtype and value.dtype not in ("float32", "float64"):
            raise self.refusal(f"its input {value.name!r:.80} has type {value.dtype}, which is not read")
        self.charge(value.shape[1:])
        found = chainrule.Input(value.shape[1:], dtype=value.dtype, name=self.name_for(value.name))
        self.values[value.name] = found
        return found

    def _run(self, node: Node) -> None:
        values = [self.take(name) if name else None for name in node.inputs]
        if node.kind not in KEEPS_SHAPES and any(name in self.shapes for name in node.inputs):
            raise self.refusal("it computes with the size of the batch")
        if node.kind not in READS_ROWS and any(name in self.rows for name in node.inputs):
            raise self.refusal("it works along the batch and another axis at once")
        with np.errstate(all="ignore"):
            made = OPERATORS[node.kind](self, node, *values)
        results = made if isinstance(made, tuple) else (made,)
        for name, result in zip(node.outputs, results, strict=False):
            if name:
                self.values[name] = result if isinstance(result, KerasTensor) else np.asarray(result)
        if node.kind == "Shape" or any(name in self.shapes for name in node.inputs):
            made_here = {n: self.values[n] for n in node.outputs if isinstance(self.values.get(n), np.ndarray)}
            self.shapes.update(n for n, v in made_here.items() if -1 in v.reshape(-1)[:64])

    def take(self, name: str) -> Any:
        """Return a value by name: an array, or a symbolic tensor."""
        if name not in self.values:
            tensor = self.described.constants.get(name)
            if tensor is None:
                raise self.refusal(f"it needs {name!r:.80}, an output of a node that is not made here")
            self.values[name] = tensor.array()
        return self.values[name]

    # -- for the operators --------------------------------------------------------------------------------------------

    def charge(self, *shapes: Any) -> None:
        """Check that values of such shapes together, and all values, are of a size that a network may have.

        Args:
            shapes: of observations, to be broadcast against each other.
        """
        known = [tuple([_LENGTH if n is None else n for n in s]) for s in shapes]
        try:
            size = math.prod(np.broadcast_shapes(*known)) if len(known) > 1 else math.prod(known[0])
        except ValueError:
            raise self.refusal(f"shapes {known!s:.120} do not fit together") from None
        self._left -= size
        if size > _MOST_ELEMENTS or self._left < 0:
            raise self.refusal(f"values of shapes {known!s:.120} are larger than those of any network")

    def apply(self, layer: Any, x: Any, *weights: tuple[str, Any]) -> Any:
        """Call a layer on a symbolic tensor, then give its variables their values."""
        y = layer(x)
        for name, value in weights:
            getattr(layer, name).assign(np.asarray(value))
        return y

    def name_for(self, text: str) -> str:
        """Return a name for a layer that no other has, after that of a node or value."""
        base = _word(text) or "value"
        name, n = base, 0
        while name in self._names:
            n += 1
            name = f"{base}_{n}"
        self._names.add(name)
        return name

    @property
    def name(self) -> str:
        """A name for the layer that the current node becomes."""
        assert self.node is not None
        output = self.node.outputs[0]
        short = _word(output.removesuffix(f"/{self.node.kind}"))
        return self.name_for(output if short in self._names else short)

    @property
    def settings(self) -> dict[str, Any]:
        """Name and type of the layer that the current node becomes."""
        return {"name": self.name, "dtype": self.dtype}

    def only_reader(self, name: str) -> Node | None:
        """Return the one node that uses a value, if it is one, and the value is no output."""
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self.wanted else None

    def axis(self, axis: int, x: Any, batch: bool = False) -> int:
        """Return an axis of x, counted from 0, that must not be the batch unless `batch`."""
        rank = len(x.shape)
        if not -rank <= axis < rank:
            raise self.refusal(f"axis {axis} does not exist in shape {tuple(x.shape)}")
        if axis % rank == 0 and isinstance(x, KerasTensor) and not batch:
            raise self.refusal("it works along the batch")
        return axis % rank

    def integers(self, value: Any, what: str) -> list[int]:
        """Return whole numbers that must be given: axes, a shape."""
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu" or value.ndim > 1 or value.size > 1000:
            raise self.refusal(f"its {what} is no short list of whole numbers in the file")
        return [int(n) for n in value.reshape(-1)]

    def number(self, value: Any, what: str) -> float:
        """Return one number that must be given."""
        if not isinstance(value, np.ndarray) or value.size != 1:
            raise self.refusal(f"its {what} is not one number in the file")
        return float(value.reshape(-1)[0])

    def array(self, value: Any, what: str) -> Array:
        """Return an array that must be given."""
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
            raise self.refusal(f"its {what} is not in the file")
        return value


def _word(text: str) -> str:
    """Return a name that layers may have.

    >>> _word("/0/Gemm_output_0")
    '0_Gemm_output_0'
    """
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")[:60]
