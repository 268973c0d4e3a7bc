"""Implicit geometry as GPU instances: one mesh per template, a translation, rotation and scale each.

A placement (matrix, anchor) is turned to the tile's frame by asking where small steps east, north and
up from the anchor go, which also takes care of geographic coordinates. Placements that shear are not
instances; their template is drawn like any other geometry, where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from citygml.model import Float32, Float64, ImplicitGeometry
from tiles.gltf import Glb, Json, padded
from tiles.mesh import TRIANGLES, Primitive, ToLocal, y_up, z_up

_STEP = 1e-3  # [unit of the source's x and y], small beside a tile and large beside rounding
_SHEAR = 1e-3  # cosine between axes from which a placement counts as sheared


@dataclass(slots=True)
class Placed:
    """The instances of one template. rows: (k,) int32 property table rows. matrices: (k, 4, 4) float64
    from template coordinates to the tile's east, north, up frame [m]."""

    template: str
    lod: str
    rows: npt.NDArray[np.int32]
    matrices: Float64


def place(implicit: Sequence[tuple[int, ImplicitGeometry]], to_local: ToLocal) -> list[Placed]:
    """Group placements by template and turn them to the tile's frame; those that are not finite there
    are left out."""
    if not implicit:
        return []
    anchors = np.array([i.anchor for _, i in implicit], float)
    steps = np.array([[0, 0, 0], [_STEP, 0, 0], [0, _STEP, 0], [0, 0, 1.0]])
    there = to_local((anchors[:, None, :] + steps).reshape(-1, 3)).reshape(-1, 4, 3)
    axes = there[:, 1:] - there[:, :1]
    axes /= np.linalg.norm(axes, axis=2, keepdims=True)
    frame = np.zeros((len(anchors), 4, 4))
    frame[:, :3, :3] = np.swapaxes(axes, 1, 2)
    frame[:, :3, 3] = there[:, 0]
    frame[:, 3, 3] = 1.0
    matrices = frame @ np.array([i.matrix for _, i in implicit], float)
    groups: dict[tuple[str, str], list[int]] = {}
    for k, (_, one) in enumerate(implicit):
        if np.isfinite(matrices[k]).all():
            groups.setdefault((one.template, one.lod), []).append(k)
    rows = np.array([row for row, _ in implicit], np.int32)
    return [Placed(*key, rows[which], matrices[which]) for key, which in groups.items()]


def split(placed: Placed) -> tuple[Placed | None, Placed | None]:
    """What can be drawn as instances, and what is drawn by itself: placements that shear, and a template
    that stands only once."""
    sound = decompose(placed.matrices)[3]
    if sound.sum() < 2:
        sound[:] = False
    return _some(placed, sound), _some(placed, ~sound)


def _some(placed: Placed, which: npt.NDArray[np.bool_]) -> Placed | None:
    if not which.any():
        return None
    return Placed(placed.template, placed.lod, placed.rows[which], placed.matrices[which])


def baked(part: Primitive, placed: Placed) -> Primitive:
    """One primitive with a copy of `part`, which is in the template's coordinates, at each placement."""
    count, size = len(placed.rows), len(part.positions)
    there = np.einsum("kij,nj->kni", placed.matrices[:, :3, :3], z_up(part.positions))
    there += placed.matrices[:, None, :3, 3]
    indices = np.tile(part.indices, (count, 1))
    if part.mode == TRIANGLES:  # a mirrored triangle is turned round, to be seen from outside
        mirrored = np.linalg.det(placed.matrices[:, :3, :3]) < 0
        indices[mirrored] = part.indices.reshape(-1, 3)[:, ::-1].ravel()
    indices += (size * np.arange(count, dtype=np.uint32))[:, None]
    normals = None
    if part.normals is not None:
        turned = np.einsum("kji,nj->kni", np.linalg.pinv(placed.matrices[:, :3, :3]), z_up(part.normals))
        length = np.linalg.norm(turned, axis=2, keepdims=True)
        normals = y_up((turned / np.where(length > 0, length, 1.0)).reshape(-1, 3))
    return replace(
        part,
        positions=y_up(there.reshape(-1, 3)),
        indices=indices.ravel(),
        features=np.repeat(placed.rows, size).astype(np.uint32),
        normals=normals,
        uv=None if part.uv is None else np.tile(part.uv, (count, 1)),
        colours=None if part.colours is None else np.tile(part.colours, (count, 1)),
    )


