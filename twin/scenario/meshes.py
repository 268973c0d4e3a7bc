"""A GLB as a city object: placed on the globe, its triangles joined to the flat faces that they make.

A GLB comes from anyone. What it claims is looked at before memory is spent on it: its size, the elements of
its arrays, and how often its nodes repeat its meshes; nothing that it refers to outside of itself is read.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from citygml.crs import ecef_to_geographic, frame_matrix
from citygml.geometry import NO_AREA
from citygml.model import CityObject, Float64, Geometry, Measure, Surface
from twin.errors import TooLarge, TwinError
from twin.place import georeference
from twin.scenario.making import ground_below
from twin.store import City

MOST_BYTES = 64 * 1024 * 1024
MOST_TRIANGLES = 200_000
MOST_NODES = 10_000
LARGEST = 5_000.0
"""[m] across: a larger model is in another unit, or not a building."""
_HEADER = struct.Struct("<4sII")
_CHUNK = struct.Struct("<I4s")
_MOST_JSON = 16 * 1024 * 1024
_COMPRESSED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")
_LEVEL, _UPRIGHT = 0.5, 0.05
"""Upward part of the normal of a roof (or downward, of a ground), at least; else it is a wall."""
_SAME_NORMAL, _SAME_PLANE = 1e-3, 1e-3


def placed_mesh(
    city: City,
    data: bytes,
    longitude: float,
    latitude: float,
    *,
    height: float | None = None,
    heading: float = 0.0,
    scale: float = 1.0,
    id: str = "planned",
    name: str = "",
) -> CityObject:
    """A building from a GLB, whose origin comes to stand at a place on the globe.

    height: of the origin above the ellipsoid [m]; None for the ground there. heading: of the model, clockwise
    [degrees]; at 0 its x axis points east and its -z axis north, as glTF's y points up. scale: metres in a
    unit of the model.

    Raises TwinError for what is no GLB or too much of one, and for a place without ground.
    """
    _check_place(longitude, latitude, height, heading, scale)
    triangles = read_triangles(data) * scale
    size = triangles.reshape(-1, 3).max(axis=0) - triangles.reshape(-1, 3).min(axis=0)
    if size.max() > LARGEST or size.max() < 0.01:
        raise TwinError(f"the model is {size.max():g} m large; say its unit with scale")
    place = georeference(city)
    if height is None:
        height = _ground(city, longitude, latitude)
    turn = np.radians(heading)
    east = np.array([np.cos(turn), -np.sin(turn), 0.0])
    north = np.array([np.sin(turn), np.cos(turn), 0.0])
    local = triangles @ np.array([east, [0.0, 0.0, 1.0], -north])
    rings, faces = flat_faces(local)
    frame = frame_matrix(np.array([longitude, latitude, height]))
    points = np.concatenate(rings) @ frame[:3, :3].T + frame[:3, 3]
    up = np.array([_normal(rings[face[0]])[2] for face in faces])
    kind = np.where(up > _LEVEL, 1, np.where(up < -_LEVEL, 0, 2)).astype(np.int32)
    geometry = Geometry(
        "MultiSurface",
        "3",
        place.from_geographic(ecef_to_geographic(points)),
        np.cumsum([0, *map(len, rings)]).astype(np.int32),
        np.cumsum([0, *map(len, faces)]).astype(np.int32),
        semantics=kind,
        role="MultiSurface",
    )
    tall = float(size[1])
    return CityObject(
        id,
        "Building",
        attributes={"measuredHeight": Measure(tall, "m"), **({"name": name} if name else {})},
        geometries=[geometry],
        surfaces=[Surface("GroundSurface"), Surface("RoofSurface"), Surface("WallSurface")],
    )


def read_triangles(data: bytes) -> Float64:
    """(t, 3, 3) float64 triangles of the whole scene of a GLB, in its own unit and axes.

    Raises TwinError, TooLarge.
    """
    import trimesh

    _check_claims(data)
    try:
        scene: Any = trimesh.load_scene(trimesh.util.wrap_as_stream(data), file_type="glb")
        meshes = {k: m for k, m in scene.geometry.items() if isinstance(m, trimesh.Trimesh)}
        placed = [scene.graph[node] for node in scene.graph.nodes_geometry]
    except (Exception, RecursionError) as error:  # whatever a broken file makes of a parser
        raise TwinError(f"the GLB cannot be read ({type(error).__name__}: {error})"[:300]) from None
    count = sum(len(meshes[name].faces) for _, name in placed if name in meshes)
    if count > MOST_TRIANGLES:
        raise TooLarge(f"the GLB has {count:,} triangles; a planned building may have {MOST_TRIANGLES:,}")
    if not count:
        raise TwinError("the GLB has no triangles")
    triangles = np.concatenate([_placed(meshes[name], m) for m, name in placed if name in meshes])
    if not np.isfinite(triangles).all():
        raise TwinError("the GLB has coordinates that are no numbers")
    return triangles


def _placed(mesh: Any, matrix: Float64) -> Float64:
    """(t, 3, 3) triangles of a mesh where a node has it; a mirror turns them round."""
    triangles = np.asarray(mesh.vertices, np.float64)[mesh.faces] @ matrix[:3, :3].T + matrix[:3, 3]
    return np.asarray(triangles[:, ::-1] if np.linalg.det(matrix[:3, :3]) < 0 else triangles)


def flat_faces(triangles: Float64) -> tuple[list[Float64], list[list[int]]]:
    """Rings (n, 3) and, for each flat face, the indices of its rings, the exterior first and anticlockwise
    from the side that its triangles (t, 3, 3) face. Triangles without area are left out."""
    import shapely

    edges = triangles[:, 1:] - triangles[:, :1]
    cross = np.cross(edges[:, 0], edges[:, 1])
    length = np.linalg.norm(cross, axis=1)
    drawn = length > NO_AREA
    if not drawn.any():
        raise TwinError("the model has no triangle with an area")
    triangles, normals = triangles[drawn], cross[drawn] / length[drawn, None]
    offset = np.einsum("ij,ij->i", normals, triangles[:, 0])
    key = np.column_stack([normals / _SAME_NORMAL, offset / _SAME_PLANE])
    _, plane = np.unique(np.round(key).astype(np.int64), axis=0, return_inverse=True)
    rings: list[Float64] = []
    faces: list[list[int]] = []
    order = np.argsort(plane, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(plane[order])) + 1):
        normal = normals[members[0]]
        u, v = _axes(normal)
        flat = shapely.polygons(np.stack([triangles[members] @ u, triangles[members] @ v], axis=-1))
        whole = shapely.make_valid(shapely.union_all(flat, grid_size=1e-4))
        origin = float(offset[members].mean()) * normal
        for polygon in shapely.get_parts(whole).tolist():
            if polygon.geom_type == "Polygon" and polygon.area > NO_AREA:
                polygon = shapely.orient_polygons(polygon)
                face = []
                for ring in (polygon.exterior, *polygon.interiors):
                    xy = np.asarray(ring.coords)[:-1]
                    face.append(len(rings))
                    rings.append(origin + xy[:, :1] * u + xy[:, 1:] * v)
                faces.append(face)
    return rings, faces


def _axes(normal: Float64) -> tuple[Float64, Float64]:
    """Two unit vectors of a plane, with its normal right-handed."""
    other = np.array([0.0, 0.0, 1.0]) if abs(normal[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    across = np.cross(other, normal)
    u = np.asarray(across / np.linalg.norm(across), np.float64)
    return u, np.asarray(np.cross(normal, u), np.float64)


def _normal(ring: Float64) -> Float64:
    """The direction of a ring (n, 3), by Newell's sum."""
    sum_ = np.cross(ring - ring[0], np.roll(ring, -1, axis=0) - ring[0]).sum(axis=0)
    return np.asarray(sum_ / max(float(np.linalg.norm(sum_)), 1e-300))


