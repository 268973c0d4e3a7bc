"""The tables of `observations.db`, and their version.

Times are microseconds since 1970 in UTC. `observations` has one index, (datastream, time): every other
way in goes through the few datastreams, which carry the state of their observations.
"""

from __future__ import annotations

import sqlite3
from importlib import import_module
from importlib.util import find_spec

VERSION = 1

EXTENSIONS = (
    "twin.observations.deleting",
    "twin.observations.quality_rules",
    "twin.alerts.schema",
    "twin.link.schema",
    "twin.sources.schema",
)
"""Modules that keep tables of their own here: `TABLES`, statements that may run again."""

TABLES = """
CREATE TABLE things (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, properties TEXT
);
CREATE TABLE locations (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, properties TEXT,
    encoding_type TEXT NOT NULL, location TEXT NOT NULL,
    feature INTEGER                 -- the feature of interest made from it
);
CREATE TABLE thing_locations (
    thing INTEGER NOT NULL, location INTEGER NOT NULL, PRIMARY KEY (thing, location)
) WITHOUT ROWID;
CREATE INDEX thing_locations_location ON thing_locations(location);
CREATE TABLE historical_locations (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, thing INTEGER NOT NULL);
CREATE INDEX historical_locations_thing ON historical_locations(thing, time);
CREATE TABLE historical_location_locations (
    historical_location INTEGER NOT NULL, location INTEGER NOT NULL,
    PRIMARY KEY (historical_location, location)
) WITHOUT ROWID;
CREATE INDEX historical_location_locations_location ON historical_location_locations(location);
CREATE TABLE sensors (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, properties TEXT,
    encoding_type TEXT NOT NULL, metadata TEXT NOT NULL
);
CREATE TABLE observed_properties (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, properties TEXT,
    definition TEXT NOT NULL
);
CREATE TABLE features_of_interest (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, properties TEXT,
    encoding_type TEXT NOT NULL, feature TEXT NOT NULL
);
CREATE TABLE datastreams (
    id INTEGER PRIMARY KEY,
    multi INTEGER NOT NULL DEFAULT 0,
    thing INTEGER NOT NULL, sensor INTEGER NOT NULL, observed_property INTEGER,
    feature INTEGER,                -- where an observation without one is taken to be
    count INTEGER NOT NULL DEFAULT 0,
    phenomenon_time INTEGER, phenomenon_time_end INTEGER, result_time INTEGER, result_time_end INTEGER,
    latest_time INTEGER,            -- the greatest `observations.time`
    latest_id INTEGER,
    last_seen INTEGER,              -- when the last one arrived
    quality_time INTEGER, quality_value REAL, quality_value_time INTEGER, quality_since INTEGER,
    width INTEGER,                  -- results in an observation of a MultiDatastream
    name TEXT NOT NULL, description TEXT NOT NULL, properties TEXT, observation_type TEXT NOT NULL,
    unit_of_measurement TEXT NOT NULL, multi_observation_data_types TEXT, observed_area TEXT
);
CREATE INDEX datastreams_thing ON datastreams(thing, multi);
CREATE INDEX datastreams_sensor ON datastreams(sensor, multi);
CREATE INDEX datastreams_observed_property ON datastreams(observed_property);
CREATE INDEX datastreams_latest ON datastreams(latest_time);
CREATE INDEX datastreams_first ON datastreams(phenomenon_time);
CREATE TABLE datastream_observed_properties (
    datastream INTEGER NOT NULL, observed_property INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (datastream, position)
) WITHOUT ROWID;
CREATE INDEX datastream_observed_properties_property ON datastream_observed_properties(observed_property);

CREATE TABLE observations (
    id INTEGER PRIMARY KEY,
    datastream INTEGER NOT NULL,
    time INTEGER NOT NULL,
    time_end INTEGER,               -- null for an instant
    result,                         -- number or text as it is; all else as JSON
    kind INTEGER,                   -- 1: the result is JSON
    flags INTEGER,                  -- twin.observations.quality; null for none
    feature INTEGER,
    result_time INTEGER,
    result_quality TEXT,
    valid_time INTEGER, valid_time_end INTEGER,
    parameters TEXT
);
CREATE INDEX observations_datastream ON observations(datastream, time);

-- which features a datastream has observed, instead of an index of the observations
CREATE TABLE datastream_features (
    datastream INTEGER NOT NULL, feature INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (datastream, feature)
) WITHOUT ROWID;
CREATE INDEX datastream_features_feature ON datastream_features(feature);

-- ids that clients gave out of order: `position` is the place that each takes in the order of arrival
CREATE TABLE given_ids (position INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE);

-- numbers of a UTC day by hour, as `twin.observations.rollups` packs them; today's lie together
CREATE TABLE rollups (
    datastream INTEGER NOT NULL, day INTEGER NOT NULL, hours BLOB NOT NULL, PRIMARY KEY (day, datastream)
) WITHOUT ROWID;
CREATE INDEX rollups_datastream ON rollups(datastream, day);

CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

LAST = "last observation"
"""The row of `counts` with the last id, or place in the order of arrival, that was given out."""


def create(connection: sqlite3.Connection) -> None:
    """Make what is missing; within the caller's transaction."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        _run(connection, TABLES)
        connection.execute(f"PRAGMA user_version={VERSION}")
    for name in EXTENSIONS:
        if _exists(name):
            _run(connection, import_module(name).TABLES)


def _run(connection: sqlite3.Connection, statements: str) -> None:
    """Without the commit that `executescript` begins with."""
    statement = ""
    for line in statements.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
