"""Entities made and changed: deep insert, links, and what a change brings about elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twin.errors import Conflict, QueryError
from twin.observations import append, deleting, features, links, parts, routes, streams
from twin.observations import observation as observations
from twin.observations.changes import At, Changed, Create, Created, Place, Update
from twin.observations.model import (
    DATASTREAM,
    ENTITY_TYPES,
    FEATURE_OF_INTEREST,
    LOCATION,
    MULTI_DATASTREAM,
    OBSERVATION,
    EntityType,
    Link,
)
from twin.observations.query import Route
from twin.observations.routes import MAX_ID, Parent
from twin.observations.transaction import Transaction
from twin.observations.values import columns

MAX_NESTING = 16
_STREAMS = (DATASTREAM, MULTI_DATASTREAM)


def route_of(work: Transaction, place: Place) -> Route:
    """A route without names of a `Together`'s members."""
    if not isinstance(place, At):
        return place
    made = work.names.get(place.name)
    if made is None:
        raise QueryError(f"${place.name} is not the name of an earlier request of this group")
    return Route(made.type, made.id, place.steps)


def create(work: Transaction, change: Create) -> Created:
    """Make an entity in a collection, with all that is nested in its body."""
    place = routes.collection(work.connection, route_of(work, change.route))
    return make(work, place.type, change.body, place.parent)


def make(
    work: Transaction, type: EntityType, body: Mapping[str, Any], parent: Parent | None = None, depth: int = 0
) -> Created:
    """Make an entity. parent: whose link to many it becomes a target of."""
    if depth > MAX_NESTING:
        raise QueryError(f"entities are nested deeper than {MAX_NESTING} levels")
    if type is OBSERVATION:
        return _make_observation(work, body, parent, depth)
    row = columns(type, body, whole=True)
    given, pairs = links.given_by(parent)
    row.update(given)
    for link in type.links:
        if link.column and link.column not in given:
            if body.get(link.name) is not None:
                row[link.column] = _target(work, link, body[link.name], depth)
            elif link.required:
                raise QueryError(f"{type.name} lacks {link.name}")
        elif link.required and link.through and link.through not in pairs and not body.get(link.name):
            raise QueryError(f"{type.name} lacks {link.name}")
    if type in _STREAMS:
        row["multi"] = int(type is MULTI_DATASTREAM)
    if type is MULTI_DATASTREAM:
        row["width"] = _width(body)
    given_id = _free_id(work, type, body["@iot.id"]) if "@iot.id" in body else None
    id = row["id"] = work.new_id(type.table, given_id)
    names = ", ".join(row)
    work.connection.execute(
        f"INSERT INTO {type.table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values())
    )
    work.count(type.set_name, 1)
    work.changed.append(
        Changed(type, id, "created", tuple(p.name for p in type.properties if p.name in body))
    )
    _link_many(work, type, id, body, parent, depth)
    return Created(type, id)


def _target(work: Transaction, link: Link, item: Any, depth: int, parent: Parent | None = None) -> int:
    """The id that a link in a body stands for; an inline entity is made."""
    target = ENTITY_TYPES[link.target]
    if not isinstance(item, Mapping):
        raise QueryError(f'{link.name} must be an entity or a reference such as {{"@iot.id": 1}}')
    id = item.get("@iot.id")
    if isinstance(id, str) and id.startswith("$"):
        made = work.names.get(id[1:])
        if made is None or made.type is not target:
            raise QueryError(f"{link.name}: {id} is not the name of an earlier {target.name} of this group")
        return made.id
    alone = not any("@" not in name for name in item)
    if id is not None and (alone or (isinstance(id, int) and routes.exists(work.connection, target, id))):
        if not isinstance(id, int) or isinstance(id, bool):
            raise QueryError(f"{link.name}: {id!r} is no id: ids are positive integers")
        if not routes.exists(work.connection, target, id):
            raise QueryError(f"{link.name}: there is no {target.name} {id}")
        return id
    return make(work, target, item, parent, depth + 1).id


def _link_many(
    work: Transaction, type: EntityType, id: int, body: Mapping[str, Any], parent: Parent | None, depth: int
) -> None:
    for link in type.links:
        if not link.many:
            continue
        items = body.get(link.name)
        from_parent = parent is not None and link.through is not None and link.through == parent.link.through
        if items is None and not from_parent:
            continue
        if not isinstance(items, (list, tuple)) and items is not None:
            raise QueryError(f"{type.name}: {link.name} must be an array")
        here = Parent(type, id, link)
        ids = [parent.id] if parent is not None and from_parent else []
        for item in items or ():
            target = _target(work, link, item, depth, None if link.through else here)
            if link.reverse and not routes.leads(work.connection, link, id, target):
                links.add(work, here, [target])
            ids.append(target)
        if link.through and ids:
            links.add(work, here, ids)


def _width(body: Mapping[str, Any]) -> int:
    """How many values a MultiDatastream's results have, which its arrays must agree on."""
    names = ("multiObservationDataTypes", "unitOfMeasurements", "ObservedProperties")
    lengths = {len(body[name]) for name in names if isinstance(body.get(name), (list, tuple))}
    if len(lengths) != 1 or not all(isinstance(body.get(name), (list, tuple)) for name in names[:2]):
        raise QueryError(f"MultiDatastream: {', '.join(names)} must be arrays of one length")
    return lengths.pop()


