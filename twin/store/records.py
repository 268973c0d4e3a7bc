"""What goes into the store and what comes out of it."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from citygml.model import CityObject
from twin.store.codec import decode_attributes, decode_body


class ObjectRow(NamedTuple):
    """One object as it is written: the columns of `object` that do not depend on the store, and the body."""

    id: str
    class_name: str
    layer: str
    parent: str | None
    digest: bytes
    triangles: int
    implicit: int
    lods: str
    bounds: tuple[float, ...] | None
    attributes: bytes
    body: bytes


@dataclass(slots=True)
class StoredObject:
    """One version of an object as it is read."""

    row: int
    id: str
    class_name: str
    layer: str
    parent: str | None
    source: str
    valid_from: str
    valid_to: str | None
    lods: str
    bounds: tuple[float, ...] | None
    attributes_json: str
    body: bytes

    def decode(self, surface_attributes: bool = True) -> CityObject:
        """The object with its geometry; without the attributes of its semantic surfaces if not wanted."""
        return decode_body(
            self.body,
            self.id,
            self.class_name,
            self.parent,
            decode_attributes(self.attributes_json),
            surface_attributes,
        )


@dataclass(slots=True)
class ObjectIndex:
    """The objects of one layer that have geometry, as columns in the order of their ids (n of them).

    rows: (n,) int64. bounds: (n, 6) float64 x0 y0 z0 x1 y1 z1 in the city's CRS. triangles: (n,) int64.
    implicit: (n,) int64. digests: (n,) void of 16 bytes.
    """

    ids: list[str]
    rows: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.float64]
    triangles: npt.NDArray[np.int64]
    implicit: npt.NDArray[np.int64]
    digests: npt.NDArray[np.void]

    def __len__(self) -> int:
        return len(self.ids)

    def changed(self, gone: Sequence[int], came: ObjectIndex) -> ObjectIndex:
        """Without some rows, and with other objects, which are in the order of their ids as well."""
        stays = ~np.isin(self.rows, gone)
        ids = list(compress(self.ids, stays.tolist()))
        places = [bisect(ids, id) for id in came.ids]

        def column(ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return np.insert(ours[stays], places, theirs, axis=0)

        ends = [*places, len(ids)]
        merged = ids[: ends[0]]
        for id, start, end in zip(came.ids, places, ends[1:], strict=True):
            merged += [id, *ids[start:end]]
        return ObjectIndex(
            merged,
            column(self.rows, came.rows),
            column(self.bounds, came.bounds),
            column(self.triangles, came.triangles),
            column(self.implicit, came.implicit),
            column(self.digests, came.digests),
        )


@dataclass(slots=True)
class Layer:
    """One layer: how many objects of which class, and where they came from."""

    name: str
    classes: dict[str, int]
    lods: list[str] = field(default_factory=list)

    @property
    def objects(self) -> int:
        return sum(self.classes.values())


@dataclass(slots=True)
class Source:
    """One file that was read into the city."""

    row: int
    name: str
    path: str
    digest: str
    description: dict[str, Any]
    read_at: str

    @property
    def licence(self) -> str | None:
        """Under which terms it may be used, and whom to name, as it was added with."""
        return self.description.get("licence")


@dataclass(slots=True)
class Raster:
    """One raster of the city. `file` is relative to the city's folder."""

    name: str
    kind: str
    digest: str
    file: str
    description: dict[str, Any]
    added_at: str

    @property
    def licence(self) -> str | None:
        """As of a source."""
        return self.description.get("licence")


@dataclass(slots=True)
class Ingested:
    """What an ingestion changed, in objects."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0
    findings: int = 0


def iso(moment: datetime) -> str:
    """The text that stands for a moment in the store: UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
