"""What `compile` sets up and `fit`, `evaluate` and `predict` use: the training half of `Model`.

A class of your own may override `train_step`, `test_step`, `predict_step` or `compute_loss`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array, Logs
from chainrule.autodiff.tape import GradientTape
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ChainruleError
from chainrule.models import fit as loops


class Trainer:
    """The methods of `Model` that concern training."""

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.compiled = False
        self.stop_training = False
        self.history: Any = None
        self.steps_per_execution = 1
        self.run_eagerly = False
        self.jit_compile: Any = None
        self.epochs_seen = 0
        self._compile_arguments: dict[str, Any] | None = None
        self._compile_loss: Any = None
        self._compile_metrics: Any = None
        self._loss_tracker: Any = None
        self._engine_wanted = "auto"
        self._engine: Any = None
        self._random_key: tuple[int, int] | None = None

    # -- compile --------------------------------------------------------------------------------------------------------

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
        """Choose optimizer, loss, metrics and engine.

        Args:
            optimizer: a name or object of `chainrule.optimizers`.
            loss: a name, function or object of `chainrule.losses`; a list or dict for several outputs.
            loss_weights: factors of the outputs' losses.
            metrics: names, functions or objects; `'accuracy'` is chosen by the shapes of target and output.
            weighted_metrics: metrics that use sample and class weights.
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: accepted; they change nothing here.
            engine: `'auto'` picks the fastest engine that accepts the model; a name asks for that one and no other.
        """
        from chainrule import losses, optimizers
        from chainrule.engines.choose import check_name
        from chainrule.losses.compile import CompileLoss
        from chainrule.metrics.compile import CompileMetrics
        from chainrule.metrics.reduction import Mean
        from chainrule.random import seeds, threefry

        check_name(engine)
        self.optimizer = optimizers.get(optimizer)
        names = self.output_names  # type: ignore[attr-defined]
        self.loss = loss
        self._compile_loss = CompileLoss(loss, loss_weights, output_names=names) if loss is not None else None
        self._loss_tracker = Mean(name="loss")
        self._compile_metrics = None
        if metrics is not None or weighted_metrics is not None:
            self._compile_metrics = CompileMetrics(metrics, weighted_metrics, output_names=names)
        self.run_eagerly, self.steps_per_execution, self.jit_compile = run_eagerly, steps_per_execution, jit_compile
        self._compile_arguments = {
            "optimizer": self.optimizer,
            "loss": losses.get(loss) if isinstance(loss, type) else loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": False if jit_compile == "auto" else jit_compile,
        }
        self._engine_wanted, self._engine = engine, None
        self._random_key = threefry.key_from_seed(seeds.draw_seed())
        self.stop_training = False
        self.compiled = True

    def _assert_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"Model '{self.name}' must be compiled before {method}(): "  # type: ignore[attr-defined]
                "model.compile(optimizer='adam', loss='mean_squared_error')."
            )

    @property
    def engine(self) -> str:
        """The engine that runs the model, and, where it is not the fastest, why."""
        return str(self._engine) if self._engine is not None else f"{self._engine_wanted} (not chosen yet)"

    # -- metrics --------------------------------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, the compiled metrics, the outputs' losses, and metrics held in attributes."""
        from chainrule.metrics.base import Metric

        found: list[Any] = []
        if self.compiled:
            found.append(self._loss_tracker)
            if self._compile_metrics is not None:
                found.append(self._compile_metrics)
            if self._compile_loss is not None:
                found.extend(self._compile_loss.metrics)
        members: list[Any] = [self] + [m for m in self._flatten_layers()[1:] if not isinstance(m, Trainer)]  # type: ignore[attr-defined]
        for member in members:
            for key, value in vars(member).items():
                if not key.startswith("_compile") and key not in ("_loss_tracker", "_init_arguments"):
                    found.extend(v for v in tree.flatten(value) if isinstance(v, Metric))
        return found

    @property
    def metrics_names(self) -> list[str]:
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        for m in self.metrics:
            m.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the current value of each metric by name."""
        results: dict[str, Any] = {}
        for m in self.metrics:
            value = m.result()
            results.update(value if isinstance(value, dict) else {m.name: value})
        return results

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update the compiled metrics with a batch and return all results."""
        self._update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, tree.map_structure(np.asarray, y_pred), sample_weight)

    # -- one step -------------------------------------------------------------------------------------------------------

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Return the compiled loss plus what regularizers and `add_loss` add.

        Raises:
            ValueError: there is no loss of any kind.
        """
        parts = []
        if self._compile_loss is not None:
            loss = self._compile_loss(y, y_pred, sample_weight)
            if loss is not None:
                parts.append(loss)
        parts.extend(self._added_losses())
        if not parts:
            raise ValueError(
                f"Model '{self.name}' has no loss: give one to compile(loss=...), or use add_loss in a layer."  # type: ignore[attr-defined]
            )
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def _added_losses(self) -> list[Any]:
        from chainrule import ops

        return [loss if not getattr(loss, "shape", ()) else ops.mean(loss) for loss in self.losses]  # type: ignore[attr-defined]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Learn from one batch `(x, y, sample_weight)`: predict, loss, gradients, update; return the metrics."""
        self._learn(*unpack(data))
        return self.get_metrics_result()

    def has_own_train_step(self) -> bool:
        """Whether a class of the user's own overrides `train_step`."""
        return type(self).train_step is not Trainer.train_step

    def _learn(self, x: Any, y: Any, sample_weight: Any) -> float:
        """The step itself; returns the batch's loss without asking all metrics."""
        variables = self.trainable_variables  # type: ignore[attr-defined]
        with GradientTape() as tape:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self._loss_of(x, y, y_pred, sample_weight, True)
        gradients = tape.gradient(loss, variables)
        value = float(loss)
        self._loss_tracker.update_state(value, sample_weight=batch_length(x))
        if np.isfinite(value):
            self.optimizer.apply(gradients, variables)
        self._update_metrics(y, y_pred, sample_weight)
        return value

    def test_step(self, data: Any) -> dict[str, Any]:
        """Update loss and metrics with one batch without learning."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self._loss_of(x, y, y_pred, sample_weight, False)
        self._loss_tracker.update_state(float(loss), sample_weight=batch_length(x))
        self._update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for one batch."""
        return self(unpack(data)[0], training=False)  # type: ignore[operator]

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        import inspect

        if type(self).compute_loss is Trainer.compute_loss:
            return self.compute_loss(x, y, y_pred, sample_weight, training)
        if "training" in inspect.signature(self.compute_loss).parameters:
            return self.compute_loss(x, y, y_pred, sample_weight, training=training)
        return self.compute_loss(x, y, y_pred, sample_weight)

    # -- the loops ------------------------------------------------------------------------------------------------------

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
            steps_per_epoch, validation_steps: number of batches.

        Raises:
            DataError, ShapeError: the data do not fit each other or the model.
            DivergedError: the loss became NaN or infinite; the model holds the last good weights.
        """
        self._assert_compiled("fit")
        settings = loops.FitSettings(
            batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks, validation_split=validation_split,
            validation_data=validation_data, shuffle=shuffle, class_weight=class_weight, sample_weight=sample_weight,
            initial_epoch=initial_epoch, steps_per_epoch=steps_per_epoch, validation_steps=validation_steps,
            validation_batch_size=validation_batch_size, validation_freq=validation_freq,
        )  # fmt: skip
        return loops.fit(self, x, y, settings)

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
        logs = loops.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
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
        return loops.predict(self, x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Learn from one batch; return its loss and metrics."""
        self._assert_compiled("train_on_batch")
        logs = loops.on_batch(self, "train_on_batch", x, y, sample_weight, class_weight)
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Return loss and metrics of one batch without learning."""
        self._assert_compiled("test_on_batch")
        logs = loops.on_batch(self, "test_on_batch", x, y, sample_weight, None)
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch as NumPy arrays."""
        return tree.map_structure(lambda t: np.array(t), self(x, training=False))  # type: ignore[operator]

    def _in_order(self, logs: Logs) -> Any:
        """Return the values of `logs` as Keras's `evaluate` orders them."""
        from chainrule.metrics.compile import CompileMetrics

        names: list[str] = []
        for m in self.metrics:
            names.extend([inner.name for inner in m.metrics] if isinstance(m, CompileMetrics) else [m.name])
        values = [logs[n] for n in names if n in logs]
        values += [logs[k] for k in sorted(logs) if k not in names]
        return values[0] if len(values) == 1 else values

    def make_train_function(self, force: bool = False) -> None:
        """Nothing to make: accepted for scripts that call it."""

    def make_test_function(self, force: bool = False) -> None:
        """Nothing to make: accepted for scripts that call it."""

    def make_predict_function(self, force: bool = False) -> None:
        """Nothing to make: accepted for scripts that call it."""


def unpack(data: Any) -> tuple[Any, Any, Any]:
    """Return `(x, y, sample_weight)` of a batch, with None for what is missing.

    Raises:
        ChainruleError: it has more parts.
    """
    if not isinstance(data, tuple | list):
        return data, None, None
    if isinstance(data, list):
        data = tuple(data)
    if len(data) > 3:
        raise ChainruleError(f"A batch is (x,), (x, y) or (x, y, sample_weight), but has {len(data)} parts.")
    x, y, w = (*data, None, None)[:3]
    return x, y, w


def batch_length(x: Any) -> int:
    """Return the number of rows of a batch."""
    leaves = [v for v in tree.flatten(x) if v is not None]
    return int(np.shape(leaves[0].value if isinstance(leaves[0], Tensor) else leaves[0])[0]) if leaves else 1


__all__ = ["Array", "Trainer", "batch_length", "unpack"]
