"""`kill -9` at random moments, the same script again: the results are those of a training that nobody disturbed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be copied")
@pytest.mark.parametrize("save_freq", ["epoch", "3"])
def test_a_training_killed_twenty_times_ends_as_if_it_had_not_been(tmp_path: Path, save_freq: str) -> None:
    script = Path(__file__).with_name("killed_training.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), save_freq, "20"], capture_output=True, text=True, timeout=300
    )
    assert (done.stdout.split("\n")[0], done.stderr) == ("same 20 clean", "")
    assert int(done.stdout.split("\n")[1]) > 5, "hardly any of the restarts found a backup"
