"""What the server keeps in memory to answer AR apps at once: where things stand, and scenes made lately."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from twin.store import City

if TYPE_CHECKING:
    from tiles.ar.neighbourhood import Neighbourhood

KEPT_BYTES = 64_000_000
"""Of answers in memory."""


@dataclass(frozen=True)
class Answer:
    """body: as it is sent; etag: of it, quoted. headers: what else is told."""

    body: bytes
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'


class ArDesk:
    """For one city; several threads may ask."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._neighbourhood: Neighbourhood | None = None
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._bytes = 0

    def neighbourhood(self, city: City) -> Neighbourhood:
        """Of the city as it is now."""
        from tiles.ar.neighbourhood import Neighbourhood, state_of

        with self._lock:
            if self._neighbourhood is None or self._neighbourhood.state != state_of(city):
                self._neighbourhood = Neighbourhood(city)
            return self._neighbourhood

    def answer(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """One made lately, or a new one."""
        with self._lock:
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
                return known
        made = make()
        with self._lock:
            former = self._answers.pop(key, None)
            self._answers[key] = made
            self._bytes += len(made.body) - (0 if former is None else len(former.body))
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._answers.popitem(last=False)[1].body)
        return made
