"""What can be done to the observations: plain values that `Writer.submit` takes, and what comes of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.observations.model import EntityType
from twin.observations.query import Instant, Interval, Route, Step

Times = Sequence[int] | npt.NDArray[np.int64]


@dataclass(frozen=True)
class At:
    """What an earlier member of the same `Together` made, by its name there, and links onward."""

    name: str
    steps: tuple[Step, ...] = ()


Place = Route | At


@dataclass(frozen=True)
class Create:
    """One entity with what is nested in it, whole or nothing. -> Created

    route: the collection, `Things` or `Things(1)/Datastreams`, which then sets that link. body: names of
    SensorThings; links as `{"@iot.id": 1}` or inline entities; times as ISO 8601 text, Instant or Interval.
    """

    route: Place
    body: dict[str, Any]


@dataclass(frozen=True)
class Update:
    """Change one entity. replace: optional properties that the body leaves out become null. -> Created"""

    route: Place
    body: dict[str, Any]
    replace: bool = False


@dataclass(frozen=True)
class Delete:
    """Delete one entity and what cannot be without it (18-088, table 25). -> None"""

    route: Place


@dataclass(frozen=True)
class SetLinks:
    """Change which entities the last link of a route leads to. -> None

    mode: add, remove, or set (exactly these, for a link to one that too). Only to entities that exist.
    """

    route: Place
    ids: tuple[int, ...]
    mode: str = "add"


@dataclass(frozen=True)
class Together:
    """Several changes, all or none, in order. -> the list of their results

    names: what later members call the earlier ones, in `At` and as `{"@iot.id": "$name"}`.
    """

    changes: Sequence[Change]
    names: Sequence[str | None] = ()


@dataclass(eq=False)
class Append:
    """Many observations of one datastream. -> Appended

    times: (n,) phenomenon times [µs]. results: (n,) JSON values. times_end: (n,), None for an instant
    [µs]. result_times: (n,) [µs] or None. feature: the id of one feature for all, or one per observation;
    None for the feature at the Thing's Location. ids: (n,) ids that the client gave, None where it did not.
    valid_times: (n,) Interval or None. parameters, result_qualities: (n,) JSON values or None.
    received: when they arrived [µs]; None for now. multi: whether it must be a MultiDatastream; None: either.
    placed: whether each must have a feature, so that without one named the Thing must have a Location.
    """

    datastream: int
    times: Times
    results: Sequence[Any] | npt.NDArray[Any]
    times_end: Sequence[int | None] | None = None
    result_times: Sequence[int | None] | None = None
    feature: int | Sequence[int | None] | None = None
    ids: Sequence[int | None] | None = None
    parameters: Sequence[Any] | None = None
    result_qualities: Sequence[Any] | None = None
    valid_times: Sequence[Interval | Instant | None] | None = None
    received: int | None = None
    multi: bool | None = None
    placed: bool = False


@dataclass(frozen=True)
class AppendMany:
    """Observations of several datastreams in one transaction. -> list of Appended or TwinError

    A bad part does not stop the others.
    """

    parts: Sequence[Append]


@dataclass(frozen=True)
class Call:
    """A function of the writer's connection, run within its transaction. -> what it returns

    For tables that other modules keep in this database. It must be quick and must not commit. rules: it
    changes quality rules, so that they are read again.
    """

    function: Callable[[sqlite3.Connection], Any]
    rules: bool = False


Change = Create | Update | Delete | SetLinks | Together | Append | AppendMany | Call


@dataclass(frozen=True)
class Created:
    """existing: the same observation with the same id was there before."""

    type: EntityType
    id: int
    existing: bool = False


@dataclass(frozen=True)
class Appended:
    """ids: (n,) in the order given. existing: positions of those that were there before."""

    ids: list[int]
    existing: tuple[int, ...] = ()


@dataclass
class Committed:
    """Observations in the order in which they were committed (n each).

    times: [µs]. results: JSON values. flags: bits of `quality.Flag`. last: the cursor to go on from.
    """

    ids: list[int] = field(default_factory=list)
    datastreams: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    last: int = 0

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Changed:
    """An entity that was `created`, `updated` or `deleted`, and the properties that were set."""

    type: EntityType
    id: int
    action: str
    properties: tuple[str, ...] = ()
