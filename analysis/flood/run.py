"""The loop over time: how long a step may be, what comes in between steps, and what is written down."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from analysis.errors import AnalysisError, SimulationFailed
from analysis.flood import sources
from analysis.flood.constants import BLOCKED, GRAVITY
from analysis.flood.hazard import DEBRIS
from analysis.flood.inputs import Array, CurveNumber, GreenAmpt
from analysis.flood.problem import Problem
from analysis.flood.result import FloodResult, Gauge, MassBalance, Snapshot
from analysis.flood.solver import Solver
from analysis.flood.structures import culvert_flow

_REPORT = 0.25
"""Wall time between two calls of progress [s]."""
_SHORTEST = 1e-9
"""A step shorter than this share of the run means that it has blown up."""


class Run:
    """One run of a checked problem."""

    def __init__(self, problem: Problem, progress: Any, clock: Callable[[], float]) -> None:
        self._p = problem
        self._progress = progress
        self._clock = clock
        self._threads = numba.get_num_threads()
        if problem.options.threads is not None:
            numba.set_num_threads(max(1, min(problem.options.threads, numba.config.NUMBA_NUM_THREADS)))
        self._solver = _solver(problem)
        shape, real = problem.z.shape, problem.dtype
        zeros = [np.zeros(shape, real) for _ in range(4)]
        self._kept = (zeros[0], zeros[1], zeros[2], np.full(shape, np.inf, real), zeros[3])
        self._watched: list[list[tuple[float, float, float, float]]] = [[] for _ in problem.gauges]
        self._snapshots: list[Snapshot] = []
        self._books = {name: _Sum() for name in ("rain", "inflow", "boundary", "drainage", "infiltration")}
        self._initial = self._volume()
        self._time = self._looked = 0.0
        self._steps = self._cells = 0
        self._seconds = 0.0
        self._rain = _Rain(problem)
        self._soil = _soil(problem)

    def go(self) -> FloodResult:
        """Run to the end."""
        try:
            return self._go()
        finally:
            numba.set_num_threads(self._threads)

    def _go(self) -> FloodResult:
        p = self._p
        started = told = self._clock()
        interval = p.output_interval
        outputs = 0
        self._look(force=True)
        if interval is not None:
            self._snapshot()
        while self._time < p.duration:
            target = p.duration if interval is None else min(p.duration, (outputs + 1) * interval)
            self._step(self._length(target), target)
            ended = self._time >= target
            if ended or self._steps % p.options.track_every == 0:
                self._look(force=False)
            if ended and interval is not None:
                outputs += 1
                self._snapshot()
            now = self._clock()
            if self._steps == 1:
                started = now  # the first step compiles
            self._seconds = now - started
            if self._progress is not None and now - told > _REPORT:
                told = now
                self._progress(self._time / p.duration, f"{self._time:.0f} s of {p.duration:.0f} s")
        if self._progress is not None:
            self._progress(1.0, f"{p.duration:.0f} s, {self._steps} steps")
        return self._result()

    def _length(self, target: float) -> float:
        """The next step [s]."""
        p = self._p
        now = self._time
        longest = min(p.options.max_step, getattr(p.drainage, "longest_step", math.inf))
        for edge in p.edges:
            edge.set(now, now + 1e-3)
        stable = self._solver.stable_step()
        rate = self._rain.most(now, now + longest)
        area = p.dx * p.dx
        for source in p.sources:
            rate = max(rate, source.series.most(now, now + longest) / (area * len(source.rows)))
        if rate > 0.0:
            # water that comes in during the step must not outrun it: dt sqrt(g rate dt) <= dx / 2
            stable = min(stable, (p.dx / 2) ** (2 / 3) / (GRAVITY * rate) ** (1 / 3))
        if stable < _SHORTEST * p.duration:
            self._fail("a velocity grew without bound", go_back=False)
        stable = min(stable, longest, self._rain.next_change(now) - now)
        left = target - now
        if stable >= left:
            return left
        return min(stable, left / 2) if stable < left < 2 * stable else stable

    def _step(self, dt: float, target: float) -> None:
        p, solver = self._p, self._solver
        start = self._time
        stop = target if dt >= target - start else start + dt
        for edge in p.edges:
            edge.set(start, stop)
        source, span, fallen, lost = self._rain.fall(start, stop)
        entered = solver.advance(dt, source, span, raining=fallen > 0.0)
        if not solver.sound():
            self._fail("a depth or a velocity is not a number", go_back=True)
        self._books["boundary"].add(entered)
        self._books["rain"].add(fallen)
        self._books["infiltration"].add(lost)
        self._time = stop
        self._steps += 1
        self._cells += solver.cells
        self._between(start, stop)

    def _between(self, start: float, stop: float) -> None:
        p = self._p
        area = p.dx * p.dx
        for source in p.sources:
            volume = source.series.integral(start, stop)
            if volume:
                each: Array = np.full(len(source.rows), volume / len(source.rows))
                self._books["inflow"].add(self._pour(source.rows, source.cols, each))
        for culvert in p.culverts:
            self._culvert(culvert, stop - start)
        if p.drainage is not None and len(p.drainage.cells):
            rows, cols = np.asarray(p.drainage.cells, dtype=np.int64).T
            depth = self._solver.depth[rows, cols].astype(np.float64)
            moved = np.asarray(p.drainage.exchange(depth, stop - start), dtype=np.float64)
            if moved.shape != depth.shape or not np.isfinite(moved).all():
                raise AnalysisError(
                    f"drainage gave volumes of shape {moved.shape}, not finite or not one for each of its"
                    f" {depth.size} cells, at {stop:g} s"
                )
            self._books["drainage"].add(self._pour(rows, cols, moved))
        if self._soil is not None:
            taken = self._soil.take(self._solver.depth, self._solver.active, stop - start)
            self._books["infiltration"].add(taken * area)

    def _pour(self, rows: Array, cols: Array, volume: Array) -> float:
        """Add volumes [m³] to cells; what was really added [m³]."""
        p, solver = self._p, self._solver
        area = p.dx * p.dx
        share = p.pores.open[rows, cols].astype(np.float64) if p.pores.on else np.ones(len(rows))
        u, v = solver.velocity()
        total = 0.0
        depth = volume / (area * share)
        for k in range(len(rows)) if p.pores.on else (slice(None),):
            part = slice(k, k + 1) if isinstance(k, int) else k
            added, speed = sources.pour(
                solver.depth, u, v, solver.lost, rows[part], cols[part], depth[part], solver.flags
            )
            total += added * area * float(share[part][0])
            solver.quicken(speed)
        return total

    def _culvert(self, culvert: Any, dt: float) -> None:
        p, h = self._p, self._solver.depth
        ends = np.array([culvert.inlet, culvert.outlet], dtype=np.int64)
        levels = [float(p.z[r, c]) + float(h[r, c]) + p.datum for r, c in ends]
        flow = culvert_flow(culvert, levels[0], levels[1])
        if flow == 0.0:
            return
        giver = 0 if flow > 0 else 1
        most = 0.25 * float(h[ends[giver, 0], ends[giver, 1]]) * p.dx * p.dx
        # no more than brings both levels together
        most = min(most, 0.25 * abs(levels[0] - levels[1]) * p.dx * p.dx)
        volume = math.copysign(min(abs(flow) * dt, most), flow)
        given = self._pour(ends[giver : giver + 1, 0], ends[giver : giver + 1, 1], np.array([-abs(volume)]))
        taker = 1 - giver
        self._pour(ends[taker : taker + 1, 0], ends[taker : taker + 1, 1], np.array([-given]))

    def _look(self, *, force: bool) -> None:
        """Maxima, arrival, duration and gauges at this moment."""
        p, solver = self._p, self._solver
        real, asked = p.dtype, p.options
        active = np.ones_like(solver.active) if force else solver.active
        how = (self._time, self._time - self._looked, asked.arrival_depth, asked.duration_depth)
        solver.track(self._kept, active, tuple(real(x) for x in (*how, *DEBRIS[asked.debris])))
        self._looked = self._time
        if p.gauges:
            h, (u, v) = solver.depth, solver.velocity()
            for (row, col), kept in zip(p.gauges, self._watched, strict=True):
                kept.append((self._time, float(h[row, col]), float(u[row, col]), float(v[row, col])))

    def _snapshot(self) -> None:
        u, v = self._solver.velocity()
        self._snapshots.append(Snapshot(self._time, self._solver.depth.copy(), u.copy(), v.copy()))

    def _volume(self) -> float:
        """Of all cells [m³]; sums of rows are pairwise in double precision, and exact between rows."""
        p = self._p
        h = self._solver.depth
        share = p.pores.open
        rows = (
            float(np.sum(h[i], dtype=np.float64))
            if not p.pores.on
            else float(np.dot(h[i].astype(np.float64), share[i].astype(np.float64)))
            for i in range(h.shape[0])
        )
        return math.fsum(rows) * p.dx * p.dx

    def _fail(self, why: str, *, go_back: bool) -> None:
        p, solver = self._p, self._solver
        u, v = solver.velocity()
        fast = np.abs(u) + np.abs(v) + solver.depth
        worst = np.where(np.isfinite(fast), fast, np.inf)
        row, col = np.unravel_index(int(np.argmax(worst)), worst.shape)
        if go_back:
            solver.go_back()
        raise SimulationFailed(
            f"the run stopped after {self._time:g} s of {p.duration:g} s: {why} at row {row}, column {col}",
            self._result(),
        )

    def _result(self) -> FloodResult:
        p, solver = self._p, self._solver
        u, v = (a.copy() for a in solver.velocity())
        gauges = []
        for (row, col), kept in zip(p.gauges, self._watched, strict=True):
            t, d, gu, gv = np.array(kept, dtype=np.float64).T
            bed = float(p.z[row, col]) + p.datum if p.z[row, col] < BLOCKED / 2 else math.nan
            gauges.append(Gauge(row, col, t, d, d + bed, gu, gv))
        final = self._volume()
        booked = {name: book.total for name, book in self._books.items()}
        depth, speed, hazard, arrival, duration = self._kept
        return FloodResult(
            p.scheme, self._time, solver.depth.copy(), u, v, depth, speed, hazard, arrival, duration, gauges,
            MassBalance(initial=self._initial, final=final, **booked), self._snapshots, self._steps,
            self._cells,
            self._seconds,
        )  # fmt: skip


class _Sum:
    """A sum that loses nothing to rounding (Neumaier 1974, doi:10.1002/zamm.19740540106)."""

    def __init__(self) -> None:
        self._sum = self._lost = 0.0

    def add(self, x: float) -> None:
        total = self._sum + x
        big, small = (self._sum, x) if abs(self._sum) >= abs(x) else (x, self._sum)
        self._lost += (big - total) + small
        self._sum = total

    @property
    def total(self) -> float:
        return self._sum + self._lost


class _Rain:
    """Rain as the solver takes it: an array `(1 or rows, cols)` and what to multiply it with."""

    def __init__(self, problem: Problem) -> None:
        p = problem
        self._p = p
        self._steps = p.rain
        self._rows, self._cols = p.z.shape
        self._none = np.zeros((1, self._cols), p.dtype)
        self._area = p.dx * p.dx
        self._mask = p.open
        self._open_area = float(self._mask.sum()) * self._area
        everywhere = bool(self._mask.all())
        share = p.pores.open if p.pores.on else np.ones((1, 1), p.dtype)
        ones = np.ones((1, self._cols), p.dtype) if everywhere else self._mask.astype(p.dtype)
        self._open = np.ascontiguousarray(ones / share, dtype=p.dtype)
        self._grid = -1
        self._field = self._none
        self._field_volume = 0.0
        self._numbers = isinstance(p.infiltration, CurveNumber)
        if self._numbers and p.rain is not None:
            assert isinstance(p.infiltration, CurveNumber)
            number = np.asarray(p.infiltration.number, dtype=np.float64)
            self._storage = 25.4 / number - 0.254  # S = 1000 / CN - 10 inches
            self._abstraction = p.infiltration.abstraction * self._storage
            self._fallen = np.zeros(p.z.shape)
            self._excess = np.zeros(p.z.shape, p.dtype)
            self._sums = np.zeros(self._rows)

    def most(self, start: float, stop: float) -> float:
        """The greatest intensity between two times [m/s]."""
        if self._steps is None:
            return 0.0
        t = self._steps.time
        near = (t[1:] > start) & (t[:-1] < stop)
        return float(self._steps.value[near].max(initial=0.0))

    def next_change(self, t: float) -> float:
        return math.inf if self._steps is None else self._steps.next_change(t)

    def fall(self, start: float, stop: float) -> tuple[Array, float, float, float]:
        """source, span, the volume that falls on open cells, and that of it which the ground takes [m³]."""
        steps = self._steps
        if steps is None:
            return self._none, 0.0, 0.0, 0.0
        if steps.value.ndim == 1:
            span = steps.integral(start, stop)
            field, volume = self._open, self._open_area * span
        else:
            k = steps.index(start)
            if k < 0:
                return self._none, 0.0, 0.0, 0.0
            if k != self._grid:
                self._grid = k
                self._field = np.ascontiguousarray((steps.value[k] * self._open).astype(self._p.dtype))
                self._field_volume = float(np.sum(steps.value[k] * self._mask)) * self._area
            span = stop - start
            field, volume = self._field, self._field_volume * span
        if volume == 0.0:
            return self._none, 0.0, 0.0, 0.0
        if not self._numbers:
            return field, span, volume, 0.0
        share = self._p.pores.open.astype(np.float64) if self._p.pores.on else 1.0
        sources.curve_number(
            self._fallen, self._storage, self._abstraction, field * share, span, self._excess, self._sums
        )
        lost = math.fsum(self._sums) * self._area
        excess = (self._excess / share).astype(self._p.dtype) if self._p.pores.on else self._excess
        return excess, 1.0, volume, lost


class _Soil:
    """Green and Ampt's ground under every cell."""

    def __init__(self, asked: GreenAmpt, problem: Problem) -> None:
        self._conductivity = np.ascontiguousarray(asked.conductivity)
        self._head = np.ascontiguousarray(np.asarray(asked.suction) * np.asarray(asked.deficit))
        self._taken = np.zeros(problem.z.shape)
        self._sums = np.zeros(problem.z.shape[0])
        self._open = problem.pores.open

    def take(self, h: Array, active: Array, dt: float) -> float:
        """What goes into the ground over dt [s], as a sum of depths over cells [m]."""
        sources.green_ampt(h, self._taken, self._conductivity, self._head, self._open, active, dt, self._sums)
        return math.fsum(self._sums)


def _soil(problem: Problem) -> _Soil | None:
    return _Soil(problem.infiltration, problem) if isinstance(problem.infiltration, GreenAmpt) else None


def _solver(problem: Problem) -> Solver:
    if problem.scheme == "inertial":
        from analysis.flood.inertial_solver import LocalInertial

        return LocalInertial(problem)
    from analysis.flood.volume_solver import FiniteVolume

    return FiniteVolume(problem)
