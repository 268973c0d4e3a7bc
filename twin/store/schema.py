"""The tables of a city's SQLite file (`twin.db`), and their version.

`object` holds one row per version of an object: it is current while `valid_to` is null. Bodies
(geometry and surfaces as bytes, `twin.store.codec`) lie in a table of their own so that scans over
the objects stay narrow. All times are ISO 8601 in UTC.
"""

from __future__ import annotations

VERSION = 1

TABLES = """
CREATE TABLE city (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE source (
    row INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,        -- what the user knows it by
    path TEXT NOT NULL,               -- where it was read last
    digest TEXT NOT NULL,             -- of the file's bytes and the options it was read with
    description TEXT NOT NULL,        -- JSON: format, version, srs_name, heights, counts
    read_at TEXT NOT NULL
);

CREATE TABLE object (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    class TEXT NOT NULL,
    layer TEXT NOT NULL,
    parent TEXT,
    source INTEGER NOT NULL REFERENCES source(row),
    run INTEGER NOT NULL,             -- the ingestion that wrote this version
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    ended INTEGER,                    -- the ingestion that ended this version
    digest BLOB NOT NULL,
    triangles INTEGER NOT NULL,       -- a close upper estimate, for partitioning
    implicit INTEGER NOT NULL,        -- number of placed library geometries
    lods TEXT NOT NULL,               -- the LoDs it has, '0,2'
    x0 REAL, y0 REAL, z0 REAL, x1 REAL, y1 REAL, z1 REAL,
    attributes TEXT NOT NULL
);
CREATE UNIQUE INDEX object_current ON object(id) WHERE valid_to IS NULL;
CREATE INDEX object_versions ON object(id, valid_from) WHERE valid_to IS NOT NULL;
CREATE INDEX object_ended ON object(ended) WHERE ended IS NOT NULL;
CREATE INDEX object_parent ON object(parent) WHERE parent IS NOT NULL;
CREATE INDEX object_layer ON object(layer, class, lods);

CREATE TABLE body (row INTEGER PRIMARY KEY REFERENCES object(row), data BLOB NOT NULL);

CREATE TABLE template (
    key TEXT PRIMARY KEY, source INTEGER NOT NULL REFERENCES source(row),
    digest BLOB NOT NULL, uri TEXT, mime TEXT, data BLOB NOT NULL
);

CREATE TABLE image (digest TEXT PRIMARY KEY, mime TEXT NOT NULL, data BLOB NOT NULL);

CREATE TABLE finding (
    source INTEGER NOT NULL REFERENCES source(row),
    object TEXT, code TEXT NOT NULL, severity TEXT NOT NULL, message TEXT NOT NULL, part TEXT,
    x REAL, y REAL, z REAL
);
CREATE INDEX finding_object ON finding(object);
CREATE INDEX finding_source ON finding(source);

CREATE TABLE raster (
    name TEXT PRIMARY KEY, kind TEXT NOT NULL, digest TEXT NOT NULL, file TEXT NOT NULL,
    description TEXT NOT NULL, added_at TEXT NOT NULL
);

CREATE TABLE run (row INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL);
"""
