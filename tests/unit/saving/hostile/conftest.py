"""The tables of cases are modules beside the test."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
collect_ignore_glob = ["hostile_*.py", "awkward.py", "child.py"]
