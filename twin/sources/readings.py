"""What every source speaks: a series of readings of one quantity at one station."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.observations.query import Interval

MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"


@dataclass(frozen=True)
class Quantity:
    """What is measured, and in which unit. definition, unit_definition, observation_type: URIs.

    parts: of readings that have several values each, what these are, in their order; then the rest but for
    key and name is theirs.
    """

    key: str
    name: str
    definition: str
    unit_name: str = ""
    unit_symbol: str = ""
    unit_definition: str = ""
    observation_type: str = MEASUREMENT
    parts: tuple[Quantity, ...] = ()

    def unit(self) -> dict[str, str]:
        """As `Datastream.unitOfMeasurement`."""
        return {"name": self.unit_name, "symbol": self.unit_symbol, "definition": self.unit_definition}


@dataclass(frozen=True)
class Station:
    """Where it is measured. key: what the source calls it, the same at every delivery.

    longitude, latitude: [degrees] WGS 84, height: [m] above the ellipsoid; None where the source doesn't say.
    """

    key: str
    name: str
    description: str = ""
    longitude: float | None = None
    latitude: float | None = None
    height: float | None = None
    properties: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def located(self) -> bool:
        return self.longitude is not None and self.latitude is not None


@dataclass(eq=False)
class Series:
    """Readings of one quantity at one station. times: (n,) [µs since 1970 UTC]; results: (n,) JSON values.

    ends: (n,) where a reading is of a span of time its end [µs], else None; None: all are of an instant.
    result_times [µs], valid_times, qualities, parameters: (n,) what else is said of each, None for nothing.
    into: a dynamizer of the city's model whose Datastream takes the readings; None: the station's own.
    """

    station: Station
    quantity: Quantity
    times: npt.NDArray[np.int64]
    results: Sequence[Any]
    ends: Sequence[int | None] | None = None
    result_times: Sequence[int | None] | None = None
    valid_times: Sequence[Interval | None] | None = None
    qualities: Sequence[Any] | None = None
    parameters: Sequence[Any] | None = None
    into: str | None = None

    def __len__(self) -> int:
        return len(self.times)


_SHOWN = 3


@dataclass
class Table:
    """What a file holds. bad: cells or rows that could not be read, by example. empty: cells left empty."""

    series: list[Series]
    readings: int = 0
    empty: int = 0
    bad: int = 0
    examples: list[str] = field(default_factory=list)

    def reject(self, count: int, example: str) -> None:
        self.bad += count
        if count and len(self.examples) < _SHOWN:
            self.examples.append(example)
