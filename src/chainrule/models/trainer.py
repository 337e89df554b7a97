"""What `compile` sets up and `fit`, `evaluate` and `predict` use: the training half of `Model`.

A class of your own may override `train_step`, `test_step`, `predict_step`, `compute_loss` or `compute_metrics`.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chainrule import tree
from chainrule._typing import Config
from chainrule.autodiff.masks import array_or_masked
from chainrule.autodiff.tape import GradientTape
from chainrule.autodiff.tensor import Tensor
from chainrule.callbacks.callback_list import python_logs
from chainrule.data.streams import pack, unpack
from chainrule.engines.base import describe
from chainrule.errors import DataError, ShapeError
from chainrule.models import evaluate as testing
from chainrule.models import fit as training_loop
from chainrule.models.step_functions import StepFunction, StepFunctions
from chainrule.saving.serialization import deserialize_keras_object, serialize_keras_object

if TYPE_CHECKING:
    from chainrule.layers.base import Layer
    from chainrule.variables import Variable


class Trainer(StepFunctions):
    """The methods of `Model` that concern training."""

    _not_parts: ClassVar[frozenset[str]] = frozenset(
        {"_compile_arguments", "_compile_loss", "_compile_metrics", "_loss_tracker", "_random_key", "_step_logs"}
        | {"_recorder", "history", "loss", "optimizer"}
    )
    _notes: ClassVar[frozenset[str]] = frozenset(
        {"_engine", "_epochs_seen", "_losses", "_recorder", "_step_logs", "history"}
        | {"stop_evaluating", "stop_predicting", "stop_training"}
    )

    _recorder: Any = None  # of the block of `record` that training is in

    if TYPE_CHECKING:
        name: str
        built: bool
        losses: list[Any]
        trainable_variables: list[Variable]

        @property
        def output_names(self) -> list[str] | None: ...

        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
        def _flatten_layers(self) -> list[Layer]: ...
        def _own_metrics(self) -> list[Any]: ...
        def _quickly(self, x: Any) -> Any: ...

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.compiled = False
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self.history: Any = None
        self.steps_per_execution = 1
        self.run_eagerly = False
        self.jit_compile: Any = False
        self._compile_arguments: dict[str, Any] | None = None
        self._compile_loss: Any = None
        self._compile_metrics: Any = None
        self._loss_tracker: Any = None
        self._step_logs: dict[str, Any] | None = None
        self._engine_wanted = "auto"
        self._engine: Any = None
        self._random_key: tuple[int, int] | None = None
        self._epochs_seen = 0
        self._warned: set[str] = set()
        self._loss_takes_training = (  # an argument that `compute_loss` got in Keras 3.3
            not self.overrides("compute_loss") or "training" in inspect.signature(self.compute_loss).parameters
        )

    # -- compile ------------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        engine: str = "auto",
    ) -> None:
        """Choose optimizer, loss, metrics and engine. A failed call leaves the model as it was.

        A loss or metrics that are not given again stay those of the last `compile`, as in Keras.

        Args:
            optimizer: a name or object of `chainrule.optimizers`.
            loss: a name, function or object of `chainrule.losses`; a list or dict for several outputs.
            loss_weights: factors of the outputs' losses.
            metrics: names, functions or objects; `'accuracy'` is chosen by the shapes of target and output.
            weighted_metrics: metrics that use sample and class weights.
            steps_per_execution: batches between two calls of the callbacks' hooks of batches.
            run_eagerly, jit_compile, auto_scale_loss: accepted; they change nothing here.
            engine: `'auto'` picks the fastest engine that accepts the model; a name asks for that one and no other.

        Raises:
            UnknownNameError: a name that nothing has, with the nearest ones.
        """
        from chainrule import optimizers
        from chainrule.engines.choose import check_name
        from chainrule.losses.compile import CompileLoss
        from chainrule.metrics.compile import CompileMetrics
        from chainrule.metrics.reduction import Mean
        from chainrule.models.checks import check_names
        from chainrule.models.traps import warn_when_compiled
        from chainrule.random import seeds, threefry

        check_name(engine)
        _check_steps(steps_per_execution)
        chosen, names = optimizers.get(optimizer), self.output_names
        compile_loss, compile_metrics = self._compile_loss, self._compile_metrics  # Keras keeps what is not given anew
        check_names(loss, metrics, weighted_metrics)
        if loss is not None:
            compile_loss = CompileLoss(loss, loss_weights, output_names=names)
        if metrics is not None or weighted_metrics is not None:
            compile_metrics = CompileMetrics(metrics, weighted_metrics, output_names=names)
        self.optimizer, self.loss = chosen, loss if loss is not None else self.loss
        self._compile_loss, self._compile_metrics = compile_loss, compile_metrics
        self._loss_tracker = Mean(name="loss")
        self.run_eagerly, self.steps_per_execution = run_eagerly, steps_per_execution
        self.jit_compile = False if jit_compile == "auto" else jit_compile
        self._compile_arguments = {
            "optimizer": chosen,
            "loss": loss() if isinstance(loss, type) else loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": self.jit_compile,
        }
        self._engine_wanted, self._engine = engine, None
        self._random_key, self._epochs_seen = threefry.key_from_seed(seeds.draw_seed()), 0
        self._warned.clear()
        self._forget_functions()
        self.stop_training = False
        self.compiled = True
        warn_when_compiled(self)

    def get_compile_config(self) -> Config | None:
        """Return what `compile` was given as JSON-like values, or None."""
        return serialize_keras_object(self._compile_arguments) if self._compile_arguments is not None else None

    def compile_from_config(self, config: Config) -> None:
        """Compile with the settings of `get_compile_config`."""
        self.compile(**deserialize_keras_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def _assert_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"Model '{self.name}' must be compiled before {method}(): "
                "model.compile(optimizer='adam', loss='mean_squared_error')."
            )

    @property
    def engine(self) -> str:
        """The engine that runs the model, and, where it is not the fastest, why."""
        return describe(self._engine) if self._engine is not None else f"{self._engine_wanted} (not chosen yet)"

    # -- metrics ------------------------------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, the compiled metrics, the outputs' losses, and metrics held in attributes."""
        found: list[Any] = []
        if self.compiled:
            found.append(self._loss_tracker)
            if self._compile_metrics is not None:
                found.append(self._compile_metrics)
            if self._compile_loss is not None:
                found.extend(self._compile_loss.metrics)
        found.extend(self._own_metrics())
        for layer in self._flatten_layers()[1:]:
            if not isinstance(layer, Trainer):
                found.extend(layer._own_metrics())
        return found

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`: `['loss', 'compile_metrics']`, as in Keras 3, not the keys of `history`."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        for m in self.metrics:
            m.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the current value of each metric, sorted by name."""
        results: dict[str, Any] = {}
        for m in self.metrics:
            if getattr(m, "built", True):
                value = m.result()
                results.update(value if isinstance(value, dict) else {m.name: value})
        return python_logs(results)

    def named_metrics(self) -> Iterator[tuple[str, Any]]:
        """Yield the metrics, those within the compiled ones too, with their names in logs."""
        for m in self.metrics:
            if m is self._compile_metrics:
                yield from m.named() if m.built else ()
            else:
                yield m.name, m

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update the compiled metrics with a batch and return all results."""
        self._update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        if self._compile_metrics is not None:
            if not self._compile_metrics.built:  # only with steps of the user's own
                self._compile_metrics.build(y, y_pred)
                self._compile_metrics.heed(self._compile_loss)
            self._compile_metrics.update_state(y, tree.map_structure(array_or_masked, y_pred), sample_weight)

    def _logs(self) -> dict[str, Any]:
        """Return the metrics, or what a step of the user's own returned last.

        Keras's rule: the metrics if the keys are the same. But a loss tracker that the step has not updated counts
        for nothing.
        """
        results, own = self.get_metrics_result(), self._step_logs
        if own is None or (own.keys() == results.keys() and self._loss_tracker.count.value):
            return results
        return python_logs(own)

    # -- one step -----------------------------------------------------------------------------------------------------

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Return the compiled loss plus what regularizers and `add_loss` add.

        Raises:
            ValueError: there is no loss of any kind.
        """
        parts = []
        if self._compile_loss is not None:
            parts.append(self._compile_loss(y, y_pred, sample_weight))
        parts.extend(self._added_losses())
        if not parts:
            raise ValueError(
                f"Model '{self.name}' has no loss: give one to compile(loss=...), or use add_loss in a layer."
            )
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def _added_losses(self) -> list[Any]:
        from chainrule import ops

        return [loss if not getattr(loss, "shape", ()) else ops.mean(loss) for loss in self.losses]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Learn from one batch `(x, y, sample_weight)`: predict, loss, gradients, update; return the metrics."""
        self._learn(*unpack(data, "train_step"))
        return self._logs()

    def test_step(self, data: Any) -> dict[str, Any]:
        """Update loss and metrics with one batch without learning; return the metrics."""
        self._examine(*unpack(data, "test_step"))
        return self._logs()

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for one batch."""
        return self(unpack(data, "predict_step")[0], training=False)

    def overrides(self, *methods: str) -> list[str]:
        """Return which of these methods a class of the user's own overrides."""
        return [m for m in methods if getattr(type(self), m) is not getattr(Trainer, m)]

    def _predicts_itself(self) -> bool:
        """Whether Python code of the user's own looks at each batch of a prediction; asked before each single row."""
        cls = type(self)
        if cls.predict_step is not Trainer.predict_step:
            return True
        if cls.make_predict_function is not Trainer.make_predict_function:
            return self._own_function("predict_function") is not None
        return not (self.predict_function is None or isinstance(self.predict_function, StepFunction))

    def _learn(self, x: Any, y: Any, sample_weight: Any) -> float:
        """The step itself; returns the batch's loss without asking all metrics. A loss that is no number changes
        nothing.
        """
        variables = self.trainable_variables
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self._loss_of(x, y, y_pred, sample_weight, True)
            scaled = self.optimizer.scale_loss(loss)
        value = self._as_number(loss)
        if not variables:
            self._warn_once("variables", f"Model '{self.name}' does not have any trainable weights: nothing is learnt.")
        elif np.isfinite(value):
            self.optimizer.apply(tape.gradient(scaled, variables), variables)
        self._note(value, x, y, y_pred, sample_weight)
        return value

    def _examine(self, x: Any, y: Any, sample_weight: Any) -> float:
        """Compute loss and metrics of one batch."""
        y_pred = self(x, training=False)
        value = self._as_number(self._loss_of(x, y, y_pred, sample_weight, False))
        self._note(value, x, y, y_pred, sample_weight)
        return value

    def _note(self, loss: float, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Update loss tracker and metrics; a `compute_metrics` of the user's own gives the logs."""
        self._loss_tracker.update_state(loss, sample_weight=batch_length(x))
        self._step_logs = None
        if self.overrides("compute_metrics"):
            self._step_logs = self.compute_metrics(x, y, y_pred, sample_weight)
        else:
            self._update_metrics(y, y_pred, sample_weight)

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        if self._loss_takes_training:
            return self.compute_loss(x, y, y_pred, sample_weight, training=training)
        return self.compute_loss(x, y, y_pred, sample_weight)

    def _as_number(self, loss: Any) -> float:
        if loss is None or getattr(loss, "shape", ()) != ():
            raise ShapeError(
                f"Model '{self.name}': the loss of a batch must be one number, but "
                + ("compute_loss returned None." if loss is None else f"it has shape {np.shape(loss)}.")
                + " Reduce it with chainrule.ops.mean, or give the loss reduction='sum_over_batch_size'."
            )
        return float(loss)

    def _warn_once(self, key: str, message: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            warnings.warn(message, stacklevel=4)

    # -- the loops ----------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Train for a number of epochs and return the `History`.

        If a step fails, the model keeps the weights and the optimizer state from the start of that epoch.

        Args:
            x: arrays, data frames, lists or dicts of them, a generator, or a `PyDataset`.
            y: targets, for arrays and data frames.
            batch_size: rows per step, 32 by default.
            epochs: number of the last epoch (not a count if `initial_epoch` is given).
            verbose: 0 silent, 1 a progress line per epoch, 2 a line per epoch; `'auto'` is 1.
            callbacks: objects of `chainrule.callbacks`.
            validation_split: share of rows, taken from the END before any shuffling, that is held out.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a dataset.
            shuffle: new order of rows in each epoch.
            class_weight: class number to weight.
            sample_weight: one weight per row.
            initial_epoch: number of the first epoch, from 0.
            steps_per_epoch, validation_steps: number of batches.
            validation_batch_size: rows per step of validation, by default `batch_size`.
            validation_freq: validate every so many epochs, or after the listed ones (counted from 1).

        Raises:
            DataError, ShapeError: the data do not fit each other or the model.
            DivergedError: the loss became NaN or infinite.
        """
        self._assert_compiled("fit")
        settings = training_loop.FitSettings(
            batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks,
            validation_split=validation_split, validation_data=validation_data, shuffle=shuffle,
            class_weight=class_weight, sample_weight=sample_weight, initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch, validation_steps=validation_steps,
            validation_batch_size=validation_batch_size, validation_freq=validation_freq,
        )  # fmt: skip
        return training_loop.fit(self, x, y, settings)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return loss and metrics on data: a number, a list in compile order, or a dict."""
        self._assert_compiled("evaluate")
        if kwargs:
            raise TypeError(f"evaluate got unknown arguments {sorted(kwargs)}.")
        logs = testing.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
        return logs if return_dict else self._in_order(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs for data as NumPy arrays."""
        return testing.predict(self, x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Learn from one batch; return its loss (before the update) and metrics."""
        self._assert_compiled("train_on_batch")
        logs = testing.learn_from_batch(self, x, y, sample_weight, class_weight)
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Return loss and metrics of one batch without learning."""
        self._assert_compiled("test_on_batch")
        logs = testing.examine_batch(self, x, y, sample_weight)
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch as NumPy arrays."""
        if type(x) is np.ndarray and not self._predicts_itself():
            outputs = self._quickly(x)
            if outputs is not None:
                return outputs
        function = self._own_function("predict_function")
        outputs = self.predict_step(pack(x)) if function is None else function([(x,)])
        return tree.map_structure(lambda t: np.array(t), outputs)

    def _in_order(self, logs: dict[str, Any]) -> Any:
        """Return the values of `logs` as Keras's `evaluate` orders them."""
        names: list[str] = []
        for m in self.metrics:
            names.extend([inner.name for inner in m.metrics] if m is self._compile_metrics else [m.name])
        values = [logs[n] for n in names if n in logs]
        values += [logs[k] for k in sorted(logs) if k not in names]
        return values[0] if len(values) == 1 else values


def _check_steps(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise DataError(f"compile: steps_per_execution must be a positive whole number, but is {value!r}.")


def batch_length(x: Any) -> int:
    """Return the number of rows of a batch."""
    if isinstance(x, np.ndarray):
        return len(x)
    leaves = [v for v in tree.flatten(x) if v is not None]
    return int(np.shape(leaves[0].value if isinstance(leaves[0], Tensor) else leaves[0])[0]) if leaves else 1
