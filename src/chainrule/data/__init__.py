"""Data in: arrays, data frames, generators and `PyDataset`, all turned into batches of plain NumPy arrays."""

from chainrule.data.adapters import is_stream, make_batches, split_tail
from chainrule.data.batches import ArrayBatches, Batch, Batches
from chainrule.data.class_weight import class_weight_to_sample_weight
from chainrule.data.py_dataset import PyDataset
from chainrule.data.samples import Samples
from chainrule.data.streams import pack, unpack

__all__ = [
    "ArrayBatches",
    "Batch",
    "Batches",
    "PyDataset",
    "Samples",
    "class_weight_to_sample_weight",
    "is_stream",
    "make_batches",
    "pack",
    "split_tail",
    "unpack",
]
