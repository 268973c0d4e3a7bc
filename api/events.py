"""What happens, told to many listeners at once: readings and alerts as server-sent events.

One thread follows the observations for all listeners. A listener that does not keep up is dropped with a
message once a mebibyte waits for it, so that it costs the others nothing; it can come back with the id of
the last event that it saw.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from twin.alerts import records
from twin.alerts.engine import AlertEngine
from twin.errors import TooMany, TwinError
from twin.observations.changes import Changed, Committed
from twin.observations.quality import names
from twin.observations.store import Observations

PERIOD_S = 0.5
"""The shortest time between two events of one datastream [s]."""
HEARTBEAT_S = 15.0
MOST_WAITING = 1 << 20
"""Most bytes that wait for a listener."""
MOST_LISTENERS = 1000
MOST_MISSED = 100_000
"""Observations that a listener may have missed and still be told of."""
_TICK_S = 1.0
_PAGE, _EVENTS = 10_000, 1000
"""Observations, and events of alerts, read at a time."""
_log = logging.getLogger("twin.api")


@dataclass(frozen=True)
class Happening:
    """One event: a reading (latest of its datastream) or a change of an alert. data: its JSON."""

    kind: str
    datastream: int | None
    thing: int | None
    data: bytes

    def frame(self) -> bytes:
        return b"event: " + self.kind.encode() + b"\ndata: " + self.data + b"\n\n"


@dataclass(eq=False)
class Listener:
    """One who listens. datastreams, things: only what concerns these; empty for everything."""

    loop: asyncio.AbstractEventLoop
    datastreams: frozenset[int] = frozenset()
    things: frozenset[int] = frozenset()
    waiting: deque[bytes] = field(default_factory=deque)
    size: int = 0
    ended: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def wants(self, happening: Happening) -> bool:
        if not (self.datastreams or self.things):
            return True
        return happening.datastream in self.datastreams or happening.thing in self.things

    def give(self, chunk: bytes) -> None:
        """Take a chunk in, or be dropped; in the listener's loop."""
        if self.ended:
            return
        if self.waiting and self.size + len(chunk) > MOST_WAITING:
            self.waiting.clear()
            self.size = 0
            chunk = message("dropped", {"reason": "too slow: reconnect with Last-Event-ID to go on"})
            self.ended = True
        self.waiting.append(chunk)
        self.size += len(chunk)
        self.arrived.set()

    def end(self) -> None:
        self.ended = True
        self.arrived.set()

    async def chunks(self, heartbeat_s: float = HEARTBEAT_S) -> AsyncIterator[bytes]:
        """What to send, until dropped or ended; a comment now and then to keep the connection open."""
        while True:
            while self.waiting:
                chunk = self.waiting.popleft()
                self.size -= len(chunk)
                yield chunk
            if self.ended:
                return
            self.arrived.clear()
            try:
                await asyncio.wait_for(self.arrived.wait(), heartbeat_s)
            except TimeoutError:
                yield b": still here\n\n"


def message(kind: str, data: Any) -> bytes:
    """A single event without an id."""
    return Happening(kind, None, None, orjson.dumps(data)).frame()


def parse_mark(text: str) -> tuple[int, int] | None:
    """The cursors in an event's id: of the observations and of the alerts; None if it is no such id."""
    first, _, second = text.strip().partition("-")
    if first.isdecimal() and second.isdecimal() and len(text) < 50:
        return int(first), int(second)
    return None


