"""Boxes for the tests of energy: one room or a row of copies, and weather that is known in advance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.energy.constructions import Construction, Glazing, Layer, Opaque
from analysis.energy.systems import Carrier, Plant, System
from analysis.energy.uses import Use, always
from analysis.energy.zones import Boundary, Elements, Origin, Part, Shade, Zones
from analysis.sun.scene import Place
from analysis.weather import Weather

SEOUL = Place(37.57, 126.98, 86.0, timezone="Asia/Seoul")
WALL = Opaque(
    name="brick, insulated",
    layers=(
        Layer(0.09, 0.8, 1800.0, 900.0),
        Layer(0.08, 0.035, 30.0, 1400.0),
        Layer(0.15, 1.6, 2300.0, 900.0),
    ),
)
GLASS = Glazing(name="double, clear", u_value=2.8, g_value=0.75)
BOILER = System(
    id="boiler",
    title={"ko": "보일러", "en": "boiler"},
    heating=Plant(Carrier.GAS, 0.9),
    cooling=Plant(Carrier.ELECTRICITY, 3.0),
    hot_water=Plant(Carrier.GAS, 0.85),
)


def plain_use(heating: float = 20.0, cooling: float = 26.0, **weeks: Any) -> Use:
    """The same at all hours; weeks: other fields of `Use`, numbers where it has weeks."""
    empty = {
        name: always(0.0)
        for name in ("people", "appliances", "lighting", "ventilation", "hot_water", "night_ventilation")
    }
    fields: dict[str, Any] = {
        "id": "plain",
        "title": {"ko": "시험", "en": "test"},
        "heating_set": always(heating),
        "cooling_set": always(cooling),
        "occupied": always(1.0),
        **empty,
    }
    for name, value in weeks.items():
        fields[name] = always(float(value)) if name in empty and isinstance(value, (int, float)) else value
    return Use(**fields)


def box_zones(
    count: int = 1,
    *,
    width: float = 8.0,
    depth: float = 6.0,
    height: float = 2.7,
    windows: Mapping[float, float] | None = None,
    shared: Sequence[float] = (),
    wall: Construction = WALL,
    roof: Construction | None = None,
    floor: Construction | None = None,
    glass: Construction = GLASS,
    floor_boundary: Boundary = Boundary.GROUND,
    use: Use | None = None,
    system: System = BOILER,
    place: Place = SEOUL,
    infiltration: float = 0.5,
    shade: Shade | None = None,
    turn: float = 0.0,
    **others: Any,
) -> Zones:
    """Copies of a box with 4 walls, a roof and a floor.

    width: of the walls to north and south [m], depth: of those to east and west. windows: area [m²] by
    azimuth (0, 90, 180 or 270), 6 m² to the south where it is None. shared: azimuths whose walls are
    adiabatic. shade: over all windows. turn: of the whole box, clockwise [degrees]. others: fields of `Zones`
    by name.
    """
    windows = {180.0: 6.0} if windows is None else windows
    rows: list[tuple[int, int, float, float, float, int, float, int]] = []
    for side in (0.0, 90.0, 180.0, 270.0):
        glazed = windows.get(side, 0.0)
        gross = (width if side in (0.0, 180.0) else depth) * height
        beyond = Boundary.ADIABATIC if side in shared else Boundary.OUTSIDE
        facing = (side + turn) % 360.0
        rows.append((Part.WALL, beyond, gross - glazed, facing, 90.0, 0, 0.5, -1))
        if glazed:
            of_shades = -1 if shade is None else 0
            rows.append((Part.WINDOW, Boundary.OUTSIDE, glazed, facing, 90.0, 3, 0.5, of_shades))
    flat = width * depth
    rows.append((Part.ROOF, Boundary.OUTSIDE, flat, 0.0, 0.0, 1, 1.0, -1))
    rows.append((Part.FLOOR, floor_boundary, flat, 0.0, 180.0, 2, 0.0, -1))
    part, boundary, area, azimuth, tilt, construction, sky_view, shaded = (
        np.tile(np.array(column), count) for column in zip(*rows, strict=True)
    )
    elements = Elements(
        part=part.astype(np.int8),
        boundary=boundary.astype(np.int8),
        area=area.astype(float),
        azimuth=azimuth.astype(float),
        tilt=tilt.astype(float),
        construction=construction.astype(np.int32),
        sky_view=sky_view.astype(float),
        shade=shaded.astype(np.int32),
        origin=np.full(len(part), Origin.MEASURED, np.int8),
    )
    volume = flat * height
    zones = Zones(
        ids=[f"zone-{k}" for k in range(count)],
        building=[f"building-{k}" for k in range(count)],
        first=(np.arange(count + 1) * len(rows)).astype(np.int32),
        elements=elements,
        floor_area=np.full(count, flat),
        volume=np.full(count, volume),
        heat_capacity=np.full(count, 10_000.0 * flat),
        infiltration=np.full(count, infiltration),
        use=np.zeros(count, np.int32),
        system=np.zeros(count, np.int32),
        constructions=[wall, roof or wall, floor or wall, glass],
        uses=[use or plain_use()],
        systems=[system],
        place=place,
        heating_capacity=np.full(count, np.inf),
        cooling_capacity=np.full(count, np.inf),
        set_point_shift=np.zeros(count),
        gain_factor=np.ones(count),
        ventilation_factor=np.ones(count),
        year=np.full(count, np.nan),
        storeys=np.ones(count),
        shades=() if shade is None else (shade,),
    )
    return replace(zones, **others)


def even_weather(
    place: Place = SEOUL,
    *,
    hours: int = 8760,
    temperature: Any = 0.0,
    sun: bool = False,
    start: str = "2023-01-01",
    **series: Any,
) -> Weather:
    """Weather of an even temperature [°C] (or a series), with no sun or that of clear skies, and a sky as
    warm as the air, so that steady states can be worked out by hand. series: others of `Weather` by name."""
    from analysis.weather import clear_sky

    first = pd.Timestamp(start, tz=place.timezone) + pd.Timedelta(minutes=30)
    times = pd.date_range(first, periods=hours, freq="h")
    air = np.broadcast_to(np.asarray(temperature, float), (hours,)).copy()
    bright = clear_sky(place, times)
    dark: dict[str, Any] = {name: np.zeros(hours) for name in ("ghi", "dni", "dhi")}
    infrared = 5.670374419e-8 * (air + 273.15) ** 4
    known: dict[str, Any] = {"temp_air": air, "infrared": infrared, "source": "even weather"}
    known.update({} if sun else dark)
    return replace(bright, **known, **series)
