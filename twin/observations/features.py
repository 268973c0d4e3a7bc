"""Features of interest made from Locations, and the area that a datastream observes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from twin.errors import QueryError
from twin.observations import functions, model
from twin.observations.changes import Changed
from twin.observations.transaction import Transaction

Box = tuple[float, float, float, float]


def at_location(work: Transaction, thing: int) -> int | None:
    """The feature made from a Thing's current Location, made now if need be; None without a Location."""
    row = work.connection.execute(
        "SELECT id, feature, name, description, encoding_type, location FROM locations"
        " WHERE id IN (SELECT location FROM thing_locations WHERE thing = ?)"
        " ORDER BY encoding_type LIKE '%geo+json' DESC, id DESC LIMIT 1",
        (thing,),
    ).fetchone()
    if row is None or row[1] is not None:
        return None if row is None else int(row[1])
    made = work.new_id("features_of_interest")
    work.connection.execute(
        "INSERT INTO features_of_interest (id, name, description, encoding_type, feature)"
        " VALUES (?, ?, ?, ?, ?)",
        (made, *row[2:]),
    )
    work.connection.execute("UPDATE locations SET feature = ? WHERE id = ?", (made, row[0]))
    work.count(model.FEATURE_OF_INTEREST.set_name, 1)
    work.changed.append(Changed(model.FEATURE_OF_INTEREST, made, "created"))
    return made


def require_location(work: Transaction, thing: int) -> None:
    """Raises QueryError for a Thing without a Location that a feature could be made from."""
    if not work.connection.execute("SELECT 1 FROM thing_locations WHERE thing = ?", (thing,)).fetchone():
        raise QueryError(
            f"there is no FeatureOfInterest: name one, or give Thing {thing} a Location to make it from"
        )


def forget_location(work: Transaction, location: int) -> None:
    """A Location has moved: observations from now on get a new feature."""
    work.connection.execute("UPDATE locations SET feature = NULL WHERE id = ?", (location,))
    work.connection.execute(
        "UPDATE datastreams SET feature = NULL WHERE thing IN"
        " (SELECT thing FROM thing_locations WHERE location = ?)",
        (location,),
    )


def forget_thing(work: Transaction, thing: int) -> None:
    """A Thing is elsewhere."""
    work.connection.execute("UPDATE datastreams SET feature = NULL WHERE thing = ?", (thing,))


def forget_feature(work: Transaction, feature: int) -> None:
    """A feature is gone, or is no longer what its Location is."""
    work.connection.execute("UPDATE locations SET feature = NULL WHERE feature = ?", (feature,))
    work.connection.execute("UPDATE datastreams SET feature = NULL WHERE feature = ?", (feature,))


def grow_area(work: Transaction, stream: int, feature_ids: Sequence[int]) -> None:
    """Add features to a datastream's observed area."""
    (area,) = work.connection.execute(
        "SELECT observed_area FROM datastreams WHERE id = ?", (stream,)
    ).fetchone()
    _set_area(work, stream, feature_ids, area)


def make_area(work: Transaction, stream: int) -> None:
    """Make the observed area again from all the features."""
    rows = work.connection.execute("SELECT feature FROM datastream_features WHERE datastream = ?", (stream,))
    _set_area(work, stream, [row[0] for row in rows.fetchall()], None)


def _set_area(work: Transaction, stream: int, feature_ids: Sequence[int], area: str | None) -> None:
    rows = work.connection.execute(
        "SELECT feature FROM features_of_interest WHERE id IN (SELECT value FROM json_each(?))",
        (orjson.dumps(list(feature_ids)).decode(),),
    ).fetchall()
    geometries = [functions.from_geojson(text) for text in [*(row[0] for row in rows), area] if text]
    boxes = [geometry.bounds for geometry in geometries if geometry is not None]
    text = None
    if boxes:
        x0, y0, x1, y1 = zip(*boxes, strict=True)
        text = orjson.dumps(_envelope((min(x0), min(y0), max(x1), max(y1)))).decode()
    work.connection.execute("UPDATE datastreams SET observed_area = ? WHERE id = ?", (text, stream))


def _envelope(box: Box) -> dict[str, Any]:
    """A box as GeoJSON: a polygon, or the point or line that it is."""
    x0, y0, x1, y1 = box
    if (x0, y0) == (x1, y1):
        return {"type": "Point", "coordinates": [x0, y0]}
    if x0 == x1 or y0 == y1:
        return {"type": "LineString", "coordinates": [[x0, y0], [x1, y1]]}
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
    return {"type": "Polygon", "coordinates": [ring]}