class EventHub:
    """Tells listeners what happens while it runs. Opened with the server, closed before the observations."""

    def __init__(self, observations: Observations, alerts: AlertEngine | None = None) -> None:
        self._observations = observations
        self._alerts = alerts
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._ends: list[Callable[[], None]] = []
        self._things: dict[int, int] = {}
        self._mark = (0, 0)

    def start(self) -> None:
        self._mark = self._now()
        self._ends.append(self._observations.writer.subscribe(self._note))
        if self._alerts is not None:
            self._ends.append(self._alerts.subscribe(lambda event: self._wake.set()))
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def _note(self, note: Committed | Changed) -> None:
        if isinstance(note, Changed):
            self._things.clear()
        self._wake.set()

    def stop(self) -> None:
        """End, and with it every listener."""
        self._stopping.set()
        self._wake.set()
        for end in self._ends:
            end()
        if self._thread is not None:
            self._thread.join()
        self.dismiss()

    def dismiss(self) -> None:
        """End every listener, so that a server that is to stop need not wait for them. From any thread."""
        for listener in list(self._listeners):
            _in_loop(listener, listener.end)

    def listen(
        self,
        loop: asyncio.AbstractEventLoop,
        datastreams: Iterable[int] = (),
        things: Iterable[int] = (),
        last_event_id: str | None = None,
    ) -> Listener:
        """Begin to listen, from now or from where `last_event_id` stopped. Not from within the loop: this
        reads what was missed. Raises TooMany."""
        listener = Listener(loop, frozenset(datastreams), frozenset(things))
        mark = parse_mark(last_event_id) if last_event_id else None
        with self._lock:
            if len(self._listeners) >= MOST_LISTENERS:
                raise TooMany(f"{MOST_LISTENERS} listeners are connected already; try again later")
            until = self._mark if self._listeners else self._now()
            self._mark = until
            for chunk in self._missed(listener, mark, until):
                _in_loop(listener, lambda chunk=chunk: listener.give(chunk))  # type: ignore[misc]
            self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    def _now(self) -> tuple[int, int]:
        with self._observations.connection() as connection:
            event = records.last_event(connection)
        return self._observations.last_id(), event

    def _missed(
        self, listener: Listener, mark: tuple[int, int] | None, until: tuple[int, int]
    ) -> Iterable[bytes]:
        """What a listener has to be told first: what it missed, or that it must read everything anew."""
        if mark is None:
            return [b"retry: 3000\n" + _id(until) + b"\n\n"]
        missed = max(until[0] - mark[0], (until[1] - mark[1]) * MOST_MISSED // _EVENTS)
        if missed > MOST_MISSED or mark[0] > until[0] or mark[1] > until[1]:
            return [
                message("reset", {"reason": "too much was missed: read everything anew"}),
                _id(until) + b"\n\n",
            ]
        found, _ = self._since(mark, until)
        return [b"".join(h.frame() for h in found if listener.wants(h)) + _id(until) + b"\n\n"]

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(_TICK_S)
            self._wake.clear()
            began = time.monotonic()
            try:
                self._tell()
            except (TwinError, sqlite3.Error) as error:
                _log.error("events wait: %s", error)
            self._stopping.wait(max(0.0, PERIOD_S - (time.monotonic() - began)))

    def _tell(self) -> None:
        with self._lock:
            if not self._listeners:
                return
            found, mark = self._since(self._mark, None)
            if mark == self._mark:
                return
            self._mark = mark
            listeners = list(self._listeners)
        end = _id(mark) + b"\n\n"
        everything = b"".join(h.frame() for h in found) + end
        for listener in listeners:
            if listener.datastreams or listener.things:
                chosen = [h.frame() for h in found if listener.wants(h)]
                if not chosen:
                    continue
                chunk = b"".join(chosen) + end
            else:
                chunk = everything
            _in_loop(listener, lambda listener=listener, chunk=chunk: listener.give(chunk))  # type: ignore[misc]

    def _since(
        self, mark: tuple[int, int], until: tuple[int, int] | None
    ) -> tuple[list[Happening], tuple[int, int]]:
        """What happened after a mark, and the mark after that: of each datastream its latest reading."""
        latest: dict[int, tuple[int, Any, int]] = {}
        cursor = mark[0]
        while until is None or cursor < until[0]:
            batch = self._observations.follow(cursor, _PAGE)
            cursor = batch.last
            _keep_latest(latest, batch)
            if len(batch) < _PAGE:
                break
        self._learn_things(latest.keys() - self._things.keys())
        things = dict(self._things)
        found = [
            _reading(id_, things.get(id_), *latest[id_]) for id_ in sorted(latest, key=lambda i: latest[i][0])
        ]
        with self._observations.connection() as connection:
            events = records.events_after(connection, mark[1], _EVENTS)
            alerts = records.alerts_by_id(connection, {alert for _, alert, _ in events})
        found += [
            Happening("alert", alert["datastream"], alert["thing"], orjson.dumps(alert))
            for alert in alerts.values()
        ]
        return found, (cursor, events[-1][0] if events else mark[1])

    def _learn_things(self, datastreams: Iterable[int]) -> None:
        wanted = list(datastreams)
        if wanted:
            with self._observations.connection() as connection:
                self._things.update(
                    connection.execute(
                        "SELECT id, thing FROM datastreams WHERE id IN (SELECT value FROM json_each(?))",
                        (orjson.dumps(wanted).decode(),),
                    ).fetchall()
                )


def _keep_latest(latest: dict[int, tuple[int, Any, int]], batch: Committed) -> None:
    for datastream, moment, result, flags in zip(
        batch.datastreams, batch.times, batch.results, batch.flags, strict=True
    ):
        known = latest.get(datastream)
        if known is None or moment >= known[0]:
            latest[datastream] = (moment, result, flags)


def _reading(datastream: int, thing: int | None, moment: int, result: Any, flags: int) -> Happening:
    data = {
        "datastream": datastream,
        "thing": thing,
        "time": moment // 1000,
        "value": result,
        "flags": names(flags),
    }
    return Happening("observation", datastream, thing, orjson.dumps(data))


def _id(mark: tuple[int, int]) -> bytes:
    return f"id: {mark[0]}-{mark[1]}".encode()


def _in_loop(listener: Listener, call: Callable[[], None]) -> None:
    try:
        listener.loop.call_soon_threadsafe(call)
    except RuntimeError:  # the loop has ended, and the listener with it
        listener.ended = True
