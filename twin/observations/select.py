"""Pages and entities as asked for, with what is expanded in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from twin.errors import EntityNotFound, QueryError, TooLarge
from twin.observations import marks, newest, routes
from twin.observations.collection import Collection, Row
from twin.observations.model import ENTITY_TYPES, EntityType, Link
from twin.observations.query import Entity, Expand, Page, Query, Route

PAGE = 100
"""Entities on a page when none are asked for."""
MAX_PAGE = 10_000
MAX_PAGE_EXPANDED = 1000
"""The most on a page whose entities each have others expanded."""
_CHUNK = 1000
MAX_EXPANSION = 6
MAX_ENTITIES = 100_000
"""The most entities in one answer, expanded ones included."""


@dataclass
class Budget:
    """How many entities an answer may still have."""

    left: int

    def spend(self, n: int) -> None:
        self.left -= n
        if self.left < 0:
            raise TooLarge(
                f"the answer has more than {MAX_ENTITIES:,} entities: expand less, or ask for fewer by $top"
            )


def page(connection: sqlite3.Connection, route: Route, query: Query) -> Page:
    """Entities of the collection that a route leads to."""
    place = routes.collection(connection, route)
    parent = place.parent
    _check_depth(query)
    link, id = (parent.link, parent.id) if parent else (None, None)
    collection = Collection(place.type, query, link, _to_one(place.type, query))
    budget = Budget(MAX_ENTITIES)
    found, rows = _page(connection, collection, id, budget)
    _expand(connection, place.type, found.entities, rows, collection, query.expand, budget)
    return found


def entity(connection: sqlite3.Connection, route: Route, query: Query) -> Entity:
    """The entity that a route leads to."""
    type, id = routes.entity(connection, route)
    _check_depth(query)
    found = _fetch(connection, type, [id], replace(query, filter=None), Budget(MAX_ENTITIES))
    if id not in found:
        raise EntityNotFound(f"there is no {type.name} {id}")
    return found[id]


def _check_depth(query: Query, depth: int = 0) -> None:
    if depth > MAX_EXPANSION:
        raise TooLarge(f"$expand may go {MAX_EXPANSION} levels deep")
    for expand in query.expand:
        _check_depth(expand.query, depth + 1)


def _to_one(type: EntityType, query: Query) -> list[str]:
    """The columns that lead to what is expanded."""
    links = (routes.link_of(type, expand.link) for expand in query.expand)
    return list(dict.fromkeys(link.column for link in links if link.column))


def _page(
    connection: sqlite3.Connection, collection: Collection, parent: int | None, budget: Budget
) -> tuple[Page, list[Row]]:
    """One page, and the rows it was made from, with nothing expanded yet."""
    query = collection.query
    several = any(routes.link_of(collection.type, expand.link).many for expand in query.expand)
    top = min(PAGE if query.top is None else query.top, MAX_PAGE_EXPANDED if several else MAX_PAGE)
    if top < 0 or query.skip < 0:
        raise QueryError("$top and $skip must not be negative")
    count = collection.count(connection, parent) if query.count else None
    if top == 0:
        return Page([], count), []
    rows = newest.rows(connection, collection, parent, top + 1)
    next = None
    if len(rows) > top:
        del rows[top:]
        next = marks.encode(rows[-1][-len(collection.terms) :])
    budget.spend(len(rows))
    return Page([_entity(collection, row) for row in rows], count, next), rows


def _entity(collection: Collection, row: Row) -> Entity:
    return Entity(collection.type, row[0], collection.reader.values(row, 1))


def _fetch(
    connection: sqlite3.Connection, type: EntityType, ids: Sequence[int], query: Query, budget: Budget
) -> dict[int, Entity]:
    """Entities by id, those that are there and pass the query's filter, with what it expands."""
    found: dict[int, Entity] = {}
    all_rows: list[Row] = []
    chosen = replace(query, order=(), top=None, skip=0, after=None, count=False)
    collection = Collection(type, chosen, extra=_to_one(type, query))
    for start in range(0, len(ids), _CHUNK):
        some = orjson.dumps(list(ids[start : start + _CHUNK])).decode()
        rows = collection.rows(connection, None, _CHUNK, collection.with_ids(some))
        budget.spend(len(rows))
        found.update((row[0], _entity(collection, row)) for row in rows)
        all_rows += rows
    entities = [found[row[0]] for row in all_rows]
    _expand(connection, type, entities, all_rows, collection, query.expand, budget)
    return found


def _expand(
    connection: sqlite3.Connection,
    type: EntityType,
    entities: Sequence[Entity],
    rows: Sequence[Row],
    collection: Collection,
    expands: Sequence[Expand],
    budget: Budget,
) -> None:
    for expand in expands:
        link = routes.link_of(type, expand.link)
        if link.many:
            _expand_many(connection, link, entities, expand.query, budget)
        else:
            at = 1 + len(collection.reader.columns) + collection.extra.index(str(link.column))
            targets = [row[at] for row in rows]
            wanted = list(dict.fromkeys(id for id in targets if id is not None))
            found = _fetch(connection, ENTITY_TYPES[link.target], wanted, expand.query, budget)
            for entity, target in zip(entities, targets, strict=True):
                entity.links[link.name] = found.get(target)


def _expand_many(
    connection: sqlite3.Connection,
    link: Link,
    parents: Sequence[Entity],
    query: Query,
    budget: Budget,
) -> None:
    """A page for each parent, then what is expanded in all of them at once."""
    target = ENTITY_TYPES[link.target]
    collection = Collection(target, query, link, _to_one(target, query))
    entities: list[Entity] = []
    all_rows: list[Row] = []
    for parent in parents:
        found, rows = _page(connection, collection, parent.id, budget)
        parent.links[link.name] = found
        entities += found.entities
        all_rows += rows
    _expand(connection, target, entities, all_rows, collection, query.expand, budget)
