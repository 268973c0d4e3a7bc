"""What can be asked of the observations: routes through the entities, filters, orders and pages.

Plain values without SQL or URLs: `api.sensorthings` makes them from a request, the store answers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twin.observations.model import EntityType


@dataclass(frozen=True)
class Instant:
    """A point in time [µs since 1970-01-01T00:00:00Z]."""

    micros: int


@dataclass(frozen=True)
class Interval:
    """A half-open span of time [µs]."""

    start: int
    end: int


@dataclass(frozen=True)
class Duration:
    micros: int


@dataclass(frozen=True)
class Geometry:
    """Well-known text, longitude and latitude in degrees (WGS 84)."""

    wkt: str


@dataclass(frozen=True)
class Literal:
    value: bool | int | float | str | Instant | Interval | Duration | Geometry | None


@dataclass(frozen=True)
class Path:
    """A property, by way of links to one entity: `("Datastream", "unitOfMeasurement", "name")`.

    `id` is the entity's id. What follows a JSON property is a path within it.
    """

    segments: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """An operator (`eq ne gt ge lt le and or not add sub mul div mod neg`) or a function of 18-088,
    table 16, by its name there (`substringof`, `st_within`, …)."""

    function: str
    arguments: tuple[Expression, ...]


Expression = Literal | Path | Call


@dataclass(frozen=True)
class Order:
    expression: Expression
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """One collection's options. `top` None: the store's page size. `after`: the opaque mark of a page's
    end that `Page.next` gave, for the same filter and order."""

    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()
    filter: Expression | None = None
    order: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    after: str | None = None


@dataclass(frozen=True)
class Expand:
    link: str
    query: Query = field(default_factory=Query)


@dataclass(frozen=True)
class Step:
    """A link followed, and the id chosen among its targets, if any."""

    link: str
    id: int | None = None


@dataclass(frozen=True)
class Route:
    """Where a request points: an entity set, one of its entities, and links onward.

    `Things(1)/Datastreams(2)/Observations` is `Route(THING, 1, (Step("Datastreams", 2),
    Step("Observations")))`.
    """

    entity_type: EntityType
    id: int | None = None
    steps: tuple[Step, ...] = ()


@dataclass
class Page:
    """Some entities of a collection. count: of all that match, if asked for. next: the mark to go on
    from, None at the end."""

    entities: list[Entity]
    count: int | None = None
    next: str | None = None


@dataclass
class Entity:
    """One entity as stored: STA property names to JSON values, times as `Instant` or `Interval`.

    links: what was expanded, a Page for many, an Entity or None for one.
    """

    type: EntityType
    id: int
    values: dict[str, Any]
    links: dict[str, Page | Entity | None] = field(default_factory=dict)
