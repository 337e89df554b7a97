"""What `chainrule doctor` finds out about an installation and its machine, without trying anything."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from types import ModuleType
from typing import Any

PACKAGES = ("numpy", "h5py", "narwhals", "rich", "typer")
EXTRAS = {
    "tables": ("polars", "matplotlib"),
    "plot": ("matplotlib",),
    "sklearn": ("scikit-learn",),
    "math": ("latex2mathml",),
    "tensorboard": ("tensorboardX",),
    "dashboard": ("starlette", "uvicorn"),
}
_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Facts = dict[str, Any]


def version_of(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def versions() -> Facts:
    """Return the versions of chainrule, Python, the system and the packages that chainrule needs."""
    from chainrule.version import __version__

    found = {"chainrule": __version__, "python": platform.python_version(), "platform": platform.platform()}
    return {**found, **{name: version_of(name) or "not installed" for name in PACKAGES}}


def engines() -> dict[str, str]:
    """Return each engine's name, and `'available'` or why it is not."""
    from chainrule.engines.choose import ENGINES
    from chainrule.engines.compiled import compiled

    reason = compiled()
    native = {"native": reason if isinstance(reason, str) else "available"}
    return {**native, **{name: "available" for name in ENGINES if name not in native}}


def native_module() -> ModuleType | None:
    """Return the compiled module, if it is here."""
    from chainrule.engines.compiled import compiled

    found = compiled()
    return None if isinstance(found, str) else found


def instruction_sets() -> Facts:
    """Return the instruction set of the native engine's kernels, those that this machine has, and what was wished."""
    native = native_module()
    wished = os.environ.get("CHAINRULE_ISA") or None
    if native is None:
        return {"in use": None, "available": [], "CHAINRULE_ISA": wished}
    return {"in use": native.isa(), "available": list(native.isas()), "CHAINRULE_ISA": wished}


def threads() -> Facts:
    """Return how many threads the native engine may use, and what limits them."""
    from chainrule.config import num_threads
    from chainrule.utils.cores import bound_cores, cpu_quota, usable_cores

    return {
        "in use": num_threads(),
        "usable": usable_cores(),
        "cores": os.cpu_count(),
        "bound to": bound_cores(),
        "quota": cpu_quota(),
        "environment": {n: os.environ[n] for n in ("CHAINRULE_NUM_THREADS", *_LIMITS) if os.environ.get(n)},
    }


def blas() -> str:
    """Return which library multiplies matrices for NumPy, and so for the reference engine."""
    import numpy as np

    built: Any = np.show_config(mode="dicts")
    found = built.get("Build Dependencies", {}).get("blas", {})
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


def extras() -> dict[str, dict[str, str | None]]:
    """Return each extra's packages with their versions, None for one that is not installed."""
    return {extra: {name: version_of(name) for name in names} for extra, names in EXTRAS.items()}


def missing(packages: dict[str, str | None]) -> Iterable[str]:
    """Return the packages that are not installed."""
    return [name for name, version in packages.items() if version is None]
