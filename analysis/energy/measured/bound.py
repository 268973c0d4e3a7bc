"""Which datastreams are meters, in which unit, and of which building."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import orjson

from analysis.energy.measured.intervals import ABOUT
from analysis.energy.measured.units import Commodity, Unit, unit
from analysis.scene.series import Stream, streams
from twin.link.things import GIVEN
from twin.observations.store import Observations
from twin.store import City

NAMES: dict[Commodity, tuple[str, ...]] = {
    Commodity.ELECTRICITY: (
        *("electric energy", "electricity", "electric power"),
        *("전력량", "전력사용량", "전기사용량", "전력"),
    ),
    Commodity.HEAT: (
        *("heat energy", "thermal energy", "district heat", "heat"),
        *("열량", "난방열량", "열사용량", "열 사용량"),
    ),
    Commodity.COOLING: ("cooling energy", "district cooling", "냉방열량", "냉수열량"),
    Commodity.GAS: (
        *("gas volume", "gas", "natural gas", "town gas"),
        *("가스", "가스량", "가스사용량", "가스 사용량", "도시가스"),
    ),
    Commodity.WATER: (
        "water volume",
        "water consumption",
        "수도사용량",
        "수도 사용량",
        "상수도",
        "물 사용량",
    ),
}
"""Observed properties that are taken for meters of consumption."""
_DEEPEST = 16
Found: TypeAlias = tuple[Stream, Commodity, Unit, str]
"""A meter, what it counts, its unit and the id of its building."""


def found_meters(observations: Observations, city: City) -> tuple[list[Found], list[str]]:
    """Meters with their units and buildings, and why others are left out."""
    with observations.connection() as connection:
        linked = dict(
            connection.execute(
                "SELECT d.id, o.object_id FROM datastreams d JOIN thing_objects o ON o.thing = d.thing"
            ).fetchall()
        )
    whole = _Whole(city)
    found: list[Found] = []
    left_out: list[str] = []
    for commodity, names in NAMES.items():
        seen = {s.id: s for name in names for s in streams(observations, name)}
        for stream in seen.values():
            named = next((stream.properties[k] for k in GIVEN if k in stream.properties), None)
            object_id = linked.get(stream.id, named)
            measured = unit(stream.unit, commodity)
            if isinstance(measured, str):
                left_out.append(f"{shown(stream)}: {measured}")
            elif object_id is None:
                left_out.append(f"{shown(stream)}: it belongs to no object; give its Thing an objectId")
            elif (building := whole.of(str(object_id))) is None:
                left_out.append(f"{shown(stream)}: {object_id!r} is no building of the city")
            else:
                found.append((stream, commodity, measured, building))
    return found, left_out


def shown(stream: Stream) -> str:
    return f"{stream.name} (datastream {stream.id})"


class _Whole:
    """The whole building that an object is, or is a part or room of."""

    def __init__(self, city: City) -> None:
        self.city = city

    def of(self, id: str) -> str | None:
        """Its id; None for what is no building, or not in the city."""
        at: str | None = id
        for _ in range(_DEEPEST):
            row = self.city.connection.execute(
                "SELECT class, parent FROM object WHERE id = ? AND valid_to IS NULL", (at,)
            ).fetchone()
            if row is None or row[0] == "Building":
                return None if row is None else at
            at = row[1]
        return None


def span_of(observations: Observations, found: Sequence[Stream]) -> tuple[int, int] | None:
    """From the beginning of what the first readings of some datastreams are of to the end of what the last
    ones are of [µs], a little further where their intervals vary."""
    ended = {s.id for s in found if s.properties.get("stamp") == "end"}
    with observations.connection() as connection:
        rows = connection.execute(
            "SELECT id, phenomenon_time, phenomenon_time_end, count FROM datastreams"
            " WHERE count > 0 AND id IN (SELECT value FROM json_each(?))",
            (orjson.dumps([s.id for s in found]).decode(),),
        ).fetchall()
    starts, ends = [], []
    for id, first, last, count in rows:
        usual = round((1 + ABOUT) * (last - first) / max(count - 1, 1))
        starts.append(first - usual if id in ended else first)
        ends.append(last if id in ended else last + usual)
    return (min(starts), max(ends)) if rows else None
