"""The quantities that cities measure, by the names that files and devices give them.

Definitions are names of the CF convention's standard name table (version 85, 2024-05), units are of QUDT 2.1.
What isn't listed keeps its own name and gets a definition within this city.
"""

from __future__ import annotations

import re

from twin.sources.readings import Quantity

_CF = "https://vocab.nerc.ac.uk/standard_name/"
_QUDT = "https://qudt.org/vocab/unit/"


def _of(key: str, name: str, cf: str, unit: tuple[str, str, str]) -> Quantity:
    return Quantity(key, name, f"{_CF}{cf}/", unit[0], unit[1], _QUDT + unit[2])


_MICROGRAM = ("microgram per cubic metre", "µg/m³", "MicroGM-PER-M3")
_PPM = ("parts per million", "ppm", "PPM")
_CELSIUS = ("degree Celsius", "°C", "DEG_C")
_PERCENT = ("percent", "%", "PERCENT")
_METRE = ("metre", "m", "M")
_MILLIMETRE = ("millimetre", "mm", "MilliM")

QUANTITIES = {
    q.key: q
    for q in (
        _of("pm10", "PM10", "mass_concentration_of_pm10_ambient_aerosol_particles_in_air", _MICROGRAM),
        _of("pm2.5", "PM2.5", "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air", _MICROGRAM),
        _of("no2", "NO2", "mole_fraction_of_nitrogen_dioxide_in_air", _PPM),
        _of("o3", "O3", "mole_fraction_of_ozone_in_air", _PPM),
        _of("co", "CO", "mole_fraction_of_carbon_monoxide_in_air", _PPM),
        _of("so2", "SO2", "mole_fraction_of_sulfur_dioxide_in_air", _PPM),
        _of("temperature", "air temperature", "air_temperature", _CELSIUS),
        Quantity("water temperature", "water temperature", "https://qudt.org/vocab/quantitykind/Temperature",
                 *_CELSIUS[:2], _QUDT + _CELSIUS[2]),
        _of("humidity", "relative humidity", "relative_humidity", _PERCENT),
        _of("water level", "water level", "water_surface_height_above_reference_datum", _METRE),
        Quantity("drain level", "drain level", "https://qudt.org/vocab/quantitykind/Depth",
                 *_METRE[:2], _QUDT + _METRE[2]),
        _of("discharge", "discharge", "water_volume_transport_in_river_channel",
            ("cubic metre per second", "m³/s", "M3-PER-SEC")),
        _of("rainfall", "rainfall", "thickness_of_rainfall_amount", _MILLIMETRE),
        _of("rain intensity", "rain intensity", "rainfall_rate",
            ("millimetre per hour", "mm/h", "MilliM-PER-HR")),
        _of("wind speed", "wind speed", "wind_speed", ("metre per second", "m/s", "M-PER-SEC")),
        _of("wind direction", "wind direction", "wind_from_direction", ("degree", "°", "DEG")),
        _of("air pressure", "air pressure", "air_pressure", ("hectopascal", "hPa", "HectoPA")),
        Quantity("water pressure", "water pressure", "https://qudt.org/vocab/quantitykind/Pressure",
                 "megapascal", "MPa", f"{_QUDT}MegaPA"),
        Quantity("electricity", "electric energy", "https://qudt.org/vocab/quantitykind/Energy",
                 "kilowatt hour", "kWh", f"{_QUDT}KiloW-HR"),
        Quantity("heat", "heat energy", "https://qudt.org/vocab/quantitykind/Heat",
                 "kilowatt hour", "kWh", f"{_QUDT}KiloW-HR"),
        Quantity("gas", "gas volume", "urn:citytwin:quantity:gas", "cubic metre", "m³", f"{_QUDT}M3"),
        Quantity("battery", "battery", "https://qudt.org/vocab/quantitykind/StateOfCharge",
                 "percent", "%", f"{_QUDT}PERCENT"),
    )
}  # fmt: skip

