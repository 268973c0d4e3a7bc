"""The first-order finite-volume scheme: the values at the faces of a cell are those of the cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from analysis.flood import volumes
from analysis.flood.depths import last
from analysis.flood.parts import First

BUFFERS = 24
"""Rows of workspace that a thread needs."""


@overload(volumes.across_rows)  # type: ignore[untyped-decorator]
def _across_rows(
    scheme: Any, i: Any, a: Any, b: Any, z: Any, old: Any, kept: Any, dry: Any
) -> Any:  # fmt: skip
    if scheme.instance_class is not First:
        return None

    def same(scheme: Any, i: Any, a: Any, b: Any, z: Any, old: Any, kept: Any, dry: Any) -> Any:
        h, u, v = old
        side = (h[i, a:b], v[i, a:b], u[i, a:b], z[i, a:b])
        return side, side

    return same


@overload(volumes.across_columns)  # type: ignore[untyped-decorator]
def _across_columns(scheme: Any, i: Any, a: Any, b: Any, z: Any, old: Any, kept: Any, dry: Any) -> Any:
    if scheme.instance_class is not First:
        return None

    def same(scheme: Any, i: Any, a: Any, b: Any, z: Any, old: Any, kept: Any, dry: Any) -> Any:
        h, u, v = old
        side = (h[i, a:b], u[i, a:b], v[i, a:b], z[i, a:b])
        return side, side

    return same


@overload(volumes.weigh)  # type: ignore[untyped-decorator]
def _weigh(
    scheme: Any, i: Any, c0: Any, c1: Any, a: Any, west: Any, east: Any, north: Any, south: Any, x: Any,
    bottom: Any, pores: Any,
) -> Any:  # fmt: skip
    if scheme.instance_class is not First:
        return None

    def flat(
        scheme: Any, i: Any, c0: Any, c1: Any, a: Any, west: Any, east: Any, north: Any, south: Any, x: Any,
        bottom: Any, pores: Any,
    ) -> None:  # fmt: skip
        pass

    return flat


@overload(volumes.residue)  # type: ignore[untyped-decorator]
def _residue(scheme: Any, i: Any, a: Any, b: Any) -> Any:
    if scheme.instance_class is not First:
        return None

    def row(scheme: Any, i: Any, a: Any, b: Any) -> Any:
        return scheme.lost, last(scheme.lost, np.uint64(i))

    return row


@overload(volumes.finish)  # type: ignore[untyped-decorator]
def _finish(scheme: Any, i: Any, a: Any, b: Any, new: Any, space: Any, dry: Any) -> Any:
    if scheme.instance_class is not First:
        return None

    def done(scheme: Any, i: Any, a: Any, b: Any, new: Any, space: Any, dry: Any) -> None:
        pass

    return done
