"""Where a route leads: an entity that is there, or the rows of a collection."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from twin.errors import EntityNotFound, QueryError
from twin.observations.model import ENTITY_TYPES, EntityType, Link
from twin.observations.query import Route

MAX_ID = (1 << 63) - 1


@dataclass(frozen=True)
class Parent:
    """The entity whose link is followed."""

    type: EntityType
    id: int
    link: Link


@dataclass(frozen=True)
class Collection:
    """All entities of a type, or those that a parent's link leads to."""

    type: EntityType
    parent: Parent | None = None


def exists(connection: sqlite3.Connection, type: EntityType, id: int) -> bool:
    where = f" AND {type.where}" if type.where else ""
    if not 0 < id <= MAX_ID:
        return False
    return connection.execute(f"SELECT 1 FROM {type.table} WHERE id = ?{where}", (id,)).fetchone() is not None


def require(connection: sqlite3.Connection, type: EntityType, id: int) -> int:
    if not exists(connection, type, id):
        raise EntityNotFound(f"there is no {type.name} {id}")
    return id


def link_of(type: EntityType, name: str) -> Link:
    link = type.link(name)
    if link is None:
        raise QueryError(f"{type.name} has no link {name!r}")
    return link


def entity(connection: sqlite3.Connection, route: Route) -> tuple[EntityType, int]:
    """The entity that a route leads to. Raises EntityNotFound; QueryError for a collection."""
    place = resolve(connection, route)
    if isinstance(place, Collection):
        raise QueryError(f"{place.type.set_name} is a collection: choose one by its id")
    return place


def collection(connection: sqlite3.Connection, route: Route) -> Collection:
    """The collection that a route leads to. Raises EntityNotFound; QueryError for one entity."""
    place = resolve(connection, route)
    if not isinstance(place, Collection):
        raise QueryError(f"{place[0].name} {place[1]} is one entity, not a collection")
    return place


def resolve(connection: sqlite3.Connection, route: Route) -> Collection | tuple[EntityType, int]:
    if route.id is None:
        if route.steps:
            raise QueryError(
                f"{route.entity_type.set_name}/{route.steps[0].link}: choose one by its id first"
            )
        return Collection(route.entity_type)
    type, id = route.entity_type, require(connection, route.entity_type, route.id)
    for i, step in enumerate(route.steps):
        link = link_of(type, step.link)
        target = ENTITY_TYPES[link.target]
        if not link.many:
            if step.id is not None:
                raise QueryError(f"{link.name} is one entity: it takes no id")
            id = require_target(connection, type, id, link)
        elif step.id is not None:
            if not leads(connection, link, id, step.id):
                raise EntityNotFound(f"there is no {target.name} {step.id} at {type.name} {id}")
            id = step.id
        else:
            if i + 1 < len(route.steps):
                raise QueryError(f"{link.name}/{route.steps[i + 1].link}: choose one by its id first")
            return Collection(target, Parent(type, id, link))
        type = target
    return type, id


def require_target(connection: sqlite3.Connection, type: EntityType, id: int, link: Link) -> int:
    """The id that a link to one holds."""
    target = ENTITY_TYPES[link.target]
    (found,) = connection.execute(f"SELECT {link.column} FROM {type.table} WHERE id = ?", (id,)).fetchone()
    if found is None or not exists(connection, target, found):
        raise EntityNotFound(f"{type.name} {id} has no {link.name}")
    return int(found)


def leads(connection: sqlite3.Connection, link: Link, id: int, target_id: int) -> bool:
    """Whether a link to many leads from `id` to `target_id`."""
    target = ENTITY_TYPES[link.target]
    if not exists(connection, target, target_id):
        return False
    if link.reverse:
        sql = f"SELECT 1 FROM {target.table} WHERE id = ? AND {link.reverse} = ?"
    else:
        sql = f"SELECT 1 FROM {link.through} WHERE {link.there} = ? AND {link.here} = ?"
    return connection.execute(sql, (target_id, id)).fetchone() is not None
