"""The writer: one thread that commits whatever waits, in groups, and answers only when it is durable."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from twin.errors import QueryError, StorageFull, TooMany, TwinError
from twin.observations import append, deleting, entities, links, observation, quality_rules
from twin.observations.changes import (
    Append,
    AppendMany,
    Call,
    Change,
    Changed,
    Committed,
    Create,
    Delete,
    SetLinks,
    Together,
    Update,
)
from twin.observations.connections import BUSY_TIMEOUT_S, connect
from twin.observations.parts import Part, prepare
from twin.observations.quality import Rules
from twin.observations.transaction import Known, Transaction

GROUP = 20_000
"""Observations in one transaction, as long as no single change has more."""
WAITING = 200_000
"""Observations that may wait; past that, submitting waits, and then gives up."""
_CHECKPOINT_PAGES = 4000
_LOG_LIMIT = 1 << 28
"""How large the log may grow while there are always readers [byte], before the writer waits for them."""
_LOG_KEPT = 1 << 26
_LOOK_EVERY = 256
SWEEP_PAUSE_S = 0.02
"""Between two transactions that remove what deleted datastreams left, so that other processes get in [s]."""
_CHECKPOINT_WAIT_MS = 1000
_CACHE = -65_536
_UNFIT = (OverflowError, UnicodeError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
_NO_ROOM = ("database or disk is full", "disk I/O error")

Note = Committed | Changed
_log = logging.getLogger(__name__)


class _Waiting:
    """One change that waits, with the parts made ready of what it appends."""

    __slots__ = ("change", "future", "parts", "size")

    def __init__(self, change: Change) -> None:
        self.change = change
        self.future: Future[Any] = Future()
        self.parts: list[Part | TwinError] | None = None
        self.size = 1
        if isinstance(change, Append):
            self.parts = [prepare(change)]
        elif isinstance(change, AppendMany):
            self.parts = [_prepared(part) for part in change.parts]
        elif isinstance(change, Create) and (simple := observation.as_append(change)) is not None:
            self.parts = [prepare(simple)]
        if self.parts is not None:
            self.size = sum(len(part.times) for part in self.parts if isinstance(part, Part)) or 1


def _prepared(part: Append) -> Part | TwinError:
    try:
        return prepare(part)
    except TwinError as error:
        return error


class Writer:
    """Takes changes from any thread. Other processes may write in between: SQLite's lock decides.

    `max_pages` limits the file, as a full disk would [pages of 4096 byte].
    """

    def __init__(self, path: Path, max_pages: int | None = None) -> None:
        self._connection = connect(path)
        self._connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        self._connection.execute(f"PRAGMA journal_size_limit={_LOG_KEPT}")
        self._connection.execute(f"PRAGMA cache_size={_CACHE}")
        self._log = path.with_name(path.name + "-wal")
        self._groups = 0
        if max_pages is not None:
            self._connection.execute(f"PRAGMA max_page_count={max_pages}")
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._condition = threading.Condition()
        self._closing = False
        self._callbacks: tuple[Callable[[Note], None], ...] = ()
        self._rules: Mapping[int, Rules] | None = None
        self._version: int | None = None
        self._left_rows = True
        self._known = Known()
        self._thread = threading.Thread(target=self._run, name="observations writer", daemon=True)
        self._thread.start()

    def submit(self, change: Change, wait_s: float = 5.0) -> Future[Any]:
        """Have a change made; the future is done when it is durable, or failed for a reason in the change.

        Blocks while too much is waiting; raises TooMany after `wait_s`.
        """
        try:
            waiting = _Waiting(change)
        except Exception as error:
            failed: Future[Any] = Future()
            failed.set_exception(_as_domain_error(error))
            return failed
        with self._condition:
            if self._size and self._size + waiting.size > WAITING:
                self._condition.wait_for(
                    lambda: self._closing or not self._size or self._size + waiting.size <= WAITING, wait_s
                )
                if self._size and self._size + waiting.size > WAITING:
                    raise TooMany("more observations are waiting to be written than can be taken now")
            if self._closing:
                raise TwinError("the observations are closed")
            self._waiting.append(waiting)
            self._size += waiting.size
            self._condition.notify_all()
        return waiting.future

    def subscribe(self, callback: Callable[[Note], None]) -> Callable[[], None]:
        """Be told of every commit, from the writer's thread: be quick. Returns what ends it."""
        with self._condition:
            self._callbacks += (callback,)

        def end() -> None:
            with self._condition:
                self._callbacks = tuple(c for c in self._callbacks if c is not callback)

        return end

    def close(self) -> None:
        """Write what waits, then end."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(
                    lambda: self._waiting or self._closing, SWEEP_PAUSE_S if self._left_rows else None
                )
                if self._closing and not self._waiting:
                    break
                group = self._take()
                self._condition.notify_all()
            try:
                if group:
                    self._commit(group)
                if self._left_rows:
                    self._sweep()
                self._shorten_log()
            except Exception as error:
                _log.exception("a group of changes could not be ended")
                for waiting in group:
                    if not waiting.future.done():
                        waiting.future.set_exception(error)
        self._connection.close()

    def _take(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._waiting and (not group or size + self._waiting[0].size <= GROUP):
            waiting = self._waiting.popleft()
            size += waiting.size
            group.append(waiting)
        self._size -= size
        return [w for w in group if w.future.set_running_or_notify_cancel()]

    def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            outcomes, work = self._transact(group)
        except Exception as error:
            self._rollback()
            if len(group) > 1 and not _no_room(error):
                for waiting in group:  # find the one that cannot be
                    self._commit([waiting])
                return
            outcomes, work = [_as_domain_error(error)] * len(group), None
        for waiting, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                waiting.future.set_exception(outcome)
            else:
                waiting.future.set_result(outcome)
        if work is not None:
            self._left_rows |= work.left_rows
            notes: list[Note] = [*work.committed, *work.changed]
            for note in notes:
                self._tell(note)

    def _tell(self, note: Note) -> None:
        for callback in self._callbacks:
            try:
                callback(note)
            except Exception:
                _log.exception("a subscriber to the observations failed")

    def _rollback(self) -> None:
        self._rules = None
        self._known.forget()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _transact(self, group: Sequence[_Waiting]) -> tuple[list[Any], Transaction]:
        self._connection.execute("BEGIN IMMEDIATE")
        rules = self._current_rules()
        self._known.trim()
        work = Transaction(self._connection, time.time_ns() // 1000, rules)
        outcomes: list[Any] = []
        i = 0
        while i < len(group):
            run = i
            while run < len(group) and group[run].parts is not None:
                run += 1
            if run > i:
                work.known = self._known
                outcomes += _append_all(work, group[i:run])
                work.known = Known()
                i = run
                continue
            self._known.forget()
            try:
                with work.part():
                    outcomes.append(_make(work, group[i].change))
            except TwinError as error:
                outcomes.append(error)
            if work.rules_changed:
                self._rules = None
                work.rules, work.rules_changed = self._current_rules(), False
            i += 1
        self._connection.execute("COMMIT")
        return outcomes, work

    def _sweep(self) -> None:
        """Remove some of what deleted datastreams left; after an error, not before the next is deleted."""
        try:
            self._left_rows = deleting.any_left(self._connection)
            if self._left_rows:
                self._connection.execute("BEGIN IMMEDIATE")
                deleting.sweep(self._connection)
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._left_rows = False
            self._rollback()
            _log.warning("observations of a deleted datastream are not removed yet: %s", error)

    def _shorten_log(self) -> None:
        """Begin the log anew when readers have kept it from that: wait a moment for them to end."""
        self._groups += 1
        if self._groups % _LOOK_EVERY or self._log.stat().st_size < _LOG_LIMIT:
            return
        self._connection.execute(f"PRAGMA busy_timeout={_CHECKPOINT_WAIT_MS}")
        try:
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)")
        finally:
            self._connection.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")

    def _current_rules(self) -> Mapping[int, Rules]:
        """The quality rules; they, and what is known, are read again when another connection has written."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        self._left_rows |= version != self._version
        if self._rules is None or version != self._version:
            self._rules, self._version = quality_rules.load(self._connection), version
            self._known.forget()
        return self._rules


