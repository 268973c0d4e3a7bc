"""Meters roll up from building to block to district, and the sums agree with the readings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.models import city, write
from tests.unit.sensor_models import add, datastreams_of, read, thing
from twin.errors import QueryError
from twin.ingest import add_files
from twin.link.rollup import RollUp, roll_up
from twin.link.things import link_things
from twin.observations.store import Observations, open_observations
from twin.store import open_city

HOUR = 3_600_000_000
DAY_S = 1_700_006_400  # 2023-11-15T00:00:00Z


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two parcels: `west` with a and b, `east` with c (and in it a smaller one, `yard`, with d); e says its
    block, f and g stand nowhere."""
    document = city(
        {
            "a": (0, 0, 5), "b": (20, 0, 5), "c": (100, 0, 5), "d": (140, 0, 5),
            "e": (0, 40, 5), "f": (0, 400, 5),
            "west": (-10, -10, 0.1), "east": (90, -10, 0.1), "yard": (138, -2, 0.1),
        },
        attributes={"e": {"block": "B-7", "district": "South"}, "west": {"name": "West parcel"}},
    )  # fmt: skip
    vertices = document["vertices"]
    for id, (width, depth) in {"west": (60, 80), "east": (80, 60), "yard": (20, 20)}.items():
        parcel = document["CityObjects"][id]
        parcel["type"] = "LandUse"
        shell = parcel["geometry"][0]["boundaries"][0]
        x, y, z = vertices[shell[0][0][0]]
        corners = [(x, y), (x + width * 1000, y), (x + width * 1000, y + depth * 1000), (x, y + depth * 1000)]
        parcel["geometry"] = [
            {
                "type": "MultiSurface",
                "lod": "1",
                "boundaries": [[list(range(len(vertices), len(vertices) + 4))]],
            }
        ]
        vertices.extend([a, b, z] for a, b in corners)
    add_files(tmp_path / "x.twin", [write(tmp_path / "s.json", document)])
    return tmp_path / "x.twin"


@pytest.fixture
def obs(folder: Path) -> Iterator[Observations]:
    with open_observations(folder) as opened:
        yield opened


def meters(folder: Path, obs: Observations, unit: str = "kWh", observed: str = "energy") -> dict[str, int]:
    """A meter in each building, and a second one in a; b's has 2 readings an hour, f's none."""
    ids = {}
    for n, name in enumerate(["a", "b", "c", "d", "e", "f", "a2"]):
        made = add(obs, thing(name, properties={"objectId": name[0]}, observed=observed, unit=unit))
        (ids[name],) = datastreams_of(obs, made)
        if name != "f":
            step = 1800 if name == "b" else 3600
            count = 48 * 3600 // step
            read(obs, ids[name], [DAY_S + i * step for i in range(count)], [float(n + 1)] * count)
    link_things(folder, obs)
    return ids


def rolled(folder: Path, obs: Observations, by: str, **more: object) -> RollUp:
    span = {"start": DAY_S * 1_000_000, "end": (DAY_S + 86_400) * 1_000_000, **more}
    with open_city(folder) as opened, obs.connection() as connection:
        return roll_up(opened, connection, span.pop("observed", "energy"), by, **span)


def values(done: RollUp) -> dict[str | None, float | None]:
    return {g.id: g.value for g in done.groups}


def test_amounts_add_up_from_building_to_district(folder: Path, obs: Observations) -> None:
    meters(folder, obs)
    buildings = rolled(folder, obs, "building")
    assert (buildings.unit, buildings.aggregate) == ("kWh", "sum")
    assert values(buildings) == {"a": 24 * (1 + 7), "b": 96, "c": 72, "d": 96, "e": 120, "f": None}
    assert [g.datastreams for g in buildings.groups] == [2, 1, 1, 1, 1, 1]
    blocks = rolled(folder, obs, "block")
    assert values(blocks) == {"west": 24 * 8 + 96, "east": 72, "yard": 96, "B-7": 120, None: None}
    assert {g.id: g.objects for g in blocks.groups}["west"] == {"a", "b"}
    assert {g.id: g.name for g in blocks.groups}["west"] == "West parcel"
    districts = rolled(folder, obs, "district")
    assert values(districts) == {"x": 24 * 8 + 96 + 72 + 96, "South": 120}
    assert (
        buildings.total == blocks.total == districts.total == sum(v for v in values(districts).values() if v)
    )


def test_only_the_hours_asked_for_count(folder: Path, obs: Observations) -> None:
    meters(folder, obs)
    start = DAY_S * 1_000_000 + 22 * HOUR
    assert values(rolled(folder, obs, "building", start=start, end=start + 5 * HOUR))["c"] == 15
    assert values(rolled(folder, obs, "building", start=0, end=HOUR))["c"] is None
    assert rolled(folder, obs, "building", start=0, end=HOUR).total is None


def test_a_mean_counts_each_meter_alike(folder: Path, obs: Observations) -> None:
    meters(folder, obs, "°C", "temperature")
    done = rolled(folder, obs, "block", observed="TEMPERATURE")
    assert done.aggregate == "mean"
    assert values(done)["west"] == pytest.approx((1 + 7 + 2) / 3)
    assert done.total == pytest.approx((1 + 2 + 3 + 4 + 5 + 7) / 6)
    assert (
        values(rolled(folder, obs, "building", observed="urn:test:temperature", aggregate="sum"))["c"] == 72
    )


def test_meters_that_count_on(folder: Path, obs: Observations) -> None:
    made = add(obs, thing("m", properties={"objectId": "a"}, observed="energy", unit="kWh"))
    (id,) = datastreams_of(obs, made)
    read(obs, id, [DAY_S + i * 3600 for i in range(24)], [1000.0 + 2 * i for i in range(24)])
    link_things(folder, obs)
    assert values(rolled(folder, obs, "building", aggregate="increase")) == {"a": 46}


def test_units_that_do_not_go_together_are_refused(folder: Path, obs: Observations) -> None:
    meters(folder, obs)
    add(obs, thing("z", properties={"objectId": "a"}, observed="energy", unit="MWh"))
    link_things(folder, obs)
    with pytest.raises(QueryError, match="read in MWh and kWh"):
        rolled(folder, obs, "building")


def test_without_meters_there_is_nothing(folder: Path, obs: Observations) -> None:
    done = rolled(folder, obs, "building")
    assert (done.groups, done.total) == ([], None)
