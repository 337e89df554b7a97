"""The gate around every reader of model files: what goes wrong within comes out as one error that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.errors import ModelFileError


@contextmanager
def gate(name: object) -> Iterator[None]:
    """Turn every exception of the block into a `ModelFileError` whose message names the file.

    >>> with gate("m.keras"):
    ...     raise StopIteration
    Traceback (most recent call last):
    chainrule.errors.ModelFileError: 'm.keras' cannot be read: StopIteration.
    """
    try:
        yield
    except Warning:  # where the program turns warnings into errors
        raise
    except ModelFileError as error:
        if str(name) in str(error):
            raise
        raise ModelFileError(f"'{name}': {error}") from error
    except Exception as error:
        said = f"{type(error).__name__}: {error}".rstrip(": .")
        raise ModelFileError(f"'{name}' cannot be read: {said}.") from error
