"""The earliest arrival over cells under water, by Dijkstra's algorithm: under water that rises and falls
(`earliest`, from one cell), and under water that stays (`to_goals`, from all cells at once)."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import njit

UNREACHED, DROWNED = -1, -2
_MOVES = np.array(
    [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]
    + [(-2, -1), (-2, 1), (2, -1), (2, 1), (-1, -2), (-1, 2), (1, -2), (1, 2)],
    np.int64,
)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _depth_at(depths: Any, times: Any, cell: int, time: float) -> float:
    """Water on a cell at a time [m], the first and last depths held before and after."""
    row, column = cell // depths.shape[2], cell % depths.shape[2]
    last = len(times) - 1
    if time <= times[0]:
        return float(depths[0, row, column])
    if time >= times[last]:
        return float(depths[last, row, column])
    k = np.searchsorted(times, time) - 1
    share = (time - times[k]) / (times[k + 1] - times[k])
    return float(depths[k, row, column] * (1.0 - share) + depths[k + 1, row, column] * share)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _open(passable: Any, depths: Any, times: Any, limit: float, row: int, column: int, time: float) -> bool:
    rows, columns = passable.shape
    if row < 0 or row >= rows or column < 0 or column >= columns or not passable[row, column]:
        return False
    return bool(_depth_at(depths, times, row * columns + column, time) <= limit)  # false for NaN


@njit(cache=True)  # type: ignore[untyped-decorator]
def earliest(
    passable: Any,
    depths: Any,
    times: Any,
    limit: float,
    per_cell: float,
    start: int,
    began: float,
    last_leg: Any,
) -> Any:
    """(road cell where the way ends, arrival at the destination behind it [s], deepest water passed [m],
    parents).

    The end is -1 when nothing is reached, -2 when the first cell is too deep.
    """
    rows, columns = passable.shape
    arrival = np.full(rows * columns, np.inf)
    deepest = np.zeros(rows * columns)
    parents = np.full(rows * columns, -1, np.int64)
    if not _open(passable, depths, times, limit, start // columns, start % columns, began):
        return DROWNED, np.inf, 0.0, parents
    arrival[start] = began
    deepest[start] = _depth_at(depths, times, start, began)
    queue = [(began, start)]
    best, end = np.inf, UNREACHED
    while len(queue) > 0:
        time, cell = heapq.heappop(queue)
        if time >= best:
            break
        if time > arrival[cell]:
            continue
        if time + last_leg[cell] < best:
            best, end = time + last_leg[cell], cell
        row, column = cell // columns, cell % columns
        for m in range(len(_MOVES)):
            down, right = _MOVES[m, 0], _MOVES[m, 1]
            there = time + per_cell * np.sqrt(float(down * down + right * right))
            r, c = row + down, column + right
            if not _open(passable, depths, times, limit, r, c, there):
                continue
            if down != 0 and right != 0:
                # what lies between: the two cells that a knight's move crosses, or that a diagonal touches
                if abs(down) == 2:
                    a, b = (row + down // 2, column), (row + down // 2, column + right)
                elif abs(right) == 2:
                    a, b = (row, column + right // 2), (row + down, column + right // 2)
                else:
                    a, b = (row + down, column), (row, column + right)
                half = (time + there) / 2
                if not _open(passable, depths, times, limit, a[0], a[1], half):
                    continue
                if not _open(passable, depths, times, limit, b[0], b[1], half):
                    continue
            other = r * columns + c
            if there < arrival[other]:
                arrival[other] = there
                deepest[other] = max(deepest[cell], _depth_at(depths, times, other, there))
                parents[other] = cell
                heapq.heappush(queue, (there, other))
    return end, best, deepest[max(end, 0)], parents


@njit(cache=True)  # type: ignore[untyped-decorator]
def to_goals(is_open: Any, per_cell: float, last_leg: Any) -> Any:
    """((n,) time from each cell over open cells (rows, columns) to the destination reached first [s], inf
    without a way; (n,) the next cell on it, itself where the way ends).

    last_leg: (n,) [s] from a cell to the destination behind it, inf where there is none. Ways are as short
    backwards as forwards, so one search from all destinations finds those from every cell.
    """
    rows, columns = is_open.shape
    cost = np.full(rows * columns, np.inf)
    after = np.full(rows * columns, -1, np.int64)
    queue = [(0.0, 0)]
    queue.pop()
    for cell in range(rows * columns):
        if np.isfinite(last_leg[cell]) and is_open[cell // columns, cell % columns]:
            cost[cell], after[cell] = last_leg[cell], cell
            heapq.heappush(queue, (last_leg[cell], cell))
    while len(queue) > 0:
        time, cell = heapq.heappop(queue)
        if time > cost[cell]:
            continue
        row, column = cell // columns, cell % columns
        for m in range(len(_MOVES)):
            down, right = _MOVES[m, 0], _MOVES[m, 1]
            r, c = row + down, column + right
            if r < 0 or r >= rows or c < 0 or c >= columns or not is_open[r, c]:
                continue
            if down != 0 and right != 0:
                # the two cells between, as in `earliest`: seen from the other end they are the same two
                if abs(down) == 2:
                    between = is_open[row + down // 2, column] and is_open[row + down // 2, column + right]
                elif abs(right) == 2:
                    between = is_open[row, column + right // 2] and is_open[row + down, column + right // 2]
                else:
                    between = is_open[row + down, column] and is_open[row, column + right]
                if not between:
                    continue
            there = time + per_cell * np.sqrt(float(down * down + right * right))
            other = r * columns + c
            if there < cost[other]:
                cost[other], after[other] = there, cell
                heapq.heappush(queue, (there, other))
    return cost, after


def load() -> None:
    """Load the machine code of `to_goals`, or compile it when it has never been: its first call is slow."""
    to_goals(np.zeros((1, 1), np.bool_), 1.0, np.full(1, np.inf))
