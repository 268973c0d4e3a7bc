"""GET: a collection, an entity, a property, its bare value, or the addresses of entities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from api.sensorthings import formats
from api.sensorthings.data_array import tables
from api.sensorthings.exchange import Answer, Request, dumps, json_answer
from api.sensorthings.options import (
    COLLECTION,
    ENTITY,
    KINDS,
    ONLY_ID,
    REFERENCES,
    Format,
    Options,
    parse_options,
)
from api.sensorthings.paths import Form, Resource
from api.sensorthings.render import envelope, plain, render, render_page, render_references
from twin.errors import EntityNotFound, QueryError
from twin.observations.model import OBSERVATION
from twin.observations.query import Entity, Expand, Query, Route
from twin.observations.store import Observations

_ALLOWED = {
    Form.collection: COLLECTION,
    Form.entity: ENTITY,
    Form.references: REFERENCES,
}


def read(observations: Observations, resource: Resource, request: Request) -> Answer:
    """Raises EntityNotFound, QueryError, NotSupported or TooLarge."""
    assert resource.type is not None
    options = parse_options(request.query, resource.type, _ALLOWED.get(resource.form, frozenset()))
    if resource.form is Form.collection:
        return _collection(observations, resource, request, options)
    if resource.form is Form.references:
        return _references(observations, resource, request, options)
    if resource.form is Form.reference:
        entity = _entity(observations, resource, ONLY_ID)
        return json_answer({"@iot.selfLink": f"{request.root}{entity.type.set_name}({entity.id})"})
    if resource.form is Form.entity:
        return _one(observations, resource, request, options)
    return _inner(observations, resource)


def _collection(observations: Observations, resource: Resource, request: Request, options: Options) -> Answer:
    assert resource.route is not None
    url = request.root + request.path.strip("/")
    query = options.query
    if options.format is Format.data_array:
        if resource.type is not OBSERVATION:
            raise QueryError("$resultFormat=dataArray is for Observations alone")
        if options.expand:
            raise QueryError("$expand cannot be used with $resultFormat=dataArray")
        known = _datastream(resource.route)
        parents = () if known else tuple(Expand(kind, ONLY_ID) for kind in KINDS)
        query = replace(query, expand=parents)
        page = observations.page(resource.route, query)
        value = tables(page.entities, options.select, request.root, known)
        return json_answer(envelope(page, url, options, value))
    page = observations.page(resource.route, query)
    if options.format is Format.plain:
        return json_answer(render_page(page, request.root, url, options))
    next_link = None if page.next is None else f"{url}?{options.next_query(page.next)}"
    if options.format is Format.csv:
        headers = {} if next_link is None else {"Link": f'<{next_link}>; rel="next"'}
        return Answer(200, formats.lines(page, options), formats.CSV, headers)
    content = formats.feature_collection(page, options, next_link)
    return Answer(200, dumps(content), formats.GEOJSON)


def _datastream(route: Route) -> tuple[str, int] | None:
    """The one datastream whose observations a route leads to."""
    if len(route.steps) == 1 and route.entity_type.name in KINDS and route.id is not None:
        return route.entity_type.name, route.id
    before = route.steps[-2] if len(route.steps) > 1 else None
    if before is not None and before.id is not None and before.link in ("Datastreams", "MultiDatastreams"):
        return before.link.removesuffix("s"), before.id
    return None


def _references(observations: Observations, resource: Resource, request: Request, options: Options) -> Answer:
    assert resource.route is not None
    page = observations.page(resource.route, replace(options.query, select=("id",), expand=()))
    url = request.root + request.path.strip("/")
    return json_answer(render_references(page, request.root, url, options))


def _one(observations: Observations, resource: Resource, request: Request, options: Options) -> Answer:
    entity = _entity(observations, resource, options.query)
    if options.format is Format.geojson:
        return Answer(200, dumps(formats.feature(entity, options)), formats.GEOJSON)
    if options.format is not Format.plain:
        raise QueryError(f"$resultFormat={options.format} is for collections")
    return json_answer(render(entity, request.root, options))


def _entity(observations: Observations, resource: Resource, query: Query) -> Entity:
    assert resource.route is not None
    return observations.entity(resource.route, query)


def _inner(observations: Observations, resource: Resource) -> Answer:
    """A property or a place in it. Nothing there at all: 404; null: 204 (OData 4.0, 11.2.3)."""
    name, *within = resource.inner
    entity = _entity(observations, resource, Query(select=(name,)))
    value: Any = entity.id if name == "id" else plain(entity.values.get(name))
    for key in within:
        value = step_into(value, key)
    if value is None:
        return Answer(204)
    if resource.form is Form.value:
        if isinstance(value, (dict, list)):
            return json_answer(value)
        text = value if isinstance(value, str) else dumps(value).decode()
        return Answer(200, text.encode(), "text/plain; charset=utf-8")
    return json_answer({resource.named: value})


def step_into(value: Any, key: str) -> Any:
    """What lies in a JSON value. Raises EntityNotFound where nothing does."""
    if isinstance(value, dict) and key in value:
        return value[key]
    if isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
        return value[int(key)]
    raise EntityNotFound(f"there is no {key[:60]!r} in it")
