"""What heat meets on its way in: panes, layers, shading, the ground, the sky, by published figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.energy.archetypes import zones_of
from analysis.energy.constructions import AREAL_CAPACITY, Glazing, Insulation, Layer, Mass, Opaque
from analysis.energy.detailed.glazing import optics
from analysis.energy.detailed.ground import Ground
from analysis.energy.detailed.nodes import five_nodes
from analysis.energy.irradiance import Light, Views, diffuse_shares, sunlit
from analysis.energy.problem import Climate, refined, sky_temperature, standard_time
from analysis.energy.zones import Boundary, Part, Shade
from analysis.errors import AnalysisError
from analysis.sun.position import unit_vectors
from analysis.weather import Weather, read_epw
from tests.energy_envelopes import box_envelopes, use_code
from tests.energy_zones import SEOUL, box_zones, even_weather

CONCRETE = Layer(0.2, 2.0, 2400.0, 1000.0)


@pytest.fixture(scope="module")
def denver(request: pytest.FixtureRequest) -> Weather:
    data: Path = request.getfixturevalue("data")
    return read_epw(data / "energy/bestest/725650TYCST.epw.gz")


@pytest.mark.parametrize(
    "panes, u_value, g_value, through",
    [
        (1, 5.7, 0.86, [0.83, 0.82, 0.80, 0.75, 0.64, 0.39, 0.75]),
        (2, 2.8, 0.76, [0.70, 0.68, 0.65, 0.58, 0.44, 0.21, 0.60]),
    ],
)
def test_clear_glass_by_the_angle(panes: int, u_value: float, g_value: float, through: list[float]) -> None:
    """Solar transmittance of clear panes of 3 mm at 0, 40, 50, 60, 70 and 80° and of even light: ASHRAE
    Handbook Fundamentals 2017, chapter 15, table 10, systems 1a and 5a."""
    found = optics(Glazing(name="clear", u_value=u_value, g_value=g_value, panes=panes))
    angles = np.cos(np.radians([0, 40, 50, 60, 70, 80]))
    assert found.at(angles)[0] == pytest.approx(through[:-1], abs=0.03)
    assert found.diffuse[0] == pytest.approx(through[-1], abs=0.03)


@pytest.mark.parametrize("panes", [1, 2, 3])
def test_glass_lets_its_g_value_in(panes: int) -> None:
    glazing = Glazing(name="low-e", u_value=1.1, g_value=0.5, panes=panes)
    found = optics(glazing)
    total = found.resistance + 0.17
    inward = np.array([1.0, 0.04 / total, (0.04 + found.resistance) / total])
    assert inward @ found.at(np.array([1.0]))[:, 0] == pytest.approx(0.5, abs=0.005)
    assert 1.0 / total == pytest.approx(1.1)
    assert found.at(np.array([0.0])) == pytest.approx(0.0)
    assert (found.at(np.linspace(0, 1, 50)).sum(axis=0) < 1).all()


@pytest.mark.parametrize("mass", AREAL_CAPACITY)
@pytest.mark.parametrize("insulation", ["outside", "inside", "both", "even"])
def test_constructions_of_a_u_value(mass: Mass, insulation: Insulation) -> None:
    for u_value in (0.1, 0.5, 2.5, 4.5):
        made = Opaque.of_u("wall", u_value, mass, insulation)
        assert made.u_value == pytest.approx(u_value)
        assert made.capacity == pytest.approx(AREAL_CAPACITY[mass])
        conductance, capacity = five_nodes(made.layers)
        assert (1 / conductance).sum() == pytest.approx(made.resistance)
        assert capacity.sum() == pytest.approx(made.capacity) and (capacity >= 0).all()


@pytest.mark.parametrize("u_value", [0.0, -1.0, 5.9, float("nan")])
def test_u_values_of_no_construction(u_value: float) -> None:
    with pytest.raises(AnalysisError, match="U-value"):
        Opaque.of_u("wall", u_value)


@pytest.mark.parametrize(
    "layers",
    [
        (CONCRETE,),
        (Layer(0.1, 0.04, 30.0, 1400.0), CONCRETE),
        (CONCRETE, Layer(0.1, 0.04, 30.0, 1400.0)),
        (Layer(0.1, 0.8, 1800.0, 900.0), Layer(0.1, 0.04), Layer(0.2, 0.8, 1800.0, 900.0)),
        (Layer(0.02, 0.14, 500.0, 1600.0), Layer(0.1, 0.04), Layer(0.0125, 0.25, 900.0, 1000.0)),
    ],
)
def test_five_nodes_answer_a_day_as_the_layers_do(layers: tuple[Layer, ...]) -> None:
    """The room air's admittance at a period of 24 h against two hundred slices of each layer."""
    omega = 2 * np.pi / 86400

    def admittance(gaps: list[float], masses: list[float]) -> complex:
        """Of a chain with masses before each gap and after the last, seen past the inner surface's
        resistance; the outer surface is held."""
        answer: complex = 1 / gaps[0]
        for gap, mass in zip(gaps[1:], masses[1:], strict=False):
            answer = 1 / (gap + 1 / (answer + 1j * omega * mass))
        return 1 / (0.13 + 1 / (answer + 1j * omega * masses[-1]))

    conductance, capacity = five_nodes(layers)
    gaps, masses = [], [0.0]
    for layer in layers:
        for _ in range(200):
            gaps.append(layer.resistance / 200)
            masses[-1] += layer.capacity / 400
            masses.append(layer.capacity / 400)
    exact = admittance(gaps, masses)
    found = admittance(list(1 / conductance), list(capacity))
    assert abs(found - exact) < 0.05 * abs(exact)


