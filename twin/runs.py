"""The runs of a city: which model ran on which inputs, how far it is, and what came out. Kept in `runs.db`.

`runs.db` lies beside `twin.db`; the results of run ID are files in `runs/ID/`. Several processes write here
at the same time: whoever starts a run, the process that computes it, and whoever dismisses it.

A run that is accepted or running has a heartbeat. One that lost it is failed, with its last message, by
whoever looks (`Runs.expire`), so that no run hangs without a word.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from twin.errors import TwinError

DATABASE = "runs.db"
FOLDER = "runs"
HEARTBEAT_S = 60.0
"""How long a run may be silent before it is failed [s]."""
State = Literal["accepted", "running", "successful", "failed", "dismissed"]
ACTIVE = ("accepted", "running")
_VERSION = 1
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, in the order of ASCII."""
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, model TEXT NOT NULL, version TEXT NOT NULL, inputs TEXT NOT NULL,
    digest TEXT NOT NULL, seed INTEGER NOT NULL, who TEXT NOT NULL, request TEXT NOT NULL,
    state TEXT NOT NULL, progress REAL NOT NULL, message TEXT NOT NULL, created REAL NOT NULL,
    started REAL, finished REAL, heartbeat REAL NOT NULL, updated REAL NOT NULL, results TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS runs_digest ON runs (digest, state);
