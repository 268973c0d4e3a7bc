"""What changed in the store as messages: entities as JSON, as HTTP would give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import orjson

from api.mqtt.resources import Target
from api.sensorthings.paths import Form
from api.sensorthings.reading import step_into
from api.sensorthings.render import plain, render
from twin.errors import EntityNotFound
from twin.observations.changes import Changed, Committed
from twin.observations.model import (
    DATASTREAM,
    ENTITY_TYPES,
    FEATURE_OF_INTEREST,
    MULTI_DATASTREAM,
    OBSERVATION,
    EntityType,
)
from twin.observations.query import (
    Call,
    Entity,
    Expression,
    Literal,
    Order,
    Page,
    Path,
    Query,
    Route,
    Step,
)
from twin.observations.store import Observations

_ID = Path(("id",))
_STREAMS = (DATASTREAM, MULTI_DATASTREAM)
_DERIVED = frozenset(("phenomenonTime", "resultTime", "observedArea"))


@dataclass(frozen=True)
class Message:
    topic: str
    payload: bytes


@dataclass(eq=False)
class Watch:
    """A subscription. since: the cursor when it began. last: what was told last, None for nothing yet."""

    topic: str
    target: Target
    since: int
    last: bytes | None = None

    def __post_init__(self) -> None:
        resource = self.target.resource
        assert resource.route is not None and resource.type is not None
        self.route: Route = resource.route
        self.type: EntityType = resource.type
        self.many = resource.form is Form.collection
        self.property = resource.inner if resource.form is Form.property else ()
        self.types = _types(self.route)
        own = self.route.entity_type in _STREAMS and self.type in (*_STREAMS, OBSERVATION)
        direct = len(self.types) == 1 or (self.many and len(self.types) == 2)
        self.stream = self.route.id if own and direct else None
        """The only datastream whose observations matter here, None if there may be others."""

    def member(self, id: int) -> Route:
        """The route to one entity of the collection."""
        if not self.route.steps:
            return replace(self.route, id=id)
        *before, last = self.route.steps
        return replace(self.route, steps=(*before, Step(last.link, id)))


def _types(route: Route) -> tuple[EntityType, ...]:
    """Of all entities on a route."""
    types = [route.entity_type]
    for step in route.steps:
        link = types[-1].link(step.link)
        assert link is not None
        types.append(ENTITY_TYPES[link.target])
    return tuple(types)


def _lacking(stream: EntityType) -> dict[str, Page | Entity | None]:
    """The link that an observation of this kind of datastream does not have, so that it is not shown."""
    return {next(kind.name for kind in _STREAMS if kind is not stream): None}


@dataclass(frozen=True)
class Observed:
    """An observation and the datastream that it belongs to."""

    entity: Entity
    datastream: int
    position: int


class Messages:
    """Reads the store, so used from a thread. root: the service root, with a slash at its end."""

    def __init__(self, observations: Observations, root: str) -> None:
        self._observations = observations
        self._root = root
        self._streams: dict[int, EntityType] = {}

    # observations

    def observed(self, committed: Committed) -> list[Observed]:
        """The observations themselves; those deleted since are left out."""
        streams = dict(zip(committed.ids, committed.datastreams, strict=True))
        place = {id: k for k, id in enumerate(committed.ids)}
        found = [e for e in self._entities(committed.ids) if e.id in streams]
        for entity in found:
            entity.links = _lacking(self.stream_type(streams[entity.id]))
        return sorted((Observed(e, streams[e.id], place[e.id]) for e in found), key=lambda o: o.position)

    def _entities(self, ids: list[int]) -> Iterator[Entity]:
        low, high = min(ids), max(ids)
        if high - low < 2 * len(ids):
            between: Expression = Call(
                "and", (Call("ge", (_ID, Literal(low))), Call("le", (_ID, Literal(high))))
            )
            query = Query(filter=between, order=(Order(_ID),), top=len(ids))
            while True:
                page = self._observations.page(Route(OBSERVATION), query)
                yield from page.entities
                if page.next is None:
                    return
                query = replace(query, after=page.next)
        for id in ids:
            try:
                yield self._observations.entity(Route(OBSERVATION, id))
            except EntityNotFound:
                continue

    def of_observations(self, watch: Watch, observed: Iterable[Observed]) -> Iterator[Message]:
        """What is told about new observations to who watches a collection of them."""
        if watch.type is OBSERVATION and watch.many:
            for one in observed:
                if self._belongs(watch, one):
                    yield self._message(watch, one.entity)

    def _belongs(self, watch: Watch, one: Observed) -> bool:
        if not watch.route.steps:
            return True
        parent, id = watch.types[-2], watch.route.steps[-2].id if len(watch.types) > 2 else watch.route.id
        if parent in _STREAMS and id is not None and id != one.datastream:
            return False
        if parent is FEATURE_OF_INTEREST or len(watch.types) > 2:
            return self._exists(watch.member(one.entity.id))
        return parent is self.stream_type(one.datastream)

    def canonical_observation(self, one: Observed) -> Message:
        """For whoever wants all of them."""
        type_ = self.stream_type(one.datastream)
        topic = f"v1.1/{type_.set_name}({one.datastream})/Observations"
        return Message(topic, orjson.dumps(render(one.entity, self._root)))

    def stream_type(self, id: int) -> EntityType:
        """Datastream or MultiDatastream."""
        if id not in self._streams:
            self._streams[id] = DATASTREAM if self._exists(Route(DATASTREAM, id)) else MULTI_DATASTREAM
        return self._streams[id]

    def forget(self, change: Changed) -> None:
        """An entity was deleted, and its id may be given to another."""
        if change.type in _STREAMS:
            self._streams.pop(change.id, None)

    # other entities

    def of_change(self, watches: Iterable[Watch], change: Changed) -> Iterator[Message]:
        """What those are told who watch the entity that changed, its collection or a property of it."""
        for watch in watches:
            if watch.type is not change.type:
                continue
            if watch.many and not (change.type is OBSERVATION and change.action == "created"):
                entity = self._entity(watch.member(change.id))
                if entity:
                    yield self._message(watch, entity)
            elif not watch.many and (not watch.property or watch.property[0] in change.properties):
                yield from self._news(watch, change.id)

    def of_streams(self, watch: Watch, datastreams: set[int]) -> Iterator[Message]:
        """What is told about a datastream, or a property of it, that observations move."""
        if watch.many or watch.type not in _STREAMS:
            return
        if not watch.route.steps and watch.route.id not in datastreams:
            return
        if not watch.property or watch.property[0] in _DERIVED:
            yield from self._news(watch)

    def _news(self, watch: Watch, id: int | None = None) -> Iterator[Message]:
        """The entity that is watched as it now is, if it is the one of this id and was not told so last."""
        entity = self._entity(watch.route)
        if entity is None or id not in (None, entity.id):
            return
        message = self._message(watch, entity)
        if message.payload != watch.last:
            watch.last = message.payload
            yield message

    def canonical_change(self, change: Changed) -> Message | None:
        entity = self._entity(Route(change.type, change.id))
        if entity is None:
            return None
        return Message(f"v1.1/{change.type.set_name}({change.id})", orjson.dumps(render(entity, self._root)))

    def _message(self, watch: Watch, entity: Entity) -> Message:
        if not watch.property:
            return Message(watch.topic, orjson.dumps(render(entity, self._root, watch.target.options)))
        name, *path = watch.property
        value = entity.id if name == "id" else plain(entity.values.get(name))
        try:
            for key in path:
                value = step_into(value, key)
        except EntityNotFound:
            value = None
        return Message(watch.topic, orjson.dumps({watch.target.resource.named: value}))

    def _entity(self, route: Route) -> Entity | None:
        try:
            return self._observations.entity(route)
        except EntityNotFound:
            return None

    def _exists(self, route: Route) -> bool:
        return self._entity(route) is not None
