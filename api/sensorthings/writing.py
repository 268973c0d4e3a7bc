"""POST, PATCH, PUT and DELETE: bodies to changes of the store, and what the store made to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from api.sensorthings.data_array import Part, links, parse_parts
from api.sensorthings.exchange import JSON, Answer, MethodNotAllowed, Request, load_object, loads
from api.sensorthings.kinds import Kinds
from api.sensorthings.observation import append_of, is_id, shown
from api.sensorthings.paths import Form, Resource, entity_of
from api.sensorthings.submitting import Submitter
from twin.errors import EntityNotFound, QueryError, TwinError
from twin.observations.changes import (
    Append,
    Appended,
    AppendMany,
    Change,
    Create,
    Delete,
    Place,
    SetLinks,
    Update,
)
from twin.observations.query import Route

METHODS = {
    Form.root: "GET, HEAD",
    Form.collection: "GET, HEAD, POST",
    Form.entity: "GET, HEAD, PATCH, PUT, DELETE",
    Form.property: "GET, HEAD",
    Form.value: "GET, HEAD",
    Form.reference: "GET, HEAD, PUT, DELETE",
    Form.references: "GET, HEAD, POST",
    Form.batch: "POST",
    Form.create_observations: "POST",
}


def change_of(resource: Resource, place: Place, request: Request) -> Change:
    """What a request asks to be done at `place`. Raises QueryError, MethodNotAllowed, UnsupportedMedia."""
    method = request.method
    if method not in METHODS[resource.form].split(", "):
        raise MethodNotAllowed(method, METHODS[resource.form])
    if resource.form in (Form.reference, Form.references):
        return _links_of(resource, place, request)
    if method == "POST":
        return Create(place, load_object(request))
    if method == "DELETE":
        return Delete(place)
    return Update(place, load_object(request), replace=method == "PUT")


def _links_of(resource: Resource, place: Place, request: Request) -> SetLinks:
    """Linking by `$ref`, as OData 4.0 (11.4.6) has it."""
    if not place.steps:
        raise MethodNotAllowed(request.method, "GET, HEAD")
    if request.method == "DELETE":
        last = place.steps[-1]
        if last.id is None:
            raise QueryError(f"an entity must have its {last.link}; set another one with PUT")
        without = (*place.steps[:-1], type(last)(last.link))
        return SetLinks(type(place)(**{**vars(place), "steps": without}), (last.id,), "remove")
    if place.steps[-1].id is not None:
        raise MethodNotAllowed(request.method, "GET, HEAD, DELETE")
    body = load_object(request)
    id = body.get("@iot.id")
    address = body.get("@iot.selfLink", body.get("@odata.id"))
    if isinstance(address, str):
        type_, id = entity_of(address, request.root)
        if type_ is not resource.type:
            raise QueryError(f"{address[:200]} is no {resource.type.name if resource.type else ''}")
    if not is_id(id):
        raise QueryError('the body must name the entity to link: {"@iot.id": 1}')
    return SetLinks(place, (cast(int, id),), "set" if request.method == "PUT" else "add")


async def create_observation(
    submit: Submitter, kinds: Kinds, route: Route, request: Request
) -> Answer | None:
    """One observation by the short way; None when its body needs the long one."""
    short = append_of(route, load_object(request))
    if short is None:
        return None
    kind, change = short
    if not await kinds.agree(change.datastream, kind):
        return None
    done = await submit(change)
    id = done.ids[0]
    headers = {"Location": f"{request.root}Observations({id})"}
    return Answer(200 if done.existing else 201, shown(change, kind, id, request.root), JSON, headers)


async def create_observations(submit: Submitter, kinds: Kinds, request: Request) -> Answer:
    """CreateObservations: each datastream's rows at once, and row by row where one of them is bad."""
    parts = parse_parts(loads(request))
    results, sizes = await _append(submit, kinds, parts)
    return Answer(201, links(results, sizes, request.root))


async def _append(
    submit: Submitter, kinds: Kinds, parts: Sequence[Part]
) -> tuple[list[Appended | TwinError], list[int]]:
    results: list[Appended | TwinError] = []
    whole: list[Append | TwinError] = []
    for part in parts:
        try:
            if not await kinds.agree(part.datastream, part.kind):
                raise EntityNotFound(f"there is no {part.kind}s({part.datastream})")
            whole.append(part.change())
        except (QueryError, EntityNotFound) as error:
            whole.append(error)
    sizes: list[int] = []
    for part, result in zip(parts, await _appended(submit, whole), strict=True):
        known = part.datastream in kinds.known
        if isinstance(result, Appended) or len(part.rows) == 1 or not known:
            results.append(result)
            sizes.append(len(part.rows))
        else:
            results += await _appended(submit, part.singly())
            sizes += [1] * len(part.rows)
    return results, sizes


async def _appended(submit: Submitter, changes: Sequence[Append | TwinError]) -> list[Appended | TwinError]:
    good = [change for change in changes if isinstance(change, Append)]
    done = iter(await submit(AppendMany(good)) if good else ())
    return [next(done) if isinstance(change, Append) else change for change in changes]
