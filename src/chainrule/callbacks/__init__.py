"""Callbacks: what to do while a model trains, is evaluated or predicts (`keras.callbacks`)."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.callbacks.backup_and_restore import BackupAndRestore as BackupAndRestore
    from chainrule.callbacks.base import Callback as Callback
    from chainrule.callbacks.callback_list import CallbackList as CallbackList
    from chainrule.callbacks.csv_logger import CSVLogger as CSVLogger
    from chainrule.callbacks.dashboard import Dashboard as Dashboard
    from chainrule.callbacks.early_stopping import EarlyStopping as EarlyStopping
    from chainrule.callbacks.history import History as History
    from chainrule.callbacks.lambda_callback import LambdaCallback as LambdaCallback
    from chainrule.callbacks.learning_rate_scheduler import LearningRateScheduler as LearningRateScheduler
    from chainrule.callbacks.model_checkpoint import ModelCheckpoint as ModelCheckpoint
    from chainrule.callbacks.progbar_logger import ProgbarLogger as ProgbarLogger
    from chainrule.callbacks.recorder import Recorder as Recorder
    from chainrule.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau as ReduceLROnPlateau
    from chainrule.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
    from chainrule.callbacks.tensorboard import TensorBoard as TensorBoard
    from chainrule.callbacks.terminate_on_nan import TerminateOnNaN as TerminateOnNaN

_NAMES = {
    "BackupAndRestore": "chainrule.callbacks.backup_and_restore",
    "CSVLogger": "chainrule.callbacks.csv_logger",
    "Callback": "chainrule.callbacks.base",
    "CallbackList": "chainrule.callbacks.callback_list",
    "Dashboard": "chainrule.callbacks.dashboard",
    "EarlyStopping": "chainrule.callbacks.early_stopping",
    "History": "chainrule.callbacks.history",
    "LambdaCallback": "chainrule.callbacks.lambda_callback",
    "LearningRateScheduler": "chainrule.callbacks.learning_rate_scheduler",
    "ModelCheckpoint": "chainrule.callbacks.model_checkpoint",
    "ProgbarLogger": "chainrule.callbacks.progbar_logger",
    "Recorder": "chainrule.callbacks.recorder",
    "ReduceLROnPlateau": "chainrule.callbacks.reduce_lr_on_plateau",
    "SwapEMAWeights": "chainrule.callbacks.swap_ema_weights",
    "TensorBoard": "chainrule.callbacks.tensorboard",
    "TerminateOnNaN": "chainrule.callbacks.terminate_on_nan",
}

__all__ = sorted(_NAMES)
__getattr__ = getter("chainrule.callbacks", ("console",), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
