"""Write Fisher's Iris table as CSV, four measurements and the class number, for the scripts to read.

python -m benchmarks.ladder.scripts.iris FILE
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris

table = np.column_stack(load_iris(return_X_y=True))
Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
np.savetxt(sys.argv[1], table, fmt="%g", delimiter=",")
