"""Observations that arrive by MQTT on their way into the store, many at a time.

What arrives while the store is busy goes to it together: one transaction for many messages. A message is
settled when that transaction is durable, or when the message is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from api.mqtt import readings
from api.mqtt.readings import Reading
from api.mqtt.resources import destination
from api.mqtt.session import Incoming
from twin.errors import CityBusy, CityNotFound, StorageFull, TooMany, TwinError
from twin.observations.changes import Append, AppendMany, Changed, Create
from twin.observations.store import Observations

_AT_ONCE = 2
"""Groups that the writer has at a time: one that it stores and one that waits."""
_MOST = 5000
"""Messages in a group."""
_LATER = (StorageFull, TooMany, CityBusy, CityNotFound)

Parts = Sequence[tuple[Append, list[Reading]]]


def is_temporary(error: BaseException) -> bool:
    """Whether the same message may succeed later."""
    if type(error) is TwinError or isinstance(error, _LATER):
        return True
    return not isinstance(error, (TwinError, ValueError))


class Intake:
    """Used from the event loop alone. stored: how many observations became durable."""

    def __init__(self, observations: Observations) -> None:
        self.stored = 0
        self._writer = observations.writer
        self._loop = asyncio.get_running_loop()
        self._pending: list[Incoming] = []
        self._busy = 0
        self._due = False
        self._known: set[tuple[str, int]] = set()

    def offer(self, item: Incoming) -> None:
        """Store a message, with the others that arrive now."""
        self._pending.append(item)
        if not self._due:
            self._due = True
            self._loop.call_soon(self._begin)

    async def drain(self, seconds: float) -> None:
        """Wait until nothing is on its way any more, but not for longer than this."""
        end = self._loop.time() + seconds
        while (self._pending or self._busy) and self._loop.time() < end:
            await asyncio.sleep(0.01)

    def forget(self, change: Changed) -> None:
        """What was deleted is not known any more."""
        if change.action == "deleted":
            self._known.discard((change.type.name, change.id))

    def _begin(self) -> None:
        self._due = False
        while self._pending and self._busy < _AT_ONCE:
            group, self._pending = self._pending[:_MOST], self._pending[_MOST:]
            rows: list[Reading] = []
            for item in group:
                try:
                    found = readings.read(item, self._known)
                except TwinError as error:
                    item.error = error
                    continue
                if isinstance(found, Create):
                    self._create(item, found)
                else:
                    rows.append(found)
            sound = readings.timed(rows)
            _settle([item for item in group if item.error])
            if sound:
                self._append(readings.parts(sound))

    def _create(self, item: Incoming, change: Create) -> None:
        def done(future: Future[Any]) -> None:
            error = future.exception()
            if isinstance(error, Exception):
                item.error = error
            else:
                self.stored += 1
                named = readings.datastream_of(destination(item.message.topic), change.body)
                if named:
                    self._known.add((named[0].name, named[1]))
            _settle([item])

        self._submit(change, done)

    def _append(self, parts: Parts) -> None:
        def done(future: Future[Any]) -> None:
            error = future.exception()
            outcomes = [error] * len(parts) if error else future.result()
            settled: list[Incoming] = []
            again: list[Reading] = []
            for (_, rows), outcome in zip(parts, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    if len(rows) > 1 and not is_temporary(outcome):
                        again += rows
                        continue
                    for row in rows:
                        row.item.error = outcome
                else:
                    self.stored += len(rows)
                settled += [row.item for row in rows]
            if again:
                self._append(readings.alone(again))
            _settle(settled)

        self._submit(AppendMany([append for append, _ in parts]), done)

    def _submit(self, change: Create | AppendMany, done: Callable[[Future[Any]], None]) -> None:
        def ended(future: Future[Any]) -> None:
            self._busy -= 1
            done(future)
            self._begin()

        self._busy += 1
        try:
            future = self._writer.submit(change)
        except TwinError as error:
            future = Future()
            future.set_exception(error)
        future.add_done_callback(lambda f: self._loop.call_soon_threadsafe(ended, f))


def _settle(items: Iterable[Incoming]) -> None:
    senders = {}
    for item in items:
        item.done = True
        senders[id(item.sender)] = item.sender
    for sender in senders.values():
        sender.settle()
