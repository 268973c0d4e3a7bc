"""Zones, results and meters that lie about themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.energy.constructions import Glazing, Layer, Opaque
from analysis.energy.plausible import Doubt, doubts, doubts_of_meters, doubts_of_result, typical
from analysis.energy.result import NEEDS, EnergyResult
from analysis.energy.uses import always
from analysis.energy.zones import Boundary, Part, Zones
from tests.energy_zones import box_zones, plain_use


def named(found: list[Doubt]) -> list[tuple[int, str, str]]:
    return [(d.zone, d.figure, d.severity) for d in found]


def only(zones: Zones) -> Doubt:
    found = doubts(zones)
    assert len(found) == 1, named(found)
    assert found[0].text["ko"] != found[0].text["en"]
    return found[0]


def with_elements(zones: Zones, **changes: Any) -> Zones:
    return replace(zones, elements=replace(zones.elements, **changes))


def test_a_plain_box_raises_no_doubt() -> None:
    assert doubts(box_zones(3)) == []
    assert doubts(box_zones(shared=(90.0, 270.0), turn=33.0)) == []


def test_the_zone_that_lies_is_named_among_others() -> None:
    zones = box_zones(3)
    volume = zones.volume.copy()
    volume[1] = 0.0
    assert named(doubts(replace(zones, volume=volume))) == [(1, "volume", "refuse")]


@pytest.mark.parametrize(
    ("windows", "share"), [({180.0: 8 * 2.7, 0.0: 8 * 2.7, 90.0: 15.0, 270.0: 16.2}, 0.984), ({}, 0.0)]
)
def test_a_window_share_that_cannot_well_be(windows: dict[float, float], share: float) -> None:
    found = only(box_zones(windows=windows))
    assert (found.figure, found.severity, found.expected) == ("window_share", "doubt", (0.01, 0.95))
    assert found.value == pytest.approx(share, abs=1e-3)
    assert "0.01 to 0.95" in found.text["en"]


def test_a_zone_with_no_outer_wall_has_no_window_share() -> None:
    assert doubts(box_zones(windows={}, shared=(0.0, 90.0, 180.0, 270.0))) == []


def test_floor_area_against_volume() -> None:
    zones = box_zones()
    found = only(replace(zones, floor_area=zones.floor_area * 2))
    assert found.figure == "storey_height"
    assert found.value == pytest.approx(1.35)
    high = only(replace(zones, floor_area=zones.floor_area / 4))
    assert high.value == pytest.approx(10.8)


def test_u_values() -> None:
    thick = Opaque(name="thick", layers=(Layer(2.0, 0.03),))
    assert only(box_zones(roof=thick)).figure == "u_value"
    assert only(box_zones(glass=Glazing(name="hole", u_value=9.0, g_value=0.9))).value == 9.0
    broken = only(box_zones(glass=Glazing(name="broken", u_value=-1.0, g_value=0.9)))
    assert (broken.figure, broken.severity) == ("u_value", "refuse")
    # what is behind neighbours or in the zone does not count
    zones = box_zones(roof=thick)
    boundary = np.where(zones.elements.part == Part.ROOF, Boundary.ADIABATIC, zones.elements.boundary)
    assert doubts(with_elements(zones, boundary=boundary.astype(np.int8))) == []


def test_an_envelope_that_is_not_closed() -> None:
    zones = box_zones(height=4.0)
    area = zones.elements.area.copy()
    area[zones.elements.part == Part.ROOF] = 0.0
    found = doubts(with_elements(zones, area=area))
    # what is left could not even enclose the volume as a sphere
    assert named(found) == [(0, "openness", "doubt"), (0, "compactness", "doubt")]
    # by hand: the floor's 48 m² stand against nothing
    assert found[0].value == pytest.approx(48.0 / (2 * 14 * 4.0 + 48.0))
    floor_alone = np.where(zones.elements.part == Part.FLOOR, area, 0.0)
    figures = {(d.figure, d.severity) for d in doubts(with_elements(zones, area=floor_alone))}
    assert ("openness", "refuse") in figures


def test_a_volume_that_its_envelope_cannot_hold() -> None:
    zones = box_zones()
    found = doubts(replace(zones, volume=zones.volume * 10, floor_area=zones.floor_area * 10))
    assert named(found) == [(0, "compactness", "refuse")]
    assert found[0].value < 3.0


def test_areas_that_are_negative_or_not_known() -> None:
    zones = box_zones()
    for wrong in (-1.0, np.nan):
        area = zones.elements.area.copy()
        area[2] = wrong
        assert (0, "area", "refuse") in named(doubts(with_elements(zones, area=area)))


def test_infiltration() -> None:
    assert named(doubts(box_zones(infiltration=0.0))) == [(0, "infiltration", "doubt")]
    assert named(doubts(box_zones(infiltration=6.0))) == [(0, "infiltration", "doubt")]
    assert named(doubts(box_zones(infiltration=-1.0))) == [(0, "infiltration", "refuse")]
    assert named(doubts(box_zones(infiltration=float("nan")))) == [(0, "infiltration", "refuse")]


def test_gains() -> None:
    use = plain_use(people=150.0, lighting=100.0)
    assert only(box_zones(use=use)).value == 250.0
    assert only(box_zones(use=plain_use(people=30.0), gain_factor=np.array([10.0]))).figure == "gains"
    assert only(box_zones(use=plain_use(people=-1.0))).severity == "refuse"


def test_capacities_of_zero() -> None:
    assert named(doubts(box_zones(heat_capacity=np.zeros(1)))) == [(0, "heat_capacity", "refuse")]
    assert named(doubts(box_zones(heating_capacity=np.zeros(1)))) == [(0, "heating_capacity", "doubt")]
    unheated = plain_use(heating_set=always(np.nan))
    assert doubts(box_zones(use=unheated, heating_capacity=np.zeros(1))) == []


def test_tiny_zones() -> None:
    found = doubts(box_zones(width=1.8, depth=1.8, windows={180.0: 0.5}))
    assert named(found) == [(0, "volume", "doubt"), (0, "floor_area", "doubt")]
    assert (0, "floor_area", "refuse") in named(doubts(box_zones(floor_area=np.array([np.nan]))))


def result(zones: Zones, heating: float, **changes: Any) -> EnergyResult:
    """A year of heating alone [kWh/m²]."""
    z = len(zones)
    monthly = {need: np.zeros((z, 12)) for need in NEEDS}
    monthly["heating"] += heating * zones.floor_area[:, None] / 12
    fields: dict[str, Any] = {
        "method": "5r1c",
        "zones": zones,
        "times": pd.date_range("2023-01-01 00:30", periods=8760, freq="h", tz="Asia/Seoul"),
        "step": 3600.0,
        "monthly": monthly,
        "overheating_limit": 26.0,
        **{
            name: np.zeros(z)
            for name in ("heating_peak", "cooling_peak", "unmet", "overheating", "balance_error")
        },
    }
    return EnergyResult(**(fields | changes))


def test_needs_that_no_building_of_the_use_has() -> None:
    offices = box_zones(use=replace(plain_use(), id="office"))
    assert doubts_of_result(result(offices, 120.0)) == []
    for wrong in (2.0, 5000.0):
        found = doubts_of_result(result(offices, wrong))
        assert named(found) == [(0, "need", "doubt")]
        assert found[0].value == pytest.approx(wrong)
    # of a use that nothing is known of, nothing is said
    assert doubts_of_result(result(box_zones(), 2.0)) == []


def test_peaks_hours_and_balance_of_a_result() -> None:
    zones = box_zones()
    for name, value, figure in (
        ("heating_peak", 48.0 * 600, "heating_peak"),
        ("cooling_peak", 48.0 * 600, "cooling_peak"),
        ("unmet", 3000.0, "unmet"),
        ("balance_error", 1e-3, "balance_error"),
    ):
        found = doubts_of_result(result(zones, 100.0, **{name: np.array([value])}))
        assert named(found) == [(0, figure, "doubt")]
    assert named(doubts_of_result(result(zones, np.nan))) == [(0, "need", "refuse")]


def test_a_meter_in_another_unit_is_found() -> None:
    area = np.full(6, 1000.0)
    expected = typical(["office"] * 6, area)
    assert expected[0] == 300_000.0
    measured = expected * np.array([1.3, 1000.0, 1.7e-3, 30.0, np.nan, -1.0])
    found = doubts_of_meters(measured, expected)
    assert named(found) == [
        (1, "meter_unit", "refuse"),
        (2, "meter_unit", "refuse"),
        (3, "meter", "doubt"),
        (5, "meter", "refuse"),
    ]
    assert "kWh as MWh" in found[0].text["en"]
    assert "MWh as kWh" in found[1].text["en"]
    assert "단위" in found[1].text["ko"]


def test_meters_without_anything_to_compare_with_are_left_alone() -> None:
    assert doubts_of_meters(np.array([1e9]), typical(["parking"], np.array([100.0]))) == []
