"""What subscribers of the embedded broker are told when entities change (OGC 18-088).

Observations are followed by a cursor, so that those which another process stores are told too; changes of
other entities come from this process's writer. A subscription to a path, with or without `$select`, gets
messages under that very topic. Filters with wildcards get each change once: an observation under
`v1.1/Datastreams(1)/Observations` (or MultiDatastreams), another entity under `v1.1/Things(1)`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from api.mqtt.messages import Message, Messages, Observed, Watch
from api.mqtt.resources import is_ours, target
from api.mqtt.topics import has_wildcard
from twin.errors import TwinError
from twin.observations.changes import Changed, Committed
from twin.observations.model import OBSERVATION
from twin.observations.store import Observations

log = logging.getLogger(__name__)

TICK = 1.0
"""How often to look for observations of other processes [s]."""
AT_MOST = 2000
"""Observations taken at a time."""
_PAUSE = 0.02
"""Between two looks [s], so that what comes close together is told together."""


class Audience(Protocol):
    """Whom to tell: those with exactly this topic, or those with wildcards that match it."""

    def tell_watchers(self, topic: str, payload: bytes) -> None: ...

    def tell_wildcards(self, topic: str, payload: bytes) -> None: ...


class Feed:
    """Used from the event loop; the store is read in a thread of the feed's own."""

    def __init__(self, observations: Observations, messages: Messages, audience: Audience) -> None:
        self._observations = observations
        self._messages = messages
        self._audience = audience
        self._watches: dict[str, Watch] = {}
        self._by_stream: dict[int, tuple[Watch, ...]] = {}
        self._general: dict[str, Watch] = {}
        self._wild: dict[str, int] = {}
        self._cursor: int | None = None
        self._changed: deque[Changed] = deque()
        self._wake = asyncio.Event()
        self._more = False
        self._thread = ThreadPoolExecutor(1, "mqtt feed")
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    def watch(self, topic_filter: str) -> bool:
        """Whether this can be subscribed to, as can everything that is not about entities."""
        try:
            if has_wildcard(topic_filter):
                if topic_filter.split("/")[0] in ("#", "+", "v1.1"):
                    self._wild[topic_filter] = self._observations.last_id()
            elif is_ours(topic_filter):
                self._add(Watch(topic_filter, target(topic_filter), self._observations.last_id()))
        except TwinError as error:
            log.info("MQTT: no subscription to %s: %s", topic_filter[:200], error)
            return False
        return True

    def _add(self, watch: Watch) -> None:
        self._watches[watch.topic] = watch
        if watch.stream is None:
            self._general[watch.topic] = watch
        else:
            self._by_stream[watch.stream] = (*self._by_stream.get(watch.stream, ()), watch)

    def unwatch(self, topic_filter: str) -> None:
        self._wild.pop(topic_filter, None)
        self._general.pop(topic_filter, None)
        watch = self._watches.pop(topic_filter, None)
        if watch and watch.stream is not None:
            left = tuple(w for w in self._by_stream[watch.stream] if w is not watch)
            if left:
                self._by_stream[watch.stream] = left
            else:
                del self._by_stream[watch.stream]

    def wake(self, change: Changed | None = None) -> None:
        """Something was committed: this change, or observations."""
        if change is not None and change.action == "deleted":
            self._messages.forget(change)
        elif self.active:
            if change is not None:
                self._changed.append(change)
            self._wake.set()

    @property
    def active(self) -> bool:
        return bool(self._watches or self._wild)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._wake.wait()
            self._wake.clear()
            if not self.active:
                self._cursor = None
                continue
            try:
                watched, canonical = await loop.run_in_executor(self._thread, self._look)
            except Exception:
                log.exception("MQTT: subscribers could not be told of changes")
                await asyncio.sleep(TICK)
                continue
            for message in watched:
                self._audience.tell_watchers(message.topic, message.payload)
            for message in canonical:
                self._audience.tell_wildcards(message.topic, message.payload)
            if self._more:
                self._wake.set()
            await asyncio.sleep(_PAUSE)

    def _look(self) -> tuple[list[Message], list[Message]]:
        """New messages for those who watch, and for wildcards. In the feed's thread."""
        self._more = False
        watches, wild = list(self._watches.values()), list(self._wild.values())
        watched: list[Message] = []
        canonical: list[Message] = []
        while self._changed:
            change = self._changed.popleft()
            watched += self._messages.of_change(watches, change)
            if wild and change.type is not OBSERVATION:
                message = self._messages.canonical_change(change)
                canonical += [message] if message else []
        if self._cursor is None:
            self._cursor = min([watch.since for watch in watches] + wild, default=None)
        if self._cursor is None:
            return watched, canonical
        committed = self._observations.follow(self._cursor, AT_MOST)
        if len(committed) and (wild or self._concerned(committed)):
            observed = self._messages.observed(committed)
            watched += self._of_observations(observed, self._cursor)
            if wild:
                new = _after(observed, min(wild), self._cursor)
                canonical += map(self._messages.canonical_observation, new)
        self._cursor = committed.last
        self._more = len(committed) == AT_MOST
        return watched, canonical

    def _concerned(self, committed: Committed) -> bool:
        """Whether anybody watches these datastreams."""
        return bool(self._general) or any(id in self._by_stream for id in set(committed.datastreams))

    def _of_observations(self, observed: list[Observed], cursor: int) -> Iterator[Message]:
        """What is told to those who watch observations or datastreams."""
        by_stream: defaultdict[int, list[Observed]] = defaultdict(list)
        for one in observed:
            by_stream[one.datastream].append(one)
        due = [(watch, ones) for id, ones in by_stream.items() for watch in self._by_stream.get(id, ())]
        for watch, ones in [*due, *((watch, observed) for watch in list(self._general.values()))]:
            new = _after(ones, watch.since, cursor)
            yield from self._messages.of_observations(watch, new)
            yield from self._messages.of_streams(watch, {one.datastream for one in new})


def _after(observed: list[Observed], since: int, cursor: int) -> list[Observed]:
    """Without those from before a subscription that began while they were stored."""
    return observed if since <= cursor else [one for one in observed if one.entity.id > since]
