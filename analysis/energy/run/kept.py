"""What a run simulated, kept as one NetCDF file: its zones with all that they are made of, and the weather.

Any building of the run can be simulated again from it, by itself and with other measures, whatever has become
of the city and of the files that the run was given.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.energy.constructions import Construction, Glazing, Layer, Opaque
from analysis.energy.systems import Carrier, HeatSource, Plant, Sink, System
from analysis.energy.uses import Use
from analysis.energy.zones import Elements, Shade, Zones
from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from analysis.weather.model import SERIES, Weather

if TYPE_CHECKING:
    from analysis.results import About

_ZONES = {
    "floor_area": "m2", "volume": "m3", "heat_capacity": "J/K", "infiltration": "1/h", "use": "1",
    "system": "1", "heating_capacity": "W", "cooling_capacity": "W", "set_point_shift": "K",
    "gain_factor": "1", "ventilation_factor": "1", "year": "1", "storeys": "1",
}  # fmt: skip
_ELEMENTS = {
    "part": "1", "boundary": "1", "area": "m2", "azimuth": "degree", "tilt": "degree", "construction": "1",
    "sky_view": "1", "origin": "1", "horizon": "degree", "shade": "1",
}  # fmt: skip
_WEATHER = {
    "ghi": "W/m2", "dni": "W/m2", "dhi": "W/m2", "temp_air": "degC", "wind_speed": "m/s", "pressure": "Pa",
    "albedo": "1", "relative_humidity": "%", "infrared": "W/m2",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kept:
    """zones, weather: of the run. blocks: of each building. extra: what else the run keeps, as JSON."""

    zones: Zones
    weather: Weather
    blocks: Mapping[str, str]
    extra: Mapping[str, Any] = field(default_factory=dict)


def write_kept(path: Path, kept: Kept, about: About) -> None:
    """As NetCDF with units; what is no array is JSON in the file's attributes."""
    import h5netcdf

    zones, weather = kept.zones, kept.weather
    with h5netcdf.File(path, "w") as file:
        file.attrs.update({"Conventions": "CF-1.10", **about.texts()})
        file.dimensions = {
            "zone": len(zones),
            "edge": len(zones) + 1,
            "element": len(zones.elements),
            "time": len(weather),
            "month": 12,
        }
        if zones.elements.horizon is not None:
            file.dimensions["direction"] = zones.elements.horizon.shape[1]

        def put(name: str, values: Any, dims: tuple[str, ...], unit: str) -> None:
            variable = file.create_variable(
                name, dims, values.dtype, data=values, compression="gzip", compression_opts=1, shuffle=True
            )
            variable.attrs["units"] = unit

        put("first", zones.first, ("edge",), "1")
        for name, unit in _ZONES.items():
            put(name, getattr(zones, name), ("zone",), unit)
        for name, values in zones.origins.items():
            put(f"origin_of_{name}", values, ("zone",), "1")
        for name, unit in _ELEMENTS.items():
            values = getattr(zones.elements, name)
            if values is not None:
                dims = ("element", "direction") if values.ndim == 2 else ("element",)
                put(f"element_{name}", values, dims, unit)
        if zones.outer_volume is not None:
            put("outer_volume", zones.outer_volume, ("zone",), "m3")
        if zones.ground_temperature is not None:
            put("ground_temperature", zones.ground_temperature, ("month",), "degC")
        for name in SERIES:
            put(f"weather_{name}", getattr(weather, name), ("time",), _WEATHER[name])
        start = weather.times[0]
        put("time", np.arange(len(weather)) * weather.step, ("time",), f"seconds since {start.isoformat()}")
        for name, told in _texts(kept).items():
            file.attrs[name] = json.dumps(told, ensure_ascii=False, allow_nan=False)


def _texts(kept: Kept) -> dict[str, Any]:
    zones, weather = kept.zones, kept.weather
    return {
        "zones": {
            "ids": zones.ids,
            "building": zones.building,
            "place": asdict(zones.place),
            "notes": zones.notes,
        },
        "constructions": [_told(c) | {"kind": type(c).__name__} for c in zones.constructions],
        "uses": [_told(use) for use in zones.uses],
        "systems": [_told(system) for system in zones.systems],
        "shades": [_told(shade) for shade in zones.shades],
        "weather": {
            "start": weather.times[0].isoformat(),
            "timezone": str(weather.times.tz),
            "step": weather.step,
            "place": asdict(weather.place),
            "source": weather.source,
            "notes": weather.notes,
        },
        "blocks": dict(kept.blocks),
        "extra": dict(kept.extra),
    }


