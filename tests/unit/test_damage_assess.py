"""Depths at buildings, what stands there, and damage by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from analysis.damage import (
    Occupancy,
    Prices,
    Vulnerability,
    assess,
    construction_costs,
    damage_curves,
    depth_at_buildings,
    exposure,
    summary,
)
from analysis.damage.depth import over_areas
from analysis.errors import AnalysisError
from analysis.scene.outlines import Outline
from citygml.model import Code, Measure

KOREA = construction_costs("KOR")
CURVES = damage_curves("Asia")


def building(id: str = "a", width: float = 10.0, x: float = 0.0, high: float = 3.0, **attributes) -> Outline:
    attributes.setdefault("function", Code("01001", "Building_function.xml"))
    return Outline(id, "Building", shapely.box(x, 0, x + width, 10), 0.0, high, attributes)


def house(**columns) -> pd.DataFrame:
    row = {
        "id": "a", "name": "", "sector": "residential", "use": "", "use_from": "code",
        "footprint_area": 100.0,
        "storeys": 1.0, "storeys_from": "attribute", "floor_area": 100.0, "floor_area_from": "attribute",
        "households": 1.0, "people": 2.2, "block": "b",
    }  # fmt: skip
    return pd.DataFrame([row | columns])


# Depths


def test_depth_is_that_of_open_cells_around() -> None:
    building = np.zeros((6, 7), int)
    building[2:4, 2:4], building[2:4, 4:6] = 1, 2
    depth = np.arange(42, dtype=float).reshape(6, 7) / 10
    deepest, cells = depth_at_buildings(depth, building, 3, closed=building > 0)
    around_first = [depth[i, j] for i in range(1, 5) for j in range(1, 5) if building[i, j] == 0]
    assert deepest.tolist() == [max(around_first), depth[4, 6], 0.0]
    assert cells.tolist() == [10, 10, 0]
    mean, _ = depth_at_buildings(depth, building, 3, building > 0, "mean")
    assert mean[0] == pytest.approx(np.mean(around_first))
    own, more = depth_at_buildings(depth, building, 3)
    assert more.tolist() == [14, 14, 0]
    assert own[0] == max(*around_first, depth[3, 3])


def test_depths_and_buildings_must_be_on_one_grid_and_known() -> None:
    with pytest.raises(AnalysisError, match="not on one grid"):
        depth_at_buildings(np.zeros((3, 3)), np.zeros((3, 4), int), 0)
    with pytest.raises(AnalysisError, match="without a value"):
        depth_at_buildings(np.full((3, 3), np.nan), np.ones((3, 3), int), 1)


def test_depth_over_areas() -> None:
    numbers = np.array([[1, 1, 2], [1, 0, 2]])
    greatest, cells, deep = over_areas(np.array([[0.1, 0.5, 0.2], [0.4, 9, 0.3]]), numbers, 3, 0.3)
    assert greatest.tolist() == [0.5, 0.3, 0.0]
    assert cells.tolist() == [3, 2, 0]
    assert deep.tolist() == [2, 0, 0]


# What stands there


def test_floor_area_and_storeys_come_from_what_is_known_best() -> None:
    two_parts = building("parts", high=20)
    two_parts.parts = [({"storeysAboveGround": 2}, 75.0), ({"storeysAboveGround": 6}, 25.0)]
    frame = exposure(
        [
            building("stated", floor_area=Measure(250.0, "m2"), storeysAboveGround=3, households=2),
            building("storeys", storeysAboveGround=4),
            two_parts,
            building("height", measuredHeight=Measure(9.4, "m")),
            building("geometry", high=6.2),
            building("unknown", storeysAboveGround=9999, measuredHeight=Measure(-9999.0, "m"), high=2.0),
            building("inside", detail={"totalFloorArea": 333.0}),
        ]
    ).set_index("id")
    assert frame["storeys"].to_dict() == {
        "stated": 3, "storeys": 4, "parts": 3, "height": 3, "geometry": 2, "unknown": 1, "inside": 1,
    }  # fmt: skip
    assert frame["storeys_from"].tolist()[:5] == ["attribute", "attribute", "parts", "height", "height"]
    assert frame["floor_area"].to_dict() == pytest.approx(
        {
            "stated": 250,
            "storeys": 400,
            "parts": 300,
            "height": 300,
            "geometry": 200,
            "unknown": 100,
            "inside": 333,
        }
    )
    assert frame.loc["storeys", "floor_area_from"] == "footprint x storeys"
    assert frame.loc["stated", "people"] == pytest.approx(2 * 2.2)
    assert frame.loc["storeys", "people"] == pytest.approx(400 / 34.8)


def test_people_are_those_who_live_there_and_blocks_are_parcels_or_squares() -> None:
    parcel = Outline("parcel-1", "LandUse", shapely.box(-5, -5, 20, 20), 0.0, 0.0, {})
    frame = exposure(
        [building("home"), building("shop", x=510.0, function=Code("03000"), households=4)],
        blocks=[parcel],
        occupancy=Occupancy(area=50.0),
        block_size=250.0,
    )
    assert frame["people"].tolist() == [2.0, 0.0]
    assert frame["block"].tolist() == ["parcel-1", "500,0"]
    assert frame["sector"].tolist() == ["residential", "commercial"]
    assert len(exposure([])) == 0


# Damage


def test_a_house_by_hand() -> None:
    """100 m², 1 m of water, Korea: 1136.23 EUR/m² x 0.6 that can be damaged x 0.494; contents half of it."""
    found = assess(house(), [1.0], CURVES, KOREA).buildings.iloc[0]
    structure = 100 * 1136.23 * 0.6 * 0.494
    assert found["structure"] == pytest.approx(structure)
    assert found["contents"] == pytest.approx(structure / 2)
    assert found["damage"] == pytest.approx(50_517, abs=1)
    assert found["damage_low"] == pytest.approx(100 * 1136.23 * 0.6 * 1.5 * 0.378)  # Africa's curve at 1 m
    assert found["damage_high"] == pytest.approx(
        100 * 1136.23 * 0.6 * 1.5 * 0.711
    )  # Central and South America's


def test_a_tower_loses_its_lowest_storeys_only() -> None:
    tower = house(sector="commercial", storeys=20.0, floor_area=2000.0)
    found = assess(tower, [6.0], CURVES, KOREA).buildings.iloc[0]
    assert found["damage"] == pytest.approx(200 * 1202.06 * 0.6 * 2.0)
    assert found["value"] == pytest.approx(found["damage"])


def test_a_floor_above_the_water_is_dry() -> None:
    raised = Vulnerability(threshold=0.4)
    found = assess(house(), [0.4], CURVES, KOREA, vulnerability=raised).buildings.iloc[0]
    assert found["damage"] == 0
    assert found["people_exposed"] == pytest.approx(2.2)
    assert found["people_on_wet_floors"] == 0
    found = assess(house(), [0.9], CURVES, KOREA, vulnerability=raised).buildings.iloc[0]
    assert found["fraction"] == pytest.approx(0.327)


def test_prices_are_carried_to_another_year_and_currency() -> None:
    plain = assess(house(), [1.0], CURVES, KOREA)
    carried = assess(house(), [1.0], CURVES, KOREA, prices=Prices(1.4, 2024, 1450.0, "KRW"))
    assert (plain.currency, plain.price_year) == ("EUR", 2010)
    assert (carried.currency, carried.price_year) == ("KRW", 2024)
    assert carried.totals["damage"] == pytest.approx(plain.totals["damage"] * 1.4 * 1450)
    assert carried.units(carried.buildings)["damage"] == "KRW"


def test_people_on_wet_floors() -> None:
    frame = house(storeys=4.0, people=8.0)
    found = assess(frame, [3.5], CURVES, KOREA).buildings.iloc[0]
    assert found["people_exposed"] == 8
    assert found["people_on_wet_floors"] == 4  # two of four storeys
    dry = assess(frame, [0.05], CURVES, KOREA).buildings.iloc[0]
    assert dry["people_exposed"] == 0


def test_blocks_add_up_to_the_totals() -> None:
    frame = pd.concat([house(id="a"), house(id="b", block="c"), house(id="d", sector="none")])
    found = assess(frame.reset_index(drop=True), [1.0, 0.0, 2.0], CURVES, KOREA)
    assert found.blocks["damage"].sum() == pytest.approx(found.totals["damage"])
    assert found.blocks.loc["b", "buildings"] == 2
    assert found.blocks.loc["c", "damage"] == 0
    assert found.buildings.set_index("id").loc["d", "damage"] == 0
    told = summary(found)
    assert (told["currency"], told["price_year"], told["buildings_flooded"]) == ("EUR", 2010, 2)
    assert told["notes"] == ["costs of KOR in EUR of 2010; curves of Asia"]


def test_bad_depths_and_sectors_are_refused() -> None:
    for depth in ([np.nan], [-0.1], [1.0, 2.0]):
        with pytest.raises(AnalysisError, match="expected a depth of 0 m or more for each of 1 buildings"):
            assess(house(), depth, CURVES, KOREA)
    with pytest.raises(AnalysisError, match="no cost or contents ratio for the sector 'farm'"):
        assess(house(sector="farm"), [1.0], CURVES, KOREA)


@given(
    st.floats(0, 8), st.floats(0, 2), st.floats(0, 1), st.floats(0, 1),
    st.sampled_from(["residential", "industrial"]),
)  # fmt: skip
def test_low_central_high_are_in_order_and_no_more_than_there_is(
    depth: float, threshold: float, depth_error: float, cost_error: float, sector: str
) -> None:
    how = Vulnerability(threshold=threshold, depth_error=depth_error, cost_error=cost_error)
    row = assess(house(sector=sector), [depth], CURVES, KOREA, vulnerability=how).buildings.iloc[0]
    assert 0 <= row["damage_low"] <= row["damage"] <= row["damage_high"]
    assert row["damage"] <= row["value"] * (1 + 1e-12)
    assert row["damage_high"] <= row["value"] * (1 + cost_error) * (1 + 1e-12)
    if depth == 0:
        assert row["damage_high"] == 0
