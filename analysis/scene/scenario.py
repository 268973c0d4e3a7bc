"""A scenario of the city under the sun: the scene with what it adds and changes, without what it removes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from analysis.scene.grid import Plane
from analysis.scene.surfaces import LAYERS, surfaces_of_objects
from analysis.sun.plan.building import planned
from analysis.sun.scene import SunScene
from citygml.model import CityObject
from twin.scenario import Scenarios
from twin.store import City, open_city


def scenario_scene(city: City, plane: Plane, scene: SunScene, scenario: int) -> SunScene:
    """The scene of the city, changed by a scenario. plane: of the scene's grid.

    Buildings are taken out as wholes and put in again without the parts that the scenario removes or changes.
    What it does to trees, bridges and terrain is not looked at, which the notes say. Raises EntityNotFound.
    """
    scenarios = Scenarios(city)
    hidden = scenarios.hidden(scenario)
    known = set(scene.surfaces.buildings) if scene.surfaces is not None else set()
    roots = touched_buildings(city, scenario) & known
    objects: dict[str, CityObject] = {}
    for root in sorted(roots):
        for id in _family(city, root):
            stored = None if id in hidden else city.object(id)
            if stored is not None:
                objects[id] = stored.decode(surface_attributes=False)
    for stored in scenarios.objects(scenario, LAYERS[:1]):
        objects[stored.id] = stored.decode(surface_attributes=False)
    notes = list(scene.notes)
    others = [id for id in hidden if _root(city, id) not in roots]
    if others:
        notes.append(f"{len(others):,} objects that the scenario removes or changes are not buildings here")
    added = surfaces_of_objects(city, plane, list(objects.values())).surfaces if objects else None
    return replace(planned(scene, added, roots), notes=notes)


def touched_buildings(city: City, scenario: int) -> set[str]:
    """The whole buildings that a scenario adds, changes or removes, or of which it does so to a part, by id;
    other objects that it touches are among them by their own id. Raises EntityNotFound."""
    scenarios = Scenarios(city)
    parents = {stored.id: stored.parent for stored in scenarios.objects(scenario)}
    found = set()
    for id in scenarios.actions(scenario):
        seen = {id}
        while (parent := parents.get(id)) is not None and parent not in seen:
            id = parent
            seen.add(id)
        found.add(_root(city, id))
    return found


def scenario_state(folder: Path, scenario: int | None) -> dict[str, str]:
    """What a run that uses a scenario depends on besides the city: when it was changed last."""
    if scenario is None:
        return {}
    with open_city(folder) as city:
        return {"scenario": Scenarios(city).get(scenario).changed_at}


def _root(city: City, id: str) -> str:
    """The whole building that an object is part of."""
    seen = {id}
    while True:
        stored = city.object(id)
        if stored is None or stored.parent is None or stored.parent in seen:
            return id
        id = stored.parent
        seen.add(id)


def _family(city: City, id: str) -> list[str]:
    """An object and all below it."""
    found = [id]
    for one in found:
        found += [child for child, _ in city.children(one) if child not in found]
    return found