def _told(thing: Any) -> dict[str, Any]:
    """The members of a dataclass for JSON; what is no finite number is null."""
    told: dict[str, Any] = _plain(asdict(thing))
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read_kept(path: Path) -> Kept:
    """Raises AnalysisError for a file that is none of these."""
    import h5netcdf

    try:
        with h5netcdf.File(path, "r") as file:
            held = {name: np.asarray(variable[...]) for name, variable in file.variables.items()}
            texts = {
                name: json.loads(file.attrs[name])
                for name in (
                    *("zones", "constructions", "uses", "systems", "shades"),
                    *("weather", "blocks", "extra"),
                )
            }
        return Kept(
            zones=_zones(held, texts),
            weather=_weather(held, texts["weather"]),
            blocks=texts["blocks"],
            extra=texts["extra"],
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise AnalysisError(
            f"{path.name}: these are not the zones of an energy run of this version of CityTwin ({error})"
        ) from None


def _zones(held: Mapping[str, Any], texts: Mapping[str, Any]) -> Zones:
    about = texts["zones"]
    elements: dict[str, Any] = {name: held.get(f"element_{name}") for name in _ELEMENTS}
    prefix = "origin_of_"
    return Zones(
        ids=about["ids"],
        building=about["building"],
        first=held["first"],
        elements=Elements(**elements),
        **{name: held[name] for name in _ZONES},
        constructions=[_construction(told) for told in texts["constructions"]],
        uses=[_use(told) for told in texts["uses"]],
        systems=[_system(told) for told in texts["systems"]],
        shades=[Shade(**told) for told in texts["shades"]],
        place=Place(**about["place"]),
        outer_volume=held.get("outer_volume"),
        ground_temperature=held.get("ground_temperature"),
        origins={name[len(prefix) :]: held[name] for name in held if name.startswith(prefix)},
        notes=about["notes"],
    )


def _weather(held: Mapping[str, Any], told: Mapping[str, Any]) -> Weather:
    import pandas as pd

    start = pd.Timestamp(told["start"])
    seconds = pd.to_timedelta(held["time"], unit="s")
    times = (start.tz_convert("UTC") + seconds).tz_convert(_zone(told["timezone"], start))
    return Weather(
        times=times,
        step=told["step"],
        place=Place(**told["place"]),
        source=told["source"],
        notes=told["notes"],
        **{name: held[f"weather_{name}"] for name in SERIES},
    )


def _zone(name: str, start: Any) -> Any:
    """A time zone by its name, or by the offset of a moment where it has none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return start.tz


def _construction(told: Mapping[str, Any]) -> Construction:
    known = {k: v for k, v in told.items() if k != "kind"}
    if told["kind"] == "Glazing":
        return Glazing(**_with_infinity(Glazing, known))
    return Opaque(**known | {"layers": tuple(Layer(**layer) for layer in told["layers"])})


def _with_infinity(kind: type, told: dict[str, Any]) -> dict[str, Any]:
    """null stands for infinity where a member's default is that."""
    endless = {f.name for f in fields(kind) if f.default == math.inf}
    return {k: math.inf if v is None and k in endless else v for k, v in told.items()}


def _use(told: Mapping[str, Any]) -> Use:
    members: dict[str, Any] = {k: np.array(v, float) if isinstance(v, list) else v for k, v in told.items()}
    return Use(**members)


def _system(told: Mapping[str, Any]) -> System:
    plants = {name: _plant(told[name]) for name in ("heating", "cooling", "hot_water")}
    return System(**dict(told) | plants)


def _plant(told: Mapping[str, Any] | None) -> Plant | None:
    if told is None:
        return None
    source, sink = told["source"], told["sink"]
    return Plant(Carrier(told["carrier"]), told["efficiency"], source and HeatSource(source), Sink(sink))
