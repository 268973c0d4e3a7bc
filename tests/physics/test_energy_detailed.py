"""The element-wise method against states worked out otherwise, symmetries, and its own balance."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import fsolve

from analysis.energy import simulate
from analysis.energy.constructions import Glazing, Layer, Opaque
from analysis.energy.uses import always
from analysis.energy.zones import Boundary, Elements, Zones
from analysis.weather import Weather
from tests.energy_zones import BOILER, SEOUL, WALL, box_zones, even_weather, plain_use

LIGHT = Opaque.of_u("light", 0.5, "very light")
FOAM = Opaque(name="foam", layers=(Layer(0.2, 0.04),))
SQUARE: dict[str, Any] = {"width": 7.0, "depth": 7.0}
ALL_SIDES = {0.0: 3.0, 90.0: 3.0, 180.0: 3.0, 270.0: 3.0}
NO_WIND = {"wind_speed": np.zeros(240)}


def joined(first: Zones, second: Zones) -> Zones:
    """The zones of two sets that share constructions, uses and systems."""
    parts: dict[str, Any] = {}
    for f in fields(Elements):
        a, b = getattr(first.elements, f.name), getattr(second.elements, f.name)
        parts[f.name] = None if a is None else np.concatenate([a, b])
    arrays = {
        f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)])
        for f in fields(Zones)
        if isinstance(getattr(first, f.name), np.ndarray) and f.name != "first"
    }
    ids = [f"{k}" for k in range(len(first) + len(second))]
    start = np.concatenate([first.first, second.first[1:] + first.first[-1]])
    return replace(first, ids=ids, building=ids, first=start, elements=Elements(**parts), **arrays)


@pytest.fixture(scope="module")
def sunny() -> Weather:
    """Ten days of clear skies, the air between 0 and 12 °C."""
    swing = 6.0 - 6.0 * np.cos(2 * np.pi * (np.arange(240) - 3) / 24)
    return even_weather(hours=240, temperature=swing, sun=True, start="2023-03-01")


def test_steady_state_by_hand() -> None:
    """U·A·ΔT where surfaces are a small part of the resistance (about 0.6 of 20 m²K/W), and the heat of air
    at 100.3 kPa and 20 °C."""
    thick = Opaque(name="thick foam", layers=(Layer(0.8, 0.04),))
    box: dict[str, Any] = {
        "wall": thick,
        "roof": thick,
        "floor": thick,
        "windows": {},
        "floor_boundary": Boundary.OUTSIDE,
    }
    tight, leaky = (
        simulate(box_zones(infiltration=changes, **box), even_weather(hours=240)) for changes in (0.0, 1.0)
    )
    zones = tight.zones
    assert tight.heating is not None and leaky.heating is not None
    losses = zones.elements.area.sum() * 20.0 / 20.0
    assert 0.95 * losses < tight.heating[0, -1] < losses
    air = zones.volume[0] * 100_300 / (287.05 * 293.15) * 1006 / 3600 * 20.0
    assert leaky.heating[0, -1] - tight.heating[0, -1] == pytest.approx(air, rel=1e-3)
    assert leaky.heating[0] == pytest.approx(leaky.heating[0, -1], rel=1e-3)


def test_steady_state_solved_otherwise() -> None:
    """The same equations without time, solved all at once: films by Walton, radiation by Carroll, no wind."""
    zones = box_zones(wall=WALL, windows={180.0: 8.0}, floor_boundary=Boundary.OUTSIDE, infiltration=0.0)
    weather = even_weather(hours=720, wind_speed=np.zeros(720))
    result = simulate(zones, weather)
    e = zones.elements
    glass = e.construction == 3
    resistance = np.where(glass, 1 / 2.8 - 0.17, WALL.resistance)
    inside, outside = np.where(glass, 0.84, 0.9), np.where(glass, 0.84, 0.9)
    factor = np.ones(len(e))
    for _ in range(50):
        factor = 1 / (1 - e.area * factor / (e.area @ factor))
    radiant = 4 * 5.670374419e-8 * 293.15**3 / ((1 - inside) / inside + 1 / factor)
    level = np.cos(np.radians(e.tilt))
    stirred, still = 9.482 / (7.283 - abs(level)), 1.810 / (1.382 + abs(level))

    def unbalanced(state: Any) -> Any:
        outer, inner, mean = state[: len(e)], state[len(e) : 2 * len(e)], state[-1]
        rises = np.where(level > 0, inner < 20.0, inner > 20.0) | (level == 0)
        film = np.where(rises, stirred, still) * np.cbrt(abs(inner - 20.0))
        through = (inner - outer) / resistance
        given = film * (20.0 - inner) + radiant * (mean - inner)
        lost = 5.670374419e-8 * outside * ((outer + 273.15) ** 4 - 273.15**4) + 2.2 * outer
        return np.concatenate([given - through, through - lost, [float(e.area * radiant @ (inner - mean))]])

    state = fsolve(unbalanced, np.concatenate([np.full(len(e), 1.0), np.full(len(e), 18.0), [18.5]]))
    inner, outer = state[len(e) : 2 * len(e)], state[: len(e)]
    wanted = float(e.area @ ((inner - outer) / resistance))
    assert result.heating is not None and result.temperature is not None
    assert result.heating[0, -1] == pytest.approx(wanted, rel=2e-4)
    assert result.temperature[0, -1] == pytest.approx((20.0 + state[-1]) / 2, abs=2e-3)


@settings(max_examples=15, deadline=None)
@given(
    width=st.floats(3, 40),
    height=st.floats(2.3, 30),
    share=st.floats(0.05, 0.8),
    u_value=st.floats(0.1, 4.0),
    recovery=st.floats(0, 0.95),
    night=st.floats(0, 8),
    capacity=st.floats(0, 5000),
    turn=st.floats(0, 360),
)
def test_everything_adds_up(
    sunny: Weather,
    width: float,
    height: float,
    share: float,
    u_value: float,
    recovery: float,
    night: float,
    capacity: float,
    turn: float,
) -> None:
    use = plain_use(
        appliances=5.0, ventilation=2.0, heat_recovery=recovery, night_ventilation=night, night_above=22.0
    )
    zones = box_zones(
        width=width,
        height=height,
        wall=Opaque.of_u("wall", u_value, "heavy"),
        windows={180.0: share * width * height, 90.0: 1.0},
        use=use,
        turn=turn,
        heating_capacity=np.array([capacity]),
    )
    result = simulate(zones, sunny)
    assert result.balance_error.max() < 1e-6
    assert result.heating is not None and result.cooling is not None and result.air is not None
    assert np.isfinite(result.air).all()
    assert (result.heating <= np.float32(capacity)).all()
    assert not ((result.heating > 1) & (result.cooling > 1)).any()
    assert result.air.max() <= 26.0 + 1e-3


def test_set_points_are_kept_while_capacity_suffices(sunny: Weather) -> None:
    hours = np.arange(168) % 24
    use = plain_use(appliances=8.0)
    use = replace(use, heating_set=np.where((hours > 6) & (hours < 22), 20.0, 16.0))
    enough = simulate(box_zones(wall=LIGHT, use=use), sunny)
    assert enough.air is not None and enough.heating is not None and enough.unmet[0] == 0
    low = use.heating_set[sunny.times.dayofweek * 24 + sunny.times.hour]
    assert (enough.air[0] >= low - 1e-4).all() and (enough.air[0] <= 26 + 1e-4).all()
    assert (enough.heating[0][enough.air[0] > low + 1e-3] == 0).all()
    half = enough.heating_peak[0] / 2
    weak = simulate(box_zones(wall=LIGHT, use=use, heating_capacity=np.array([half])), sunny)
    assert weak.heating_peak[0] == pytest.approx(half) and weak.unmet[0] > 0
    assert weak.yearly("heating")[0] < enough.yearly("heating")[0]


def test_a_symmetric_building_does_not_know_its_north(sunny: Weather) -> None:
    first, second = (
        simulate(box_zones(wall=LIGHT, **SQUARE, windows=ALL_SIDES, turn=turn), sunny) for turn in (0, 90)
    )
    assert first.yearly("cooling")[0] > 1
    for need in ("heating", "cooling"):
        assert second.yearly(need) == pytest.approx(first.yearly(need), rel=1e-9)


def test_twice_the_building_needs_twice_as_much(sunny: Weather) -> None:
    zones = box_zones(
        wall=LIGHT, use=plain_use(appliances=4.0, ventilation=2.0), floor_boundary=Boundary.OUTSIDE
    )
    doubled = replace(zones, elements=replace(zones.elements, area=2 * zones.elements.area))
    scaled = {name: 2 * getattr(zones, name) for name in ("volume", "floor_area", "heat_capacity")}
    one, two = simulate(zones, sunny), simulate(replace(doubled, **scaled), sunny)
    for need in ("heating", "cooling", "appliances"):
        assert two.yearly(need) == pytest.approx(2 * one.yearly(need), rel=1e-9)


def test_a_party_wall_between_two_equal_zones_is_adiabatic() -> None:
    """Two halves need what the whole does, but for the wall's own share in the radiation within."""
    weather = even_weather(hours=240)
    whole = simulate(box_zones(width=16.0, windows={180.0: 8.0}, wall=FOAM, roof=FOAM), weather)
    halves = simulate(
        joined(
            box_zones(windows={180.0: 4.0}, wall=FOAM, roof=FOAM, shared=(90.0,)),
            box_zones(windows={180.0: 4.0}, wall=FOAM, roof=FOAM, shared=(270.0,)),
        ),
        weather,
    )
    assert halves.heating is not None and whole.heating is not None
    assert halves.heating[0, -1] == pytest.approx(halves.heating[1, -1], rel=1e-6)
    assert halves.heating[:, -1].sum() == pytest.approx(whole.heating[0, -1], rel=0.01)


