"""A SWMM model with other parameters or other rain, and the level it gives at a node: for calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.sewers import inp
from analysis.sewers.swmm import Engine

Float64 = npt.NDArray[np.float64]
_PLACES: dict[str, tuple[tuple[str, tuple[int, ...], float | None], ...]] = {
    "roughness": (("CONDUITS", (4,), None),),
    "imperviousness": (("SUBCATCHMENTS", (4,), 100.0),),
    "width": (("SUBCATCHMENTS", (5,), None),),
    "storage": (("SUBAREAS", (3, 4), None),),
}
"""Section, words of its lines, and the most that is allowed: EPA SWMM 5.2 user's manual, appendix D."""
FACTORS = tuple(_PLACES)
"""What can be scaled: Manning's n of conduits, and of subcatchments the impervious share, the width of
overland flow and the depression storage."""
_US = ("CFS", "GPM", "MGD")
_INCH_MM = 25.4
_SERIES = "twin_rain"


def scaled(source: inp.InputFile, factors: Mapping[str, float]) -> inp.InputFile:
    """The model with every value of these kinds multiplied by a factor. Raises AnalysisError for a line that
    has no such number."""
    places = {
        section: [
            (f, words, most)
            for name, f in factors.items()
            for s, words, most in _PLACES[name]
            if s == section
        ]
        for section in ("CONDUITS", "SUBCATCHMENTS", "SUBAREAS")
    }

    def change(section: str, words: list[str]) -> list[str]:
        for factor, positions, most in places.get(section, []):
            for i in positions:
                try:
                    value = float(words[i]) * factor
                except (IndexError, ValueError):
                    raise AnalysisError(
                        f"{source.path.name}: [{section}] has the line {' '.join(words)!r}, without a number"
                        f" at place {i + 1}"
                    ) from None
                words[i] = f"{value if most is None else min(value, most):.6g}"
        return words

    return _rewritten(source, change)


def with_rain(source: inp.InputFile, edges: Float64, rates: Float64) -> inp.InputFile:
    """The model with all its rain gages reading one series. edges: (n + 1,) evenly spaced [s] since the
    start; rates: (n,) [mm/h]. Raises AnalysisError for a model without rain gages."""
    if not source.table("RAINGAGES"):
        raise AnalysisError(f"{source.path.name}: has no RAINGAGES for the measured rain to fall on")
    minutes = round(float(edges[1] - edges[0]) / 60.0)
    unit = _INCH_MM if source.option("FLOW_UNITS", "CFS") in _US else 1.0
    gage = ["INTENSITY", f"{minutes // 60}:{minutes % 60:02}", "1.0", "TIMESERIES", _SERIES]

    def change(section: str, words: list[str]) -> list[str]:
        return [words[0], *gage] if section == "RAINGAGES" else words

    lines = ["", "[TIMESERIES]"]
    for second, rate in zip(edges[:-1].tolist(), rates.tolist(), strict=True):
        lines.append(f"{_SERIES} {second / 3600.0:.6f} {rate / unit:.6g}")
    changed = _rewritten(source, change)
    return replace(changed, text=changed.text + "\n".join(lines) + "\n")


def levels(source: inp.InputFile, scratch: Path, node: str, times: Float64) -> Float64:
    """(n,) depth over the invert of a node [m] at times (n,) [s since the start], by SWMM alone. Raises
    AnalysisError, SimulationFailed."""
    path = scratch / "model.inp"
    inp.write_copy(source, path, coupled=False)
    engine = Engine(path, scratch, name=source.path.name)
    try:
        if node not in engine.node_names:
            raise AnalysisError(f"{source.path.name}: has no node {node!r}")
        index = engine.node_names.index(node)
        engine.last_until(float(times[-1]))
        engine.start()
        seconds, depths = [0.0], [float(engine.node_depth()[index])]
        while seconds[-1] < times[-1] and engine.step():
            seconds.append(engine.time)
            depths.append(float(engine.node_depth()[index]))
    finally:
        engine.close()
    return np.interp(times, seconds, depths)


def invert(source: inp.InputFile, scratch: Path, node: str) -> float:
    """Of a node [m]. Raises AnalysisError."""
    path = scratch / "model.inp"
    inp.write_copy(source, path, coupled=False)
    engine = Engine(path, scratch, name=source.path.name)
    try:
        if node not in engine.node_names:
            raise AnalysisError(f"{source.path.name}: has no node {node!r}")
        return float(engine.invert[engine.node_names.index(node)])
    finally:
        engine.close()


def _rewritten(source: inp.InputFile, change: Callable[[str, list[str]], list[str]]) -> inp.InputFile:
    """The file with the words of its lines changed; lines that stay as they are keep their comments."""
    section, lines = "", []
    for line in source.text.splitlines():
        words = line.split(";", 1)[0].split()
        if words and words[0].startswith("["):
            section = words[0].strip("[]").upper()
        elif words:
            changed = change(section, list(words))
            line = line if changed == words else " ".join(changed)
        lines.append(line)
    return replace(source, text="\n".join(lines) + "\n")
