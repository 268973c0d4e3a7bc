"""Compiled kernels that are kept on disk do not outlive what they are made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MAKE = """
import sys
sys.path.insert(0, sys.argv[1])
from analysis.compiled import Kernels
from kernels.loops import doubled
print(doubled(1.0), sum(doubled.stats.cache_hits.values()))
"""
LOOPS = """
from analysis.compiled import Kernels
from numbers_of_others import factors
FACTOR = factors.FACTOR

@Kernels(__file__, factors.__file__).kernel
def doubled(x):
    return FACTOR * x
"""


def test_a_number_of_another_folder_that_changes_is_compiled_in_anew(tmp_path: Path) -> None:
    for folder in ("kernels", "numbers_of_others"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "kernels/loops.py").write_text(LOOPS)

    def run(factor: float) -> list[str]:
        (tmp_path / "numbers_of_others/factors.py").write_text(f"FACTOR = {factor}  # a factor\n")
        done = subprocess.run(
            [sys.executable, "-B", "-c", MAKE, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
            env={"NUMBA_CACHE_DIR": str(tmp_path / "kept")},
        )
        return done.stdout.split()

    assert run(2.0) == ["2.0", "0"]
    assert run(2.0) == ["2.0", "1"]
    assert run(30.0) == ["30.0", "0"]
