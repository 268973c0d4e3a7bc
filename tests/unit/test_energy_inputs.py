"""What cannot be simulated is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.energy import simulate
from analysis.energy.constructions import Glazing, Layer, Opaque
from analysis.energy.simulate import METHODS
from analysis.energy.systems import Carrier, Plant
from analysis.energy.uses import always
from analysis.energy.zones import Boundary, Shade, Zones
from analysis.errors import AnalysisError, Cancelled, SimulationFailed
from tests.energy_zones import WALL, box_zones, even_weather, plain_use


def of_elements(**changes: Any) -> Callable[[Zones], Zones]:
    return lambda zones: replace(zones, elements=replace(zones.elements, **changes))


def first_area(value: float) -> Callable[[Zones], Zones]:
    def changed(zones: Zones) -> Zones:
        area = zones.elements.area.copy()
        area[0] = value
        return replace(zones, elements=replace(zones.elements, area=area))

    return changed


def with_use(**weeks: Any) -> Callable[[Zones], Zones]:
    return lambda zones: replace(zones, uses=[replace(zones.uses[0], **weeks)])


def with_wall(wall: Any) -> Callable[[Zones], Zones]:
    return lambda zones: replace(zones, constructions=[wall, *zones.constructions[1:]])


def with_system(**changes: Any) -> Callable[[Zones], Zones]:
    return lambda zones: replace(zones, systems=[replace(zones.systems[0], **changes)])


WRONG: list[tuple[Callable[[Zones], Zones], str]] = [
    (lambda z: z.some([]), "no zones"),
    (lambda z: replace(z, volume=np.array([np.nan])), "zone-0 has a volume of nan"),
    (lambda z: replace(z, volume=np.array([0.0])), "zone-0 has a volume of 0"),
    (lambda z: replace(z, floor_area=np.array([-3.0])), "floor_area"),
    (lambda z: replace(z, heat_capacity=np.zeros(1)), "heat_capacity of 0"),
    (lambda z: replace(z, infiltration=np.array([np.inf])), "infiltration"),
    (lambda z: replace(z, heating_capacity=np.array([np.nan])), "heating_capacity"),
    (lambda z: replace(z, volume=np.ones(2)), "volume has 2 values"),
    (lambda z: replace(z, first=np.array([0, 3], np.int32)), "first"),
    (lambda z: replace(z, use=np.array([4], np.int32)), "use"),
    (lambda z: replace(z, ground_temperature=np.zeros(3)), "twelve"),
    (lambda z: replace(z, outer_volume=np.zeros(1)), "outer_volume of 0; it must be above 0"),
    (lambda z: replace(z, outer_volume=np.ones(2)), "outer_volume has 2 values"),
    (of_elements(area=np.ones(3)), "area has 3 values"),
    (first_area(np.nan), "area"),
    (first_area(-1.0), "area"),
    (of_elements(area=np.zeros(7)), "no area"),
    (of_elements(construction=np.full(7, 9, np.int32)), "construction"),
    (of_elements(shade=np.full(7, 2, np.int32)), "shade"),
    (of_elements(boundary=np.full(7, Boundary.ADIABATIC, np.int8)), "glazing"),
    (of_elements(sky_view=np.full(7, 1.5)), "sky_view"),
    (of_elements(horizon=np.full((7, 8), np.nan, np.float32)), "skyline"),
    (with_wall(Opaque(name="nothing", layers=())), "'nothing' needs layers"),
    (with_wall(Opaque(name="flat", layers=(Layer(0.0, 1.0),))), "'flat' needs layers"),
    (with_wall(Glazing(name="dark", u_value=0.0, g_value=0.5)), "'dark' needs a U-value"),
    (lambda z: replace(z, shades=(Shade(0.0, 1.0),)), "shading"),
    (lambda z: replace(z, shades=(Shade(1.0, 1.0, depth=-1.0),)), "shading has lengths"),
    (lambda z: replace(z, building=[]), "building has 0 values"),
    (of_elements(shade=np.full(7, -2, np.int32)), "shade"),
    (of_elements(horizon=np.zeros((7, 0), np.float32)), r"shape \(7, 0\)"),
    (of_elements(horizon=np.zeros(7, np.float32)), r"shape \(7,\)"),
    (with_wall(Opaque(name="anti", layers=(Layer(0.1, 1.0, -2000.0, 900.0),))), "no negative mass"),
    (with_wall(replace(WALL, solar_absorptance=1.2)), "solar_absorptance is 1.2; it must be from 0 to 1"),
    (
        with_wall(Glazing(name="dull", u_value=1.0, g_value=0.5, emissivity=np.nan)),
        "'dull': emissivity is nan",
    ),
    (with_wall(Glazing(name="blind", u_value=1.0, g_value=0.5, shade_factor=-0.1)), "shade_factor is -0.1"),
    (with_use(people=np.ones(24)), "people has 24 values"),
    (with_use(heat_recovery=1.5), "use plain: heat_recovery is 1.5; it must be from 0 to 1"),
    (with_use(gains_radiant=np.nan), "gains_radiant is nan"),
    (with_use(night_above=np.nan), "night_above a temperature"),
    (with_system(emission_radiant=2.0), "system boiler: emission_radiant is 2"),
    (with_system(auxiliary=-1.0), "system boiler: .* auxiliary 0 or more"),
    (with_system(heating=Plant(Carrier.GAS, 0.0)), "efficiencies of plants must be above 0"),
    (with_use(lighting=always(np.nan)), "lighting"),
    (with_use(heating_set=always(27.0)), "heated to 27"),
]


@pytest.mark.parametrize("change, message", WRONG, ids=[message for _, message in WRONG])
def test_zones_that_cannot_be(change: Callable[[Zones], Zones], message: str) -> None:
    with pytest.raises(AnalysisError, match=message) as refused:
        simulate(change(box_zones()), even_weather(hours=48))
    assert "\n" not in str(refused.value)


def test_a_zone_without_elements() -> None:
    zones = box_zones(2)
    with pytest.raises(AnalysisError, match="zone-1 has no elements"):
        simulate(replace(zones, first=np.array([0, 14, 14], np.int32)), even_weather(hours=48))


def test_weather_that_is_not_enough() -> None:
    with pytest.raises(AnalysisError, match="at least a day"):
        simulate(box_zones(), even_weather(hours=12))
    unknown = np.full(48, 5.0)
    unknown[7] = np.nan
    with pytest.raises(AnalysisError, match=r"unknown in 1 intervals, first at 2023-01-01T07:30"):
        simulate(box_zones(), even_weather(hours=48, temperature=unknown))


def test_methods_and_steps_that_are_not() -> None:
    with pytest.raises(AnalysisError, match="no method 'doe2'"):
        simulate(box_zones(), even_weather(hours=48), method="doe2")
    with pytest.raises(AnalysisError, match="does not divide"):
        simulate(box_zones(), even_weather(hours=48), step=1000.0)


def test_progress_is_told_and_can_stop() -> None:
    told: list[float] = []
    simulate(box_zones(20), even_weather(hours=48), progress=lambda share, _: told.append(share))
    assert told[0] == 0.0 and told[-1] == 1.0 and told == sorted(told)

    def stop(share: float, _: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        simulate(box_zones(), even_weather(hours=48), progress=stop)


def test_what_is_kept_and_what_is_not() -> None:
    weather = even_weather(hours=48)
    kept = simulate(box_zones(3), weather)
    dropped = simulate(box_zones(3), weather, hourly=False)
    assert kept.heating is not None and kept.heating.shape == (3, 48) and kept.heating.dtype == np.float32
    assert dropped.heating is dropped.cooling is dropped.temperature is dropped.air is None
    assert dropped.yearly("heating") == pytest.approx(kept.yearly("heating"), rel=1e-12)
    assert kept.heating_peak == pytest.approx(kept.heating.max(axis=1))


@pytest.mark.parametrize("method", METHODS)
def test_a_zone_without_temperatures_is_named(method: str) -> None:
    blinding = even_weather(hours=48, sun=True, albedo=np.full(48, np.inf))
    with pytest.raises(SimulationFailed, match="zone zone-0 came to temperatures that are no numbers"):
        simulate(box_zones(2), blinding, method=method)


@pytest.mark.parametrize("method", METHODS)
def test_peaks_are_means_of_an_hour(method: str) -> None:
    hours = np.arange(168) % 24
    use = replace(plain_use(), heating_set=np.where(hours < 6, 12.0, 20.0))
    result = simulate(box_zones(use=use, wall=WALL), even_weather(hours=72), step=900.0, method=method)
    assert result.heating is not None and result.step == 900.0 and len(result.times) == 288
    means = result.heating[0].reshape(-1, 4).mean(axis=1)
    assert result.heating_peak[0] == pytest.approx(means.max(), rel=1e-5)
    assert result.heating_peak[0] < result.heating[0].max()
