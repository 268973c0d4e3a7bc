"""The engine of alerts: a thread that judges every committed reading once, and looks for silence.

It follows the observations from a stored cursor. What it finds is stored in one transaction with that
cursor, the standings and the webhooks' outbox, and only then told to subscribers. So a restart goes on
where the last commit was: no event is raised twice and none is lost.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from twin.alerts import records
from twin.alerts.delivery import TIMEOUT_S, Deliverer
from twin.alerts.judge import Standing
from twin.alerts.outcome import AlertEvent, announce, apply
from twin.alerts.rules import Rule
from twin.alerts.streams import load_streams
from twin.alerts.watch import Key, Transition, Watches, as_number
from twin.alerts.webhooks import Network, Webhook, read_webhooks, write_webhooks
from twin.errors import TwinError
from twin.observations.changes import Call, Changed, Committed
from twin.observations.store import Observations

__all__ = ["AlertEngine", "AlertEvent"]
_TICK_S = 1.0
_PAUSE_S = 0.1
"""Between two looks, so that many small commits are judged together."""
_SAVE_S = 5.0
"""How often the cursor is stored when nothing else is."""
_ALIVE_S = 60.0
"""How often it is stored that the engine is at work, for rules about silence."""
_WINDOW = 20_000
_CONCERNING = {"Thing", "Location", "Datastream", "MultiDatastream", "ObservedProperty"}
_STREAMS_MARK = "SELECT count(*), max(id) FROM datastreams"
_log = logging.getLogger("twin.alerts")


class _Overtaken(TwinError):
    """Another process has judged readings since: start again from what it stored."""


class AlertEngine:
    """Alerts of one city. webhook_networks: inner networks that webhooks may lie in.

    clock: the time of day [s since 1970]. ticks: a clock that never jumps [s], for silence.
    """

    def __init__(
        self,
        observations: Observations,
        folder: Path | str,
        webhook_networks: Sequence[Network] = (),
        webhook_timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._observations = observations
        self._folder = Path(folder)
        self._clock, self._ticks = clock, ticks
        self._webhooks = read_webhooks(self._folder)
        self.deliverer = Deliverer(observations, lambda: self._webhooks, webhook_networks, webhook_timeout_s)
        self._callbacks: list[Callable[[AlertEvent], None]] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._watches: Watches | None = None
        self._stale = True
        self._mark: tuple[int | None, ...] = (0, 0, 0, 0)
        self._opened: dict[tuple[str, int | None], int] = {}
        self._heard: dict[int, float] = {}
        self._cursor = self._revision = 0
        self._ruled = False
        self._saved = (0, 0.0)

    # Its life

    def start(self) -> None:
        """Begin to judge and to deliver."""
        self._begin()
        self._unsubscribe = self._observations.writer.subscribe(self._note)
        self.deliverer.start()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; to be called before the observations are closed."""
        self._stopping.set()
        self._wake.set()
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._thread is not None:
            self._thread.join()
        self.deliverer.stop()

    def subscribe(self, callback: Callable[[AlertEvent], None]) -> Callable[[], None]:
        """Be told of every event once it is durable, from the engine's thread or that of an acknowledgement:
        be quick. Returns what ends it."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def _note(self, note: Committed | Changed) -> None:
        if isinstance(note, Changed):
            if note.type.name not in _CONCERNING:
                return
            self._stale = True
        self._wake.set()

    def _run(self) -> None:
        failed = ""
        while not self._stopping.is_set():
            try:
                self.step()
                failed = ""
            except (TwinError, sqlite3.Error, OSError) as error:
                if str(error) != failed:
                    _log.error("alerts wait: %s", error)
                failed = str(error)
                self._watches = None
                self._stopping.wait(_TICK_S)
            except Exception:
                _log.exception("alerts start again after an error")
                self._watches = None
                self._stopping.wait(_TICK_S)
            self._stopping.wait(_PAUSE_S)
            self._wake.wait(_TICK_S)
            self._wake.clear()
        if self._watches is not None:
            try:
                self._commit([], self._watches)
            except _Overtaken:
                pass  # the other process has stored a later place
            except (TwinError, sqlite3.Error) as error:
                _log.warning("the place reached by the alerts was not stored: %s", error)

    # Judging

    def step(self) -> None:
        """Judge all readings that have come, and look for silence."""
        try:
            if self._watches is None:
                self._begin()
            last = self._observations.last_id()
            watches = self._current()
            while True:
                if not self._ruled:
                    self._cursor = last  # from before the rules were looked at: a new one misses nothing
                    break
                batch = self._observations.follow(self._cursor)
                if not len(batch):
                    self._cursor = max(self._cursor, batch.last)
                    break
                if not watches.streams.keys() >= set(batch.datastreams):
                    self._stale = True
                    watches = self._current()
                found = watches.read(batch, self._now(), self._ticks())
                self._cursor = batch.last
                if found or self._ticks() - self._saved[1] > _SAVE_S:
                    self._commit(found, watches)
            silent = watches.tick(self._ticks())
            waited = self._ticks() - self._saved[1]
            moved = self._saved[0] != self._cursor
            if silent or (moved and waited > _SAVE_S) or (watches.silences and waited > _ALIVE_S):
                self._commit(silent, watches)
        except _Overtaken:
            self._watches = None

    def _now(self) -> int:
        return round(self._clock() * 1e6)

    def _current(self) -> Watches:
        """The rules at work, made anew when rules or datastreams have changed."""
        with self._observations.connection() as connection:
            mark = (*records.rules_mark(connection), *connection.execute(_STREAMS_MARK).fetchone())
            if self._watches is not None and mark == self._mark and not self._stale:
                return self._watches
            self._stale = False
            rules = [rule for rule in records.rules(connection).values() if rule.enabled]
            streams = load_streams(connection) if rules else {}
            self._ruled = bool(rules)
            standings = self._standings(connection, mark)
            self._opened = records.open_alerts(connection)
            alive_at = self._resume(connection)
        ticks = self._ticks()
        for stream in streams.values():
            seen = alive_at if stream.last_seen is None else stream.last_seen
            heard = ticks - max(0, alive_at - seen) / 1e6
            self._heard[stream.id] = max(self._heard.get(stream.id, heard), heard)
        watches = Watches(streams, standings, self._heard, self._history)
        for rule in rules:
            watches.add(rule, set(self._opened))
        gone = watches.forget()
        if self._watches is not None:
            watches.dirty = self._watches.dirty - gone
        self._watches, self._mark = watches, mark
        self._end_unwatched(watches, gone)
        return watches

    def _begin(self) -> None:
        """The first time ever: judge what comes from now on."""
        last, now = self._observations.last_id(), self._now()

        def store(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO alert_engine VALUES (1, ?, ?, 0)", (last, now))

        self._observations.writer.submit(Call(store)).result()

    def _standings(self, connection: sqlite3.Connection, mark: tuple[int | None, ...]) -> dict[Key, Standing]:
        """Those in memory if there are any; those of rules that were changed since begin anew."""
        stored = {
            (rule, part, datastream): Standing(since, bool(met), time, value)
            for rule, part, datastream, since, met, time, value in connection.execute(
                "SELECT rule, part, datastream, since, met, time, value FROM alert_standings"
            )
        }
        if self._watches is None:
            return stored
        if mark[:2] == self._mark[:2]:
            return self._watches.standings
        changed = {
            name
            for (name,) in connection.execute(
                "SELECT name FROM alert_rules WHERE revision > ?", (self._mark[1],)
            )
        }
        return {key: s for key, s in self._watches.standings.items() if key[0] not in changed}

    def _resume(self, connection: sqlite3.Connection) -> int:
        """Take up the stored cursor if nothing is in memory; when the engine was last at work [µs]."""
        if self._watches is not None:
            return self._now()
        self._cursor, alive_at, self._revision = connection.execute(
            "SELECT cursor, alive_at, revision FROM alert_engine"
        ).fetchone()
        self._saved = (-1, -math.inf)
        return int(alive_at)

    def _history(self, datastream: int, start: int, end: int, ignore: int) -> Iterable[tuple[int, float]]:
        with self._observations.connection() as connection:
            rows = connection.execute(
                "SELECT time, result, flags FROM observations WHERE datastream = ? AND time >= ? AND time < ?"
                " AND kind IS NULL ORDER BY time DESC, id DESC LIMIT ?",
                (datastream, start, end, _WINDOW),
            ).fetchall()
        rows.reverse()
        return [
            (moment, value)
            for moment, result, flags in rows
            if not (flags or 0) & ignore and (value := as_number(result)) is not None
        ]

    def _end_unwatched(self, watches: Watches, standings: Collection[Key]) -> None:
        """Clear the alerts of rules and datastreams that are gone, and drop their standings."""
        watched: set[tuple[str, int | None]] = {
            (watch.rule.name, stream) for stream, all_ in watches.by_stream.items() for watch in all_
        }
        watched |= {(combined.rule.name, None) for combined in watches.combinations}
        gone = {key: id_ for key, id_ in self._opened.items() if key not in watched}
        if not gone and not standings:
            return
        at = self._now()

        def end(connection: sqlite3.Connection) -> list[AlertEvent]:
            connection.executemany(
                "DELETE FROM alert_standings WHERE rule = ? AND part = ? AND datastream = ?", list(standings)
            )
            events = (
                (id_, event, "cleared")
                for id_ in gone.values()
                if (event := records.clear_alert(connection, id_, at, note="no longer watched")) is not None
            )
            return announce(connection, events, self._webhooks)

        self._tell(self._observations.writer.submit(Call(end)).result())
        self._opened = {key: id_ for key, id_ in self._opened.items() if key not in gone}

    # Storing

    def _commit(self, found: Sequence[Transition], watches: Watches) -> None:
        """Store what was found with the place reached, then tell of it."""
        opened, at, cursor, revision = dict(self._opened), self._now(), self._cursor, self._revision
        dirty = [(key, watches.standings[key]) for key in watches.dirty if key in watches.standings]

        def store(connection: sqlite3.Connection) -> tuple[list[AlertEvent], dict[Any, int]]:
            if connection.execute("SELECT revision FROM alert_engine").fetchone() != (revision,):
                raise _Overtaken
            connection.execute(
                "INSERT OR REPLACE INTO alert_engine VALUES (1, ?, ?, ?)", (cursor, at, revision + 1)
            )
            connection.executemany(
                "INSERT OR REPLACE INTO alert_standings VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(*key, s.since, s.met, s.time, s.value) for key, s in dirty],
            )
            now_open = dict(opened)
            events = (event for t in found if (event := apply(connection, t, now_open, at)) is not None)
            # one by one, so that each is told as things stand then
            return announce(connection, events, self._webhooks), now_open

        events, self._opened = self._observations.writer.submit(Call(store)).result()
        watches.dirty.clear()
        self._revision = revision + 1
        self._saved = (cursor, self._ticks())
        self._tell(events)

    def _tell(self, events: Iterable[AlertEvent]) -> None:
        for event in events:
            for callback in list(self._callbacks):
                try:
                    callback(event)
                except Exception:
                    _log.exception("a subscriber to the alerts failed")
        self.deliverer.wake()

    # What people do

    def acknowledge(self, alert: int, who: str, note: str | None = None) -> dict[str, Any]:
        """Mark an alert as seen by `who` (a token's name). Raises EntityNotFound, Conflict."""
        at = self._now()

        def store(connection: sqlite3.Connection) -> tuple[list[AlertEvent], dict[str, Any]]:
            event = records.acknowledge_alert(connection, alert, at, who, note)
            news = [] if event is None else [(alert, event, "acknowledged")]
            events = announce(connection, news, self._webhooks)
            return events, records.alerts_by_id(connection, [alert])[alert]

        events, shown = self._observations.writer.submit(Call(store)).result()
        self._tell(events)
        return dict(shown)

    def set_rule(self, rule: Rule) -> None:
        """Add or replace a rule."""
        self._observations.writer.submit(Call(lambda connection: records.set_rule(connection, rule))).result()
        self._wake.set()

    def delete_rule(self, name: str) -> None:
        """Take a rule away; its open alerts are cleared. Raises EntityNotFound."""
        self._observations.writer.submit(
            Call(lambda connection: records.delete_rule(connection, name))
        ).result()
        self._wake.set()

    @property
    def webhooks(self) -> Sequence[Webhook]:
        return self._webhooks

    def set_webhooks(self, webhooks: Sequence[Webhook]) -> None:
        """Replace the webhooks. What waits for one that is gone is dropped."""
        write_webhooks(self._folder, webhooks)
        self._webhooks = list(webhooks)
        names = [webhook.name for webhook in webhooks]

        def drop(connection: sqlite3.Connection) -> None:
            waiting = connection.execute(
                "SELECT DISTINCT webhook FROM alert_outbox WHERE state = 'pending'"
            ).fetchall()
            connection.executemany(
                "DELETE FROM alert_outbox WHERE state = 'pending' AND webhook = ?",
                [(name,) for (name,) in waiting if name not in names],
            )

        self._observations.writer.submit(Call(drop)).result()
        self.deliverer.wake()
