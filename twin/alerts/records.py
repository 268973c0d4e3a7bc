"""Rules and alerts as they are stored: plain functions of a connection to `observations.db`.

Those that write belong within a transaction of the writer (`twin.observations.changes.Call`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from twin.alerts.rules import Combination, Missing, Rule
from twin.errors import Conflict, EntityNotFound

STATES = ("raised", "acknowledged", "cleared", "open")
"""What alerts can be asked for by; open: not cleared."""

_LAST_ID = (1 << 63) - 1
_NO_RULE = "no alert rule {!r}; GET /alerts/rules lists them"


@dataclass(frozen=True)
class Opening:
    """What there is to say about an alert as it is raised. time: of the reading, None if there is none [µs].
    at: now [µs]. datastream, thing: None for a combination."""

    rule: Rule
    datastream: int | None
    thing: int | None
    value: float | None
    unit: str | None
    time: int | None
    at: int


def rules(connection: sqlite3.Connection) -> dict[str, Rule]:
    """All rules by name."""
    return {
        name: Rule.model_validate_json(text)
        for name, text in connection.execute("SELECT name, rule FROM alert_rules ORDER BY name")
    }


def rule(connection: sqlite3.Connection, name: str) -> Rule:
    row = connection.execute("SELECT rule FROM alert_rules WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise EntityNotFound(_NO_RULE.format(name))
    return Rule.model_validate_json(row[0])


def rules_mark(connection: sqlite3.Connection) -> tuple[int, int]:
    """Something that differs whenever rules were changed."""
    count, revision = connection.execute("SELECT count(*), max(revision) FROM alert_rules").fetchone()
    return count, revision or 0


def set_rule(connection: sqlite3.Connection, given: Rule) -> None:
    """Store a rule; what was known of an earlier one of that name is forgotten."""
    text = given.model_dump_json()
    row = connection.execute("SELECT rule FROM alert_rules WHERE name = ?", (given.name,)).fetchone()
    if row is not None and row[0] == text:
        return
    _, revision = rules_mark(connection)
    connection.execute(
        "INSERT OR REPLACE INTO alert_rules VALUES (?, ?, ?)", (given.name, text, revision + 1)
    )
    connection.execute("DELETE FROM alert_standings WHERE rule = ?", (given.name,))


def delete_rule(connection: sqlite3.Connection, name: str) -> None:
    if not connection.execute("DELETE FROM alert_rules WHERE name = ?", (name,)).rowcount:
        raise EntityNotFound(_NO_RULE.format(name))
    connection.execute("DELETE FROM alert_standings WHERE rule = ?", (name,))


def open_alerts(connection: sqlite3.Connection) -> dict[tuple[str, int | None], int]:
    """Ids of the alerts that are not cleared, by rule and datastream."""
    return {
        (name, datastream): id_
        for id_, name, datastream in connection.execute(
            "SELECT id, rule, datastream FROM alerts WHERE state IN ('raised', 'acknowledged')"
        )
    }


def raise_alert(connection: sqlite3.Connection, opening: Opening) -> tuple[int, int]:
    """Store a new alert: its id, and that of its event."""
    given = opening.rule
    id_ = connection.execute(
        "INSERT INTO alerts (rule, title, severity, state, datastream, thing, value, unit, threshold, time,"
        " raised_at) VALUES (?, ?, ?, 'raised', ?, ?, ?, ?, ?, ?, ?)",
        (
            given.name,
            given.title.model_dump_json(),
            given.severity,
            opening.datastream,
            opening.thing,
            opening.value,
            opening.unit,
            _limit(given),
            opening.time,
            opening.at,
        ),
    ).lastrowid
    assert id_ is not None
    return id_, _event(connection, id_, "raised", opening.at, opening.time, opening.value)


def clear_alert(
    connection: sqlite3.Connection,
    alert: int,
    at: int,
    time: int | None = None,
    value: float | None = None,
    note: str | None = None,
) -> int | None:
    """End an alert: the id of the event, None if it had ended before."""
    done = connection.execute(
        "UPDATE alerts SET state = 'cleared', cleared_at = ? WHERE id = ? AND state <> 'cleared'", (at, alert)
    )
    return _event(connection, alert, "cleared", at, time, value, note=note) if done.rowcount else None


def acknowledge_alert(
    connection: sqlite3.Connection, alert: int, at: int, who: str, note: str | None = None
) -> int | None:
    """Mark an alert as seen: the id of the event, None if it was seen before."""
    row = connection.execute("SELECT state FROM alerts WHERE id = ?", (alert,)).fetchone()
    if row is None:
        raise EntityNotFound(f"no alert {alert}")
    if row[0] == "cleared":
        raise Conflict(f"alert {alert} has been cleared and needs no acknowledgement")
    if row[0] == "acknowledged":
        return None
    connection.execute(
        "UPDATE alerts SET state = 'acknowledged', acknowledged_at = ? WHERE id = ?", (at, alert)
    )
    return _event(connection, alert, "acknowledged", at, who=who, note=note)


def _event(
    connection: sqlite3.Connection,
    alert: int,
    state: str,
    at: int,
    time: int | None = None,
    value: float | None = None,
    who: str | None = None,
    note: str | None = None,
) -> int:
    id_ = connection.execute(
        "INSERT INTO alert_events (alert, state, at, time, value, who, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (alert, state, at, time, value, who, note),
    ).lastrowid
    assert id_ is not None
    return id_


def _limit(given: Rule) -> float | None:
    condition = given.condition
    if isinstance(condition, Missing):
        return condition.after_s
    if isinstance(condition, Combination):
        return condition.parts[0].at_least if len(condition.parts) == 1 else None
    return condition.value


_LIST = """
SELECT id, rule, title, severity, state, datastream, thing, value, unit, threshold, time, raised_at,
    acknowledged_at, cleared_at