def _check_claims(data: bytes) -> None:
    """Look at the GLB's JSON before anything is made of it."""
    if len(data) > MOST_BYTES:
        raise TooLarge(f"the GLB may have {MOST_BYTES // 1024**2} MiB")
    try:
        magic, version, _ = _HEADER.unpack_from(data)
        length, kind = _CHUNK.unpack_from(data, _HEADER.size)
    except struct.error:
        raise TwinError("this is no GLB: it is too short") from None
    if magic != b"glTF" or version != 2 or kind != b"JSON" or length > min(len(data), _MOST_JSON):
        raise TwinError("this is no GLB of glTF 2.0")
    start = _HEADER.size + _CHUNK.size
    try:
        document = json.loads(data[start : start + length])
        used = {*document.get("extensionsRequired", ())}
        elements = sum(int(a["count"]) for a in document.get("accessors", ()))
        largest = max((int(a["count"]) for a in document.get("accessors", ())), default=0)
        nodes = len(document.get("nodes", ()))
        outside = [b["uri"] for b in document.get("buffers", ()) if "uri" in b]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise TwinError("this is no GLB: its description cannot be read") from None
    if used & set(_COMPRESSED):
        raise TwinError(f"the GLB is compressed ({', '.join(sorted(used))}); save it without")
    if outside:
        raise TwinError("the GLB keeps its data in other files; save it as one")
    if largest > 3 * MOST_TRIANGLES or elements > 20 * MOST_TRIANGLES or nodes > MOST_NODES:
        raise TooLarge(f"the GLB is too large: a planned building may have {MOST_TRIANGLES:,} triangles")


def _check_place(
    longitude: float, latitude: float, height: float | None, heading: float, scale: float
) -> None:
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):
        raise TwinError(f"{longitude:g}, {latitude:g} is no longitude and latitude in degrees")
    if not np.isfinite([heading, scale, 0.0 if height is None else height]).all() or not scale > 0:
        raise TwinError("the model's height, heading and scale must be numbers, the scale above 0")


def _ground(city: City, longitude: float, latitude: float) -> float:
    """Height of the ground above the ellipsoid [m]."""
    place = georeference(city)
    at = place.from_geographic(np.array([[longitude, latitude, 0.0]]))
    z = ground_below(city, at[:, :2])
    if not np.isfinite(z[0]):
        raise TwinError("the ground below the model is not known; give its height")
    return float(place.to_geographic(np.column_stack([at[:, :2], z]))[0, 2])
