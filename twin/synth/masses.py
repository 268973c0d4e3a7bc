"""Masses of buildings as solids, in batches of equal topology."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from citygml.model import Float64, Geometry, Surface
from twin.synth.design import Mass
from twin.synth.plan import Frame
from twin.synth.shapes import (
    GROUND,
    ROOF,
    WALL,
    Topology,
    hipped_solid,
    inset,
    lift,
    parapet_prism,
    prism,
    profile_solid,
    pyramid_solid,
)

PARAPET_WIDTH = 0.3  # [m]
ARCH_SEGMENTS = 8
TEETH = 4

Solid = tuple[Geometry, list[Surface]]


def _profile(kind: str, half: Float64, eaves: Float64, top: Float64) -> tuple[Float64, tuple[str, ...]]:
    """Profiles (n, k, 2) as (across, height), counter-clockwise from the lower left, and k edge types."""
    zero = np.zeros_like(half)
    kinds: tuple[str, ...]
    if kind == "gabled":
        points = [(-half, zero), (half, zero), (half, eaves), (zero, top), (-half, eaves)]
        kinds = (GROUND, WALL, ROOF, ROOF, WALL)
    elif kind == "shed":
        points = [(-half, zero), (half, zero), (half, top), (-half, eaves)]
        kinds = (GROUND, WALL, ROOF, WALL)
    elif kind == "barrel":
        t = np.linspace(0, np.pi, ARCH_SEGMENTS + 1)
        arch = [(half * np.cos(a), eaves + (top - eaves) * np.sin(a)) for a in t]
        points = [(-half, zero), (half, zero), *arch]
        kinds = (GROUND, WALL, *(ROOF,) * ARCH_SEGMENTS, WALL)
    else:
        points, edges = [(-half, zero), (half, zero)], [GROUND, WALL]
        for i in range(TEETH):
            x = half * (1 - 2 * i / TEETH)
            points += [(x, top), (x - 2 * half / TEETH, eaves)]
            edges += [ROOF, WALL]
        kinds = tuple(edges)
    return np.stack([np.stack(p, axis=-1) for p in points], axis=1), kinds


def _corners(
    kind: str,
    footprint: Float64,
    low: Float64,
    eaves: Float64,
    top: Float64,
    hole: Float64 | None,
    bottom: str,
) -> tuple[Float64, Topology]:
    """Corners (n, c, 3) of n masses of one kind, heights absolute (n,)."""
    m = footprint.shape[1]
    if kind == "flat":
        inner = inset(footprint, PARAPET_WIDTH)
        levels = [lift(footprint, low), lift(footprint, top), lift(inner, top), lift(inner, eaves)]
        if hole is not None:
            levels.append(lift(hole, eaves))
        topology = parapet_prism(m, 0 if hole is None else hole.shape[1], bottom)
        return np.concatenate(levels, axis=1), topology
    if kind == "plain":
        return np.concatenate([lift(footprint, low), lift(footprint, top)], axis=1), prism(m, bottom)
    if kind == "pyramid":
        apex = lift(footprint.mean(axis=1, keepdims=True), top)
        return np.concatenate([lift(footprint, low), lift(footprint, eaves), apex], axis=1), pyramid_solid(
            m, bottom
        )
    along = footprint[:, 1] - footprint[:, 0]
    across = footprint[:, 3] - footprint[:, 0]
    if kind == "hipped":
        west = (footprint[:, 0] + footprint[:, 3]) / 2
        share = np.minimum(0.5 * np.linalg.norm(across, axis=1) / np.linalg.norm(along, axis=1), 0.45)
        ends = np.stack([west + share[:, None] * along, west + (1 - share[:, None]) * along], axis=1)
        levels = [lift(footprint, low), lift(footprint, eaves), lift(ends, top)]
        return np.concatenate(levels, axis=1), hipped_solid()
    half = np.linalg.norm(across, axis=1) / 2
    profile, kinds = _profile(kind, half, eaves - low, top - low)
    near = (footprint[:, 0] + footprint[:, 3]) / 2
    unit = across / (2 * half[:, None])
    plan = near[:, None] + profile[..., :1] * unit[:, None]
    far = plan + along[:, None]
    z = low[:, None, None] + profile[..., 1:]
    corners = [np.concatenate([end, z], axis=-1) for end in (far, plan)]
    return np.concatenate(corners, axis=1), profile_solid(kinds)


def solids(masses: Sequence[Mass], ground: Float64, frame: Frame, lod: str = "2") -> list[Solid]:
    """The solid and surfaces of each mass on its ground height (n,) [m], in world coordinates to the mm."""
    groups: dict[tuple[str, int, int, str], list[int]] = {}
    for i, mass in enumerate(masses):
        key = (mass.kind, len(mass.footprint), 0 if mass.hole is None else len(mass.hole), mass.bottom)
        groups.setdefault(key, []).append(i)
    result: list[Solid | None] = [None] * len(masses)
    for (kind, _, hole, bottom), members in groups.items():
        chosen = [masses[i] for i in members]
        low, eaves, top = np.array([(m.low, m.eaves, m.top) for m in chosen]).T + ground[members]
        holes = np.stack([m.hole for m in chosen if m.hole is not None]) if hole else None
        footprints = np.stack([m.footprint for m in chosen])
        corners, topology = _corners(kind, footprints, low, eaves, top, holes, bottom)
        corners[..., :2] = frame.to_world(corners[..., :2])
        corners = np.round(corners, 3)
        for i, points in zip(members, corners, strict=True):
            result[i] = (topology.geometry(points, lod), topology.surfaces())
    return [solid for solid in result if solid is not None]
