"""Topics that are paths of SensorThings (OGC 18-088): where observations are created, what can be watched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from api.sensorthings.options import Options, parse_options
from api.sensorthings.paths import Form, Resource, parse_path
from twin.errors import QueryError
from twin.observations.model import OBSERVATION, EntityType

_PREFIXES = ("v1.1/", "sta/v1.1/")
_SELECT = frozenset(("$select",))


def is_ours(topic: str) -> bool:
    return topic.startswith(_PREFIXES)


def _path(topic: str) -> str:
    for prefix in _PREFIXES:
        if topic.startswith(prefix):
            return topic.removeprefix(prefix)
    raise QueryError(f"{topic[:200]} does not begin with v1.1/")


@dataclass(frozen=True)
class Destination:
    """Where observations published to a topic go. datastream, feature: ids that the topic names."""

    resource: Resource
    datastream: tuple[EntityType, int] | None = None
    feature: int | None = None


@lru_cache(20_000)
def destination(topic: str) -> Destination:
    """Raises QueryError or EntityNotFound for a topic where no observation can be created."""
    resource = parse_path(_path(topic))
    if resource.form is not Form.collection or resource.type is not OBSERVATION or resource.route is None:
        raise QueryError(
            f"{topic[:200]}: by MQTT only Observations are created, e.g. v1.1/Datastreams(1)/Observations"
        )
    route = resource.route
    if len(route.steps) == 1 and route.id is not None:
        if route.entity_type.name == "FeatureOfInterest":
            return Destination(resource, feature=route.id)
        return Destination(resource, (route.entity_type, route.id))
    return Destination(resource)


@dataclass(frozen=True)
class Target:
    """What one subscribes to: a collection, an entity or a property, and what of it is shown."""

    resource: Resource
    options: Options


def target(topic_filter: str) -> Target:
    """Of a filter without wildcards. Raises QueryError, EntityNotFound or NotSupported."""
    path, _, query = _path(topic_filter).partition("?")
    resource = parse_path(path)
    if resource.route is None or resource.type is None or resource.form not in _WATCHED:
        raise QueryError(
            f"{topic_filter[:200]}: only collections, entities and properties can be subscribed to"
        )
    allowed = frozenset() if resource.form is Form.property else _SELECT
    return Target(resource, parse_options(query, resource.type, allowed))


_WATCHED = (Form.collection, Form.entity, Form.property)