def test_zones_beside_one_another_do_not_meet(sunny: Weather) -> None:
    """Nineteen zones with 6 to 10 elements give what each gives alone."""
    boxes = [
        box_zones(
            wall=LIGHT, windows=dict.fromkeys((0.0, 90.0, 180.0, 270.0)[: k % 5], 2.0), infiltration=0.1 * k
        )
        for k in range(19)
    ]
    together = boxes[0]
    for box in boxes[1:]:
        together = joined(together, box)
    found = simulate(together, sunny)
    for k in (0, 4, 7, 13, 18):
        alone = simulate(boxes[k], sunny)
        assert found.yearly("heating")[k] == pytest.approx(alone.yearly("heating")[0], rel=1e-9)
        assert found.cooling_peak[k] == pytest.approx(alone.cooling_peak[0], rel=1e-9)


def test_shorter_steps_converge(sunny: Weather) -> None:
    found = [
        simulate(box_zones(wall=LIGHT), sunny, step=step).yearly("heating")[0]
        for step in (3600, 1800, 900, 450)
    ]
    changes = np.abs(np.diff(found))
    assert (changes[1:] < 0.7 * changes[:-1]).all() and changes[-1] < 0.01 * found[0]


@pytest.mark.parametrize("hours, start", [(8784, "2024-01-01"), (4380, "2023-07-01"), (24, "2023-01-01")])
def test_leap_years_halves_and_days(hours: int, start: str) -> None:
    use = plain_use(lighting=2.0)
    result = simulate(box_zones(wall=LIGHT, use=use), even_weather(hours=hours, start=start, temperature=5.0))
    assert len(result.times) == hours and result.heating is not None
    assert result.yearly("lighting")[0] == pytest.approx(2.0 * 48 * hours / 1000)
    assert result.yearly("heating")[0] == pytest.approx(result.heating[0].sum() / 1000, rel=1e-5)