FROM alerts
WHERE state IN (SELECT value FROM json_each(?)) AND id < ? AND (? IS NULL OR rule = ?)
ORDER BY id DESC LIMIT ?
"""
_BY_ID = """
SELECT id, rule, title, severity, state, datastream, thing, value, unit, threshold, time, raised_at,
    acknowledged_at, cleared_at
FROM alerts WHERE id IN (SELECT value FROM json_each(?))
"""
_HISTORY = """
SELECT alert, state, at, time, value, who, note FROM alert_events
WHERE alert IN (SELECT value FROM json_each(?)) ORDER BY id
"""
_OBJECTS = """
SELECT thing, object_id FROM thing_objects WHERE thing IN (SELECT value FROM json_each(?))
"""


def list_alerts(
    connection: sqlite3.Connection,
    state: str | None = None,
    limit: int = 100,
    before: int | None = None,
    name: str | None = None,
) -> list[dict[str, Any]]:
    """Alerts as JSON values, newest first. state: one of STATES, None for all. before: an id to go on from.
    name: of a rule."""
    states = {"open": ["raised", "acknowledged"], None: STATES}.get(state, [state])
    end = _LAST_ID if before is None else before
    return _as_json(connection, connection.execute(_LIST, (_json(states), end, name, name, limit)))


def alerts_by_id(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Alerts as JSON values."""
    found = _as_json(connection, connection.execute(_BY_ID, (_json(list(ids)),)))
    return {alert["id"]: alert for alert in found}


def events_after(connection: sqlite3.Connection, after: int, limit: int = 1000) -> list[tuple[int, int, str]]:
    """What happened to alerts, in order: id of the event, id of the alert, and its state then."""
    return connection.execute(
        "SELECT id, alert, state FROM alert_events WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
    ).fetchall()


def last_event(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("SELECT max(id) FROM alert_events").fetchone()
    return last or 0


def _as_json(connection: sqlite3.Connection, rows: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in rows.description]
    alerts = [dict(zip(names, row, strict=True)) for row in rows]
    history: dict[int, list[dict[str, Any]]] = {}
    for alert, state, at, time, value, who, note in connection.execute(
        _HISTORY, (_json([alert["id"] for alert in alerts]),)
    ):
        entry = {"state": state, "at": _ms(at), "time": _ms(time), "value": value, "who": who, "note": note}
        history.setdefault(alert, []).append(entry)
    objects = _objects_of(connection, {alert["thing"] for alert in alerts} - {None})
    for alert in alerts:
        alert["title"] = orjson.loads(alert["title"])
        for moment in ("time", "raised_at", "acknowledged_at", "cleared_at"):
            alert[moment] = _ms(alert[moment])
        alert["object_id"] = objects.get(alert["thing"])
        alert["history"] = history.get(alert["id"], [])
    return alerts


def _objects_of(connection: sqlite3.Connection, things: set[int]) -> dict[int, str]:
    """The city object that each Thing belongs to."""
    return dict(connection.execute(_OBJECTS, (_json(list(things)),)).fetchall())


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _ms(micros: int | None) -> int | None:
    return None if micros is None else micros // 1000
