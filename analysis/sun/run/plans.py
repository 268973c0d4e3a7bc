"""A planned building as a run is given it: an outline with a height, or a file of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.errors import AnalysisError
from analysis.scene.grid import Plane
from analysis.scene.surfaces import LAYERS, surfaces_of_objects
from analysis.sun.plan.building import extruded, planned
from analysis.sun.scene import SunScene, Surfaces
from citygml.classes import layer_of
from twin.scenario.making import footprint_rings, objects_of_file
from twin.scenario.meshes import MOST_BYTES, placed_mesh
from twin.store import City

if TYPE_CHECKING:
    from citygml.model import CityObject

_GLB = b"glTF"


def with_plan(scene: SunScene, plane: Plane, plan: Mapping[str, Any]) -> SunScene:
    """The scene with a building of an outline and a height, as `declared.PLAN_SCHEMA` has it."""
    outline = [plane.degrees_to_grid(ring) for ring in footprint_rings(plan["footprint"])]
    added = extruded(scene, outline, float(plan["height"]), base=plan.get("base"))
    return planned(scene, added, plan.get("remove", ()))


def with_plan_file(
    city: City, plane: Plane, scene: SunScene, path: Path, place: Mapping[str, Any] | None
) -> SunScene:
    """The scene with the buildings of a GLB, CityGML, CityJSON or IFC file; nothing is kept in the city.

    place: of a GLB, as `declared.PLACE_SCHEMA` has it. A building of the file takes the place of the one
    with its id. Raises AnalysisError, TwinError, CityModelError for what cannot be put into the scene.
    """
    objects = _objects(city, path, place)
    built = [obj for obj in objects if layer_of(obj.type) == LAYERS[0]]
    found = surfaces_of_objects(city, plane, built) if built else None
    if found is None or found.surfaces is None:
        raise AnalysisError(f"{path.name}: there is no building with surfaces in it")
    _check_inside(scene, found.surfaces, path)
    known = scene.surfaces
    standing = set() if known is None else {known.buildings[b] for b in np.unique(known.building) if b >= 0}
    notes = [*scene.notes, *found.notes]
    if len(built) < len(objects):
        notes.append(f"{path.name}: {len(objects) - len(built):,} objects that are no buildings are left out")
    return replace(planned(scene, found.surfaces, standing & set(found.surfaces.buildings)), notes=notes)


def _objects(city: City, path: Path, place: Mapping[str, Any] | None) -> list[CityObject]:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1) if file.read(4) == _GLB and not file.seek(0) else None
    if data is None:
        if place is not None:
            raise AnalysisError(f"{path.name}: plan_place is for a GLB; this file says where it stands")
        return objects_of_file(city, path)
    if place is None:
        raise AnalysisError(
            f"{path.name}: a GLB says nothing of where it stands; give plan_place with longitude and latitude"
        )
    return [
        placed_mesh(
            city,
            data,
            place["longitude"],
            place["latitude"],
            height=place.get("height"),
            heading=place.get("heading", 0.0),
            scale=place.get("scale", 1.0),
        )
    ]


def _check_inside(scene: SunScene, surfaces: Surfaces, path: Path) -> None:
    rows, columns = scene.shape
    low, high = surfaces.vertices[:, :2].min(axis=0), surfaces.vertices[:, :2].max(axis=0)
    west, north = scene.west, scene.north
    east, south = west + columns * scene.cell_size, north - rows * scene.cell_size
    if low[0] < west or low[1] < south or high[0] > east or high[1] > north:
        raise AnalysisError(f"{path.name}: its buildings reach out of the city's area that is looked at")
