"""The tables of links in `observations.db`."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS thing_objects (
    thing INTEGER PRIMARY KEY,
    object_id TEXT NOT NULL,
    how TEXT NOT NULL,              -- given, inside, nearest
    distance_m REAL,                -- from the object's outline; null where it was given
    layer TEXT                      -- of the object; null when the city has no such object now
);
CREATE INDEX IF NOT EXISTS thing_objects_object ON thing_objects(object_id);
CREATE INDEX IF NOT EXISTS thing_objects_layer ON thing_objects(layer);

-- where each Thing is now: degrees, and metres above the ellipsoid (WGS 84)
CREATE TABLE IF NOT EXISTS thing_places (
    thing INTEGER PRIMARY KEY, longitude REAL NOT NULL, latitude REAL NOT NULL, height REAL NOT NULL
);
"""
