"""What goes into the store and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
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

    def take(self, chosen: npt.NDArray[np.int64]) -> ObjectIndex:
        """Some of the objects, by their places here."""
        return ObjectIndex(
            [self.ids[n] for n in chosen.tolist()],
            self.rows[chosen],
            self.bounds[chosen],
            self.triangles[chosen],
            self.implicit[chosen],
            self.digests[chosen],
        )

    def merged(self, other: ObjectIndex) -> ObjectIndex:
        """The objects of both."""
        both = ObjectIndex(
            self.ids + other.ids,
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.bounds, other.bounds]),
            np.concatenate([self.triangles, other.triangles]),
            np.concatenate([self.implicit, other.implicit]),
            np.concatenate([self.digests, other.digests]),
        )
        return both.take(np.array(sorted(range(len(both)), key=both.ids.__getitem__), np.int64))


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
