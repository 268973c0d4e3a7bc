"""Checks of solids: closed, faces turned one way, outwards, in one piece, and not crossing one another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from citygml.findings import Finding, Severity
from citygml.model import Float64
from citygml.validate.crossings import crossing_faces
from citygml.validate.edges import Edges, components, find_edges
from citygml.validate.faces import Bools, Faces, Ints, Tolerances, runs
from citygml.validate.planes import Planes
from citygml.validate.splits import closed_when_split


def check_solids(faces: Faces, planes: Planes, sound: Bools, tol: Tolerances) -> list[Finding]:
    """`solid-not-closed`, `solid-edges-split`, `solid-non-manifold`, `solid-mixed-orientation`,
    `solid-inside-out`, `solid-not-connected`, `solid-self-intersection`: one finding per shell and code.

    In a closed shell every edge is used twice, once in each direction (ISO 19107). Points count as the
    same when their coordinates are equal; shells that fail are tried again with points nearer than
    `tol.snap` joined, so that rounding in the file is no defect. sound: (p,) whether the rings of each
    polygon are simple; faces that are not are left out of the search for crossing faces.
    """
    shell_count = int(faces.shell.max()) + 1 if len(faces.shell) else 0
    if shell_count == 0:
        return []
    edges = find_edges(faces, planes, faces.shell, None)
    faulty = np.zeros(shell_count, dtype=bool)
    faulty[edges.group[edges.first[(edges.uses != 2) | (edges.balance != 0)]]] = True
    findings: list[Finding] = []
    good = ~faulty
    if faulty.any():
        retry = np.where((faces.shell >= 0) & faulty[faces.shell], faces.shell, -1)
        again = find_edges(faces, planes, retry, tol.snap)
        wrong, findings = _edge_findings(faces, planes, again, tol)
        good[:] = True
        good[wrong] = False
    findings += _pieces(faces, edges, shell_count)
    findings += _inside_out(faces, planes, good)
    return findings + _crossings(faces, planes, sound, tol)


def _edge_findings(faces: Faces, planes: Planes, edges: Edges, tol: Tolerances) -> tuple[Ints, list[Finding]]:
    """The shells with edges that are not shared as they should be, and one finding per shell and kind."""
    findings: list[Finding] = []
    first = edges.first
    open_edge = edges.uses == 1
    # An edge that one face alone uses twice, forth and back, is a spike of that face, found as a ring.
    turned = (edges.uses == 2) & (edges.balance != 0)
    crowded = edges.uses > 2
    split = _only_split(faces, planes, edges, open_edge, tol)
    kinds: list[tuple[str, Bools, str]] = [
        ("solid-not-closed", open_edge & ~split, "edge(s) belong to one face only"),
        ("solid-edges-split", open_edge & split, "edge(s) are split on one side and whole on the other"),
        ("solid-mixed-orientation", turned, "edge(s) lie between faces that look to opposite sides"),
        ("solid-non-manifold", crowded, "edge(s) belong to more than two faces"),
    ]
    for code, chosen, words in kinds:
        uses = first[chosen]
        shells, position, count = np.unique(edges.group[uses], return_index=True, return_counts=True)
        for _, use, number in zip(shells, uses[position], count, strict=True):
            polygon, point = int(edges.polygon[use]), int(edges.point[use])
            severity: Severity = "warning" if code == "solid-edges-split" else "error"
            findings.append(faces.finding(code, f"{number} {words}", polygon, point, severity))
    wrong = np.unique(edges.group[first[(open_edge & ~split) | turned | crowded]])
    return wrong, findings


def _only_split(faces: Faces, planes: Planes, edges: Edges, open_edge: Bools, tol: Tolerances) -> Bools:
    """The open edges of shells that close once edges are split at the corners on them."""
    result = np.zeros(len(open_edge), dtype=bool)
    keys = np.flatnonzero(open_edge)
    uses = edges.first[keys]
    order = np.argsort(edges.group[uses], kind="stable")
    for start, end in runs(edges.group[uses[order]]):
        own = uses[order[start:end]]
        points = edges.point[own]
        ends = np.stack([faces.points[points], faces.points[planes.following[points]]], axis=1)
        result[keys[order[start:end]]] = closed_when_split(edges.nodes[own], ends, tol.cross)
    return result


def _pieces(faces: Faces, edges: Edges, shell_count: int) -> list[Finding]:
    """Shells whose faces do not hang together by edges."""
    count = len(faces.shell)
    same = np.flatnonzero(np.diff(edges.key) == 0)
    label = components(count, edges.polygon[same], edges.polygon[same + 1])
    inside = np.flatnonzero((faces.shell >= 0) & (np.diff(faces.rings[faces.polygons]) >= 3))
    pairs = np.unique(np.column_stack([faces.shell[inside], label[inside]]), axis=0)
    pieces = np.bincount(pairs[:, 0], minlength=shell_count) if len(pairs) else np.zeros(shell_count, int)
    # Lone faces are holes in the shell, and found as such: pieces of a solid have at least four faces.
    faces_of_piece = np.bincount(label[inside], minlength=count)
    findings = []
    for shell in np.flatnonzero(pieces > 1):
        labels = pairs[pairs[:, 0] == shell, 1]
        if (faces_of_piece[labels] >= 4).sum() > 1:
            message = f"the shell is in {len(labels)} pieces that share no edge"
            findings.append(faces.finding("solid-not-connected", message, int(labels[-1])))
    return findings


def signed_volumes(faces: Faces, planes: Planes) -> Float64:
    """(shells,) [m3], positive when the faces look outwards; exact for closed shells of flat faces."""
    shell_count = int(faces.shell.max()) + 1 if len(faces.shell) else 0
    shell_of_ring = faces.shell[faces.polygon_of_ring]
    inside = shell_of_ring >= 0
    origin = np.zeros((shell_count, 3))
    starts = faces.rings[:-1]
    filled = inside & (np.diff(faces.rings) > 0)
    origin[shell_of_ring[filled]] = faces.points[starts[filled]]
    height = np.zeros(len(starts))
    height[filled] = np.einsum(
        "ij,ij->i", faces.points[starts[filled]] - origin[shell_of_ring[filled]], planes.area[filled]
    )
    return np.bincount(shell_of_ring[inside], weights=height[inside], minlength=shell_count) / 3.0


def _inside_out(faces: Faces, planes: Planes, good: Bools) -> list[Finding]:
    volume = signed_volumes(faces, planes)
    polygons, first = _first_of_shell(faces)
    findings = []
    for shell, polygon in zip(polygons, first, strict=True):
        cavity = bool(faces.void[polygon])
        if not good[shell] or (volume[shell] >= 0) != cavity or volume[shell] == 0:
            continue
        message = (
            "the faces of a cavity look into the material" if cavity else "the faces look into the solid"
        )
        findings.append(faces.finding("solid-inside-out", message, int(polygon)))
    return findings


def _first_of_shell(faces: Faces) -> tuple[Ints, npt.NDArray[np.intp]]:
    inside = np.flatnonzero(faces.shell >= 0)
    shells, index = np.unique(faces.shell[inside], return_index=True)
    return shells, inside[index]


def _crossings(faces: Faces, planes: Planes, sound: Bools, tol: Tolerances) -> list[Finding]:
    pairs, skipped = crossing_faces(faces, planes, sound, tol)
    findings = []
    shells, first, count = np.unique(faces.shell[pairs[:, 0]], return_index=True, return_counts=True)
    for _, row, number in zip(shells, first, count, strict=True):
        polygon, other = int(pairs[row, 0]), int(pairs[row, 1])
        message = f"{number} pair(s) of faces cross, this one and polygon {faces.number[other]} among them"
        findings.append(faces.finding("solid-self-intersection", message, polygon))
    for polygon in skipped:
        message = f"more than {tol.max_faces} triangles: not searched for crossing faces"
        findings.append(faces.finding("not-checked", message, int(polygon), severity="info"))
    return findings