def test_overhangs_and_fins_by_hand() -> None:
    """The sun at 45° straight ahead, and from the side."""
    ahead, right = unit_vectors(180.0, 45.0)[None], unit_vectors(225.0, 0.0)[None]
    wide = Shade(width=2.0, height=2.0, depth=1.0, gap=0.5, beyond=10.0)
    assert sunlit(wide, 180.0, ahead)[0] == pytest.approx(1 - (1.0 - 0.5) / 2)
    assert sunlit(wide, 180.0, right)[0] == pytest.approx(1.0)
    fins = Shade(width=2.0, height=2.0, fin_depth=1.0, fin_gap=0.25)
    assert sunlit(fins, 180.0, right)[0] == pytest.approx(1 - (1.0 - 0.25) / 2, abs=0.02)
    assert sunlit(fins, 180.0, unit_vectors(135.0, 0.0)[None]) == pytest.approx(sunlit(fins, 180.0, right))
    narrow = replace(wide, beyond=0.0)
    slanting = unit_vectors(215.0, 40.0)[None]
    assert sunlit(wide, 180.0, slanting)[0] < sunlit(narrow, 180.0, slanting)[0] < 1.0


def test_even_light_past_an_overhang() -> None:
    """A very wide overhang above a low, far window: the view factor of perpendicular planes that meet is
    (1 + h - sqrt(1 + h²)) / 2 for a strip (Hottel's crossed strings), here from depth 1 and height 2."""
    sky, ground = diffuse_shares(Shade(width=4.0, height=2.0, depth=1.0, beyond=200.0))
    hidden = (2.0 + 1.0 - np.sqrt(5.0)) / (2 * 2.0)
    assert 0.5 * sky == pytest.approx(0.5 - hidden, abs=0.01)
    assert ground == pytest.approx(1.0)


def test_light_on_the_box_of_case_600(denver: Weather) -> None:
    """Ranges of the reference programs [kWh/(m² a)]: ASHRAE 140-2020, table B8-13."""
    light, views = Light.of(denver), Views.of(box_zones(place=denver.place).elements)
    beam = np.maximum(views.normal @ light.sun.T, 0.0) @ light.direct
    sky = views.sky * light.isotropic.sum() + views.band * light.band.sum()
    found = (beam + sky + views.ground * light.ground.sum()) / 1000
    ranges = [(399, 478), (1016, 1068), (1290, 1387), (1290, 1387), (903, 997), (1662, 1670)]
    for total, (low, high) in zip(found[:6], ranges, strict=True):
        assert low <= total <= high + 0.5


def test_views_of_half_hidden_walls() -> None:
    elements = box_zones(windows={}).elements
    hidden = replace(elements, sky_view=elements.sky_view / 2)
    free, half = Views.of(elements), Views.of(hidden)
    assert half.band[:4] == pytest.approx(free.band[:4] / 2) and free.band[:4] == pytest.approx(1.0)
    assert half.ground[:4] == pytest.approx(0.75)
    skyline = np.full((len(elements), 36), 10.0, np.float32)
    assert Views.of(replace(elements, horizon=skyline)).band[:4] == pytest.approx(0.0)