def _free_id(work: Transaction, type: EntityType, id: Any) -> int:
    if not isinstance(id, int) or isinstance(id, bool) or not 0 < id <= MAX_ID:
        raise QueryError(f"{type.name}: {id!r} cannot be an id: ids are positive integers")
    if work.connection.execute(f"SELECT 1 FROM {type.table} WHERE id = ?", (id,)).fetchone():
        raise Conflict(f"the id {id} of a {type.name} is taken")
    if type.table == DATASTREAM.table and deleting.is_left(work.connection, id):
        raise Conflict(f"the {type.name} {id} that was deleted is still being removed; try again in a while")
    return id


def _make_observation(
    work: Transaction, body: Mapping[str, Any], parent: Parent | None, depth: int
) -> Created:
    fixed, _ = links.given_by(parent)
    multi = None if parent is None or parent.type is FEATURE_OF_INTEREST else parent.type is MULTI_DATASTREAM
    for link in OBSERVATION.links:
        if link.column and link.column not in fixed and body.get(link.name) is not None:
            fixed[link.column] = _target(work, link, body[link.name], depth)
            if link.column == "datastream":
                multi = link.target == MULTI_DATASTREAM.name
    if "datastream" not in fixed:
        raise QueryError("Observation lacks Datastream or MultiDatastream")
    return observations.make(work, body, fixed["datastream"], fixed.get("feature"), multi)


def update(work: Transaction, change: Update) -> Created:
    """Change an entity's properties and links. Where a target belongs to one entity alone, as a Datastream
    to its Thing, those named come to this one and the others stay."""
    type, id = routes.entity(work.connection, route_of(work, change.route))
    body = change.body
    row = columns(type, body, whole=change.replace)
    if type is OBSERVATION and row.get("time", 0) is None:
        del row["time"], row["time_end"]
    if "@iot.id" in body and body["@iot.id"] != id:
        raise QueryError(f"the id of {type.name} {id} cannot be changed")
    many: list[tuple[Link, Sequence[Any]]] = []
    for link in type.links:
        item = body.get(link.name)
        if link.name not in body:
            continue
        if link.many:
            if not isinstance(item, (list, tuple)):
                raise QueryError(f"{type.name}: {link.name} must be an array")
            many.append((link, item))
        elif item is None:
            raise QueryError(f"{type.name}: {link.name} must not be null")
        else:
            if not isinstance(item, Mapping) or any("@" not in name for name in item):
                raise QueryError(f"{link.name}: an update takes references, not inline entities")
            row[str(link.column)] = _target(work, link, item, 0)
    before = streams.place(work, id) if type is OBSERVATION else None
    _check_width(work, type, id, body)
    if row:
        assigned = ", ".join(f"{name} = ?" for name in row)
        work.connection.execute(f"UPDATE {type.table} SET {assigned} WHERE id = ?", [*row.values(), id])
    if before is not None:
        _check_result(work, id)
        streams.moved(work, before, streams.place(work, id))
    _consequences(work, type, id, row)
    for link, items in many:
        if any(not isinstance(item, Mapping) or any("@" not in name for name in item) for item in items):
            raise QueryError(f"{link.name}: an update takes references, not inline entities")
        change_links = links.add if link.reverse else links.replace
        change_links(work, Parent(type, id, link), [_target(work, link, item, 0) for item in items])
    named = tuple(p.name for p in type.properties if p.name in body and not p.derived)
    work.changed.append(
        Changed(type, id, "updated", named + tuple(k.name for k in type.links if k.name in body))
    )
    return Created(type, id)


def _check_width(work: Transaction, type: EntityType, id: int, body: Mapping[str, Any]) -> None:
    """A MultiDatastream's results keep the number of values that it was made with."""
    if type is not MULTI_DATASTREAM:
        return
    (width,) = work.connection.execute("SELECT width FROM datastreams WHERE id = ?", (id,)).fetchone()
    for name in ("multiObservationDataTypes", "unitOfMeasurements", "ObservedProperties"):
        if isinstance(body.get(name), (list, tuple)) and len(body[name]) != width:
            raise QueryError(f"MultiDatastream {id} has {width} values to a result: {name} must have as many")


def _check_result(work: Transaction, id: int) -> None:
    """An observation's result still is what its MultiDatastream has, if it is in one."""
    stream, width, result, kind = work.connection.execute(
        "SELECT d.id, d.width, o.result, o.kind FROM observations o JOIN datastreams d ON d.id = o.datastream"
        " WHERE o.id = ?",
        (id,),
    ).fetchone()
    if width is not None:
        append.check_width(parts.decode(result, kind), stream, width)


def _consequences(work: Transaction, type: EntityType, id: int, row: Mapping[str, Any]) -> None:
    """What else is no longer so when columns have changed."""
    if type is LOCATION and ("location" in row or "encoding_type" in row):
        features.forget_location(work, id)
    elif type in _STREAMS and "thing" in row:
        work.connection.execute("UPDATE datastreams SET feature = NULL WHERE id = ?", (id,))
    elif type is FEATURE_OF_INTEREST and "feature" in row:
        features.forget_feature(work, id)
        for (stream,) in work.connection.execute(
            "SELECT datastream FROM datastream_features WHERE feature = ?", (id,)
        ).fetchall():
            features.make_area(work, stream)
