"""SWMM 5 in this process: opened, stepped and read in SI units, and never twice at once.

The engine keeps its state in global variables, so one process runs one simulation at a time; others wait for
another process, not for a lock.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError, SimulationFailed

Float64 = npt.NDArray[np.float64]

FOOT = 0.3048
"""[m]"""
_FLOW = (FOOT**3, 231 * 0.0254**3 / 60, 231 * 0.0254**3 * 1e6 / 86400, 1.0, 1e-3, 1e3 / 86400)
"""[m³/s] of one CFS, GPM, MGD, CMS, LPS and MLD (units of flow in SWMM's own order)."""
_CFS = (1.0, 448.831, 0.64632, 0.02832, 28.317, 2.4466)
"""What SWMM takes for a cubic foot a second in those units; rounded, and its volumes follow from them."""
_CUBIC_FOOT = 0.02832
"""What SWMM takes for a cubic foot in models of metric units [m³]."""
FLOW_TOLERANCE = 1e-5 * FOOT**3
"""SWMM 5.2 takes a smaller external inflow for none (FLOW_TOL in consts.h) [m³/s]."""
NODE_TYPES = ("junction", "outfall", "storage", "divider")
LINK_TYPES = ("conduit", "pump", "orifice", "weir", "outlet")

_guard = threading.Lock()
_running: str | None = None


@dataclass(frozen=True)
class RoutingTotals:
    """SWMM's books of flow routing [m³]. inflow: dry and wet weather, groundwater, infiltration, external.
    outflow: outfalls and what was taken from nodes. flooding: lost at nodes. losses: evaporation, seepage."""

    initial: float
    inflow: float
    outflow: float
    flooding: float
    losses: float
    final: float

    @property
    def error(self) -> float:
        """What SWMM's arithmetic made (positive) or lost [m³]."""
        return self.final + self.outflow + self.flooding + self.losses - self.initial - self.inflow


class Engine:
    """One simulation. Arrays are by node `(n,)` or by link `(m,)`, in SWMM's order.

    node_names, link_names; node_type, link_type: positions in NODE_TYPES and LINK_TYPES; invert, full_depth
    [m]; connections `(m, 2) int`, offsets `(m, 2)` [m] over the inverts: from and to as in the file.
    """

    def __init__(self, path: Path, scratch: Path, *, name: str | None = None) -> None:
        """path: what SWMM opens. scratch: a folder for its report. name: of the file in messages."""
        global _running
        self.name = name or path.name
        with _guard:
            if _running is not None:
                raise AnalysisError(
                    f"{self.name}: SWMM is already running {_running} in this process, and can run one model"
                    " at a time; close that one, or use another process"
                )
            _running = self.name
        self._holds = True
        self._open = self._started = False
        try:
            self._load(path, scratch)
        except BaseException:
            self.close()
            raise

    def _load(self, path: Path, scratch: Path) -> None:
        enum: Any = import_module("swmm.toolkit.shared_enum")
        solver: Any = import_module("swmm.toolkit.solver")
        self._solver, self._enum = solver, enum
        report = scratch / "report.rpt"
        self._open = True
        try:
            solver.swmm_open(str(path), str(report), str(scratch / "results.out"))
        except Exception as error:
            self._open = False
            solver.swmm_close()  # which writes the report
            reasons = _reasons(report, str(error))
            raise AnalysisError(f"{self.name}: SWMM refuses the file: {reasons}") from None
        metric = bool(solver.simulation_get_unit(enum.UnitProperty.SYSTEM_UNIT))
        unit = int(solver.simulation_get_unit(enum.UnitProperty.FLOW_UNIT))
        self._length = 1.0 if metric else FOOT
        self._flow = _FLOW[unit]
        self._book_flow = (_CUBIC_FOOT if metric else FOOT**3) / _CFS[unit]
        self.routing_step = float(solver.simulation_get_parameter(enum.SimSetting.ROUTE_STEP))
        self.min_surface_area = (
            float(solver.simulation_get_parameter(enum.SimSetting.MIN_SURFACE_AREA)) * self._length**2
        )
        kind = enum.ObjectType
        nodes, links = (int(solver.project_get_count(k)) for k in (kind.NODE, kind.LINK))
        self._nodes, self._links = range(nodes), range(links)
        self.node_names = [str(solver.project_get_id(kind.NODE, i)) for i in self._nodes]
        self.link_names = [str(solver.project_get_id(kind.LINK, i)) for i in self._links]
        self.node_type = np.array([solver.node_get_type(i).value for i in self._nodes], dtype=np.int64)
        self.link_type = np.array([solver.link_get_type(i).value for i in self._links], dtype=np.int64)
        self.invert = self._node_parameter(enum.NodeProperty.INVERT_ELEVATION)
        self.full_depth = self._node_parameter(enum.NodeProperty.FULL_DEPTH)
        connections = [tuple(solver.link_get_connections(i)) for i in self._links]
        self.connections = np.array(connections, dtype=np.int64).reshape(-1, 2)
        parts = (enum.LinkProperty.OFFSET_1, enum.LinkProperty.OFFSET_2)
        offsets = [[solver.link_get_parameter(i, p) for p in parts] for i in self._links]
        self.offsets = np.array(offsets, dtype=np.float64).reshape(-1, 2) * self._length
        # a conduit that rises is turned round by SWMM
        turned = np.array([int(solver.link_get_direction(i)) for i in self._links], dtype=np.int64) < 0
        self.connections[turned] = self.connections[turned, ::-1]
        self.offsets[turned] = self.offsets[turned, ::-1]
        self.time = 0.0
        self.step_length = 0.0

    def _node_parameter(self, which: Any) -> Float64:
        values = [self._solver.node_get_parameter(i, which) for i in self._nodes]
        return np.array(values, dtype=np.float64) * self._length

    def length(self, value: float) -> float:
        """A length of the file's units in [m]."""
        return value * self._length

    def set_ponded_area(self, node: int, area: float) -> None:
        """area: [m²] of the water over a full node, 0 for none; before the start."""
        self._solver.node_set_parameter(node, self._enum.NodeProperty.POND_AREA, area / self._length**2)

    def last_until(self, duration: float) -> None:
        """Let the simulation last at least `duration` [s]; before the start."""
        solver, which = self._solver, self._enum.TimeProperty
        start, end = (
            datetime(*solver.simulation_get_datetime(w)) for w in (which.START_DATE, which.END_DATE)
        )
        needed = start + timedelta(seconds=int(duration + 2 * self.routing_step) + 2)
        if needed > end:
            parts = (needed.year, needed.month, needed.day, needed.hour, needed.minute, needed.second)
            solver.simulation_set_datetime(which.END_DATE, *parts)

    def start(self) -> None:
        self._call("starting", self._solver.swmm_start, 0)
        self._started = True
        self._initial = self._stored()

    def step(self) -> bool:
        """One routing step, told by `time` and `step_length` [s]; False at the end of the simulation."""
        elapsed = self._call(f"at {self.time:g} s", self._solver.swmm_step) * 86400.0
        if elapsed <= self.time:
            return False
        self.step_length = elapsed - self.time
        self.time = elapsed
        return True

    def set_inflow(self, node: int, flow: float) -> None:
        """External inflow from now on, besides those of the file; negative takes water out.

        flow: [m³/s] in the cubic metres of `totals`.
        """
        self._solver.node_set_total_inflow(node, flow / self._book_flow)

    def node_depth(self) -> Float64:
        """Over the invert [m]."""
        return self._node(self._enum.NodeResult.DEPTH) * self._length

    def node_volume(self) -> Float64:
        """Stored in the node itself, with what is ponded over it [m³]."""
        return self._node(self._enum.NodeResult.VOLUME) * self._length**3

    def node_inflow(self) -> Float64:
        """From everywhere [m³/s]."""
        return self._node(self._enum.NodeResult.TOTAL_INFLOW) * self._flow

    def node_flooding(self) -> Float64:
        """[m³/s]"""
        return self._node(self._enum.NodeResult.FLOOD) * self._flow

    def link_flow(self) -> Float64:
        """Positive along the link's direction in the file [m³/s]."""
        return self._link(self._enum.LinkResult.FLOW) * self._flow

    def link_depth(self) -> Float64:
        """[m]"""
        return self._link(self._enum.LinkResult.DEPTH) * self._length

    def _node(self, which: Any) -> Float64:
        get = self._solver.node_get_result
        return np.array([get(i, which) for i in self._nodes], dtype=np.float64)

    def _link(self, which: Any) -> Float64:
        get = self._solver.link_get_result
        return np.array([get(i, which) for i in self._links], dtype=np.float64)

    def totals(self) -> RoutingTotals:
        """The books until now."""
        t = self._solver.system_get_routing_totals()
        volume = self._length**3
        return RoutingTotals(
            self._initial,
            (t.dwInflow + t.wwInflow + t.gwInflow + t.iiInflow + t.exInflow) * volume,
            t.outflow * volume,
            t.flooding * volume,
            (t.evapLoss + t.seepLoss) * volume,
            self._stored(),
        )

    def _stored(self) -> float:
        """In nodes and links [m³]."""
        links = self._link(self._enum.LinkResult.VOLUME).sum() * self._length**3
        return float(self.node_volume().sum() + links)

    def close(self) -> None:
        """End and free the engine for the next simulation; more than once does no harm."""
        global _running
        if not self._holds:
            return
        self._holds = False
        try:
            if self._started:
                self._solver.swmm_end()
            if self._open:
                self._solver.swmm_close()
        except Exception as error:
            raise SimulationFailed(f"{self.name}: SWMM did not end: {_one_line(str(error))}") from None
        finally:
            with _guard:
                _running = None

    def _call(self, when: str, function: Any, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            raise SimulationFailed(f"{self.name}: SWMM stopped {when}: {_one_line(str(error))}") from None


def _reasons(report: Path, message: str) -> str:
    """The first error of SWMM's report with the line it quotes, and how many more there are."""
    lines = report.read_text(encoding="utf-8", errors="replace").splitlines() if report.exists() else []
    at = [i for i, line in enumerate(lines) if line.lstrip().startswith("ERROR ")]
    if not at:
        return _one_line(message)
    first = lines[at[0]].strip()
    quoted = lines[at[0] + 1].strip() if at[0] + 1 < len(lines) else ""
    more = f" ({len(at) - 1} more)" if len(at) > 1 else ""
    return f"{first} {quoted}".strip() + more


def _one_line(message: str) -> str:
    return " ".join(message.split())
