"""Links between entities that exist, and what they bring about: where Things are, and were."""

from __future__ import annotations

from collections.abc import Sequence

from twin.errors import EntityNotFound, QueryError
from twin.observations import features, routes, streams
from twin.observations.changes import Changed, SetLinks
from twin.observations.model import (
    ENTITY_TYPES,
    HISTORICAL_LOCATION,
    LOCATION,
    OBSERVATION,
    THING,
    EntityType,
    Link,
)
from twin.observations.query import Route
from twin.observations.routes import Parent
from twin.observations.transaction import Transaction

Columns = dict[str, int]


def given_by(parent: Parent | None) -> tuple[Columns, set[str]]:
    """What a new target of a parent's link to many has from it: columns, and tables of pairs."""
    if parent is None:
        return {}, set()
    if parent.link.reverse:
        return {parent.link.reverse: parent.id}, set()
    if parent.link.through:
        return {}, {parent.link.through}
    raise QueryError(f"{parent.type.name}: {parent.link.name} leads to one entity; it cannot be added to")


def set_links(work: Transaction, route: Route, change: SetLinks) -> None:
    """Add, remove or set the targets of the link that a route ends with."""
    if not route.steps or route.id is None:
        raise QueryError("references are set at a link of an entity")
    owner = Route(route.entity_type, route.id, route.steps[:-1])
    type, id = routes.entity(work.connection, owner)
    link = routes.link_of(type, route.steps[-1].link)
    target = ENTITY_TYPES[link.target]
    for other in change.ids:
        routes.require(work.connection, target, other)
    parent = Parent(type, id, link)
    if not link.many:
        _set_one(work, parent, change)
    elif change.mode == "set":
        replace(work, parent, change.ids)
    elif change.mode == "add":
        add(work, parent, change.ids, keep=True)
    else:
        for other in change.ids:
            if not routes.leads(work.connection, link, id, other):
                raise EntityNotFound(f"there is no {target.name} {other} at {type.name} {id}")
        remove(work, parent, change.ids)
    work.changed.append(Changed(type, id, "updated", (link.name,)))


def _set_one(work: Transaction, parent: Parent, change: SetLinks) -> None:
    link = parent.link
    if change.mode == "remove" or len(change.ids) != 1:
        if link.required or link.column == "datastream":
            raise QueryError(f"{parent.type.name} must have one {link.name}")
        _assign(work, parent.type, parent.id, str(link.column), None)
    else:
        _assign(work, parent.type, parent.id, str(link.column), change.ids[0])


def _assign(work: Transaction, type: EntityType, id: int, column: str, value: int | None) -> None:
    before = streams.place(work, id) if type is OBSERVATION else None
    work.connection.execute(f"UPDATE {type.table} SET {column} = ? WHERE id = ?", (value, id))
    if before is not None:
        streams.moved(work, before, streams.place(work, id))
    if type.table == "datastreams" and column == "thing":
        work.connection.execute("UPDATE datastreams SET feature = NULL WHERE id = ?", (id,))


def add(work: Transaction, parent: Parent, ids: Sequence[int], keep: bool = False) -> None:
    """Link to entities that exist. A Thing given Locations is there from now on, and leaves where it was;
    keep: it stays there too (another description of the same place)."""
    link = parent.link
    if link.reverse:
        for other in ids:
            _assign(work, ENTITY_TYPES[link.target], other, link.reverse, parent.id)
    elif link.through == "thing_locations":
        things = ids if parent.type is LOCATION else [parent.id]
        places = [parent.id] if parent.type is LOCATION else list(ids)
        for thing in things:
            present = _locations(work, thing) if keep else []
            move(work, thing, [*present, *(p for p in places if p not in present)])
    elif link.through == "datastream_observed_properties" and not link.ordered:
        raise QueryError("the ObservedProperties of a MultiDatastream are set there, in their order")
    else:
        _pairs(work, link, parent.id, ids)
        if parent.type is HISTORICAL_LOCATION:
            _follow_history(work, parent.id)


