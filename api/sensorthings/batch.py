"""`$batch`: requests in order, change sets whole or not at all, and references to what earlier ones made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import orjson

from api.sensorthings import writing
from api.sensorthings.batch_parts import ChangeSet, Operation, parse_batch, write_batch
from api.sensorthings.exchange import READS, Answer, Request
from api.sensorthings.paths import Form, Resource, parse_path, url
from api.sensorthings.problems import problem_answer
from twin.errors import EntityNotFound, NotSupported, QueryError
from twin.observations.changes import At, Change, Create, Place, Together
from twin.observations.model import EntityType

if TYPE_CHECKING:
    from api.sensorthings.service import Service

_REFERENCE = re.compile(r"\$([\w.\-]+)(?=/|\?|$)")
_FAILED_DEPENDENCY = 424
Made = dict[str, str]
"""What requests of this batch made, by their names: `Things(1)`."""


async def run(service: Service, request: Request) -> Answer:
    """Raises only for a body that is no batch; what goes wrong inside stands in the answers."""
    batch = parse_batch(request)
    made: Made = {}
    failed: set[str] = set()
    for item in batch.items:
        if isinstance(item, ChangeSet):
            batch.answers.append(await _change_set(service, item, request, made))
        elif failed.intersection(item.after):
            batch.answers.append(Answer(_FAILED_DEPENDENCY))
        else:
            batch.answers.append(await _single(service, item, request, made))
        _note_failures(item, batch.answers[-1], failed)
    return write_batch(batch)


def _note_failures(item: Operation | ChangeSet, answer: Answer | list[Answer], failed: set[str]) -> None:
    if isinstance(answer, Answer) and answer.status >= 400:
        operations = item.operations if isinstance(item, ChangeSet) else [item]
        failed.update(operation.name for operation in operations if operation.name is not None)


async def _single(service: Service, operation: Operation, outer: Request, made: Made) -> Answer:
    inner = _request(operation, outer, made)
    if parse_form(inner.path) is Form.batch:
        error = NotSupported("a batch within a batch is not offered")
        return problem_answer(error, inner.path)
    answer = await service.answer(inner)
    _note(operation, answer, outer.root, made)
    return answer


def parse_form(path: str) -> Form | None:
    try:
        return parse_path(path).form
    except (EntityNotFound, QueryError):
        return None


def _note(operation: Operation, answer: Answer, root: str, made: Made) -> None:
    location = answer.headers.get("Location", "")
    if operation.name is not None and location:
        made[operation.name] = location.removeprefix(root)


def _request(operation: Operation, outer: Request, made: Made) -> Request:
    """A request within a batch as if it had come alone."""
    address = operation.url
    path = address.removeprefix(outer.root)
    if path.startswith(("/", "http://", "https://")):
        path = path.partition("/v1.1/")[2] or path
    reference = _REFERENCE.match(path)
    if reference and reference[1] in made:
        path = made[reference[1]] + path[reference.end() :]
    path, _, query = path.partition("?")
    body = operation.body
    if made and b'"$' in body:
        body = _with_ids(body, made)
    return Request(
        operation.method,
        unquote(path),
        query,
        operation.content_type,
        body,
        outer.root,
        outer.token,
        outer.address,
    )


def _with_ids(body: bytes, made: Made) -> bytes:
    """`{"@iot.id": "$1"}` with the id of what request 1 made."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    todo = [content]
    while todo:
        inner = todo.pop()
        if isinstance(inner, dict):
            name = inner.get("@iot.id")
            if isinstance(name, str) and name[1:] in made and name.startswith("$"):
                inner["@iot.id"] = int(made[name[1:]].partition("(")[2].rstrip(")"))
            todo += inner.values()
        elif isinstance(inner, list):
            todo += inner
    return orjson.dumps(content)


async def _change_set(
    service: Service, changes: ChangeSet, outer: Request, made: Made
) -> Answer | list[Answer]:
    """An answer for each request, or the one error for which none of them was done."""
    try:
        service.authorize(outer)
        together = _together(changes, outer, made)
        results = await service.submit(together)
        answers = [
            await service.done(change, result, outer.root)
            for change, result in zip(together.changes, results, strict=True)
        ]
    except Exception as error:
        return problem_answer(error, "a change set")
    for operation, answer in zip(changes.operations, answers, strict=True):
        _note(operation, answer, outer.root, made)
    return answers


def _together(changes: ChangeSet, outer: Request, made: Made) -> Together:
    types: dict[str, EntityType] = {}
    members: list[Change] = []
    for operation in changes.operations:
        inner = _request(operation, outer, made)
        resource, place = _place(inner.path, types)
        if inner.method in READS or resource.form in (Form.batch, Form.create_observations):
            raise QueryError("a change set may have POST, PATCH, PUT and DELETE of entities")
        if inner.query:
            raise QueryError(f"{inner.method} takes no query options here")
        change = writing.change_of(resource, place, inner)
        if isinstance(change, Create) and operation.name is not None and resource.type is not None:
            types[operation.name] = resource.type
        members.append(change)
    return Together(members, [operation.name for operation in changes.operations])


def _place(path: str, types: dict[str, EntityType]) -> tuple[Resource, Place]:
    """Where a request of a change set points; `$1/Datastreams` to below what its request 1 will make."""
    reference = _REFERENCE.match(path)
    if reference and reference[1] in types:
        resource = parse_path(url(types[reference[1]], 1) + path[reference.end() :])
        assert resource.route is not None
        return resource, At(reference[1], resource.route.steps)
    resource = parse_path(path)
    if resource.route is None:
        raise QueryError(f"{path[:60]!r} cannot stand in a change set")
    return resource, resource.route
