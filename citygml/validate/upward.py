"""Surfaces that should look up: ground plans, roads, land use, flood water, terrain."""

from __future__ import annotations

import numpy as np

from citygml.classes import BY_NAME
from citygml.findings import Finding
from citygml.model import SURFACE_TYPES, CityObject, Code, Geometry
from citygml.validate.faces import Faces, Tolerances
from citygml.validate.planes import Planes

_GROUND_MODULES = frozenset({"transportation", "landuse", "relief"})
# Surfaces of these kinds bound a volume from below or beside, and need not look up.
_NOT_UP = frozenset(
    {"GroundSurface", "WallSurface", "WaterGroundSurface", "WaterClosureSurface", "ClosureSurface"}
)
# A face looks down when its normal does by more than this (sine of the angle, about 6 degrees).
_DOWN = -0.1


def looks_up(city_object: CityObject, geometry: Geometry) -> bool:
    """Whether the surfaces of this geometry are drawn on the ground, and so should look up."""
    if geometry.type not in SURFACE_TYPES:
        return False
    if geometry.lod.startswith("0") or is_tin(city_object, geometry):
        return True
    known = BY_NAME.get(city_object.type)
    if known is None:
        return city_object.type.startswith("urf:")
    if known.module == "waterbody":
        return geometry.lod.startswith("1") or is_flood(city_object, geometry)
    return known.module in _GROUND_MODULES


def is_tin(city_object: CityObject, geometry: Geometry) -> bool:
    return geometry.role.upper() == "TIN" or city_object.type == "TINRelief"


def is_flood(city_object: CityObject, geometry: Geometry) -> bool:
    """Inundation surfaces, which i-UR data draw as triangles: water of class 1140 (flooded land)."""
    if city_object.type != "WaterBody" or geometry.type not in SURFACE_TYPES:
        return False
    water_class = city_object.attributes.get("class")
    return isinstance(water_class, Code) and water_class.code == "1140"


def check_upward(faces: Faces, planes: Planes, tol: Tolerances) -> list[Finding]:
    """`polygon-wrong-orientation`: surfaces on the ground whose front looks down."""
    up = np.array([looks_up(o, g) for o, g in faces.geometries], dtype=bool)
    down = up[faces.owner] & (planes.normals[:, 2] < _DOWN) & (planes.extent[:, 1] >= tol.snap)
    findings = []
    for polygon in np.flatnonzero(down):
        if _surface_type(faces, int(polygon)) not in _NOT_UP:
            message = "the surface looks down: its exterior ring runs clockwise seen from above"
            findings.append(
                faces.finding("polygon-wrong-orientation", message, int(polygon), severity="warning")
            )
    return findings


def _surface_type(faces: Faces, polygon: int) -> str:
    city_object, geometry = faces.geometries[faces.owner[polygon]]
    number = int(faces.number[polygon])
    if geometry.semantics is None or number >= len(geometry.semantics):
        return ""
    index = int(geometry.semantics[number])
    return city_object.surfaces[index].type if 0 <= index < len(city_object.surfaces) else ""