def _pairs(work: Transaction, link: Link, id: int, ids: Sequence[int]) -> None:
    if link.ordered:
        work.connection.executemany(
            f"INSERT INTO {link.through} ({link.here}, {link.there}, position) VALUES (?, ?, ?)",
            [(id, other, i) for i, other in enumerate(ids)],
        )
    else:
        work.connection.executemany(
            f"INSERT OR IGNORE INTO {link.through} ({link.here}, {link.there}) VALUES (?, ?)",
            [(id, other) for other in ids],
        )


def replace(work: Transaction, parent: Parent, ids: Sequence[int]) -> None:
    """Link to exactly these."""
    link = parent.link
    if link.required and not ids:
        raise QueryError(f"{parent.type.name} must have {link.name}")
    if link.through == "thing_locations" and parent.type is THING:
        move(work, parent.id, list(ids))
        return
    if link.reverse:
        present = [
            row[0]
            for row in work.connection.execute(
                f"SELECT id FROM {ENTITY_TYPES[link.target].table} WHERE {link.reverse} = ?", (parent.id,)
            )
        ] if link.target != OBSERVATION.name else []  # fmt: skip
        remove(work, parent, [other for other in present if other not in ids])
    else:
        work.connection.execute(f"DELETE FROM {link.through} WHERE {link.here} = ?", (parent.id,))
    add(work, parent, ids)


def remove(work: Transaction, parent: Parent, ids: Sequence[int]) -> None:
    """Take links away, where an entity can be without."""
    link, target = parent.link, ENTITY_TYPES[parent.link.target]
    if not ids:
        return
    if link.reverse:
        back = next(k for k in target.links if k.column == link.reverse and k.target == parent.type.name)
        if back.required or back.column == "datastream":
            raise QueryError(f"{target.name} must have one {back.name}: delete it, or link it elsewhere")
        for other in ids:
            _assign(work, target, other, link.reverse, None)
    elif link.through == "thing_locations":
        for thing, gone in (
            [(parent.id, set(ids))] if parent.type is THING else [(t, {parent.id}) for t in ids]
        ):
            move(work, thing, [place for place in _locations(work, thing) if place not in gone])
    elif link.through == "datastream_observed_properties":
        raise QueryError("the ObservedProperties of a MultiDatastream cannot be taken away")
    else:
        work.connection.executemany(
            f"DELETE FROM {link.through} WHERE {link.here} = ? AND {link.there} = ?",
            [(parent.id, other) for other in ids],
        )


def _locations(work: Transaction, thing: int) -> list[int]:
    rows = work.connection.execute("SELECT location FROM thing_locations WHERE thing = ?", (thing,))
    return [row[0] for row in rows]


def move(work: Transaction, thing: int, locations: Sequence[int], historical: bool = True) -> None:
    """A Thing is at these Locations from now on; its history says so."""
    if not routes.exists(work.connection, THING, thing):
        raise EntityNotFound(f"there is no Thing {thing}")
    work.connection.execute("DELETE FROM thing_locations WHERE thing = ?", (thing,))
    work.connection.executemany(
        "INSERT OR IGNORE INTO thing_locations VALUES (?, ?)", [(thing, place) for place in locations]
    )
    features.forget_thing(work, thing)
    if historical and locations:
        made = work.new_id("historical_locations")
        work.connection.execute("INSERT INTO historical_locations VALUES (?, ?, ?)", (made, work.now, thing))
        work.connection.executemany(
            "INSERT OR IGNORE INTO historical_location_locations VALUES (?, ?)",
            [(made, place) for place in locations],
        )
        work.count(HISTORICAL_LOCATION.set_name, 1)
        work.changed.append(Changed(HISTORICAL_LOCATION, made, "created", ("time",)))


def _follow_history(work: Transaction, id: int) -> None:
    """A HistoricalLocation later than all others of its Thing says where the Thing is now."""
    thing, time = work.connection.execute(
        "SELECT thing, time FROM historical_locations WHERE id = ?", (id,)
    ).fetchone()
    (later,) = work.connection.execute(
        "SELECT count(*) FROM historical_locations WHERE thing = ? AND time >= ? AND id != ?",
        (thing, time, id),
    ).fetchone()
    if not later:
        rows = work.connection.execute(
            "SELECT location FROM historical_location_locations WHERE historical_location = ?", (id,)
        ).fetchall()
        move(work, thing, [row[0] for row in rows], historical=False)
