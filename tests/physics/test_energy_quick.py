"""The quick method against what is known without it: steady states, balances, symmetry, set points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.energy.constructions import Glazing, Layer, Opaque
from analysis.energy.detailed.run import Found
from analysis.energy.problem import Climate
from analysis.energy.quick import Network, quick
from analysis.energy.quick.network import within_reach
from analysis.energy.uses import always
from analysis.energy.zones import Boundary, Shade, Zones
from analysis.weather import Weather
from tests.energy_zones import GLASS, WALL, box_zones, even_weather, plain_use

LIMIT = 26.0
HOURS = 24 * 60


@pytest.fixture(scope="module")
def sunny() -> Weather:
    """Two months of clear winter and spring days, from 4 to 14 °C and freezing at the start."""
    hour = np.arange(HOURS)
    air = 4 + 10 * hour / HOURS - 5 * np.cos(2 * np.pi * hour / 24)
    return even_weather(hours=HOURS, temperature=air, sun=True, start="2023-02-15")


def solved(zones: Zones, weather: Weather, hourly: bool = True) -> Found:
    return quick(zones, Climate.of(weather, zones.place), LIMIT, hourly)


def by_hand(through_elements: float, through_air: float, difference: float) -> float:
    """[W] of heating in a steady state: what elements lose passes between air and surfaces first."""
    inside = 3.45 * (2 * (8 + 6) * 2.7 + 2 * 48.0)
    return difference * (through_air + 1.0 / (1.0 / inside + 1.0 / through_elements))


WALLS = 2 * (8 + 6) * 2.7 - 6.0


def through_air(climate: Climate) -> float:
    return 0.5 * 129.6 / 3600 * climate.density_heat


def test_steady_state_is_that_of_areas_and_u_values() -> None:
    zones = box_zones(floor_boundary=Boundary.OUTSIDE, use=plain_use(20.0, 26.0))
    weather = even_weather(hours=24 * 40, temperature=0.0)
    found = solved(zones, weather)
    elements = WALL.u_value * (WALLS + 2 * 48.0) + GLASS.u_value * 6.0
    air = through_air(Climate.of(weather, zones.place))
    assert found.series[0, 0, -24:] == pytest.approx(by_hand(elements, air, 20.0), rel=1e-4)
    assert found.cooling.sum() == 0


def test_the_ground_is_as_cold_as_it_is_said_to_be() -> None:
    zones = box_zones(use=plain_use(20.0, 26.0), ground_temperature=np.full(12, 10.0))
    weather = even_weather(hours=24 * 40, temperature=10.0)
    # in contact: 0.001 instead of 0.04 m²K/W outside of the floor
    floor = 48.0 / (1.0 / WALL.u_value - 0.04 + 0.001)
    elements = WALL.u_value * (WALLS + 48.0) + floor + GLASS.u_value * 6.0
    air = through_air(Climate.of(weather, zones.place))
    assert solved(zones, weather).series[0, 0, -1] == pytest.approx(by_hand(elements, air, 10.0), rel=1e-4)
    colder = replace(zones, ground_temperature=np.full(12, 5.0))
    more = solved(colder, weather).series[0, 0, -1] - solved(zones, weather).series[0, 0, -1]
    # 5 K through the floor, less what colder surfaces keep back elsewhere
    assert 0.7 * 5.0 * floor < more < 5.0 * floor


def test_the_balance_closes_in_every_hour(sunny: Weather) -> None:
    shade = Shade(width=3.0, height=2.0, depth=1.0)
    use = plain_use(20.0, 26.0, people=4.0, ventilation=1.0, night_ventilation=2.0, heat_recovery=0.7)
    for zones in (
        box_zones(use=use, shade=shade),
        box_zones(use=use, heating_capacity=np.array([500.0]), cooling_capacity=np.array([100.0])),
        box_zones(use=use, windows={0.0: 2.0, 90.0: 3.0, 270.0: 3.0}, turn=33.0),
    ):
        assert solved(zones, sunny).error.max() < 1e-9


def test_set_points_are_kept_while_capacity_suffices(sunny: Weather) -> None:
    found = solved(box_zones(use=plain_use(20.0, 24.0)), sunny)
    air = found.series[3, 0]
    assert air.min() > 20.0 - 1e-3
    assert air.max() < 24.0 + 1e-3
    assert found.unmet[0] == 0
    both = (found.series[0, 0] > 0) & (found.series[1, 0] > 0)
    assert not both.any()
    small = solved(box_zones(use=plain_use(20.0, 24.0), heating_capacity=np.array([200.0])), sunny)
    assert small.heating_peak[0] == pytest.approx(200.0)
    assert small.unmet[0] > 100


def test_sums_peaks_and_hours_are_those_of_the_series(sunny: Weather) -> None:
    zones = box_zones(use=plain_use(20.0, np.nan, people=15.0))
    found = solved(zones, sunny)
    months = np.asarray(sunny.times.month) - 1
    for row, monthly in enumerate((found.heating, found.cooling)):
        assert monthly[0] == pytest.approx(np.bincount(months, found.series[row, 0], 12) / 1000, rel=1e-5)
    assert found.heating_peak[0] == pytest.approx(found.series[0, 0].max(), rel=1e-6)
    assert found.overheating[0] == (found.series[2, 0] > LIMIT).sum() > 0


def test_copies_are_the_same_and_twice_the_box_needs_twice(sunny: Weather) -> None:
    one = box_zones()
    copies = solved(box_zones(5), sunny, hourly=False)
    assert np.ptp(copies.heating, axis=0).max() == 0
    e = one.elements
    double = replace(
        one,
        elements=replace(e, area=e.area * 2),
        floor_area=one.floor_area * 2,
        volume=one.volume * 2,
        heat_capacity=one.heat_capacity * 2,
        ground_temperature=np.full(12, 10.0),
    )
    single = replace(one, ground_temperature=np.full(12, 10.0))
    assert solved(double, sunny).heating == pytest.approx(2 * solved(single, sunny).heating, rel=1e-9)


def test_a_turn_by_the_sides_of_a_square_changes_nothing(sunny: Weather) -> None:
    windows = dict.fromkeys((0.0, 90.0, 180.0, 270.0), 3.0)
    square = {"width": 7.0, "depth": 7.0, "windows": windows}
    heating = [solved(box_zones(turn=turn, **square), sunny).heating.sum() for turn in (0.0, 90.0, 180.0)]
    assert heating == pytest.approx([heating[0]] * 3, rel=1e-9)


def test_a_party_wall_saves_what_went_through_it() -> None:
    weather = even_weather(hours=24 * 40, temperature=0.0)
    alone = solved(box_zones(use=plain_use(20.0, 26.0)), weather)
    shared = solved(box_zones(use=plain_use(20.0, 26.0), shared=(90.0,)), weather)
    saved = alone.series[0, 0, -1] - shared.series[0, 0, -1]
    # the ground's characteristic dimension changes with the walls, too: a little
    assert saved == pytest.approx(20.0 * WALL.u_value * 6.0 * 2.7, rel=0.2)


def test_what_shades_lowers_the_heat_of_the_sun(sunny: Weather) -> None:
    use = plain_use(np.nan, 12.0)
    free = solved(box_zones(use=use), sunny).cooling.sum()
    roofed = solved(box_zones(use=use, shade=Shade(width=3.0, height=2.0, depth=1.5)), sunny).cooling.sum()
    blind = Glazing(name="blind", u_value=2.8, g_value=0.75, shade_factor=0.3, shade_above=100.0)
    closed = solved(box_zones(use=use, glass=blind), sunny).cooling.sum()
    zones = box_zones(use=use)
    skyline = np.full((len(zones.elements), 36), 80.0, np.float32)
    walled = replace(zones, elements=replace(zones.elements, horizon=skyline))
    hidden = solved(walled, sunny).cooling.sum()
    assert free > roofed > 0
    assert free > closed > 0
    assert hidden < 0.5 * free
    flat = replace(zones, elements=replace(zones.elements, horizon=np.zeros_like(skyline)))
    assert solved(flat, sunny).cooling.sum() == pytest.approx(free, rel=0.02)


def test_heat_recovery_serves_and_never_harms() -> None:
    def need(recovery: float, temperature: float, gains: float) -> Any:
        use = plain_use(20.0, 26.0, ventilation=3.0, heat_recovery=recovery, people=gains)
        found = solved(box_zones(use=use), even_weather(hours=24 * 20, temperature=temperature))
        return found.heating.sum(), found.cooling.sum()

    assert need(0.8, 0.0, 0.0)[0] < 0.75 * need(0.0, 0.0, 0.0)[0]
    # warm inside, cool outside: recovered heat would have to be cooled away
    assert need(0.8, 15.0, 40.0)[1] <= need(0.0, 15.0, 40.0)[1] + 1e-9
    # hot outside: cold is recovered
    assert need(0.8, 35.0, 0.0)[1] < need(0.0, 35.0, 0.0)[1]


def test_night_air_cools_down_to_its_limit_and_no_further() -> None:
    def found(flow: float) -> Found:
        use = plain_use(np.nan, np.nan, people=30.0, night_ventilation=flow, night_above=22.0)
        return solved(box_zones(use=use), even_weather(hours=24 * 20, temperature=12.0))

    still, vented = found(0.0).series[3, 0, -1], found(20.0).series[3, 0, -1]
    assert still > 25.0
    assert vented == pytest.approx(22.0, abs=1e-3)


def test_mass_within_reach_of_a_day() -> None:
    concrete, foam = Layer(0.2, 1.6, 2300.0, 1000.0), Layer(0.1, 0.035, 30.0, 1400.0)
    # ISO 13786: 10 cm of it, up to the insulation, or up to the middle
    assert within_reach(Opaque(name="a", layers=(foam, concrete))) == pytest.approx(0.1 * 2300e3)
    assert within_reach(Opaque(name="b", layers=(concrete, foam))) == 0.0
    thin = Layer(0.12, 1.6, 2300.0, 1000.0)
    assert within_reach(Opaque(name="c", layers=(thin,))) == pytest.approx(0.06 * 2300e3)
    assert within_reach(GLASS) == 0.0


def test_the_lightest_and_the_thinnest_still_make_a_network(sunny: Weather) -> None:
    sheet = Opaque(name="sheet", layers=(Layer(0.001, 50.0),))
    zones = box_zones(wall=sheet, use=plain_use(20.0, 26.0), heat_capacity=np.array([1e5]))
    network = Network.of(zones, Climate.of(sunny, zones.place))
    assert (network.mass > network.opaque).all()
    assert (network.to_surfaces >= 0).all()
    found = solved(zones, sunny)
    assert np.isfinite(found.series).all()
    assert found.error.max() < 1e-9


def test_a_set_point_that_is_off_is_never_met(sunny: Weather) -> None:
    off = solved(box_zones(use=plain_use(heating_set=always(np.nan), cooling_set=always(np.nan))), sunny)
    assert off.heating.sum() == off.cooling.sum() == off.unmet[0] == 0