def test_a_skyline_takes_the_sun(sunny: Weather) -> None:
    def cooling(elevation: float | None) -> float:
        zones = box_zones(wall=LIGHT, windows={180.0: 12.0})
        if elevation is not None:
            skyline = np.full((len(zones.elements), 36), elevation, np.float32)
            zones = replace(zones, elements=replace(zones.elements, horizon=skyline))
        return float(simulate(zones, sunny).yearly("cooling")[0])

    free = cooling(None)
    assert free > 10
    assert cooling(-1.0) == pytest.approx(free, rel=1e-6)
    assert cooling(89.0) < cooling(30.0) < 0.9 * free


def test_ventilation_serves(sunny: Weather) -> None:
    """Recovery saves heat and is bypassed where it would make cold needed; night air takes heat out."""
    gains = {"appliances": 10.0, "ventilation": 3.0}

    def needs(**of_air: float) -> tuple[float, float]:
        zones = box_zones(wall=LIGHT, windows={180.0: 12.0}, use=plain_use(**gains, **of_air))
        result = simulate(zones, sunny)
        return float(result.yearly("heating")[0]), float(result.yearly("cooling")[0])

    heating, cooling = needs()
    saving, still = needs(heat_recovery=0.8)
    assert heating > 10 and cooling > 10
    assert saving < 0.5 * heating and still == pytest.approx(cooling, rel=0.2)
    again, cool = needs(night_ventilation=5.0, night_above=22.0)
    assert cool < 0.7 * cooling and heating <= again < 1.5 * heating


def test_radiators_keep_the_air_as_warm_with_more_power_and_comfort(sunny: Weather) -> None:
    convector, radiator = (
        simulate(box_zones(wall=LIGHT, system=replace(BOILER, emission_radiant=share)), sunny)
        for share in (0.0, 0.6)
    )
    assert radiator.yearly("heating")[0] > convector.yearly("heating")[0]
    assert radiator.temperature is not None and convector.temperature is not None
    assert radiator.temperature.mean() > convector.temperature.mean()


def test_free_zones_neither_heat_nor_cool(sunny: Weather) -> None:
    """A blind keeps the sun out of one that floats."""
    use = replace(plain_use(), heating_set=always(np.nan), cooling_set=always(np.nan))
    clear = Glazing(name="clear", u_value=2.8, g_value=0.75)
    blind = replace(clear, shade_factor=0.2, shade_above=150.0)
    free, shaded = (simulate(box_zones(wall=LIGHT, use=use, glass=glass), sunny) for glass in (clear, blind))
    assert free.yearly("heating")[0] == 0 and free.yearly("cooling")[0] == 0 and free.unmet[0] == 0
    assert free.air is not None and shaded.air is not None
    assert shaded.air.max() < free.air.max() - 1 and free.overheating[0] >= shaded.overheating[0]


def test_place_of_the_start_is_forgotten() -> None:
    """Even weather gives an even need from the first hour on, in a heavy building, too."""
    heavy = Opaque.of_u("wall", 0.8, "very heavy", "even")
    result = simulate(box_zones(wall=heavy, place=SEOUL), even_weather(hours=480))
    assert result.heating is not None
    assert result.heating[0, 0] == pytest.approx(result.heating[0, -1], rel=0.02)
