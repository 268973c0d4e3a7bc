"""Rules for the sample district: stream level, rain, fine dust, and the hydrants' pressure and temperature.

Each rule names the source of its figures, as of November 2026; those of the stream are set for the sample
district, whose gauges are bank full at 2.4 m. Where an alert clears, and how long a state must last, are the
source's own for dust alone; for the others they are our choice.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from twin.alerts import records
from twin.alerts.rules import Rule, parse_rule
from twin.observations.changes import Call
from twin.observations.store import Observations

_DUST = (
    "대기환경보전법 시행규칙 별표 7, 대기오염경보 단계별 대기오염물질의 농도기준"
    " (Enforcement Rule of the Clean Air Conservation Act, annex 7), as of November 2026"
)
_RAIN_SUM = (
    "기상청 호우특보 발표기준, 3시간 강우량 60 mm와 90 mm"
    " (Korea Meteorological Administration, heavy rain advisory and warning), as of November 2026"
)
_RAIN = "기상청 강수 용어, 매우 강한 비 30 mm/h 이상 (Korea Meteorological Administration, very heavy rain)"
_STREAM = "set for the sample district"
_PRESSURE = (
    "옥내소화전 방수압력 0.17 MPa, NFPC 102 제5조, 2022"
    " (least pressure at a nozzle), held against the main here"
)
_FROST = "our own choice: 2 °C above the freezing point of water"
_LEAST_SILENCE_S = 60.0
_LEVEL = {"property": "water level", "kind": "stream-level"}
_INTENSITY = {"property": "rain intensity"}
_ANYWHERE = {"area": {"bbox": [-180, -90, 180, 90]}}


def install(observations: Observations, speed: float = 1.0) -> None:
    """Store the rules in a city. speed: as for `demo_rules`."""

    def store(connection: sqlite3.Connection) -> None:
        for rule in demo_rules(speed):
            records.set_rule(connection, rule)

    observations.writer.submit(Call(store)).result()


def demo_rules(speed: float = 1.0) -> list[Rule]:
    """The rules of the sample district. speed: of the replay, by which every duration is shortened."""

    def lasting(seconds: float) -> float:
        return seconds / speed

    def threshold(operator: str, value: float, clear: float, duration_s: float = 0, mean_s: float = 0) -> Any:
        return {
            "kind": "threshold",
            "operator": operator,
            "value": value,
            "clear": clear,
            "duration_s": lasting(duration_s),
            "mean_s": lasting(mean_s),
        }

    def rule(name: str, ko: str, en: str, severity: str, source: str, select: Any, condition: Any) -> Rule:
        return parse_rule(
            name,
            {
                "title": {"ko": ko, "en": en},
                "severity": severity,
                "source": source,
                "select": select,
                "condition": condition,
            },
        )

    def dust(name: str, ko: str, en: str, severity: str, pollutant: str, value: float, clear: float) -> Rule:
        """The hourly mean stays at or above a value for two hours."""
        select = {"property": pollutant, "unit": "µg/m³"}
        return rule(name, ko, en, severity, _DUST, select, threshold(">=", value, clear, 7200, 3600))

    def hydrants(observed: str) -> dict[str, str]:
        return {"property": observed, "kind": "hydrant"}

    rising = {"kind": "rate", "operator": ">=", "value": 0.3, "per_s": lasting(1800), "clear": 0.1}
    silent = {"kind": "missing", "after_s": max(lasting(7200), _LEAST_SILENCE_S)}
    flood = {
        "kind": "combination",
        "need": "all",
        "within_s": lasting(3600),
        "parts": [
            {"select": _INTENSITY, "condition": threshold(">=", 30, 15)},
            {"select": _LEVEL, "condition": threshold(">=", 1.5, 1.3)},
        ],
    }
    return [
        rule("stream-level-watch", "하천 수위 주의", "Stream level: watch", "warning", _STREAM, _LEVEL,
             threshold(">=", 1.5, 1.3, 600)),
        rule("stream-level-danger", "하천 수위 위험", "Stream level: danger", "critical", _STREAM, _LEVEL,
             threshold(">=", 2.2, 2.0)),
        rule("stream-rising", "하천 수위 급상승", "Stream rising fast", "warning", _STREAM, _LEVEL, rising),
        rule("rain-intense", "매우 강한 비", "Very heavy rain", "warning", _RAIN, _INTENSITY,
             threshold(">=", 30, 15, 300)),
        rule("rain-advisory", "호우주의보 수준의 비", "Rain of the advisory level", "warning", _RAIN_SUM,
             _INTENSITY, threshold(">=", 20, 10, 0, 10_800)),
        rule("rain-warning", "호우경보 수준의 비", "Rain of the warning level", "critical", _RAIN_SUM,
             _INTENSITY, threshold(">=", 30, 20, 0, 10_800)),
        dust("pm25-advisory", "초미세먼지 주의보", "Fine dust (PM2.5) advisory", "warning", "PM2.5", 75, 35),
        dust("pm25-warning", "초미세먼지 경보", "Fine dust (PM2.5) warning", "critical", "PM2.5", 150, 75),
        dust("pm10-advisory", "미세먼지 주의보", "Dust (PM10) advisory", "warning", "PM10", 150, 100),
        dust("pm10-warning", "미세먼지 경보", "Dust (PM10) warning", "critical", "PM10", 300, 150),
        rule("hydrant-pressure", "소화전 수압 저하", "Hydrant pressure low", "critical", _PRESSURE,
             hydrants("water pressure"), threshold("<", 0.17, 0.2, 600)),
        rule("hydrant-frost", "소화전 동파 우려", "Hydrant close to freezing", "warning", _FROST,
             hydrants("water temperature"), threshold("<=", 2, 4, 600)),
        rule("sensor-silent", "센서 무응답", "Sensor silent", "info", _STREAM, _ANYWHERE, silent),
        rule("flood-likely", "침수 우려: 강한 비와 높은 수위", "Flood likely: heavy rain, high stream",
             "critical", _STREAM, None, flood),
    ]  # fmt: skip
