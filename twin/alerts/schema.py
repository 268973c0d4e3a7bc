"""The tables of alerts in `observations.db`. Times are microseconds since 1970 in UTC.

What the engine knows lies here and changes in one transaction with its cursor: after a kill it goes on
where it was, raising nothing twice and losing nothing.
"""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS alert_rules (
    name TEXT PRIMARY KEY, rule TEXT NOT NULL, revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL, title TEXT NOT NULL, severity TEXT NOT NULL,
    state TEXT NOT NULL,              -- raised, acknowledged, cleared
    datastream INTEGER, thing INTEGER,  -- null for a combination
    value REAL, unit TEXT, threshold REAL,
    time INTEGER,                     -- of the reading that raised it
    raised_at INTEGER NOT NULL, acknowledged_at INTEGER, cleared_at INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS alerts_open ON alerts(rule, coalesce(datastream, 0))
    WHERE state <> 'cleared';
CREATE INDEX IF NOT EXISTS alerts_state ON alerts(state, id);
CREATE TABLE IF NOT EXISTS alert_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert INTEGER NOT NULL REFERENCES alerts(id), state TEXT NOT NULL, at INTEGER NOT NULL,
    time INTEGER,                     -- of the reading
    value REAL,
    who TEXT,                         -- the token's name
    note TEXT
);
CREATE INDEX IF NOT EXISTS alert_events_alert ON alert_events(alert);
CREATE TABLE IF NOT EXISTS alert_standings (
    rule TEXT NOT NULL, part INTEGER NOT NULL, datastream INTEGER NOT NULL,
    since INTEGER, met INTEGER NOT NULL, time INTEGER, value REAL,
    PRIMARY KEY (rule, part, datastream)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert_engine (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    cursor INTEGER NOT NULL,          -- the last observation judged
    alive_at INTEGER NOT NULL,        -- when it ran last
    revision INTEGER NOT NULL         -- counts commits, so that a second engine sees the first
);
CREATE TABLE IF NOT EXISTS alert_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook TEXT NOT NULL, event INTEGER NOT NULL REFERENCES alert_events(id),
    body BLOB NOT NULL,               -- what is posted, as things stood at the event
    attempts INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL,             -- when it is to be tried next
    error TEXT,
    state TEXT NOT NULL DEFAULT 'pending'  -- pending, delivered, failed
);
CREATE INDEX IF NOT EXISTS alert_outbox_due ON alert_outbox(state, webhook, due);
"""
