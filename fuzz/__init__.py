"""Fuzzing of everything that reads files: one small module per reader, each with `seeds()` and `check(data)`.

    python -m fuzz hdf5 --seconds 60        with atheris, guided by coverage
    python -m fuzz hdf5 --plain 5000        without: so many fixed mutations of the seeds, as the tests run them

`check` returns for whatever is read or refused in the proper way, and raises for anything else. Inputs that once did so
are kept in `findings/<reader>/`. The readers are Python and NumPy; no native code of ours sees a file's bytes before
they have been checked, so there is nothing for AddressSanitizer to watch.
"""

TARGETS = ("archive", "config", "hdf5", "legacy", "safetensors", "onnx", "csv", "recording")
