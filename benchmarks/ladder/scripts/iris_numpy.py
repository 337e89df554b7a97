"""The floor under the other scripts: start Python, import NumPy, read the table."""

import sys

import numpy as np

print(np.loadtxt(sys.argv[1], delimiter=",", dtype="float32").shape)
