"""Pieces of SQL that reading the store is put together from, and rows as objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from twin.store.records import StoredObject, iso

OBJECT = (
    "object.row, object.id, object.class, object.layer, object.parent, source.name,"
    " object.valid_from, object.valid_to, object.lods,"
    " object.x0, object.y0, object.z0, object.x1, object.y1, object.z1, object.attributes, body.data"
)
FROM = "object JOIN source ON source.row = object.source JOIN body ON body.row = object.row"
NUMBERS = np.dtype(
    [(name, np.int64) for name in ("row", "triangles", "implicit")]
    + [(name, np.float64) for name in ("x0", "y0", "z0", "x1", "y1", "z1")]
)


def valid(time: datetime | None) -> tuple[str, list[str]]:
    """The condition for versions valid at a moment (None: now), and its values."""
    return ("object.valid_to IS NULL", []) if time is None else valid_during(time, time)


def valid_during(start: datetime | None, end: datetime | None) -> tuple[str, list[str]]:
    """The condition for versions valid at some time from start to end (None: open), and its values."""
    first, last = (iso(t if t.tzinfo else t.replace(tzinfo=UTC)) if t else None for t in (start, end))
    return (
        "object.valid_from <= ? AND coalesce(object.valid_to, '9999') > ?",
        [last or "9999", first or ""],
    )


def literal(text: str) -> str:
    """A text as it stands in a LIKE pattern with `\\` for escapes."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def stored_object(r: tuple[Any, ...]) -> StoredObject:
    """A row of the columns `OBJECT`."""
    bounds = None if r[9] is None else r[9:15]
    return StoredObject(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], bounds, r[15], r[16])