def _append_all(work: Transaction, group: Sequence[_Waiting]) -> list[Any]:
    """The appends of several changes as one batch; the outcome of each change."""
    parts = [part for waiting in group for part in waiting.parts or () if isinstance(part, Part)]
    made = iter(append.append(work, parts))
    outcomes: list[Any] = []
    for waiting in group:
        results = [part if isinstance(part, TwinError) else next(made) for part in waiting.parts or ()]
        if isinstance(waiting.change, AppendMany):
            outcomes.append(results)
        elif isinstance(waiting.change, Create) and not isinstance(results[0], TwinError):
            outcomes.append(observation.created(results[0]))
        else:
            outcomes.append(results[0])
    return outcomes


def _make(work: Transaction, change: Change) -> Any:
    """One change; raises TwinError when it cannot be."""
    match change:
        case Create():
            return entities.create(work, change)
        case Update():
            return entities.update(work, change)
        case Delete():
            return deleting.delete(work, entities.route_of(work, change.route))
        case SetLinks():
            return links.set_links(work, entities.route_of(work, change.route), change)
        case Call():
            work.rules_changed |= change.rules
            return change.function(work.connection)
        case Append():
            return _only(append.append(work, [prepare(change)])[0])
        case AppendMany():
            parts = [prepare(part) for part in change.parts]
            return [_only(outcome) for outcome in append.append(work, parts)]
        case Together():
            return _together(work, change)


def _only(outcome: Any) -> Any:
    if isinstance(outcome, TwinError):
        raise outcome
    return outcome


def _together(work: Transaction, change: Together) -> list[Any]:
    results = []
    names = [*change.names, *[None] * (len(change.changes) - len(change.names))]
    for member, name in zip(change.changes, names, strict=True):
        work.known.forget()
        result = _make(work, member)
        if name is not None and isinstance(member, (Create, Update)):
            work.names[name] = result
        results.append(result)
    work.names.clear()
    return results


def _no_room(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and any(text in str(error) for text in _NO_ROOM)


def _as_domain_error(error: BaseException) -> BaseException:
    if _no_room(error):
        return StorageFull(f"nothing was stored: {error}. Make room, then send it again")
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return TooMany("another process has been writing to the observations for too long; send it again")
    if isinstance(error, _UNFIT):
        return QueryError(f"this cannot be stored: {error}")
    if not isinstance(error, TwinError):
        _log.error("a change could not be made", exc_info=error)
    return error
