"""Checks of triangulated surfaces (terrain, inundation): triangles only, no gaps, edges shared."""

from __future__ import annotations

import numpy as np
import shapely

from citygml.findings import Finding
from citygml.model import Float64
from citygml.validate.edges import Edges, find_edges
from citygml.validate.faces import Faces, Ints, Tolerances, runs
from citygml.validate.planes import Planes
from citygml.validate.upward import is_flood, is_tin

# Edges that should be one: their ends lie within this distance [m] and this share of their length, but
# not within a centimetre. Chosen to agree with PLATEAU's cases for edges without a partner.
_APART = 1.5
_SHARE = 0.05
_SAME = 0.01


def check_tins(faces: Faces, planes: Planes, tol: Tolerances) -> list[Finding]:
    """`triangle-vertex-count`, `tin-hole` and `tin-edge-unshared` of geometries that are triangulated."""
    findings: list[Finding] = []
    terrain = np.array([is_tin(o, g) for o, g in faces.geometries], dtype=bool)
    either = terrain | np.array([is_flood(o, g) for o, g in faces.geometries], dtype=bool)
    if not either.any():
        return findings
    size = np.diff(faces.rings[faces.polygons])
    for polygon in np.flatnonzero(either[faces.owner] & (size != 3)):
        message = f"a face of a triangulated surface has {size[polygon]} points"
        findings.append(faces.finding("triangle-vertex-count", message, int(polygon)))
    groups = np.where(either[faces.owner] & (planes.extent[:, 1] >= tol.snap), faces.owner, -1)
    edges = find_edges(faces, planes, groups, _SAME)
    border = np.sort(edges.first[edges.uses == 1])
    border = border[np.argsort(edges.group[border], kind="stable")]
    for start, end in runs(edges.group[border]):
        own = border[start:end]
        findings += _unshared(faces, planes, edges, own)
        if terrain[edges.group[own[0]]]:
            findings += _gaps(faces, planes, edges, own)
    return findings


def _lines(faces: Faces, planes: Planes, edges: Edges, border: Ints) -> Float64:
    """(k, 2, 3) the border edges, each from its start to its end."""
    points = edges.point[border]
    return np.stack([faces.points[points], faces.points[planes.following[points]]], axis=1)


def _unshared(faces: Faces, planes: Planes, edges: Edges, border: Ints) -> list[Finding]:
    lines = _lines(faces, planes, edges, border)
    middles = shapely.points(lines.mean(axis=1)[:, :2])
    a, b = shapely.STRtree(middles).query(middles, predicate="dwithin", distance=_APART)
    a, b = a[a != b], b[a != b]
    ends = np.maximum(
        np.linalg.norm(lines[a, 0] - lines[b, 1], axis=1), np.linalg.norm(lines[a, 1] - lines[b, 0], axis=1)
    )
    same_way = np.maximum(
        np.linalg.norm(lines[a, 0] - lines[b, 0], axis=1), np.linalg.norm(lines[a, 1] - lines[b, 1], axis=1)
    )
    apart = np.minimum(ends, same_way)
    length = np.linalg.norm(lines[a, 1] - lines[a, 0], axis=1)
    other = edges.polygon[border[a]] != edges.polygon[border[b]]
    chosen = np.unique(a[other & (apart < np.minimum(_APART, _SHARE * length))])
    message = "an edge lies beside an edge of another triangle without being the same"
    return [
        faces.finding("tin-edge-unshared", message, int(edges.polygon[u]), int(edges.point[u]), "info")
        for u in border[chosen]
    ]


def _gaps(faces: Faces, planes: Planes, edges: Edges, border: Ints) -> list[Finding]:
    """Areas that the border edges enclose and no triangle covers."""
    polygons = np.flatnonzero(faces.owner == edges.group[border[0]])
    lines = np.asarray(shapely.linestrings(_lines(faces, planes, edges, border)[:, :, :2]), dtype=object)
    enclosed = shapely.get_parts(shapely.polygonize(lines))
    if len(enclosed) < 2:
        return []
    triangular = polygons[np.diff(faces.rings[faces.polygons])[polygons] == 3]
    starts = faces.rings[faces.polygons[triangular]]
    corners = faces.points[starts[:, None] + np.arange(3)][:, :, :2]
    cover = shapely.STRtree(shapely.polygons(corners))
    inside = shapely.point_on_surface(enclosed)
    covered = np.zeros(len(enclosed), dtype=bool)
    covered[cover.query(inside, predicate="intersects")[0]] = True
    if covered.all():
        return []
    where = shapely.get_coordinates(inside[~covered])[0]
    distance = np.linalg.norm(faces.points[edges.point[border]][:, :2] - where, axis=1)
    use = int(border[np.argmin(distance)])
    message = f"{int((~covered).sum())} gap(s) inside the triangulated surface"
    return [
        faces.finding("tin-hole", message, int(edges.polygon[use]), int(edges.point[use]), severity="info")
    ]
