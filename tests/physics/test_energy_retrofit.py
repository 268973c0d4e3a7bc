"""What measures save, against steady heat flows by hand: an even winter without sun."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.energy import simulate
from analysis.energy.constructions import INSIDE_RESISTANCE, OUTSIDE_RESISTANCE, Layer
from analysis.energy.problem import AIR_HEAT
from analysis.energy.retrofit.apply import applied
from analysis.energy.retrofit.measures import Measure, read_measures
from analysis.energy.zones import Boundary, Zones
from tests.energy_zones import GLASS, WALL, box_zones, even_weather, plain_use

MEASURES = read_measures()
HOURS = 24 * 40
COLD = -5.0
WEATHER = even_weather(temperature=COLD, hours=HOURS)
KELVIN_HOURS = (20.0 - COLD) * HOURS / 1000.0
"""[1000 K h]"""
AIR_DENSITY = 1.204
"""[kg/m³] At 20 °C and 1013.25 hPa."""


@pytest.fixture(scope="module")
def zones() -> Zones:
    use = plain_use(ventilation=2.0)
    return box_zones(1, use=use, floor_boundary=Boundary.ADIABATIC)


def saved(zones: Zones, measure: Measure) -> tuple[float, float]:
    """(heat [kWh] that a measure saves, what it covers [m²])."""
    after, area = applied(zones, [measure])
    before = simulate(zones, WEATHER, hourly=False).yearly("heating")[0]
    return float(before - simulate(after, WEATHER, hourly=False).yearly("heating")[0]), area[measure.id][0]


def test_a_building_with_a_measure_needs_what_one_built_so_needs(zones: Zones) -> None:
    insulated = replace(WALL, layers=(Layer(0.16, 0.035), *WALL.layers))
    glass = replace(GLASS, u_value=0.8, g_value=0.5, panes=3)
    for id, built in (
        ("wall_insulation", {"wall": insulated, "roof": WALL, "floor": WALL}),
        ("roof_insulation", {"roof": replace(WALL, layers=(Layer(0.2, 0.035), *WALL.layers))}),
        ("windows_triple", {"glass": glass}),
    ):
        after, _ = applied(zones, [MEASURES[id]])
        other = box_zones(1, use=zones.uses[0], floor_boundary=Boundary.ADIABATIC, **built)
        needs = [simulate(z, WEATHER, hourly=False).yearly("heating")[0] for z in (zones, after, other)]
        assert needs[1] == pytest.approx(needs[2], rel=1e-6), id
        assert needs[1] < 0.97 * needs[0], id


def test_insulation_saves_no_more_than_by_air_temperatures_alone(zones: Zones) -> None:
    """Walls see one another: those that get warmer make the others lose more."""
    heat, area = saved(zones, MEASURES["wall_insulation"])
    assert area == pytest.approx(2.7 * 28.0 - 6.0)
    surfaces = INSIDE_RESISTANCE + OUTSIDE_RESISTANCE
    better = 1.0 / (WALL.resistance + 0.16 / 0.035 + surfaces)
    by_air = (WALL.u_value - better) * area * KELVIN_HOURS
    assert 0.7 * by_air < heat < by_air


def test_tight_buildings_save_the_heat_of_the_air(zones: Zones) -> None:
    heat, area = saved(zones, MEASURES["airtightness"])
    assert area == pytest.approx(48.0)
    volume = (0.5 - 0.15) * 48.0 * 2.7
    assert heat == pytest.approx(AIR_DENSITY * AIR_HEAT / 3600.0 * volume * KELVIN_HOURS, rel=0.02)


def test_recovery_saves_its_efficiency_of_the_ventilations_heat(zones: Zones) -> None:
    heat, _ = saved(zones, MEASURES["heat_recovery"])
    ventilation = 2.0 * 48.0
    assert heat == pytest.approx(
        0.75 * AIR_DENSITY * AIR_HEAT / 3600.0 * ventilation * KELVIN_HOURS, rel=0.02
    )
