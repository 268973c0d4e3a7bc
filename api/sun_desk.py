"""What the server keeps in memory to answer questions of the sun at once: scenes, days looked at, answers.

A scene is read from the city at the first question about a place, a day is looked at once; both stay until
the city changes or others push them out. Several threads may ask; one at a time computes, with all cores.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from analysis.errors import AnalysisError
from api.computing import COMPUTING
from twin.errors import EntityNotFound, ObjectNotFound
from twin.store import open_city

if TYPE_CHECKING:
    from analysis.scene.grid import Bounds, Plane
    from analysis.sun.plan.rights import Rights
    from analysis.sun.plan.what_if import Study
    from analysis.sun.scene import SunScene
    from citygml.crs import Georeference

CELL = 1.0
"""[m] of the height field."""
SPACING = 2.0
"""[m] of the points on roofs and facades."""
WHOLE = 4_000_000
"""Cells up to which the whole city is one scene."""
_TILE = 500.0
"""[m] Windows of larger cities begin at multiples of it, so that a building can be moved about in one."""
_AROUND = 600.0
"""[m] of the city around what is asked, at least."""
_SCENES, _STUDIES, _ANSWERS = 3, 6, 8
Made = TypeVar("Made")


@dataclass(frozen=True)
class Ready:
    """A scene, the plane of its grid, and the way from the city's coordinates to the globe."""

    key: Hashable
    scene: SunScene
    plane: Plane
    georeference: Georeference
    whole: bool


@dataclass(frozen=True)
class Kept:
    """An answer's files, and the scene with its plan."""

    tileset: bytes
    glb: bytes
    scene: SunScene


class _Lately(Generic[Made]):
    """The things made lately, by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, Made] = OrderedDict()

    def get(self, key: Hashable) -> Made | None:
        if key in self._made:
            self._made.move_to_end(key)
        return self._made.get(key)

    def put(self, key: Hashable, made: Made) -> None:
        self._made[key] = made
        self._made.move_to_end(key)
        while len(self._made) > self._most:
            self._made.popitem(last=False)


class SunDesk:
    """For one city; several threads may ask. Whoever computes holds `COMPUTING`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._holding = Lock()
        self._scenes: _Lately[Ready] = _Lately(_SCENES)
        self._studies: _Lately[Study] = _Lately(_STUDIES)
        self._rights: _Lately[Rights] = _Lately(_STUDIES)
        self._answers: _Lately[Kept] = _Lately(_ANSWERS)

    def ready(self, degrees: tuple[float, float, float, float], scenario: int | None = None) -> Ready:
        """The scene around west, south, east, north [degrees]: the whole city, or of a large one a window.

        Raises AnalysisError, TwinError, and EntityNotFound for a scenario that is not there.
        """
        from analysis.scene.grid import make_grid, plane_of
        from analysis.scene.scenario import scenario_scene
        from analysis.scene.sun import sun_scene
        from twin.place import georeference
        from twin.scenario import Scenarios

        with open_city(self.folder) as city:
            state = (city.last_run(), len(city.rasters()))
            changed = "" if scenario is None else Scenarios(city).get(scenario).changed_at
            plane = plane_of(city)
            whole = make_grid(city, plane, CELL)
            bounds = None if whole.rows * whole.columns <= WHOLE else _window(plane, degrees, whole.bounds)
            place = georeference(city)

            def make() -> Ready:
                return Ready(
                    (state, bounds), sun_scene(city, CELL, bounds, margin=0.0), plane, place, bounds is None
                )

            ready = self._made(self._scenes, (state, bounds), make)
            if scenario is None:
                return ready

            def change() -> Ready:
                return replace(ready, key=key, scene=scenario_scene(city, plane, ready.scene, scenario))

            key = (state, bounds, scenario, changed)
            return self._made(self._scenes, key, change)

    def around(self, ids: Collection[str]) -> tuple[float, float, float, float]:
        """west, south, east, north [degrees] of some buildings. Raises ObjectNotFound."""
        from twin.place import georeference

        with open_city(self.folder) as city:
            found = {id: city.extent(id) for id in ids}
            missing = [id for id, extent in found.items() if extent is None]
            if missing:
                raise ObjectNotFound(f"no building {missing[0]!r} with geometry in the city")
            corners = np.array([extent for extent in found.values() if extent]).reshape(-1, 3)
            degrees = georeference(city).to_geographic(corners)[:, :2]
        (west, south), (east, north) = degrees.min(axis=0).tolist(), degrees.max(axis=0).tolist()
        return west, south, east, north

    def study(self, ready: Ready, day: date, step: int, removed: frozenset[str] = frozenset()) -> Study:
        """A day of a scene, `step` minutes apart, without some buildings. Raises AnalysisError."""
        from analysis.sun.plan.what_if import day_times, study

        def make() -> Study:
            if removed:
                return self.study(ready, day, step).without(removed)
            return study(ready.scene, day_times(ready.scene, day, step), SPACING)

        return self._made(self._studies, (ready.key, day, step, removed), make)

    def rights(self, ready: Ready, day: date, step: int, rule: str) -> Rights:
        """The dwellings of a scene by a rule of daylight on a day. Raises AnalysisError."""
        from analysis.sun.daylight import rules
        from analysis.sun.plan.rights import Rights

        known = rules()
        if rule not in known:
            raise AnalysisError(f"there is no daylight rule {rule!r}; there are {', '.join(known)}")
        before = self.study(ready, day, step)
        return self._made(
            self._rights, (ready.key, day, step, rule), lambda: Rights(before, known[rule], day)
        )

    def keep(self, kept: Kept) -> str:
        """The id under which an answer can be had for a while."""
        id = secrets.token_urlsafe(9)
        with self._holding:
            self._answers.put(id, kept)
        return id

    def answer(self, id: str) -> Kept:
        """Raises EntityNotFound for one that is not kept any more."""
        with self._holding:
            kept = self._answers.get(id)
        if kept is None:
            raise EntityNotFound(f"there is no answer {id!r} any more; ask again")
        return kept

    def _made(self, lately: _Lately[Made], key: Hashable, make: Callable[[], Made]) -> Made:
        with self._holding:
            known = lately.get(key)
        if known is not None:
            return known
        with COMPUTING:
            with self._holding:
                known = lately.get(key)
            if known is None:
                known = make()
                with self._holding:
                    lately.put(key, known)
        return known


def _window(plane: Plane, degrees: tuple[float, float, float, float], whole: Bounds) -> Bounds:
    """A box around what is asked whose corners are multiples of `_TILE` [m], as far as the city reaches."""
    from analysis.scene.grid import degree_bounds

    west, south, east, north = degree_bounds(plane, degrees)
    return (
        max((west - _AROUND) // _TILE * _TILE, whole[0]),
        max((south - _AROUND) // _TILE * _TILE, whole[1]),
        min(-(-(east + _AROUND) // _TILE) * _TILE, whole[2]),
        min(-(-(north + _AROUND) // _TILE) * _TILE, whole[3]),
    )
