"""Steps of the native optimizer, penalties and constraints, against those of the Python objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import constraints, optimizers, regularizers
from chainrule.engines.describe import describe, describe_optimizer
from chainrule.engines.native.optimizer import check_optimizer, close_steps, describe_step, rates, steps_per_rate
from chainrule.engines.native.penalties import describe_constraints, describe_penalties
from chainrule.engines.plan import CannotLower, Plan
from chainrule.optimizers import schedules
from chainrule.variables import FlatBuffer, Slot, Variable

TYPES = ("float32", "float64")
SHAPES = ((5, 7), (7,), (7, 3), (3,), (40, 40), (1,))


@pytest.fixture(scope="module")
def native() -> Any:
    return pytest.importorskip("chainrule._native")


class Pair:
    """The same variables and the same optimizer twice: `theirs` is stepped by Python, `ours` natively."""

    def __init__(self, make: Any, dtype: str, constraint: Any = None, regularizer: Any = None) -> None:
        rng = np.random.default_rng(3)
        self.dtype, self.rng = dtype, rng
        values = [rng.normal(size=shape).astype(dtype) for shape in SHAPES]
        self.theirs, self.ours = (self._variables(values, constraint, regularizer) for _ in range(2))
        self.buffer = FlatBuffer(self.ours)
        FlatBuffer(self.theirs)
        self.python, self.optimizer = make(), make()
        for optimizer, variables in ((self.python, self.theirs), (self.optimizer, self.ours)):
            optimizer.build(variables)
            optimizer.exclude_from_weight_decay(var_names=["bias"])

    def _variables(self, values: list[np.ndarray], constraint: Any, regularizer: Any) -> list[Variable]:
        names = ["kernel" if value.ndim == 2 else "bias" for value in values]
        return [
            Variable(v, name=name, constraint=constraint, regularizer=regularizer)
            for v, name in zip(values, names, strict=True)
        ]

    def plan(self) -> Plan:
        of = [(v.slot, describe(v.constraint, "constraint")) for v in self.ours if v.constraint is not None]
        penalties = [(v.slot, describe(v.regularizer, "regularizer")) for v in self.ours if v.regularizer is not None]
        size = int(self.buffer.array.size)
        return Plan(
            (), (), (), tuple(self.buffer.slots), size, size, constraints=tuple(of), penalties=tuple(penalties),
            optimizer=describe_optimizer(self.optimizer),
        )  # fmt: skip

    def gradients(self) -> list[np.ndarray]:
        scale = self.rng.choice([1e-3, 1.0, 10.0])
        return [(self.rng.normal(size=v.shape) * scale).astype(self.dtype) for v in self.ours]

    def step(self, native: Any, isa: str, piece: int = 0, trained: list[bool] | None = None) -> bool:
        """Do one step each, and return whether the native one could have been fused."""
        grads = self.gradients()
        known = [True] * len(grads) if trained is None else trained
        rate = rates(self.optimizer, int(self.optimizer._iterations), 1)[0]
        spec = describe_step(self.plan(), self.optimizer, self.buffer, self.ours, trained)
        flat = np.concatenate([g.reshape(-1) for g in grads])
        fused = call(native, "optimizer_step", self.dtype)(isa, spec, flat, rate, piece)
        close_steps(self.optimizer, self.buffer)
        chosen = [i for i, has in enumerate(known) if has]
        self.python.apply([grads[i] for i in chosen], [self.theirs[i] for i in chosen])
        return bool(fused)

    def compare(self, exact: bool, message: str) -> None:
        both = [*zip(self.theirs, self.ours, strict=True)]
        both += [*zip(self.python.variables, self.optimizer.variables, strict=True)]
        for theirs, ours in both:
            if exact:
                np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), err_msg=f"{message} {ours.path}")
            else:
                bound = {"float32": 2e-5, "float64": 1e-13}[self.dtype]
                np.testing.assert_allclose(ours.numpy(), theirs.numpy(), bound, bound, err_msg=message)


def call(native: Any, name: str, dtype: str) -> Any:
    return getattr(native.kernels, f"{name}_f{np.dtype(dtype).itemsize * 8}")


OPTIMIZERS = [
    lambda **kw: optimizers.SGD(0.05, momentum=0.9, **kw),
    lambda **kw: optimizers.Adam(0.01, amsgrad=True, **kw),
    lambda **kw: optimizers.Nadam(0.01, **kw),
    lambda **kw: optimizers.RMSprop(0.01, momentum=0.5, centered=True, **kw),
    lambda **kw: optimizers.Ftrl(0.05, **kw),
]
# What an optimizer does besides its update; whether a range of it needs that range's gradient only; whether the bits
# are those of Python (norms are sums in another order).
SETTINGS: list[tuple[dict[str, Any], bool, bool]] = [
    ({}, True, True),
    ({"weight_decay": 0.05}, True, True),
    ({"weight_decay": 0.0, "loss_scale_factor": 8.0}, True, True),
    ({"clipvalue": 0.3, "loss_scale_factor": 3.0}, True, True),
    ({"clipnorm": 0.5}, False, False),
    ({"global_clipnorm": 0.7, "weight_decay": 0.01}, False, False),
    ({"use_ema": True}, True, True),
    ({"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3}, True, True),
    ({"gradient_accumulation_steps": 4, "loss_scale_factor": 2.5}, False, True),
    ({"gradient_accumulation_steps": 2, "clipvalue": 0.1, "weight_decay": 0.1}, False, True),
    ({"gradient_accumulation_steps": 3, "use_ema": True, "ema_overwrite_frequency": 2, "clipnorm": 1.0}, False, False),
]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("settings", "fusable", "exact"), SETTINGS, ids=str)
@pytest.mark.parametrize("make", OPTIMIZERS, ids=lambda make: type(make()).__name__)
def test_steps(make: Any, settings: dict[str, Any], fusable: bool, exact: bool, dtype: str, native: Any) -> None:
    for isa, piece in zip(native.isas(), (0, 17, 300), strict=False):
        pair = Pair(lambda: make(**settings), dtype)
        for step in range(25):
            assert pair.step(native, isa, piece) is fusable
            pair.compare(exact, f"{isa} step {step}")
            if not exact:  # each step by itself
                for theirs, ours in zip(
                    (*pair.theirs, *pair.python.variables), (*pair.ours, *pair.optimizer.variables), strict=True
                ):
                    ours.assign(theirs)
        assert int(pair.optimizer.iterations) == int(pair.python.iterations) > 0


@pytest.mark.parametrize("piece", [0, 50])
def test_variables_without_gradient_stay(piece: int, native: Any) -> None:
    trained = [True, False, True, True, False, True]
    make = lambda: optimizers.Adam(0.1, weight_decay=0.1, use_ema=True)  # noqa: E731
    pair = Pair(make, "float64", constraint=constraints.MaxNorm(0.5))
    before = pair.ours[4].numpy()
    for step in range(4):
        pair.step(native, native.isas()[0], piece, trained)
        pair.compare(False, f"step {step}")
    np.testing.assert_array_equal(pair.ours[4].numpy(), before)


@pytest.mark.parametrize("kind", ["clipnorm", "global_clipnorm"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_norms_that_are_no_numbers(kind: str, bad: float, native: Any) -> None:
    pair = Pair(lambda: optimizers.SGD(0.1, **{kind: 1.0}), "float32")
    healthy = pair.gradients
    pair.gradients = lambda: [*healthy()[:-1], np.array([bad], "float32")]  # type: ignore[method-assign]
    pair.step(native, native.isas()[0])
    pair.compare(False, kind)


# -- constraints and penalties ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    "constraint",
    [
        constraints.NonNeg(),
        constraints.MaxNorm(0.8),
        constraints.MaxNorm(0.8, axis=-1),
        constraints.UnitNorm(),
        constraints.UnitNorm(axis=[0]),
        constraints.MinMaxNorm(0.5, 1.0, rate=0.7),
        constraints.MinMaxNorm(2.0, 3.0),
    ],
    ids=repr,
)
def test_constraints(constraint: Any, dtype: str, native: Any) -> None:
    for isa in native.isas():
        pair = Pair(lambda: optimizers.SGD(0.1), dtype, constraint=constraint)
        for step in range(3):
            pair.step(native, isa)
            pair.compare(isinstance(constraint, constraints.NonNeg), f"{isa} step {step}")


@pytest.mark.parametrize("axis", [0, 1, 2, -1, (0, 1), (0, 2), (1, 2), [2, 0], (0, 1, 2), ()])
@pytest.mark.parametrize("kind", [constraints.MaxNorm, constraints.UnitNorm, constraints.MinMaxNorm])
def test_axes_of_constraints(kind: Any, axis: Any, native: Any) -> None:
    constraint = kind(axis=axis)
    value = np.random.default_rng(4).normal(size=(3, 4, 5))
    variable = Variable(value, constraint=constraint)
    buffer, optimizer = FlatBuffer([variable]), optimizers.SGD(0.0)
    plan = Plan((), (), (), (), 60, 60, constraints=((variable.slot, describe(constraint, "constraint")),))
    spec = describe_step(plan, optimizer, buffer, [variable])
    native.kernels.optimizer_step_f64(native.isas()[0], spec, np.zeros(60), 0.0, 0)
    np.testing.assert_allclose(variable.numpy(), constraint(value), rtol=1e-14)


REGULARIZERS = [
    regularizers.L1(0.3),
    regularizers.L2(0.2),
    regularizers.L1L2(0.1, 0.4),
    regularizers.L1L2(),
    regularizers.OrthogonalRegularizer(0.5),
    regularizers.OrthogonalRegularizer(2.0, mode="columns"),
]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("regularizer", REGULARIZERS, ids=repr)
def test_penalties(regularizer: Any, dtype: str, native: Any) -> None:
    rng = np.random.default_rng(5)
    variables = [Variable(rng.normal(size=shape).astype(dtype)) for shape in ((6, 9), (4, 3), (20, 50))]
    variables[1].assign(np.where(rng.random((4, 3)) < 0.3, 0, variables[1].value))
    buffer = FlatBuffer(variables)
    with cr.GradientTape() as tape:
        penalty = sum((regularizer(v) for v in variables[1:]), regularizer(variables[0]))
    gradients = [np.asarray(g) for g in tape.gradient(penalty, variables)]
    expected = 1.5 + 3.0 * np.concatenate([g.reshape(-1) for g in gradients])
    spec = {
        "parameters": buffer.array,
        "penalties": describe_penalties([(slot, describe(regularizer, "regularizer")) for slot in buffer.slots]),
    }
    bound = {"float32": 2e-5, "float64": 1e-13}[dtype]
    for isa in native.isas():
        for piece in (7, 10**6):
            flat = np.full(buffer.array.size, 1.5, dtype)
            value = call(native, "penalize", dtype)(isa, spec, flat, 3.0, piece)
            np.testing.assert_allclose(value, float(penalty), rtol=bound, err_msg=isa)
            np.testing.assert_allclose(flat, expected, bound, bound, err_msg=isa)


# -- what comes from Python -------------------------------------------------------------------------------------------

SCHEDULES = [
    schedules.ExponentialDecay(0.1, 7, 0.9),
    schedules.ExponentialDecay(0.1, 7, 0.9, staircase=True),
    schedules.InverseTimeDecay(0.1, 5, 0.3),
    schedules.PolynomialDecay(0.1, 30, 0.01, power=1.7),
    schedules.PolynomialDecay(0.1, 30, 0.01, power=0.5, cycle=True),
    schedules.PiecewiseConstantDecay([3, 40], [0.3, 0.2, 0.1]),
    schedules.CosineDecay(0.1, 60, alpha=0.1),
    schedules.CosineDecay(0.01, 60, warmup_target=0.3, warmup_steps=13),
    schedules.CosineDecayRestarts(0.1, 9, t_mul=1.5, m_mul=0.9),
    schedules.CosineDecayRestarts(0.1, 9, t_mul=1.0, alpha=0.2),
]


@pytest.mark.parametrize("floatx", TYPES)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_rates_of_schedules_are_those_of_single_calls(schedule: Any, floatx: str) -> None:
    before = cr.config.floatx()
    try:
        cr.config.set_floatx(floatx)
        optimizer = optimizers.SGD(schedule)
        for first, n in ((0, 100), (3, 1), (100_000, 37)):
            single = []
            for i in range(first, first + n):
                optimizer._iterations.assign(i)
                single.append(optimizer._current_rate())
            optimizer._iterations.assign(0)
            assert rates(optimizer, first, n).tolist() == [float(rate) for rate in single]
    finally:
        cr.config.set_floatx(before)


def test_rates_of_numbers_and_functions() -> None:
    assert rates(optimizers.SGD(0.1), 5, 3).tolist() == [float(np.float32(0.1))] * 3

    class Own(schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            return 0.5 ** int(step)

    optimizer = optimizers.SGD(Own())
    assert rates(optimizer, 2, 3).tolist() == [0.25, 0.125, 0.0625]
    assert steps_per_rate(optimizer) > 1e9

    given = iter([0.3, 0.2, 0.1])
    optimizer = optimizers.SGD(lambda: next(given))
    assert rates(optimizer, 0, 3).tolist() == [0.3, 0.2, 0.1]
    assert steps_per_rate(optimizer) == 1
    seen: list[int] = []
    optimizer = optimizers.SGD(lambda: seen.append(int(optimizer._iterations)) or 0.1)
    rates(optimizer, 7, 2)
    assert seen == [7, 8]
    assert int(optimizer._iterations) == 0


def test_what_python_must_do_is_said() -> None:
    class Mine(optimizers.SGD):
        def scale_loss(self, loss: Any) -> Any:
            return loss + 1

    v = Variable([1.0])
    with pytest.raises(CannotLower, match=r"^optimizer 'mine.*' has its own scale_loss$"):
        check_optimizer(Mine(), [v])
    adam = optimizers.Adam()
    adam.build([v, Variable([2.0])])
    with pytest.raises(CannotLower, match="was built for other variables than are trained now"):
        check_optimizer(adam, [v])
    with pytest.raises(CannotLower, match="trainable variables are of type float16"):
        check_optimizer(optimizers.Adam(), [Variable([1.0], dtype="float16")])
    with pytest.raises(CannotLower, match=r"^variable 'own' is not in the model's flat buffer$"):
        describe_step(Plan((), (), (), (), 1, 1), optimizers.Adam(), FlatBuffer([v]), [Variable([1.0], name="own")])
    own = Variable([1.0], name="own")
    own.overwrite_with_gradient = True
    with pytest.raises(CannotLower, match="variable 'own' is overwritten with its gradient"):
        check_optimizer(optimizers.Adam(), [own])
    with pytest.raises(CannotLower, match="a regularizer is Python code"):
        describe_penalties([(Slot(0, (2,)), None)])
    with pytest.raises(CannotLower, match=r"OrthogonalRegularizer does not fit a variable of shape \(2,\)"):
        describe_penalties([(Slot(0, (2,)), describe(regularizers.OrthogonalRegularizer(), "regularizer"))])
    with pytest.raises(CannotLower, match="a constraint is Python code"):
        describe_constraints([(Slot(0, (2,)), None)])
    with pytest.raises(CannotLower, match=r"axis 1 of constraint MaxNorm does not fit a variable of shape \(2,\)"):
        describe_constraints([(Slot(0, (2,)), describe(constraints.MaxNorm(axis=1), "constraint"))])


def test_settings_are_read_when_a_step_is_described(native: Any) -> None:
    pair = Pair(lambda: optimizers.Adam(0.01), "float64")
    for optimizer in (pair.python, pair.optimizer):
        optimizer.beta_1, optimizer.weight_decay = 0.5, 0.1
    pair.step(native, native.isas()[0])
    pair.compare(True, "changed settings")
