"""Which ids are Datastreams and which MultiDatastreams, as they share one row of numbers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twin.errors import EntityNotFound
from twin.observations.model import ENTITY_TYPES
from twin.observations.query import Query, Route
from twin.observations.store import Observations

_MOST = 100_000


class Kinds:
    """Looks each datastream up once. look: runs a function that reads in a thread."""

    def __init__(
        self,
        observations: Callable[[], Observations],
        look: Callable[[Callable[[], bool]], Awaitable[bool]],
    ) -> None:
        self.observations = observations
        self.look = look
        self.known: dict[int, str] = {}

    async def agree(self, id: int, kind: str) -> bool:
        """Whether there is such a datastream of that kind."""
        if id in self.known:
            return self.known[id] == kind
        if not await self.look(lambda: self._exists(id, kind)):
            return False
        if len(self.known) >= _MOST:
            self.known.clear()
        self.known[id] = kind
        return True

    def forget(self) -> None:
        """After a deletion an id may be given again."""
        self.known.clear()

    def _exists(self, id: int, kind: str) -> bool:
        try:
            self.observations().entity(Route(ENTITY_TYPES[kind], id), Query(select=("id",)))
        except EntityNotFound:
            return False
        return True
