"""What sources keep in `observations.db`: which Datastream stands for which quantity at which station."""

TABLES = """
CREATE TABLE IF NOT EXISTS source_streams (
    source TEXT NOT NULL, station TEXT NOT NULL, quantity TEXT NOT NULL,
    thing INTEGER NOT NULL, datastream INTEGER NOT NULL,
    PRIMARY KEY (source, station, quantity)
) WITHOUT ROWID;
"""
