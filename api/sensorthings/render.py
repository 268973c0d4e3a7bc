"""Entities and pages of the store as the JSON of SensorThings 1.1, with its links and control information."""

from __future__ import annotations

from typing import Any

from api.sensorthings.options import KINDS, Options
from twin.observations.model import ENTITY_TYPES, OBSERVATION
from twin.observations.query import Entity, Instant, Interval, Page
from twin.observations.times import format_time

_SHOWN_NULL = frozenset(("result", "resultTime"))
"""Properties of an observation that are shown even when they are null."""
_PLAIN = Options()


def render(entity: Entity, root: str, options: Options = _PLAIN) -> dict[str, Any]:
    """One entity with what was selected and expanded. root: URL of the service, ending with a slash."""
    type_, select = entity.type, options.select
    own = f"{root}{type_.set_name}({entity.id})"
    shown: dict[str, Any] = {}
    if select is None:
        shown["@iot.id"] = entity.id
        shown["@iot.selfLink"] = own
    else:
        if "id" in select:
            shown["@iot.id"] = entity.id
        if "@iot.selfLink" in select:
            shown["@iot.selfLink"] = own
    values = entity.values
    for property in type_.properties:
        name = property.name
        if select is not None and name not in select:
            continue
        value = values.get(name)
        if value is None:
            if select is None and not (name in _SHOWN_NULL and type_.name == "Observation"):
                continue
            shown[name] = None
        else:
            shown[name] = plain(value)
    for link, inner in options.expand.items():
        shown.update(_expanded(entity.links.get(link), own, root, link, inner))
    for link in links_of(entity):
        if link not in options.expand and (select is None or link in select):
            shown[f"{link}@iot.navigationLink"] = f"{own}/{link}"
    return shown


def links_of(entity: Entity) -> list[str]:
    """Names of an entity's links; of an observation's two kinds of datastream the one it has, if known."""
    links = entity.links
    if entity.type is not OBSERVATION or not (links.keys() & KINDS):
        return _LINKS[entity.type.name]
    multi = links.get("MultiDatastream") is not None or links.get("Datastream", entity) is None
    absent = "Datastream" if multi else "MultiDatastream"
    return [name for name in _LINKS[OBSERVATION.name] if name != absent]


_LINKS = {name: [link.name for link in type_.links] for name, type_ in ENTITY_TYPES.items()}


def plain(value: Any) -> Any:
    """A value as JSON; times as ISO 8601."""
    return format_time(value) if type(value) in (Instant, Interval) else value


def _expanded(
    target: Page | Entity | None, own: str, root: str, link: str, options: Options
) -> dict[str, Any]:
    if isinstance(target, Page):
        shown: dict[str, Any] = {}
        if target.count is not None:
            shown[f"{link}@iot.count"] = target.count
        shown[link] = [render(entity, root, options) for entity in target.entities]
        if target.next is not None:
            shown[f"{link}@iot.nextLink"] = f"{own}/{link}?{options.next_query(target.next)}"
        return shown
    return {link: None if target is None else render(target, root, options)}


def render_page(page: Page, root: str, url: str, options: Options) -> dict[str, Any]:
    """A collection. url: of the collection, without query."""
    return envelope(page, url, options, [render(entity, root, options) for entity in page.entities])


def envelope(page: Page, url: str, options: Options, value: list[Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if page.count is not None:
        shown["@iot.count"] = page.count
    if page.next is not None:
        shown["@iot.nextLink"] = f"{url}?{options.next_query(page.next)}"
    shown["value"] = value
    return shown


def render_references(page: Page, root: str, url: str, options: Options) -> dict[str, Any]:
    """The addresses of the entities of a collection, for `$ref`."""
    value = [{"@iot.selfLink": f"{root}{e.type.set_name}({e.id})"} for e in page.entities]
    return envelope(page, url, options, value)