_NAMES = {
    "미세먼지": "pm10", "미세먼지농도": "pm10", "pm10": "pm10",
    "초미세먼지": "pm2.5", "초미세먼지농도": "pm2.5", "pm25": "pm2.5", "pm2.5": "pm2.5", "pm2_5": "pm2.5",
    "이산화질소": "no2", "이산화질소농도": "no2", "no2": "no2",
    "오존": "o3", "오존농도": "o3", "o3": "o3", "ozone": "o3",
    "일산화탄소": "co", "일산화탄소농도": "co", "co": "co",
    "아황산가스": "so2", "아황산가스농도": "so2", "so2": "so2",
    "기온": "temperature", "온도": "temperature", "temperature": "temperature",
    "air temperature": "temperature", "temperature_c": "temperature",
    "수온": "water temperature", "water temperature": "water temperature",
    "습도": "humidity", "상대습도": "humidity", "humidity": "humidity", "relative humidity": "humidity",
    "수위": "water level", "water level": "water level", "stage": "water level", "level": "water level",
    "우수관 수위": "drain level", "drain level": "drain level",
    "유량": "discharge", "flow": "discharge", "discharge": "discharge",
    "강수량": "rainfall", "강우량": "rainfall", "rainfall": "rainfall", "rain": "rainfall",
    "강우강도": "rain intensity", "rain intensity": "rain intensity",
    "풍속": "wind speed", "wind speed": "wind speed", "wind_speed": "wind speed",
    "풍향": "wind direction", "wind direction": "wind direction",
    "기압": "air pressure", "air pressure": "air pressure", "pressure": "air pressure",
    "수압": "water pressure", "water pressure": "water pressure",
    "전력량": "electricity", "전력사용량": "electricity", "electricity": "electricity",
    "열량": "heat", "열사용량": "heat", "heat energy": "heat",
    "가스사용량": "gas", "도시가스사용량": "gas", "gas volume": "gas",
    "배터리": "battery", "battery": "battery",
}  # fmt: skip

_TITLE = re.compile(r"^\s*(?P<name>.*?)\s*(?:[(\[](?P<unit>[^)\]]*)[)\]])?\s*$")


def quantity(title: str, unit: str | None = None) -> Quantity:
    """The quantity that a column, a topic or a device calls `title`, such as `미세먼지농도(㎍/㎥)`.

    unit: the unit stated, where the title has none. A stated unit that is not the known quantity's own keeps
    the readings apart: it becomes a quantity of its own, never a silent conversion.
    """
    match = _TITLE.match(title)
    assert match is not None
    name, stated = match["name"], _symbol(unit or match["unit"] or "")
    known = QUANTITIES.get(_NAMES.get(name.casefold(), name.casefold()))
    if known is None:
        return Quantity(name.casefold(), name, f"urn:citytwin:quantity:{name.casefold()}", stated, stated)
    if stated and stated != known.unit_symbol:
        return Quantity(f"{known.key} [{stated}]", known.name, known.definition, stated, stated)
    return known


def is_known(title: str) -> bool:
    """Whether a title names one of the quantities of this list."""
    match = _TITLE.match(title)
    return match is not None and (match["name"].casefold() in _NAMES)


_SYMBOLS = {
    spelling.casefold(): symbol
    for symbol, spellings in {
        "µg/m³": ("㎍/㎥", "µg/m³", "µg/m3", "ug/m3", "㎍/m3"),
        "°C": ("celsius", "degree celsius", "℃", "°c", "c", "degc"),
        "%": ("%", "percent"),
        "m³/s": ("m³/s", "m3/s", "cumecs"),
        "mm": ("mm", "㎜"),
        "m³": ("m³", "㎥"),
    }.items()
    for spelling in spellings
}


def _symbol(unit: str) -> str:
    stripped = unit.strip()
    return _SYMBOLS.get(stripped.casefold(), stripped)