def test_the_ground_below_a_slab() -> None:
    """A slab of 10 m by 10 m without insulation: B' = 5 m, U = 2λ / (πB' + d) ln(πB'/d + 1) with d = 0.3 + 2
    (0.13 + 0.1 + 0.04), 0.72 W/(m²K) (ISO 13370:2017, 7.2), around the year's mean."""
    slab = Opaque(name="slab", layers=(Layer(0.2, 2.0, 2400.0, 1000.0),))
    zones = box_zones(width=10.0, depth=10.0, floor=slab)
    swing = 10.0 - 10.0 * np.cos(2 * np.pi * np.arange(8760) / 8760)
    climate = Climate.of(even_weather(temperature=swing), SEOUL)
    resistance = np.array([c.resistance if isinstance(c, Opaque) else 0.0 for c in zones.constructions])
    ground = Ground.of(zones, climate, resistance[zones.elements.construction])
    d = 0.3 + 2.0 * (0.13 + 0.1 + 0.04)
    wanted = 4.0 / (np.pi * 5.0 + d) * np.log(np.pi * 5.0 / d + 1.0)
    assert ground.soil is not None
    total = 0.13 + 0.1 + ground.soil.resistance + 1 / ground.conductance[0]
    assert 1 / total == pytest.approx(wanted, rel=1e-6) and wanted == pytest.approx(0.7205, abs=1e-4)
    assert ground.temperature[0].mean() == pytest.approx(10.0, abs=0.2)
    assert int(ground.temperature[0].argmin()) in (1, 2)
    assert 4.0 < np.ptp(ground.temperature[0]) < 15.0
    given = Ground.of(replace(zones, ground_temperature=np.array(range(12), float)), climate, resistance)
    assert given.soil is None and given.temperature[0] == pytest.approx(np.arange(12.0))


def test_the_perimeter_of_a_slab_is_that_of_the_outer_walls() -> None:
    """Of a house of the archetypes, whose air is 76 % of what it encloses: 120 m² of outer walls, 6 m high,
    around a slab of 80 m², so B' = 80 / (0.5 · 20) = 8 m (ISO 13370:2017, 7.1)."""
    zones = zones_of(box_envelopes([use_code("01001")]))
    e = zones.elements
    slab = (e.part == Part.FLOOR) & (e.boundary == Boundary.GROUND)
    floor = zones.constructions[e.construction[slab][0]]
    assert isinstance(floor, Opaque) and zones.volume[0] == pytest.approx(0.76 * 480.0)
    resistance = np.where(slab, floor.resistance, 0.0)
    ground = Ground.of(zones, Climate.of(even_weather(), SEOUL), resistance)
    d = 0.3 + 2.0 * (0.13 + floor.resistance + 0.04)
    wanted = 4.0 / (np.pi * 8.0 + d) * np.log(np.pi * 8.0 / d + 1.0)
    assert ground.soil is not None and d < 8.0
    total = 0.13 + floor.resistance + ground.soil.resistance + 1 / ground.conductance[0]
    assert 1 / total == pytest.approx(wanted, rel=1e-6)


def test_a_sky_that_is_not_measured(denver: Weather) -> None:
    """By humidity and clearness it is as warm as the reference programs have it, -5.9 to -2.0 °C on average
    (ASHRAE 140-2020, table B8-16), within 1.5 K, and follows the measured one."""
    measured = sky_temperature(denver, [])
    modelled = sky_temperature(replace(denver, infrared=np.full(len(denver), np.nan)), [])
    assert -5.9 - 1.5 < float(modelled.mean()) < -2.0 + 1.5
    assert np.corrcoef(modelled, measured)[0, 1] > 0.9
    notes: list[str] = []
    unknown = np.full(len(denver), np.nan)
    blind = sky_temperature(replace(denver, infrared=unknown, relative_humidity=unknown), notes)
    assert blind == pytest.approx(denver.temp_air - 11.0) and "8760 intervals" in notes[0]


def test_finer_weather_has_the_same_means(denver: Weather) -> None:
    week = denver.between(denver.times[4000], denver.times[4200])
    fine = refined(week, 600.0)
    assert len(fine) == 1200 and fine.times[0] == week.times[0] - np.timedelta64(1500, "s")
    for name in ("temp_air", "ghi", "dni", "dhi", "wind_speed", "infrared"):
        means = getattr(fine, name).reshape(-1, 6).mean(axis=1)
        assert means == pytest.approx(getattr(week, name), abs=1e-6), name
    with pytest.raises(AnalysisError, match="does not divide"):
        refined(week, 700.0)


def test_light_of_a_sunrise_is_not_brighter_than_the_sun() -> None:
    """900 W/m² measured in an hour of which the sun is up for a third would be 2,700."""
    day = even_weather(hours=24, sun=True, start="2023-12-21")
    sunrise = int(np.argmax(day.sun.up))
    assert day.sun.share[sunrise] == pytest.approx(1 / 3)
    bright = replace(day, dni=np.where(np.arange(24) == sunrise, 900.0, day.dni))
    for step in (1800.0, 600.0, 300.0):
        fine = refined(bright, step)
        assert fine.dni.max() <= 1500.0
        assert fine.dni.reshape(24, -1).mean(axis=1) == pytest.approx(bright.dni)


def test_summer_time_is_not_kept() -> None:
    weather = even_weather(replace(SEOUL, timezone="Europe/Berlin"), hours=8760)
    hours = standard_time(weather.times).hour
    assert (np.diff(hours) % 24 == 1).all() and hours[0] == 0
    july = slice(4344, 5088)
    assert (standard_time(weather.times[july]).hour == hours[july]).all()
