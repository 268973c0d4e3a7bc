"""Objects for a scenario: a building from an outline and a height, or those of a CityGML or CityJSON file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from citygml.crs import Crs, Georeference, choose_heights, parse
from citygml.errors import UnknownCrs
from citygml.model import CityObject, Float64, Geometry, Measure, Surface
from citygml.reading import ReadOptions, open_model
from twin.elevation import city_dem
from twin.errors import TooLarge, TwinError
from twin.place import city_crs, georeference
from twin.raster import METRES_PER_DEGREE, bilinear, filled_holes
from twin.scenario.overlay import MOST_OBJECTS, MOST_TRIANGLES
from twin.store import City

Float32: TypeAlias = npt.NDArray[np.float32]

HIGHEST = 2_000.0
"""[m] no building is planned higher."""
MOST_CORNERS = 1_000
"""Of an outline."""
LARGEST = 1_000_000.0
"""[m²] of an outline."""
_SPACING = 1.0
_MOST_FILLED = 16_000_000


def planned_building(
    city: City,
    footprint: Mapping[str, Any],
    height: float,
    *,
    base: float | None = None,
    id: str = "planned",
    name: str = "",
) -> CityObject:
    """A building as a solid of LoD1 in the city's coordinates.

    footprint: a Polygon of GeoJSON in longitude and latitude. height: [m] above base. base: of the ground
    floor, above the ellipsoid [m]; None for the mean of the ground along the outline. The walls begin at the
    lowest ground below them.

    Raises TwinError for an outline that is no area or is too large, a height that is none, or ground that
    is not known.
    """
    check_height(height)
    rings = footprint_rings(footprint)
    place = georeference(city)
    flat = [_moved(place, ring, 0.0) for ring in rings]
    ground = _ground(city, place, rings[0]) if base is None else None
    if base is not None and not np.isfinite(base):
        raise TwinError("the planned building's base is no height")
    if ground is None:
        level = foot = float(_moved(place, rings[0][:1], base or 0.0)[0, 2])
    else:
        level, foot = float(ground.mean()), float(ground.min())
    return CityObject(
        id,
        "Building",
        attributes={
            "measuredHeight": Measure(float(height), "m"),
            "groundHeight": Measure(level, "m"),
            **({"name": name} if name else {}),
        },
        geometries=[_solid(flat, foot, level + height)],
        surfaces=[Surface("GroundSurface"), Surface("RoofSurface"), Surface("WallSurface")],
    )


def check_height(height: float) -> None:
    """Raises TwinError for a height [m] that no building has."""
    if not 0 < height <= HIGHEST:
        raise TwinError(f"a planned building is above 0 and up to {HIGHEST:,.0f} m high, not {height:g} m")


def footprint_rings(footprint: Mapping[str, Any]) -> list[Float64]:
    """The rings (n, 2) [degrees] of a Polygon of GeoJSON, the exterior first and anticlockwise, holes
    clockwise, without their last point. Raises TwinError for what is no simple polygon on the globe."""
    if footprint.get("type") != "Polygon" or not isinstance(footprint.get("coordinates"), Sequence):
        raise TwinError("the footprint must be a Polygon of GeoJSON")
    try:
        given = [np.array(ring, np.float64)[:, :2] for ring in footprint["coordinates"]]
        corners = sum(map(len, given))
        if corners > MOST_CORNERS:
            raise TooLarge(f"the footprint may have {MOST_CORNERS:,} corners, not {corners:,}")
        shape = shapely.Polygon(given[0], given[1:])
    except (ValueError, TypeError, IndexError, shapely.errors.ShapelyError):
        raise TwinError("the footprint is no polygon of at least three [longitude, latitude]") from None
    points = shapely.get_coordinates(shape)
    if not np.isfinite(points).all() or (np.abs(points) > [180.0, 90.0]).any():
        raise TwinError("the footprint is not on the globe: each corner is [longitude, latitude] in degrees")
    if shape.is_empty or not shape.is_valid:
        raise TwinError(f"the footprint is not whole: {shapely.is_valid_reason(shape)}")
    _check_area(shape)
    shape = shapely.orient_polygons(shape)
    return [np.asarray(ring.coords)[:-1] for ring in (shape.exterior, *shape.interiors)]


def objects_of_file(city: City, path: Path, crs: str | None = None) -> list[CityObject]:
    """The objects of a CityGML, CityJSON or IFC file in the city's coordinates.

    crs: stands in for a missing or wrong name of a coordinate system in the file. Raises CityModelError,
    TwinError, TooLarge beyond what a scenario may have.
    """
    reader = open_model(path, ReadOptions(crs=crs))
    srs = crs or reader.info.srs_name
    ours = city_crs(city)
    if srs is None and not ours.is_local:
        raise UnknownCrs(f"{path.name}: it names no coordinate system; say which, as in EPSG:5187")
    theirs = ours if srs is None else parse(srs)
    objects: list[CityObject] = []
    points = 0
    for batch in reader.batches():
        objects += batch
        points += sum(len(g.vertices) for obj in batch for g in obj.geometries)
        if len(objects) > MOST_OBJECTS or points > 3 * MOST_TRIANGLES:
            raise TooLarge(
                f"{path.name}: a scenario may have {MOST_OBJECTS:,} objects and {MOST_TRIANGLES:,} triangles;"
                " add large models to a city of their own with `twin add`"
            )
    if not objects:
        raise TwinError(f"{path.name}: there are no objects in it")
    if theirs.name != ours.name:
        _move(objects, theirs, georeference(city))
    for obj in objects:  # images lie beside the file, which does not stay
        obj.textures = []
        for g in obj.geometries:
            g.textures = {}
    return objects


def _move(objects: list[CityObject], theirs: Crs, place: Georeference) -> None:
    """Give objects the city's coordinates, all in one call."""
    if place.crs.same_horizontal(theirs) and not (theirs.has_vertical and place.crs.has_vertical):
        return
    geometries = [g for obj in objects for g in obj.geometries if len(g.vertices)]
    if not geometries:
        return
    points = np.concatenate([g.vertices for g in geometries])
    corners = np.array([points.min(axis=0), points.max(axis=0)])
    source = Georeference(theirs, choose_heights(theirs, corners))
    moved = place.from_geographic(source.to_geographic(points))
    ends = np.cumsum([len(g.vertices) for g in geometries])[:-1]
    for g, vertices in zip(geometries, np.split(moved, ends), strict=True):
        g.vertices = vertices


