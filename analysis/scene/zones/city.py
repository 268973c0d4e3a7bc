"""The envelopes of a city's buildings, area by area, so that what comes out is most of what is held at
once."""

from __future__ import annotations

from collections import Counter
from typing import Literal, get_args

import numpy as np

from analysis.damage.uses import NONE, use_table
from analysis.energy.envelope import Envelopes
from analysis.errors import AnalysisError
from analysis.progress import Progress, part
from analysis.scene.globe import place_of
from analysis.scene.grid import Bounds, Grid, Plane, plane_of
from analysis.scene.surfaces import built_bounds
from analysis.scene.zones import attributes as about
from analysis.scene.zones.area import Area, joined, zones_of_area
from analysis.scene.zones.build import Owners
from analysis.scene.zones.faces import faces_of_objects, family_geometries
from analysis.scene.zones.figures import Known
from analysis.scene.zones.read import families, register, tiles
from analysis.sun.scene import Place
from citygml.model import CityObject, Geometry
from twin.place import city_crs
from twin.store import City

By = Literal["building", "part", "storey"]
BY: tuple[By, ...] = get_args(By)


def envelopes(
    city: City,
    *,
    area: Bounds | None = None,
    lod: str | None = None,
    by: By = "building",
    shading: bool = True,
    scenario: int | None = None,
    progress: Progress | None = None,
) -> Envelopes:
    """The thermal envelopes of a city's buildings.

    area: west, south, east, north [m] on the city's plane (`plane_of`); buildings that touch it are taken,
    their neighbours shade and touch them all the same. lod: level of detail, None for the finest of each
    building. by: one zone for each building, for each of its parts, or for each storey. shading: whether
    skylines and views of the sky are worked out; without, every piece sees all of its sky. scenario: number
    of one that is kept in the city; buildings and what they see are as it has them.

    Buildings without volume and those whose use has no rooms (canopies, towers) are left out, which the notes
    count. Raises AnalysisError for an unknown `by`, a city without a plane in metres or without a place on
    the globe, and one without buildings in the area; EntityNotFound for a scenario that is not there.
    """
    if by not in BY:
        raise AnalysisError(f"there are no zones by {by!r}: choose one of {', '.join(BY)}")
    plane = plane_of(city)
    known = register(city, plane, area, scenario)
    if not len(known.chosen):
        raise AnalysisError("there are no buildings in the area: name another, or add buildings to the city")
    place = built_place(city, plane)
    told = part(progress, 0.0, 0.3 if shading else 1.0, "reading buildings and what they share")
    reader = _Reader(plane, lod, by, place.convergence, shading)
    areas: list[Area] = []
    done = 0
    for own, neighbours in tiles(known):
        areas.append(reader.area(families(city, known, own), families(city, known, neighbours)))
        done += len(own)
        told(done / len(known.chosen))
    found = joined(areas, place, city_crs(city).name, notes_of(reader.counts), plane)
    if not len(found.envelopes):
        raise AnalysisError("no building in the area has a volume: outlines alone make no thermal zones")
    if not shading:
        return found.envelopes
    from analysis.scene.zones.shade import shaded

    told = part(progress, 0.3, 1.0, "looking at the sky")
    return shaded(city, found.envelopes, found.points, told, scenario)


class _Reader:
    """Makes zones of families of buildings, and counts those that are none. points: whether the sky will be
    looked at."""

    def __init__(self, plane: Plane, lod: str | None, by: By, convergence: float, points: bool) -> None:
        self.plane, self.lod, self.by = plane, lod, by
        self.convergence, self.points = convergence, points
        self.uses = use_table()
        self.counts: Counter[str] = Counter()

    def area(self, own: list[list[CityObject]], neighbours: list[list[CityObject]]) -> Area:
        """The zones of some families, with those that stand beside them."""
        known: list[Known] = []
        bodies: list[tuple[CityObject, list[Geometry]]] = []
        zone: list[int] = []
        building: list[int] = []
        for number, family in enumerate(own):
            mine = self._bodies(family, self.counts)
            for k, body in enumerate(mine):
                if k == 0 or self.by == "part":
                    known.append(self._known(family, body[0], len(mine)))
                zone.append(len(known) - 1)
            bodies += mine
            building += [number] * len(mine)
        for number, family in enumerate(neighbours):
            mine = self._bodies(family, Counter())
            bodies += mine
            zone += [len(known) + number] * len(mine)
            building += [len(own) + number] * len(mine)
        owners = Owners(np.array(zone, np.int32), np.array(building, np.int32), len(known))
        faces = faces_of_objects(bodies, self.plane)
        storeys = self.by == "storey"
        return zones_of_area(faces, owners, known, storeys, self.convergence, self.counts, self.points)

    def _bodies(
        self, family: list[CityObject], counts: Counter[str]
    ) -> list[tuple[CityObject, list[Geometry]]]:
        if self.uses.of(about.flattened(family[0].attributes)).sector == NONE:
            counts["canopy"] += 1
            return []
        found = family_geometries(family, self.lod)
        counts["outline"] += not found
        return found

    def _known(self, family: list[CityObject], body: CityObject, bodies: int) -> Known:
        """What is said of a zone: a whole building, or the part that a body is."""
        root = family[0]
        zone, parts = (body, [body]) if self.by == "part" else (root, family[1:])
        details = [about.flattened(one.attributes) for one in parts if one is not root]
        whole = self.by != "part" or bodies == 1
        return Known(zone.id, root.id, about.flattened(root.attributes), details, whole)


def built_place(city: City, plane: Plane) -> Place:
    """The place of the middle of what is built, at the median height of where buildings stand. Raises
    AnalysisError for a city without buildings."""
    bounds, boxes = built_bounds(city, plane), city.boxes("buildings")
    if bounds is None or not len(boxes):
        raise AnalysisError(f"{city.folder}: there are no buildings in the city; add some with `twin add`")
    west, south, east, north = bounds
    around = Grid(west, north, max(east - west, north - south, 1.0), 1, 1, plane.crs)
    return place_of(around, plane, boxes[:, 2:3].astype(np.float32))


_WHY = {
    "outline": "buildings have only an outline, and are no zones",
    "empty": "zones have no volume, and are left out",
    "canopy": "buildings are left out since their use has no rooms (canopies, towers)",
}


def notes_of(counts: Counter[str]) -> list[str]:
    """What was left out, in words."""
    return [f"{counts[why]:,} {text}" for why, text in _WHY.items() if counts[why]]
