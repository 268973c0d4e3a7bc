"""Resource paths (18-088, 9.2): what follows the service root to the resource that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from urllib.parse import unquote

from twin.errors import EntityNotFound, QueryError
from twin.observations.model import ENTITY_SETS, ENTITY_TYPES, EntityType, Kind, Link
from twin.observations.query import Route, Step

_SEGMENT = re.compile(r"([A-Za-z]+)(?:\((.*)\))?", re.DOTALL)
_INDEXED = re.compile(r"[^\[\]]+(?:\[\d+\])+")
_MAX_ID = (1 << 63) - 1
_MAX_SEGMENTS = 20


class Form(Enum):
    """What a path ends at."""

    root = auto()
    collection = auto()
    entity = auto()
    property = auto()
    value = auto()
    reference = auto()
    references = auto()
    batch = auto()
    create_observations = auto()


@dataclass(frozen=True)
class Resource:
    """route: to the entity or collection, also for what lies in or under it; None for those without one.

    type: of the entity at its end. inner: the property and the path within it, `named` as in the answer.
    """

    form: Form
    route: Route | None = None
    type: EntityType | None = None
    inner: tuple[str, ...] = ()
    named: str = ""


def parse_path(path: str) -> Resource:
    """path: below the service root, percent-decoded. Raises EntityNotFound for one that names nothing."""
    trimmed = path.strip("/")
    if not trimmed:
        return Resource(Form.root)
    if trimmed == "$batch":
        return Resource(Form.batch)
    if trimmed == "CreateObservations":
        return Resource(Form.create_observations)
    segments = trimmed.split("/")
    if len(segments) > _MAX_SEGMENTS:
        raise _nothing(path)
    name, key = _parts(segments[0], path)
    if name not in ENTITY_SETS:
        raise _nothing(path)
    route = Route(ENTITY_SETS[name], key)
    type_, single = route.entity_type, key is not None
    for at, segment in enumerate(segments[1:], 1):
        if segment == "$ref" and at == len(segments) - 1:
            return Resource(Form.reference if single else Form.references, route, type_)
        link = type_.link(segment.partition("(")[0])
        if link is None:
            return _inside(route, type_, single, segments[at:], path)
        if not single:
            raise QueryError(f"{path[:200]}: choose one of the {type_.set_name} before /{link.name}")
        route, single = _follow(route, link, segment, path)
        type_ = ENTITY_TYPES[link.target]
    return Resource(Form.entity if single else Form.collection, route, type_)


def _follow(route: Route, link: Link, segment: str, path: str) -> tuple[Route, bool]:
    _, key = _parts(segment, path)
    if key is not None and not link.many:
        raise _nothing(path)
    return replace(route, steps=(*route.steps, Step(link.name, key))), key is not None or not link.many


def _inside(route: Route, type_: EntityType, single: bool, segments: list[str], path: str) -> Resource:
    """A property, a place within a JSON property, or the bare value of either."""
    form = Form.property
    if segments[-1] == "$value":
        form, segments = Form.value, segments[:-1]
    if not segments or not single:
        raise _nothing(path)
    first, *within = [step for segment in segments for step in _steps(segment)]
    found = type_.property(first)
    if found is None and first not in ("id", "@iot.id"):
        raise _nothing(path)
    if within and (found is None or found.kind not in _NESTED):
        raise _nothing(path)
    first = "id" if first == "@iot.id" else first
    return Resource(form, route, type_, (first, *within), segments[-1])


def _steps(segment: str) -> list[str]:
    """`result[0]` is the same place as `result/0`."""
    return segment.replace("]", "").split("[") if _INDEXED.fullmatch(segment) else [segment]


_NESTED = (Kind.json, Kind.any, Kind.geometry, Kind.result)


def _parts(segment: str, path: str) -> tuple[str, int | None]:
    """`Things(1)` to its name and id. An id that no entity can have is not found."""
    match = _SEGMENT.fullmatch(segment)
    if not match:
        raise _nothing(path)
    name, key = match.groups()
    if key is None:
        return name, None
    if not key.isascii() or not key.isdigit() or len(key) > 19 or int(key) > _MAX_ID:
        raise EntityNotFound(f"there is no {name}({key[:60]})")
    return name, int(key)


def _nothing(path: str) -> EntityNotFound:
    return EntityNotFound(f"there is nothing at {path[:200]}")


def url(type_: EntityType, id: int) -> str:
    """The path of one entity, relative to the service root."""
    return f"{type_.set_name}({id})"


def entity_of(reference: str, root: str) -> tuple[EntityType, int]:
    """What `Things(1)`, or that below the root's URL, names. Raises QueryError for anything else."""
    resource = parse_path(unquote(reference.removeprefix(root)))
    if resource.form is not Form.entity or resource.route is None or resource.route.steps:
        raise QueryError(f"{reference[:200]} does not name an entity")
    assert resource.route.id is not None
    return resource.route.entity_type, resource.route.id