CREATE INDEX IF NOT EXISTS runs_state ON runs (state, heartbeat);
"""
_NEWEST = "ORDER BY created DESC, id DESC"
_COLUMNS = (
    "id, model, version, inputs, digest, seed, who, request, state, progress, message, created, started,"
    " finished, heartbeat, updated, results"
)


class RunNotFound(TwinError):
    """No run of that id."""


@dataclass(frozen=True)
class Run:
    """One run. Times are seconds since 1970; progress is 0 to 1.

    inputs: every parameter of the model. digest: of model, version, inputs, seed and the data used.
    who: the name of the token, or of the user at a command line. request: how the client wants the results.
    results: name -> file (relative to the run's folder), media_type, digest, unit, kind, bytes.
    """

    id: str
    model: str
    version: str
    inputs: dict[str, Any]
    digest: str
    seed: int
    who: str
    state: State
    progress: float
    message: str
    created: float
    started: float | None
    finished: float | None
    heartbeat: float
    updated: float
    request: dict[str, Any] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def seconds(self) -> float | None:
        """How long it has computed, or did [s]; None before it starts."""
        if self.started is None:
            return None
        return (self.finished or time.time()) - self.started

    def as_dict(self) -> dict[str, Any]:
        """For JSON: times as ISO 8601."""
        return {
            "id": self.id,
            "model": self.model,
            "version": self.version,
            "state": self.state,
            "progress": self.progress,
            "message": self.message,
            "inputs": self.inputs,
            "digest": self.digest,
            "seed": self.seed,
            "who": self.who,
            "created": iso(self.created),
            "started": iso(self.started),
            "finished": iso(self.finished),
            "results": self.results,
        }


class Runs:
    """The runs of one city. Threads may share it."""

    def __init__(self, folder: Path | str) -> None:
        """Opens or makes `runs.db`. Raises TwinError if the file is something else."""
        self.folder = Path(folder).absolute()
        if not self.folder.is_dir():
            raise TwinError(f"{folder} is not a folder: make the city first")
        self._lock = threading.Lock()
        path = self.folder / DATABASE
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        try:
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version={_VERSION}; COMMIT")
            elif version != _VERSION:
                raise TwinError(f"{path}: made by another version of twin (schema {version}, not {_VERSION})")
            self._db.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise TwinError(f"{path} cannot be used as a database of runs: {error}") from error
        except TwinError:
            self._db.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Reading

    def get(self, id: str) -> Run:
        """Raises RunNotFound."""
        found = self._select("WHERE id = ?", (id,))
        if not found:
            raise RunNotFound(f"there is no run {id!r}")
        return found[0]

    def state(self, id: str) -> State | None:
        """Only the state; None when there is no such run."""
        with self._lock:
            row = self._db.execute("SELECT state FROM runs WHERE id = ?", (id,)).fetchone()
        return row[0] if row else None

    def find(
        self,
        *,
        models: Sequence[str] = (),
        states: Sequence[str] = (),
        created: tuple[float | None, float | None] = (None, None),
        seconds: tuple[float | None, float | None] = (None, None),
        limit: int = -1,
        offset: int = 0,
    ) -> list[Run]:
        """The runs that match, newest first. created, seconds: from and to, None for open [s]."""
        took = f"(coalesce(finished, {time.time()!r}) - started)"
        wanted: list[tuple[str, Sequence[Any]]] = [
            (f"model IN ({','.join('?' * len(models))})", models),
            (f"state IN ({','.join('?' * len(states))})", states),
            *((f"created {sign} ?", (t,)) for sign, t in zip((">=", "<="), created, strict=True)),
            *((f"{took} {sign} ?", (t,)) for sign, t in zip((">=", "<="), seconds, strict=True)),
        ]
        chosen = [(text, values) for text, values in wanted if values and values[0] is not None]
        where = " AND ".join(text for text, _ in chosen) or "1"
        bound = [value for _, values in chosen for value in values]
        return self._select(f"WHERE {where} {_NEWEST} LIMIT ? OFFSET ?", (*bound, limit, offset))

    def find_cached(self, digest: str) -> Run | None:
        """The newest successful run of the same inputs whose files are still there."""
        for run in self._select(f"WHERE digest = ? AND state = 'successful' {_NEWEST}", (digest,)):
            if all(
                (self.results_folder(run.id) / result["file"]).exists() for result in run.results.values()
            ):
                return run
        return None

    def results_folder(self, id: str) -> Path:
        """Where the results of a successful run lie."""
        return self.folder / FOLDER / id

    def working_folder(self, id: str) -> Path:
        """Where a run writes before it has ended well; not served, as its name begins with a dot."""
        return self.folder / FOLDER / f".{id}.part"

    def kept_folder(self, id: str) -> Path:
        """Where the last good state of a failed run lies, if its model kept one."""
        return self.folder / FOLDER / f"{id}.failed"

    def log_file(self, id: str) -> Path:
        """What the process of a run printed, kept if it failed."""
        return self.folder / FOLDER / f".{id}.log"

    # The life of a run

    def create(
        self,
        model: str,
        version: str,
        inputs: Mapping[str, Any],
        digest: str,
        *,
        seed: int = 0,
        who: str = "",
        request: Mapping[str, Any] | None = None,
    ) -> Run:
        """A new run in the state `accepted`."""
        now = time.time()
        while True:
            id = new_id(now)
            values = (
                *(id, model, version, _text(inputs), digest, seed, who, _text(request or {})),
                *("accepted", 0.0, "", now, None, None, now, now, "{}"),
            )
            marks = ",".join("?" * len(values))
            with suppress(sqlite3.IntegrityError):  # the id is taken
                self._write(f"INSERT INTO runs ({_COLUMNS}) VALUES ({marks})", values)
                return self.get(id)

    def ask(self, id: str, request: Mapping[str, Any]) -> None:
        """Note how the newest client wants the results."""
        self._write("UPDATE runs SET request = ? WHERE id = ?", (_text(request), id))

    def start(self, id: str) -> bool:
        """Take an accepted run to compute it; False if it is not there to be taken any more."""
        now = time.time()
        return bool(
            self._write(
                "UPDATE runs SET state = 'running', started = ?, heartbeat = ?, updated = ?"
                " WHERE id = ? AND state = 'accepted'",
                (now, now, now, id),
            )
        )

    def beat(self, id: str, progress: float, message: str) -> bool:
        """Write the heartbeat of a running run; False when it is to stop."""
        now = time.time()
        return bool(
            self._write(
                "UPDATE runs SET progress = ?, message = ?, heartbeat = ?, updated = ?"
                " WHERE id = ? AND state = 'running'",
                (progress, message, now, now, id),
            )
        )

    def keep_waiting(self, ids: Sequence[str]) -> None:
        """The heartbeat of runs that are accepted and wait for a worker."""
        marks = ",".join("?" * len(ids))
        self._write(
            f"UPDATE runs SET heartbeat = ? WHERE state = 'accepted' AND id IN ({marks})", (time.time(), *ids)
        )

    def finish(self, id: str, results: Mapping[str, Mapping[str, Any]]) -> bool:
        """Make the working folder the results, and the run successful; False if it was stopped meanwhile."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                row = self._db.execute("SELECT state FROM runs WHERE id = ?", (id,)).fetchone()
                if row is None or row[0] != "running":
                    return False
                now = time.time()
                self._db.execute(
                    "UPDATE runs SET state = 'successful', progress = 1, message = '', results = ?,"
                    " finished = ?, heartbeat = ?, updated = ? WHERE id = ?",
                    (_text(results), now, now, now, id),
                )
                self.working_folder(id).rename(self.results_folder(id))
                self._db.execute("COMMIT")
                return True
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def fail(self, id: str, message: str) -> bool:
        """End an active run for a reason; False if it had ended."""
        return self._end(id, "failed", " ".join(message.split()))

    def dismiss(self, id: str) -> Run:
        """Stop a run, or forget the results of one that has ended. Raises RunNotFound."""
        if self._end(id, "dismissed", None):
            return self.get(id)
        run = self.get(id)
        if run.state != "dismissed":
            self._write(
                "UPDATE runs SET state = 'dismissed', results = '{}', updated = ? WHERE id = ?",
                (time.time(), id),
            )
            for folder in (self.results_folder(id), self.kept_folder(id)):
                shutil.rmtree(folder, ignore_errors=True)
            self.log_file(id).unlink(missing_ok=True)
        return self.get(id)

    def expire(self, silence_s: float = HEARTBEAT_S) -> list[str]:
        """Fail what has been silent for too long, with its last message; the ids of these runs."""
        late = time.time() - silence_s
        ended = []
        for run in self._select("WHERE state IN ('accepted', 'running') AND heartbeat < ?", (late,)):
            where = f"at {run.progress:.0%}" + (f" ({run.message})" if run.message else "")
            reason = (
                f"no heartbeat for {silence_s:.0f} s; it was {where}"
                if run.state == "running"
                else "the program that was to start it has ended"
            )
            if self._end(run.id, "failed", reason, "AND heartbeat < ?", (late,)):
                ended.append(run.id)
                shutil.rmtree(self.working_folder(run.id), ignore_errors=True)
        return ended

    def clear(self, id: str) -> None:
        """Remove what a run that has ended wrote and did not finish."""
        if self.state(id) not in ACTIVE:
            shutil.rmtree(self.working_folder(id), ignore_errors=True)

    def _end(
        self, id: str, state: State, message: str | None, more: str = "", values: Sequence[Any] = ()
    ) -> bool:
        now = time.time()
        return bool(
            self._write(
                "UPDATE runs SET state = ?, message = coalesce(?, message), finished = ?, updated = ?"
                f" WHERE id = ? AND state IN ('accepted', 'running') {more}",
                (state, message, now, now, id, *values),
            )
        )

    def _select(self, where: str, values: Sequence[Any]) -> list[Run]:
        with self._lock:
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM runs {where}", values).fetchall()
        names = _COLUMNS.split(", ")
        found = []
        for row in rows:
            columns = dict(zip(names, row, strict=True))
            for name in ("inputs", "request", "results"):
                columns[name] = orjson.loads(columns[name])
            found.append(Run(**columns))
        return found

    def _write(self, text: str, values: Sequence[Any]) -> int:
        with self._lock:
            return self._db.execute(text, values).rowcount


def open_runs(folder: Path | str) -> Runs:
    """The runs of a city, for `with`."""
    return Runs(folder)


def list_runs(folder: Path | str, limit: int = -1, silence_s: float = HEARTBEAT_S) -> list[Run]:
    """The runs of a city, newest first, without making a database; silent ones are failed first."""
    if not (Path(folder) / DATABASE).is_file():
        return []
    with open_runs(folder) as runs:
        runs.expire(silence_s)
        return runs.find(limit=limit)


def new_id(now: float) -> str:
    """Twelve letters and digits: the time to the millisecond, by which they sort, and chance."""
    number = (int(now * 1000) << 15) | secrets.randbits(15)
    return "".join(_LETTERS[number >> shift & 31] for shift in range(55, -1, -5))


def iso(seconds: float | None) -> str | None:
    """UTC, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
