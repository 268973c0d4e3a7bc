"""Floods on a grid: rain, rivers and the sea over ground and between buildings. Arrays in, arrays out.

`simulate` runs one of three schemes; `huff` and `alternating_block` make design storms; `hazard` rates what
water does to people. Kernels are compiled on first use and kept on disk.
"""

from analysis.errors import AnalysisError, SimulationFailed
from analysis.flood.hazard import hazard
from analysis.flood.inputs import (
    MM_PER_HOUR,
    Boundary,
    Buildings,
    Culvert,
    CurveNumber,
    Drainage,
    GreenAmpt,
    Inflow,
    Options,
    Rainfall,
    Structures,
    Wall,
)
from analysis.flood.result import FloodResult, Gauge, MassBalance, Snapshot
from analysis.flood.simulate import simulate
from analysis.flood.storms import IntensityDuration, alternating_block, huff

__all__ = [
    "MM_PER_HOUR",
    "AnalysisError",
    "Boundary",
    "Buildings",
    "Culvert",
    "CurveNumber",
    "Drainage",
    "FloodResult",
    "Gauge",
    "GreenAmpt",
    "Inflow",
    "IntensityDuration",
    "MassBalance",
    "Options",
    "Rainfall",
    "SimulationFailed",
    "Snapshot",
    "Structures",
    "Wall",
    "alternating_block",
    "hazard",
    "huff",
    "simulate",
]
