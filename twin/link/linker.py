"""Keeps links up in the background, as Things, their Locations and the city change."""

from __future__ import annotations

import logging
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

from citygml.errors import CityModelError
from twin.errors import TwinError
from twin.link.finder import REACH
from twin.link.things import Linked, link_things
from twin.observations import model
from twin.observations.changes import Changed
from twin.observations.store import Observations
from twin.store import open_city

_log = logging.getLogger("twin.link")

_EVERY_S = 5.0
_THINGS_OF = {
    model.THING.name: "SELECT id FROM things WHERE id = ?",
    model.LOCATION.name: "SELECT thing FROM thing_locations WHERE location = ?",
    model.HISTORICAL_LOCATION.name: "SELECT thing FROM historical_locations WHERE id = ?",
}
"""The Things that a change of such an entity is about."""
_THINGS_AFTER = {kind: query.replace("= ?", "> ?") for kind, query in _THINGS_OF.items()}
_LAST = "SELECT (SELECT max(id) FROM things), (SELECT max(id) FROM locations)," + (
    " (SELECT max(id) FROM historical_locations)"
)


@dataclass(frozen=True)
class _State:
    """city: its last ingestion and number of terrain models. last: the greatest id of each kind of entity."""

    city: tuple[int, int]
    last: dict[str, int]


class Linker:
    """Links changed Things at once, and all of them when the city has changed.

    What another process adds, Things or Locations of theirs, is noticed within seconds; what it alters in
    them, when the city changes or the server starts again.
    """

    def __init__(
        self, folder: Path, obs: Observations, reach: float = REACH, every: float = _EVERY_S
    ) -> None:
        self.folder, self.obs, self.reach, self.every = folder, obs, reach, every
        self._waiting: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._seen: _State | None = None
        self._thread = threading.Thread(target=self._run, name="links", daemon=True)
        self._unsubscribe = obs.writer.subscribe(self._note)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._unsubscribe()
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _note(self, note: object) -> None:
        if isinstance(note, Changed) and note.type.name in _THINGS_OF and note.action != "deleted":
            with self._lock:
                self._waiting.add((note.type.name, note.id))
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self.step()
            except (sqlite3.Error, TwinError, CityModelError, OSError) as error:
                _log.warning("links could not be brought up to date: %s", error)
            self._wake.wait(self.every)
            self._wake.clear()

    def step(self) -> Linked:
        """Do what there is to do now."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        try:
            state = self._state()
            if self._seen is None or state.city != self._seen.city:
                done = link_things(self.folder, self.obs, None, self.reach)
            else:
                things = self._things(waiting, self._seen.last, state.last)
                done = link_things(self.folder, self.obs, things, self.reach) if things else Linked()
        except BaseException:
            with self._lock:
                self._waiting |= waiting
            raise
        self._seen = state
        return done

    def _state(self) -> _State:
        try:
            with open_city(self.folder) as city:
                run = (city.last_run(), len(city.rasters()))
        except TwinError:
            run = (0, 0)
        with self.obs.connection() as connection:
            greatest = connection.execute(_LAST).fetchone()
        return _State(run, {kind: id or 0 for kind, id in zip(_THINGS_OF, greatest, strict=True)})

    def _things(self, waiting: set[tuple[str, int]], seen: dict[str, int], last: dict[str, int]) -> set[int]:
        """The Things that changes are about, those that were told of and those that are new."""
        found: set[int] = set()
        with self.obs.connection() as connection:
            for kind, id in waiting:
                found |= {r[0] for r in connection.execute(_THINGS_OF[kind], (id,))}
            for kind, query in _THINGS_AFTER.items():
                if last[kind] > seen[kind]:
                    found |= {r[0] for r in connection.execute(query, (seen[kind],))}
        return found