def decompose(matrices: Float64) -> tuple[Float64, Float64, Float64, npt.NDArray[np.bool_]]:
    """Translations (k, 3), rotations as quaternions x, y, z, w (k, 4), scales (k, 3) and whether each
    matrix (k, 4, 4) is made of just these. A mirrored one has a negative scale on its x axis."""
    linear = matrices[:, :3, :3]
    scales = np.linalg.norm(linear, axis=1)
    sound = (scales > 1e-12).all(axis=1)
    axes = linear / np.where(scales > 1e-12, scales, 1.0)[:, None, :]
    mirrored = np.linalg.det(axes) < 0
    scales[mirrored, 0] *= -1
    axes[mirrored, :, 0] *= -1
    cosines = np.abs(np.einsum("nij,nik->njk", axes, axes) - np.eye(3)).max(axis=(1, 2))
    return matrices[:, :3, 3], _quaternions(axes), scales, sound & (cosines < _SHEAR)


def _quaternions(rotations: Float64) -> Float64:
    """(k, 3, 3) rotation matrices to unit quaternions x, y, z, w, by the largest component
    (Shepperd 1978, doi:10.2514/3.55767b)."""
    m = rotations
    diagonal = np.einsum("nii->ni", m)
    trace = diagonal.sum(axis=1)
    # squares of the components, times four
    squares = np.concatenate([1 + 2 * diagonal - trace[:, None], 1 + trace[:, None]], axis=1)
    x = np.stack(
        [squares[:, 0], m[:, 1, 0] + m[:, 0, 1], m[:, 2, 0] + m[:, 0, 2], m[:, 2, 1] - m[:, 1, 2]], 1
    )
    y = np.stack(
        [m[:, 1, 0] + m[:, 0, 1], squares[:, 1], m[:, 2, 1] + m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0]], 1
    )
    z = np.stack(
        [m[:, 2, 0] + m[:, 0, 2], m[:, 2, 1] + m[:, 1, 2], squares[:, 2], m[:, 1, 0] - m[:, 0, 1]], 1
    )
    w = np.stack(
        [m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1], squares[:, 3]], 1
    )
    best = np.stack([x, y, z, w], axis=1)[np.arange(len(m)), squares.argmax(axis=1)]
    return np.asarray(best / np.linalg.norm(best, axis=1, keepdims=True))


def y_up_parts(
    translations: Float64, quaternions: Float64, scales: Float64
) -> tuple[Float64, Float64, Float64]:
    """The same placements between glTF's y-up axes: (x, y, z) becomes (x, z, -y) for translations and
    rotation axes, (x, z, y) for scales."""
    turned = np.stack([translations[:, 0], translations[:, 2], -translations[:, 1]], axis=1)
    spun = np.stack([quaternions[:, 0], quaternions[:, 2], -quaternions[:, 1], quaternions[:, 3]], axis=1)
    return turned, spun, scales[:, [0, 2, 1]]


def box_corners(low: Float64 | Float32, high: Float64 | Float32) -> Float64:
    """(8, 3) corners of a box."""
    ends = np.array([low, high], float)
    pick = np.indices((2, 2, 2)).reshape(3, 8).T
    corners: Float64 = ends[pick, np.arange(3)]
    return corners


def placed_bounds(points: Float64, matrices: Float64) -> Float64:
    """(2, 3) bounds of points (n, 3) under all matrices (k, 4, 4)."""
    there = np.einsum("kij,nj->kni", matrices[:, :3, :3], points) + matrices[:, None, :3, 3]
    flat = there.reshape(-1, 3)
    return np.array([flat.min(axis=0), flat.max(axis=0)])


def write_instances(glb: Glb, mesh: int, placed: Placed, features: int) -> None:
    """Add a node that draws a mesh at every placement, each instance with its feature id."""
    parts = y_up_parts(*decompose(placed.matrices)[:3])
    attributes: Json = {}
    for name, values in zip(("TRANSLATION", "ROTATION", "SCALE"), parts, strict=True):
        if name == "SCALE" and np.allclose(values, 1.0, atol=1e-6):
            continue
        numbers = values.astype(np.float32)
        attributes[name] = glb.accessor(numbers, glb.view(numbers.tobytes()))
    rows = placed.rows.astype(np.uint16 if placed.rows.max() < 65536 else np.float32)
    stride = rows.dtype.itemsize if rows.dtype.itemsize == 4 else 4
    attributes["_FEATURE_ID_0"] = glb.accessor(rows, glb.view(padded(rows).tobytes(), stride=stride))
    glb.use("EXT_mesh_gpu_instancing", required=True)
    glb.use("EXT_instance_features")
    ids = [{"featureCount": features, "attribute": 0, "propertyTable": 0}]
    extensions: Json = {
        "EXT_mesh_gpu_instancing": {"attributes": attributes},
        "EXT_instance_features": {"featureIds": ids},
    }
    glb.add("nodes", {"mesh": mesh, "extensions": extensions})
