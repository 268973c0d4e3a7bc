"""What becomes of a transition: an alert raised or cleared, told to subscribers, put out for webhooks.

Plain functions of the connection within whose transaction they work.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from twin.alerts import records
from twin.alerts.delivery import payload
from twin.alerts.watch import Transition
from twin.alerts.webhooks import Webhook


@dataclass(frozen=True)
class AlertEvent:
    """An alert was raised, acknowledged or cleared. id: grows with each event. alert: as in `/alerts`."""

    id: int
    state: str
    alert: dict[str, Any]

    @property
    def rule(self) -> str:
        return str(self.alert["rule"])


def apply(
    connection: sqlite3.Connection, found: Transition, opened: dict[tuple[str, int | None], int], at: int
) -> tuple[int, int, str] | None:
    """Raise or clear the alert of a transition: its id, that of the event, and the state."""
    stream = found.stream
    key = (found.rule.name, None if stream is None else stream.id)
    if found.met:
        if key in opened:
            return None
        alert, event = records.raise_alert(
            connection,
            records.Opening(
                found.rule,
                key[1],
                None if stream is None else stream.thing,
                found.value,
                found.unit,
                found.time,
                at,
            ),
        )
        opened[key] = alert
        return alert, event, "raised"
    open_ = opened.pop(key, None)
    if open_ is None:
        return None
    cleared = records.clear_alert(connection, open_, at, found.time, found.value)
    return None if cleared is None else (open_, cleared, "cleared")


def announce(
    connection: sqlite3.Connection, events: Iterable[tuple[int, int, str]], webhooks: Sequence[Webhook]
) -> list[AlertEvent]:
    """Put events (alert, event, state) into the outbox; what subscribers are told of them."""
    told = []
    due = time.time_ns() // 1000
    for alert, event, state in events:
        shown = records.alerts_by_id(connection, [alert])[alert]
        told.append(AlertEvent(event, state, shown))
        wanting = [webhook.name for webhook in webhooks if webhook.wants(shown["rule"])]
        if wanting:
            body = payload(state, due, shown)
            connection.executemany(
                "INSERT INTO alert_outbox (webhook, event, body, due) VALUES (?, ?, ?, ?)",
                [(name, event, body, due) for name in wanting],
            )
    return told
