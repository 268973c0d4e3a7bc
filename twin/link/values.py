"""One value for each feature of a layer: what a viewer colours objects by, now or at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twin.errors import ObjectNotFound
from twin.link.reading import OF_PROPERTY, latest_id, observed_units
from twin.store import City, open_city

SENSORS = "sensors"
"""The layer whose features are Things."""
_DEEPEST = 16


@dataclass(frozen=True)
class LayerValues:
    """Values of n features. ids: of objects, or of Things in the layer of sensors. values: (n,) float64, the
    mean of an object's datastreams, NaN without a number. times: (n,) int64 of the latest reading [µs]."""

    unit: str
    ids: Sequence[str | int]
    values: npt.NDArray[np.float64]
    times: npt.NDArray[np.int64]


def layer_values(
    city: City, connection: sqlite3.Connection, layer: str, observed_property: str, at: int | None = None
) -> LayerValues:
    """The latest values (up to `at` [µs]) of an observed property, by name or definition.

    A part of an object that has sensors is a feature of its own in the tiles and takes the object's value.
    Raises ObjectNotFound for an unknown layer, EntityNotFound for a property that nothing observes.
    """
    units = observed_units(connection, observed_property)
    if layer == SENSORS:
        owner, joined, chosen = "d.thing", "", ""
    elif _has_layer(city, layer):
        owner = "o.object_id"
        joined = " JOIN thing_objects o ON o.thing = d.thing"
        chosen = " AND o.layer = :layer"
    else:
        raise ObjectNotFound(f"no layer {layer!r}")
    rows = connection.execute(
        f"SELECT {owner}, ob.time, CASE WHEN typeof(ob.result) IN ('integer', 'real') THEN ob.result END"
        f" FROM datastreams d{joined} JOIN observations ob ON ob.id = {latest_id(at)}"
        f" WHERE d.id IN ({OF_PROPERTY}){chosen}",
        {"property": observed_property, "layer": layer, "at": at},
    ).fetchall()
    (unit, _), *_ = units.most_common(1)
    if not rows:
        return LayerValues(unit, [], np.empty(0), np.empty(0, np.int64))
    owners, times, results = zip(*rows, strict=True)
    numbers: dict[str | int, int] = {}
    group = np.array([numbers.setdefault(id, len(numbers)) for id in owners])
    values = _means(np.array(results, np.float64), group, len(numbers))
    latest = np.full(len(numbers), np.iinfo(np.int64).min)
    np.maximum.at(latest, group, np.array(times, np.int64))
    ids: list[str | int] = list(numbers)
    if layer != SENSORS:
        parts = _parts(city.folder, layer, city.last_run())
        sources = [
            (part, n) for id, n in numbers.items() for part in parts.get(str(id), ()) if part not in numbers
        ]
        ids += [part for part, _ in sources]
        index = np.array([*range(len(numbers)), *(n for _, n in sources)])
        values, latest = values[index], latest[index]
    return LayerValues(unit, ids, values, latest)


def _has_layer(city: City, layer: str) -> bool:
    query = "SELECT 1 FROM object WHERE layer = ? AND valid_to IS NULL LIMIT 1"
    return city.connection.execute(query, (layer,)).fetchone() is not None


def _means(results: npt.NDArray[np.float64], group: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.float64]:
    known = np.isfinite(results)
    counts = np.bincount(group[known], minlength=n)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(group[known], results[known], minlength=n) / counts)


@lru_cache(maxsize=32)
def _parts(folder: Path, layer: str, run: int) -> dict[str, list[str]]:
    """Objects with parts of the same layer that have geometry, and the ids of those parts, at all depths.

    run: the city's last ingestion, so that what is remembered is thrown away when the city changes.
    """
    with open_city(folder) as city:
        rows = city.connection.execute(
            "SELECT id, parent, x0 IS NOT NULL FROM object"
            " WHERE layer = ? AND parent IS NOT NULL AND valid_to IS NULL",
            (layer,),
        ).fetchall()
    parents = {id: parent for id, parent, _ in rows}
    found: dict[str, list[str]] = {}
    for id, parent, drawn in rows:
        above: str | None = parent
        for _ in range(_DEEPEST):
            if above is None or not drawn:
                break
            found.setdefault(above, []).append(id)
            above = parents.get(above)
    return found
