"""Write what TensorBoard shows: metrics, weights and the model."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from time import time
from typing import Any

import numpy as np

from chainrule.callbacks.base import Callback, LogsLike, is_overridden
from chainrule.callbacks.event_file import EventFile
from chainrule.errors import missing_extra

_BATCHES = ("on_train_batch_begin", "on_train_batch_end", "on_test_batch_begin")


class TensorBoard(Callback):
    """Writes event files for TensorBoard, with Keras's folders and tags (`keras.callbacks.TensorBoard`).

    `log_dir/train` and `log_dir/validation` get `epoch_loss` and so on, `train` also `epoch_learning_rate` and the
    model as a graph. Needs the package `tensorboardX`; `tensorboard --logdir logs` shows the files.

    Args:
        log_dir: the folder.
        histogram_freq: epochs between two histograms of all weights; 0: none.
        write_graph: write the model.
        write_images: write weights as images where histograms are written.
        write_steps_per_second: write how fast training goes.
        update_freq: `'epoch'`, `'batch'`, or a number of batches after which `batch_loss` and so on are written.
        profile_batch: must be 0: there is nothing to profile with.
        embeddings_freq: epochs between two weight files for the projector of embeddings; 0: none.
        embeddings_metadata: file of the names of an embedding's rows, or a dict from layer name to file.

    Raises:
        MissingExtraError: `tensorboardX` is not installed.
        ValueError: `profile_batch` is not 0, or `embeddings_metadata` names a layer that is no `Embedding`.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int | str | tuple[int, int] = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        if find_spec("tensorboardX") is None:
            raise missing_extra("tensorboardX", "tensorboard", "The TensorBoard callback")
        if profile_batch not in (0, "0", (0, 0), [0, 0]):
            raise ValueError(
                f"TensorBoard: profile_batch must be 0, received {profile_batch!r}: chainrule writes no profiles. "
                "Python's cProfile shows where the time goes."
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._files: dict[str, EventFile] = {}
        self._fitting = False
        self._train_batch = 0
        self._test_batch = 0
        self._batch_began = self._epoch_began = 0.0
        self._steps_before = 0

    def _listens_to(self, hook: str) -> bool:
        if hook not in _BATCHES or is_overridden(self, hook, TensorBoard):
            return super()._listens_to(hook)
        return self.update_freq != "epoch"

    def state(self) -> dict[str, Any]:
        return {"train": self._train_batch, "test": self._test_batch}

    def restore(self, state: dict[str, Any]) -> None:
        self._train_batch, self._test_batch = state["train"], state["test"]

    def set_model(self, model: Any) -> None:
        """Receive the model; where to find its embeddings is written at once."""
        super().set_model(model)
        if self.embeddings_freq:
            self._write_projector()

    # -- training ------------------------------------------------------------------------------------------------------

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Write the model."""
        self._fitting = True
        self._train_batch = 0
        if self.write_graph and self.model._graph_or_none() is not None:
            self._file("train").model("keras", self.model.to_json(), 0)

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        """Look at the clock."""
        if self.write_steps_per_second:
            self._steps_before, self._epoch_began = int(self.model.optimizer.iterations), time()

    def on_train_batch_begin(self, batch: int, logs: LogsLike = None) -> None:
        """Count the batch."""
        self._train_batch += 1
        self._batch_began = time()

    def on_train_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Write the metrics so far, every `update_freq` batches."""
        if self._train_batch % int(self.update_freq):
            return
        if self.write_steps_per_second:
            speed = 1 / max(time() - self._batch_began, 1e-9)
            self._file("train").scalar("batch_steps_per_second", speed, self._train_batch)
        self._write_scalars(
            "train", {f"batch_{name}": value for name, value in (logs or {}).items()}, self._train_batch
        )

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Write metrics and learning rate, and the weights if it is their turn."""
        if logs:
            self._write_epoch(epoch, logs)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            folder = os.path.join(self.log_dir, "train")
            os.makedirs(folder, exist_ok=True)
            self.model.save_weights(os.path.join(folder, f"keras_embedding.ckpt-{epoch}.weights.h5"))
        for file in self._files.values():
            file.flush()

    def on_train_end(self, logs: LogsLike = None) -> None:
        """End the files."""
        self.close()

    # -- evaluation ----------------------------------------------------------------------------------------------------

    def on_test_batch_begin(self, batch: int, logs: LogsLike = None) -> None:
        """Count the batch."""
        self._test_batch += 1

    def on_test_end(self, logs: LogsLike = None) -> None:
        """Write the metrics over the number of training steps so far."""
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            named = {f"evaluation_{name}_vs_iterations": value for name, value in (logs or {}).items()}
            self._write_scalars("validation", named, int(optimizer.iterations))
        if not self._fitting:
            self.close()

    def close(self) -> None:
        """End the files; further events go to new ones."""
        self._fitting = False
        files, self._files = self._files, {}
        for file in files.values():
            file.close()

    # -- what is written -----------------------------------------------------------------------------------------------

    def _file(self, part: str) -> EventFile:
        """Return the file of `'train'` or `'validation'`, which is made when it is first needed."""
        if part not in self._files:
            self._files[part] = EventFile(os.path.join(self.log_dir, part))
        return self._files[part]

    def _write_scalars(self, part: str, values: dict[str, Any], step: int) -> None:
        for tag, value in values.items():
            if np.ndim(value) == 0:
                self._file(part).scalar(tag, value, step)

    def _write_epoch(self, epoch: int, logs: dict[str, Any]) -> None:
        train = {name: value for name, value in logs.items() if not name.startswith("val_")}
        train |= _rates(self.model.optimizer)
        if self.write_steps_per_second:
            steps = int(self.model.optimizer.iterations) - self._steps_before
            train["steps_per_second"] = steps / max(time() - self._epoch_began, 1e-9)
        validation = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        for part, values in (("train", train), ("validation", validation)):
            self._write_scalars(part, {f"epoch_{name}": value for name, value in values.items()}, epoch)

    def _write_weights(self, epoch: int) -> None:
        file = self._file("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                name, values = weight.path.replace(":", "_"), weight.numpy()
                file.histogram(f"{name}/histogram", values, epoch)
                if self.write_images and (image := _as_image(values)) is not None:
                    file.image(f"{name}/image", image, epoch)

    def _write_projector(self) -> None:
        from chainrule.layers import Embedding

        given, entries = self.embeddings_metadata, []
        named = dict(given) if isinstance(given, dict) else {}
        for layer in self.model.layers:
            if isinstance(layer, Embedding):
                lines = ['tensor_name: "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"']
                path = given if isinstance(given, str) else named.pop(layer.name, None)
                lines += [f"metadata_path: {json.dumps(path)}"] if path is not None else []
                entries.append("embeddings {\n" + "".join(f"  {line}\n" for line in lines) + "}\n")
        if named:
            raise ValueError(
                "Unrecognized `Embedding` layer names passed to `keras.callbacks.TensorBoard` `embeddings_metadata` "
                f"argument: {list(named)}. Use the names of the model's Embedding layers."
            )
        os.makedirs(self.log_dir, exist_ok=True)
        with open(os.path.join(self.log_dir, "projector_config.pbtxt"), "w", encoding="utf-8") as file:
            file.write("".join(entries))


def _rates(optimizer: Any) -> dict[str, float]:
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    several = getattr(optimizer, "optimizers", None)
    if several:
        return {f"learning_rate_{o.name}": float(o.learning_rate) for o in several}
    return {"learning_rate": float(optimizer.learning_rate)}


def _as_image(values: Any) -> Any:
    """Return weights as an image: matrices wider than high, vectors as a column; None for anything else."""
    values = np.squeeze(values)
    if values.ndim == 1:
        return values[:, None]
    if values.ndim != 2:
        return None
    return values.T if values.shape[0] > values.shape[1] else values
