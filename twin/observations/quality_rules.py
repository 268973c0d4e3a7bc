"""Rules of quality for each datastream: kept in `observations.db`, checked when given, and suggested.

`SUGGESTIONS` holds what is plausible for common observed properties, with its source; nothing applies
them unasked.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from twin.errors import QueryError
from twin.observations.quality import CLOCK_AHEAD_S, DEFAULT, NOT_BEFORE, Rules
from twin.observations.times import format_instant, parse_instant

TABLES = """
CREATE TABLE IF NOT EXISTS quality_rules (datastream INTEGER PRIMARY KEY, rules TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS observations_flagged ON observations(id) WHERE flags IS NOT NULL;
"""

Amount = Annotated[float, Field(ge=0)]


class QualityRules(BaseModel):
    """`quality.Rules` as JSON: seconds, the datastream's unit, and ISO 8601 for `not_before`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    minimum: float | None = None
    maximum: float | None = None
    rate: Amount | None = None
    stuck_s: Amount | None = None
    stuck_ignores: list[float] = []
    gap: Amount | None = None
    expected_interval_s: Annotated[float, Field(gt=0)] | None = None
    clock_ahead_s: Amount | None = CLOCK_AHEAD_S
    not_before: str | None = format_instant(NOT_BEFORE)
    delay_s: Amount | None = None
    duplicate: bool = True

    @model_validator(mode="after")
    def _range(self) -> QualityRules:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum is above maximum")
        if self.gap is not None and self.expected_interval_s is None:
            raise ValueError("gap is a multiple of expected_interval_s, which is missing")
        return self

    def rules(self) -> Rules:
        data = self.model_dump()
        data["stuck_ignores"] = tuple(self.stuck_ignores)
        data["not_before"] = None if self.not_before is None else parse_instant(self.not_before)
        return Rules(**data)


def parse(data: Any) -> QualityRules:
    """Rules from JSON values; QueryError names what is wrong."""
    try:
        checked = QualityRules.model_validate(data)
        checked.rules()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "rules"
        raise QueryError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from error
    return checked


def load(connection: sqlite3.Connection) -> dict[int, Rules]:
    """The rules of all datastreams that have some."""
    return {
        datastream: _decode(text).rules()
        for datastream, text in connection.execute("SELECT datastream, rules FROM quality_rules")
    }


def load_one(connection: sqlite3.Connection, datastream: int) -> Rules:
    """The rules of a datastream, `quality.DEFAULT` if it has none."""
    given = stored(connection, datastream)
    return DEFAULT if given is None else given.rules()


def stored(connection: sqlite3.Connection, datastream: int) -> QualityRules | None:
    row = connection.execute("SELECT rules FROM quality_rules WHERE datastream = ?", (datastream,)).fetchone()
    return None if row is None else _decode(row[0])


def save(connection: sqlite3.Connection, datastream: int, rules: QualityRules | None) -> None:
    """Set a datastream's rules, or take them away (None)."""
    if rules is None:
        connection.execute("DELETE FROM quality_rules WHERE datastream = ?", (datastream,))
        return
    connection.execute(
        "INSERT INTO quality_rules VALUES (?, ?)"
        " ON CONFLICT (datastream) DO UPDATE SET rules = excluded.rules",
        (datastream, rules.model_dump_json()),
    )


def _decode(text: str) -> QualityRules:
    return QualityRules.model_validate_json(text)


@dataclass(frozen=True)
class Suggestion:
    """What is plausible for an observed property in a unit. words: any of them in the property's name or
    definition. units: symbols. source: of the figures."""

    words: tuple[str, ...]
    units: tuple[str, ...]
    rules: QualityRules
    source: str


_WMO = (
    "the range of measurement of WMO-No. 8, Guide to Instruments and Methods of Observation, vol. I,"
    " annex 1.A (2018 edition; 1.D in earlier ones)"
)
_CFR = "the range of automated methods in 40 CFR part 53, table B-1 (as of 2024)"
_PIPES = "the allowable operating pressure of hydrants, PN 16 (EN 14384:2005)"
_OURS = "; how long it may stay the same is our own choice"
_HOUR = 3600.0
SUGGESTIONS: tuple[Suggestion, ...] = (
    Suggestion(
        ("humidity", "습도"),
        ("%",),
        QualityRules(minimum=0, maximum=100, stuck_s=12 * _HOUR, stuck_ignores=[100]),
        "a share of saturation lies between 0 and 100 %" + _OURS,
    ),
    Suggestion(
        ("pm10", "pm2.5", "pm25", "particulate", "미세먼지"),
        ("µg/m³", "μg/m³", "ug/m3", "㎍/㎥", "µg/m3"),
        QualityRules(minimum=0, maximum=1000, stuck_s=24 * _HOUR),
        "a concentration is not negative; 1000 µg/m³ is our own choice, above three times the 300 µg/m³ of a"
        " PM10 warning (대기환경보전법 시행규칙 별표 7)" + _OURS,
    ),
    Suggestion(
        ("ozone", "o3", "오존", "nitrogen dioxide", "no2", "이산화질소", "sulphur dioxide", "so2", "아황산"),
        ("ppm",),
        QualityRules(minimum=0, maximum=0.5),
        _CFR,
    ),
    Suggestion(("carbon monoxide", "일산화탄소"), ("ppm",), QualityRules(minimum=0, maximum=50), _CFR),
    Suggestion(
        ("air temperature", "airtemperature", "기온"),
        ("°C", "℃", "degC"),
        QualityRules(minimum=-80, maximum=60, stuck_s=12 * _HOUR),
        _WMO + _OURS,
    ),
    Suggestion(
        ("rain", "precipitation", "강우", "강수"),
        ("mm/h",),
        QualityRules(minimum=0, maximum=2000, stuck_s=6 * _HOUR, stuck_ignores=[0]),
        _WMO + _OURS,
    ),
    Suggestion(("pressure", "기압"), ("hPa",), QualityRules(minimum=500, maximum=1080), _WMO),
    Suggestion(
        ("wind speed", "windspeed", "풍속"),
        ("m/s",),
        QualityRules(minimum=0, maximum=75, stuck_s=12 * _HOUR, stuck_ignores=[0]),
        _WMO + _OURS,
    ),
    Suggestion(("water pressure", "수압"), ("bar",), QualityRules(minimum=0, maximum=16), _PIPES),
    Suggestion(("water pressure", "수압"), ("MPa",), QualityRules(minimum=0, maximum=1.6), _PIPES),
)


def apply_suggestions(connection: sqlite3.Connection, speed: float = 1.0) -> int:
    """Give every datastream that has no rules those that are suggested for it: how many got some.

    speed: of a replay, by which durations are shortened. Within a transaction of the writer.
    """
    given = 0
    for datastream, unit, name, definition in connection.execute(_WITHOUT_RULES).fetchall():
        found = suggest(name, definition, unit or "")
        if found is not None:
            stuck = found.rules.stuck_s
            rules = found.rules.model_copy(update={"stuck_s": None if stuck is None else stuck / speed})
            save(connection, datastream, rules)
            given += 1
    return given


_WITHOUT_RULES = """
SELECT d.id, json_extract(d.unit_of_measurement, '$.symbol'), p.name, p.definition
FROM datastreams d JOIN observed_properties p ON p.id = d.observed_property
WHERE d.id NOT IN (SELECT datastream FROM quality_rules)
"""


def suggest(name: str, definition: str, unit: str) -> Suggestion | None:
    """What is suggested for an observed property, by its name or definition, and a unit's symbol."""
    text = f"{name} {definition}".casefold()
    return next(
        (s for s in SUGGESTIONS if unit in s.units and any(word in text for word in s.words)),
        None,
    )
