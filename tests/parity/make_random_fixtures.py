"""Record the bits of jax.random. Run with a Python that has jax:

python tests/parity/make_random_fixtures.py
"""

from __future__ import annotations

from pathlib import Path

import jax  # type: ignore[import-not-found]
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_threefry_partitionable", True)
from jax.extend.random import threefry2x32_p  # type: ignore[import-not-found]  # noqa: E402

KEYS = np.array([[0, 0], [0, 7], [0xFFFFFFFF, 0xFFFFFFFF], [0x13198A2E, 0x03707344]], np.uint32)
COUNTERS = np.array(
    [[0, i] for i in range(6)] + [[0, 0xFFFFFFFF], [1, 0], [0x80000000, 3], [0x243F6A88, 0x85A308D3]], np.uint32
)


def main() -> None:
    blocks = np.stack(
        [
            np.stack(threefry2x32_p.bind(np.uint32(k0), np.uint32(k1), COUNTERS[:, 0], COUNTERS[:, 1]), axis=1)
            for k0, k1 in KEYS
        ]
    )
    keys = [jax.random.wrap_key_data(key, impl="threefry2x32") for key in KEYS]
    bits64 = np.stack([np.asarray(jax.random.bits(key, (9,), "uint64")) for key in keys])
    bits32 = np.stack([np.asarray(jax.random.bits(key, (9,), "uint32")) for key in keys])
    path = Path(__file__).parent / "fixtures" / "threefry.npz"
    np.savez_compressed(path, keys=KEYS, counters=COUNTERS, blocks=blocks, bits64=bits64, bits32=bits32)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