def _moved(place: Georeference, ring: Float64, height: float) -> Float64:
    """(n, 3) in the city's coordinates of a ring in degrees at a height above the ellipsoid."""
    return place.from_geographic(np.column_stack([ring, np.full(len(ring), height)]))


def _ground(city: City, place: Georeference, ring: Float64) -> Float32:
    """Heights of the ground along an exterior in degrees, about every metre, in the city's heights."""
    flat = _moved(place, np.concatenate([ring, ring[:1]]), 0.0)[:, :2]
    step = _SPACING / METRES_PER_DEGREE if place.crs.is_geographic else _SPACING
    along = shapely.get_coordinates(shapely.segmentize(shapely.LineString(flat), step))
    heights = ground_below(city, along)
    if not np.isfinite(heights).any():
        raise TwinError("the ground below the planned building is not known; give its base")
    return np.asarray(heights[np.isfinite(heights)])


def ground_below(city: City, xy: Float64) -> Float32:
    """(n,) heights of the ground at places (n, 2) in the city's coordinates; NaN where it is not known. Where
    it is known only from what stands on it, it is filled between."""
    dem = city_dem(city)
    if dem is None:
        return np.full(len(xy), np.nan, np.float32)
    heights = dem.sample(xy)
    if not np.isfinite(heights).any() and not city.rasters("dem") and dem.width * dem.height <= _MOST_FILLED:
        row, column = dem.cells(xy)
        inside = (row >= 0) & (column >= 0) & (row <= dem.height - 1) & (column <= dem.width - 1)
        whole = filled_holes(dem.read(0, 0, dem.height, dem.width))
        heights[inside] = bilinear(whole, row[inside], column[inside])
    return heights


def _solid(rings: list[Float64], foot: float, top: float) -> Geometry:
    faces = [[_at(ring[::-1], foot) for ring in rings], [_at(ring, top) for ring in rings]]
    for ring in rings:
        for a, b in zip(ring[:, :2], np.roll(ring[:, :2], -1, axis=0), strict=True):
            faces.append([np.array([[*a, foot], [*b, foot], [*b, top], [*a, top]])])
    loops = [ring for face in faces for ring in face]
    return Geometry(
        "Solid",
        "1",
        np.concatenate(loops),
        np.cumsum([0, *(len(ring) for ring in loops)]).astype(np.int32),
        np.cumsum([0, *(len(face) for face in faces)]).astype(np.int32),
        np.array([0, len(faces)], np.int32),
        np.array([0, 1], np.int32),
        np.array([0, 1, *[2] * (len(faces) - 2)], np.int32),
        role="Solid",
    )


def _at(ring: Float64, z: float) -> Float64:
    return np.column_stack([ring[:, :2], np.full(len(ring), z)])


def _check_area(shape: Any) -> None:
    metres = METRES_PER_DEGREE * np.array([np.cos(np.radians(shape.centroid.y)), 1.0])
    area = shape.area * metres.prod()
    if not 1.0 <= area <= LARGEST:
        raise TwinError(f"the footprint must have 1 to {LARGEST:,.0f} m², not {area:,.1f}")
