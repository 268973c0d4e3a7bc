"""The data array extension (18-088, 13): many observations as tables, in and out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.sensorthings.exchange import check_nesting
from api.sensorthings.observation import is_id, only_id
from api.sensorthings.options import KINDS
from api.sensorthings.render import plain
from twin.errors import QueryError, TwinError
from twin.observations.changes import Append, Appended
from twin.observations.model import OBSERVATION
from twin.observations.query import Entity, Interval
from twin.observations.times import parse_instant, parse_instants, parse_interval, parse_time

_SIMPLE = frozenset((int, float, str, bool, type(None)))
_FEATURE = ("FeatureOfInterest/id", "FeatureOfInterest/@iot.id")
_ID = ("id", "@iot.id")
_NAMES = frozenset(p.name for p in OBSERVATION.properties) | {*_FEATURE, *_ID}


@dataclass
class Part:
    """Observations for one datastream. kind: of the datastream. rows: as they came."""

    kind: str
    datastream: int
    components: tuple[str, ...]
    rows: list[Any]

    def change(self) -> Append:
        """All rows at once. Raises QueryError when one of them is bad."""
        columns = _columns(self.rows, len(self.components))
        given = dict(zip(self.components, columns, strict=True))
        change = Append(self.datastream, (), given["result"], placed=True)
        if not _SIMPLE.issuperset(map(type, change.results)):
            check_nesting(list(change.results))
        if "phenomenonTime" in given:
            _set_times(change, given["phenomenonTime"])
        else:
            change.times = [time.time_ns() // 1000] * len(self.rows)
        if "resultTime" in given:
            change.result_times = _each(given["resultTime"], parse_instant)
        if "validTime" in given:
            change.valid_times = _each(given["validTime"], parse_interval)
        for name, column in given.items():
            if name in _FEATURE:
                change.feature = _ids(column, "FeatureOfInterest/id")
            elif name in _ID:
                change.ids = _ids(column, "id")
        change.parameters = _json(given.get("parameters"))
        if change.parameters and not all(isinstance(p, (dict, type(None))) for p in change.parameters):
            raise QueryError("parameters must be a JSON object")
        change.result_qualities = _json(given.get("resultQuality"))
        return change

    def singly(self) -> list[Append | TwinError]:
        """Each row for itself: its change, or what is wrong with it."""
        found: list[Append | TwinError] = []
        for row in self.rows:
            try:
                found.append(Part(self.kind, self.datastream, self.components, [row]).change())
            except QueryError as error:
                found.append(error)
        return found


def parse_parts(content: Any) -> list[Part]:
    """The body of CreateObservations. Raises QueryError where it is no such body at all."""
    parts = content if isinstance(content, list) else [content]
    return [_part(part, place) for place, part in enumerate(parts, 1)]


def _part(part: Any, place: int) -> Part:
    where = f"part {place}"
    if not isinstance(part, dict):
        raise QueryError(f"{where} must be an object with Datastream, components and dataArray")
    links = [name for name in KINDS if name in part]
    id = only_id(part[links[0]]) if len(links) == 1 else None
    if id is None:
        raise QueryError(f'{where} must name one datastream: "Datastream": {{"@iot.id": 1}}')
    components, rows = part.get("components"), part.get("dataArray")
    if not isinstance(components, list) or not all(isinstance(name, str) for name in components):
        raise QueryError(f"{where} lacks components, a list of names")
    unknown = [name for name in components if name not in _NAMES]
    if unknown:
        raise QueryError(f"{where}: {unknown[0][:40]!r} is no component, only {', '.join(sorted(_NAMES))}")
    if "result" not in components or len(set(components)) < len(components):
        raise QueryError(f"{where}: components must have result, and each only once")
    if not isinstance(rows, list):
        raise QueryError(f"{where} lacks dataArray, a list of lists")
    if part.get("dataArray@iot.count", len(rows)) != len(rows):
        raise QueryError(f"{where} has {len(rows)} rows, but dataArray@iot.count says otherwise")
    return Part(links[0], id, tuple(components), rows)


def _columns(rows: list[Any], width: int) -> list[Sequence[Any]]:
    if not rows:
        return [()] * width
    if set(map(type, rows)) != {list} or len(rows[0]) != width:
        raise QueryError("a row has another length than components")
    try:
        return list(zip(*rows, strict=True))
    except ValueError:
        raise QueryError("a row has another length than components") from None


def _set_times(change: Append, column: Sequence[Any]) -> None:
    try:
        change.times = parse_instants(column)
    except QueryError:
        times = [parse_time(text) for text in column]
        change.times = [t.start if isinstance(t, Interval) else t.micros for t in times]
        change.times_end = [t.end if isinstance(t, Interval) else None for t in times]


def _each(column: Sequence[Any], parse: Callable[[Any], Any]) -> list[Any]:
    if parse is parse_instant and None not in column:
        return list(parse_instants(column).tolist())
    return [None if text is None else parse(text) for text in column]


def _ids(column: Sequence[Any], name: str) -> list[int | None]:
    for id in column:
        if id is not None and not is_id(id):
            raise QueryError(f"{name} must be a whole number above 0, found {str(id)[:40]!r}")
    return list(column)


def _json(column: Sequence[Any] | None) -> list[Any] | None:
    if column is not None:
        check_nesting(list(column))
    return None if column is None else list(column)


def links(results: Sequence[Appended | TwinError], sizes: Sequence[int], root: str) -> bytes:
    """The answer to CreateObservations: for each observation its URL, or `error`."""
    form = f'"{root}Observations(%d)"'.__mod__
    texts: list[str] = []
    for result, size in zip(results, sizes, strict=True):
        if isinstance(result, Appended):
            texts += map(form, result.ids)
        else:
            texts += ['"error"'] * size
    return f"[{','.join(texts)}]".encode()


COMPONENTS = (
    "id",
    "phenomenonTime",
    "result",
    "resultTime",
    "resultQuality",
    "validTime",
    "parameters",
)


def tables(
    entities: Sequence[Entity], select: frozenset[str] | None, root: str, known: tuple[str, int] | None
) -> list[dict[str, Any]]:
    """Observations as one table for each datastream.

    known: kind and id of the datastream of them all; None when each has its datastream expanded.
    """
    names = [name for name in COMPONENTS if select is None or name in select]
    groups: dict[tuple[str, int], list[list[Any]]] = {}
    for entity in entities:
        values = entity.values
        row = [entity.id if name == "id" else plain(values.get(name)) for name in names]
        groups.setdefault(known or _datastream(entity), []).append(row)
    return [
        {
            f"{kind}@iot.navigationLink": f"{root}{kind}s({id})",
            "components": names,
            "dataArray@iot.count": len(rows),
            "dataArray": rows,
        }
        for (kind, id), rows in groups.items()
    ]


def _datastream(entity: Entity) -> tuple[str, int]:
    (found,) = ((kind, target.id) for kind in KINDS if isinstance(target := entity.links.get(kind), Entity))
    return found
