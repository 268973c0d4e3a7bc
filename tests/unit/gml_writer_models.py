"""What the tests of the CityGML writer share: a cube, a house, and reading back what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from citygml.gml import GmlReader
from citygml.gml_writer import write_citygml
from citygml.model import CityObject, Code, Geometry, Measure, Surface
from citygml.reading import ReadOptions

Version = Literal["2.0", "3.0"]
VERSIONS: tuple[Version, ...] = ("2.0", "3.0")
UTM = "urn:ogc:def:crs:EPSG::25832"
NAMESPACES = {
    "2.0": {
        "core": "http://www.opengis.net/citygml/2.0",
        "bldg": "http://www.opengis.net/citygml/building/2.0",
        "gen": "http://www.opengis.net/citygml/generics/2.0",
        "gml": "http://www.opengis.net/gml",
        "xlink": "http://www.w3.org/1999/xlink",
    },
    "3.0": {
        "core": "http://www.opengis.net/citygml/3.0",
        "bldg": "http://www.opengis.net/citygml/building/3.0",
        "con": "http://www.opengis.net/citygml/construction/3.0",
        "gen": "http://www.opengis.net/citygml/generics/3.0",
        "gml": "http://www.opengis.net/gml/3.2",
        "xlink": "http://www.w3.org/1999/xlink",
    },
}


def cube(lod: str = "2", *, semantics: list[int] | None = None) -> Geometry:
    """A closed box of 10 m by 8 m by 6 m: floor, roof, four walls."""
    corners = np.array(
        [[0, 0, 0], [10, 0, 0], [10, 8, 0], [0, 8, 0], [0, 0, 6], [10, 0, 6], [10, 8, 6], [0, 8, 6]], float
    )
    faces = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    return Geometry(
        "Solid",
        lod,
        corners[np.array(faces).ravel()] + [500_000.0, 5_400_000.0, 100.0],
        np.arange(0, 25, 4, dtype=np.int32),
        np.arange(7, dtype=np.int32),
        np.array([0, 6], np.int32),
        np.array([0, 1], np.int32),
        None if semantics is None else np.array(semantics, np.int32),
        "Solid",
    )


def house(id: str = "house") -> CityObject:
    return CityObject(
        id,
        "Building",
        attributes={"class": Code("1000", "class.xml"), "roofType": Code("1000", "roof.xml")},
        geometries=[cube(semantics=[0, 1, 2, 3, 2, 2])],
        surfaces=[
            Surface("GroundSurface", f"{id}-g"),
            Surface("RoofSurface", f"{id}-r", {"slope": Measure(3.5, "deg")}),
            Surface("WallSurface", f"{id}-w"),
            Surface("WallSurface", f"{id}-v"),
        ],
    )


def read(path: Path) -> tuple[GmlReader, list[CityObject]]:
    reader = GmlReader(path, ReadOptions())
    return reader, [o for batch in reader.batches() for o in batch]


def write_and_read(
    objects: list[CityObject], path: Path, version: Version, **options: Any
) -> list[CityObject]:
    write_citygml(objects, path, version=version, srs_name=UTM, **options)
    return read(path)[1]


def area(geometry: Geometry) -> float:
    """Newell's area over all polygons, holes off; the summed coordinates of curves and points."""
    if geometry.type in {"MultiCurve", "MultiPoint"}:
        return float(np.abs(geometry.vertices).sum())
    total = 0.0
    for p in range(geometry.polygon_count):
        for ring in range(geometry.polygons[p], geometry.polygons[p + 1]):
            points = geometry.vertices[geometry.rings[ring] : geometry.rings[ring + 1]]
            points = points - points[0]
            size = np.linalg.norm(np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)) / 2
            total += float(size if ring == geometry.polygons[p] else -size)
    return total
