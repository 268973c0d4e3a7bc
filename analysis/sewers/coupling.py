"""A SWMM model as the drainage of a flood run: `flood.simulate(..., drainage=Sewers(...))`.

The surface leads by one routing step of SWMM: over that time water moves at every step of the flood between
cell and node by `exchange.moved`, with the head that SWMM had and the volume moved since; then SWMM takes the
sum as an external inflow of its nodes and is stepped to where the surface is. SWMM's own ponding holds the
water that stands in a shaft over its rim, so nothing is lost at a coupled node. What SWMM was given is summed
as SWMM sums it, and the difference waits for the next step: mass is exact on both sides.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np

from analysis.errors import AnalysisError, SimulationFailed
from analysis.sewers import inp
from analysis.sewers.exchange import GRAVITY, Opening, moved, pack
from analysis.sewers.network import Network, network_of
from analysis.sewers.placing import Float64, cells_of, nearest_open, to_grid_crs
from analysis.sewers.result import ExchangeBalance, Recorder, SewerResult
from analysis.sewers.swmm import FLOW_TOLERANCE, NODE_TYPES, Engine

_DESCRIBED = {
    "head": ("node", "m", "hydraulic head"),
    "depth": ("node", "m", "depth over the invert"),
    "above_rim": ("node", "m", "level over the rim, negative below it"),
    "surcharge": ("node", "m", "level over the highest crown of its links"),
    "exchange": ("node", "m3/s", "flow to the surface, mean since the time before"),
    "flooding": ("node", "m3/s", "flow lost from a node that is not coupled"),
    "flow": ("link", "m3/s", "flow along the direction of the link"),
    "link_depth": ("link", "m", "depth in the link"),
    "fill": ("link", "1", "share of the full depth"),
}


class Sewers:
    """The sewers of one run. Use them in a `with` statement, give them to one `simulate`, then `finish`.

    path: SWMM .inp with FLOW_ROUTING DYNWAVE; its START_DATE is the start of the run. duration: of the run
    [s], to which the simulation of SWMM is extended. transform: of the grid, affine as a raster has it (rows
    south), in metres. shape: of the grid. crs, grid_crs: of [COORDINATES] and of the grid, any name that PROJ
    knows; None for both where they are the same.
    nodes: names of the coupled ones; None couples all but outfalls. outside: what to do with those that have
    no coordinates, lie outside the grid or in a closed cell: "error", or "exclude" (listed in `excluded`).
    closed: `(rows, cols) bool`, cells that hold no water; nodes there move to the nearest open cell within
    `snap` [m]. openings: one `Opening` for all, or by node name (others take the default).
    open_share: of the cells, where buildings are porous, `(rows, cols)`. output_interval: of the series [s].

    Raises AnalysisError, before anything runs, when SWMM refuses the file or a node cannot be placed.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        duration: float,
        transform: Any,
        shape: tuple[int, int],
        crs: str | None = None,
        grid_crs: str | None = None,
        nodes: Sequence[str] | None = None,
        outside: Literal["error", "exclude"] = "error",
        closed: Any = None,
        snap: float = 0.0,
        openings: Opening | Mapping[str, Opening] | None = None,
        open_share: Any = None,
        output_interval: float = 60.0,
    ) -> None:
        if outside not in ("error", "exclude"):
            raise AnalysisError(f"outside {outside!r} is not error or exclude")
        if not output_interval > 0:
            raise AnalysisError(f"output_interval must be above 0 s, got {output_interval:g}")
        if not 0 < duration < np.inf:
            raise AnalysisError(f"duration must be above 0 s, got {duration:g}")
        source = inp.read(Path(path))
        self._name = source.path.name
        routing = source.option("FLOW_ROUTING", "KINWAVE")
        if routing not in ("DYNWAVE", "DW"):
            raise AnalysisError(
                f"{self._name}: FLOW_ROUTING is {routing}; nodes have heads to couple with in DYNWAVE only"
            )
        self._scratch = tempfile.TemporaryDirectory(prefix="sewers-")
        self._engine: Engine | None = None
        try:
            folder = Path(self._scratch.name)
            inp.write_copy(source, folder / "model.inp")
            self._engine = engine = Engine(folder / "model.inp", folder, name=self._name)
            self.network: Network = network_of(source, engine)
            self.excluded: dict[str, str] = {}
            self._place(nodes, outside, transform, shape, crs, grid_crs, closed, snap)
            self._prepare(source, transform, openings, open_share)
            engine.last_until(duration)
            engine.start()
        except BaseException:
            self.close()
            raise
        self._interval = output_interval
        self._recorder = Recorder()
        self._since = np.zeros(len(self._coupled))
        self._read(0.0)
        self._record()

    def _place(
        self, asked: Sequence[str] | None, outside: str, transform: Any, shape: tuple[int, int],
        crs: str | None, grid_crs: str | None, closed: Any, snap: float,
    ) -> None:  # fmt: skip
        engine = self._engine
        assert engine is not None
        names = engine.node_names
        position = {name: i for i, name in enumerate(names)}
        if asked is None:
            chosen = np.flatnonzero(engine.node_type != NODE_TYPES.index("outfall"))
        else:
            for name in asked:
                if name not in position:
                    raise AnalysisError(f"{self._name}: has no node {name!r} to couple")
                if engine.node_type[position[name]] == NODE_TYPES.index("outfall"):
                    raise AnalysisError(f"{self._name}: node {name} is an outfall; those are not coupled")
            chosen = np.array([position[name] for name in asked], dtype=np.int64)
        xy = to_grid_crs(self.network.node_xyz[chosen, :2], crs, grid_crs, self._name)
        cells, inside = cells_of(xy, transform, shape)
        reasons: dict[int, str] = {}
        for k in np.flatnonzero(~inside):
            if np.isfinite(xy[k]).all():
                reasons[k] = f"at {xy[k, 0]:.2f}, {xy[k, 1]:.2f} is outside the grid"
            else:
                reasons[k] = "has no coordinates"
        if closed is not None:
            on = np.flatnonzero(inside)
            a, _, _, d, *_ = (float(v) for v in tuple(transform))
            reach = int(snap / np.hypot(a, d))
            cells[on], lost = nearest_open(cells[on], np.asarray(closed, dtype=bool), reach)
            for k in on[lost]:
                reasons[k] = f"lies in a closed cell, row {cells[k, 0]}, column {cells[k, 1]}"
        if reasons and outside == "error":
            first = min(reasons)
            more = f", and {len(reasons) - 1} more cannot be placed" if len(reasons) > 1 else ""
            raise AnalysisError(
                f"{self._name}: node {names[chosen[first]]} {reasons[first]}{more}; move it, check the"
                f' coordinate systems, or use outside="exclude"'
            )
        self.excluded = {names[chosen[k]]: reason for k, reason in sorted(reasons.items())}
        kept = np.array([k not in reasons for k in range(len(chosen))], dtype=bool)
        if not kept.any():
            raise AnalysisError(f"{self._name}: no node is left to couple with the surface")
        self._coupled = chosen[kept]
        self.cells = cells[kept].reshape(-1, 2)

    def _prepare(self, source: inp.InputFile, transform: Any, openings: Any, open_share: Any) -> None:
        """Openings, surfaces, and ponding at the coupled nodes alone (and where the file itself has it)."""
        engine = self._engine
        assert engine is not None
        names = [engine.node_names[i] for i in self._coupled]
        by_name = openings if isinstance(openings, Mapping) else {}
        for name in by_name:
            if name not in engine.node_names:
                raise AnalysisError(f"{self._name}: an opening is given for {name!r}, which is not a node")
        default = openings if isinstance(openings, Opening) else Opening()
        chosen = [by_name.get(name, default) for name in names]
        self._openings = pack(chosen)
        least = engine.min_surface_area
        self._shaft = np.array([o.shaft or least for o in chosen], dtype=np.float64)
        a, b, _, d, e, *_ = (float(v) for v in tuple(transform))
        share = np.ones(len(names)) if open_share is None else np.asarray(open_share)[tuple(self.cells.T)]
        # nodes of one cell have its water in equal parts
        _, which, count = np.unique(self.cells, axis=0, return_inverse=True, return_counts=True)
        self._cell = abs(a * e - b * d) * share.astype(np.float64)
        self._part = self._cell / count[which.reshape(-1)]
        self._which = which.reshape(-1)
        if source.option("ALLOW_PONDING", "NO") != "YES":
            for i in range(len(engine.node_names)):
                engine.set_ponded_area(i, 0.0)
        for i, area in zip(self._coupled, self._shaft, strict=True):
            engine.set_ponded_area(int(i), float(area))
        zeros = np.zeros(len(names))
        self._waiting, self._rate, self._delivered = zeros.copy(), zeros.copy(), zeros.copy()
        self._up, self._down, self._taken, self._given = (zeros.copy() for _ in range(4))
        self._gain, self._level, self._volume, self._upward = (zeros.copy() for _ in range(4))
        self._storage = engine.node_type[self._coupled] == NODE_TYPES.index("storage")
        self._time = 0.0

    @property
    def longest_step(self) -> float:
        """Of the flood [s]: that of SWMM, and none in which what comes up would outrun the wave it makes.

        dt √(g r dt) ≤ Δx / 2, r the rise of the cell [m/s].
        """
        longest = self._running().routing_step
        rise = float((self._upward / self._cell).max(initial=0.0))
        if rise > 0.0:
            longest = min(longest, float((self._cell.min() / 4 / (GRAVITY * rise)) ** (1 / 3)))
        return longest

    def exchange(self, depth: Any, dt: float) -> Float64:
        """Volumes [m³] `(k,)` that come up (positive) or go down in the next dt [s]: see `flood.Drainage`."""
        engine = self._running()
        water = np.asarray(depth, dtype=np.float64) * self._cell
        total = np.zeros(len(water))
        end = self._time + dt
        while self._time < end:
            due = engine.time + engine.routing_step
            stop = min(end, due)
            total += self._move(water, total, stop - self._time)
            self._time = stop
            if self._time >= due:
                self._advance()
        return total

    def _move(self, water: Float64, total: Float64, dt: float) -> Float64:
        """Over dt [s], with `water` on the cells at first and `total` come to each node's cell since [m³]."""
        change = np.bincount(self._which, weights=total)
        on_cell = np.maximum(water + change[self._which], 0.0)
        since = self._waiting + self._gain * (self._time - self._running().time)
        level = self._level + np.where(self._filling, since / self._surface, 0.0)
        level = np.where(self._level >= 0.0, np.maximum(level, 0.0), level)
        volume = moved(self._openings, on_cell / self._cell, level, self._gain, self._part, self._surface, dt)
        volume = np.maximum(volume, -on_cell * self._part / self._cell)
        self._waiting -= volume
        self._since += volume
        self._upward = np.maximum(volume / dt, self._gain)
        self._up += np.maximum(volume, 0.0)
        self._down -= np.minimum(volume, 0.0)
        return volume

    def _advance(self) -> None:
        """Give SWMM what waits, and step it to the time of the surface."""
        engine = self._running()
        behind = self._time - engine.time
        if behind <= 0.0:
            return
        rate = self._waiting / behind
        at_hand = self._ponded + self._below + 0.5 * self._through * behind
        rate = np.maximum(rate, -at_hand / behind)
        rate[np.abs(rate) < FLOW_TOLERANCE] = 0.0
        for k in np.flatnonzero(rate != self._rate):
            engine.set_inflow(int(self._coupled[k]), float(rate[k]))
        start = engine.time
        before = self._delivered.copy()
        while engine.time < self._time - 1e-9:
            if not engine.step():
                raise SimulationFailed(
                    f"{self._name}: SWMM's simulation ended after {engine.time:g} s and the flood goes on;"
                    " give Sewers the duration of the whole run",
                    self._result(),
                )
            volume = 0.5 * (self._rate + rate) * engine.step_length
            self._rate = rate
            self._delivered += volume
            self._waiting -= volume
            self._given += np.maximum(volume, 0.0)
            self._taken -= np.minimum(volume, 0.0)
        self._read(engine.time - start, self._delivered - before)
        if engine.time >= self._recorder.last + self._interval - 1e-6:
            self._record()

    def _read(self, span: float, delivered: Float64 | None = None) -> None:
        """The state of SWMM, and the flow into each shaft from the pipes in the last `span` [s]."""
        engine = self._running()
        self._depth = engine.node_depth()
        if not np.isfinite(self._depth).all():
            where = engine.node_names[int(np.argmin(np.isfinite(self._depth)))]
            raise SimulationFailed(
                f"{self._name}: SWMM's depth at node {where} is not a number after {engine.time:g} s",
                self._result(),
            )
        i = self._coupled
        volume, before = engine.node_volume()[i], self._volume
        level = self._depth[i] - engine.full_depth[i]
        high = level > 0.0
        # a storage node keeps its own volume below the ponded one; a junction has none
        self._ponded = np.where(high, np.where(self._storage, level * self._shaft, volume), 0.0)
        if span > 0.0 and delivered is not None:
            gain = (volume - before - delivered) / span
            self._gain = np.where(high | (self._level > 0.0) | self._storage, np.maximum(gain, 0.0), 0.0)
        self._level, self._volume = level, volume
        self._below = volume - self._ponded
        self._through = np.maximum(engine.node_inflow()[i], 0.0)
        # SWMM spreads ponded water over the surface of the pipes as well
        wide = np.divide(self._ponded, level, out=self._shaft.copy(), where=level > 1e-3)
        self._surface = np.maximum(wide, self._shaft)
        # full before SWMM is looked at again
        self._filling = level * self._surface + self._gain * engine.routing_step >= 0.0

    def _record(self) -> None:
        engine = self._running()
        span = engine.time - self._recorder.last if np.isfinite(self._recorder.last) else 1.0
        flow = np.zeros(len(engine.node_names))
        flow[self._coupled] = self._since / span
        self._since[:] = 0.0
        link_depth = engine.link_depth()
        level = self._depth + engine.invert
        self._recorder.add(
            engine.time,
            head=level,
            depth=self._depth,
            above_rim=self._depth - engine.full_depth,
            surcharge=np.maximum(level - self.network.crown, 0.0),
            exchange=flow,
            flooding=np.where(np.isin(np.arange(len(flow)), self._coupled), 0.0, engine.node_flooding()),
            flow=engine.link_flow(),
            link_depth=link_depth,
            fill=np.minimum(link_depth / self.network.full_depth, 1.0),
        )

    def finish(self) -> SewerResult:
        """Let SWMM catch up with the surface, close it, and give the result."""
        self._advance()
        if self._running().time > self._recorder.last:
            self._record()
        result = self._result()
        self.close()
        return result

    def _result(self) -> SewerResult:
        engine = self._running()
        names = [engine.node_names[i] for i in self._coupled]
        balance = ExchangeBalance(
            *(float(a.sum()) for a in (self._up, self._down, self._taken, self._given, self._waiting))
        )
        series = self._recorder.dataset(engine.node_names, engine.link_names, _DESCRIBED)
        by_node = dict(zip(names, (self._up - self._down).tolist(), strict=True))
        return SewerResult(series, balance, engine.totals(), by_node, self.excluded)

    def _running(self) -> Engine:
        if self._engine is None:
            raise AnalysisError(
                f"{self._name}: the sewers of this run are closed; make new ones for another run"
            )
        return self._engine

    def close(self) -> None:
        """Free SWMM for the next run; `finish` does it too."""
        if self._engine is not None:
            engine, self._engine = self._engine, None
            engine.close()
        self._scratch.cleanup()

    def __enter__(self) -> Sewers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
