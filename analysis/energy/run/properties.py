"""By what the buildings of a run can be coloured: columns of its table, with titles, ranges and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.colours import STOPS, Ramp, ramp
from analysis.contract import Title
from analysis.declare import titled

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Property:
    """title: by language. ramp: of its colours."""

    title: Title
    ramp: Ramp = "batlow"


NUMBERS: dict[str, Property] = {
    "heating_per_area": Property(titled("난방 요구량", "heating need"), "solar"),
    "cooling_per_area": Property(titled("냉방 요구량", "cooling need"), "viridis"),
    "hot_water_per_area": Property(titled("급탕 요구량", "hot water need"), "solar"),
    "final_per_area": Property(titled("최종 에너지", "final energy"), "solar"),
    "primary_per_area": Property(titled("1차 에너지", "primary energy"), "solar"),
    "co2_per_area": Property(titled("CO₂ 배출", "CO₂"), "solar"),
    "cost_per_area": Property(titled("에너지 비용", "cost of energy"), "solar"),
    "heating_peak": Property(titled("최대 난방 부하", "peak of heating"), "solar"),
    "cooling_peak": Property(titled("최대 냉방 부하", "peak of cooling"), "viridis"),
    "overheating": Property(titled("과열 시간", "hours of overheating"), "solar"),
    "self_sufficiency": Property(titled("1차 에너지 자립률", "self-sufficiency, primary"), "viridis"),
    "pv": Property(titled("태양광 발전량", "photovoltaic yield"), "solar"),
    "pv_per_area": Property(titled("연면적당 태양광 발전량", "photovoltaic yield per floor area"), "solar"),
    "solar_heat": Property(titled("태양열", "heat of solar collectors"), "solar"),
    "cell_electricity": Property(titled("연료전지 발전량", "electricity of fuel cells"), "solar"),
    "window_share": Property(titled("창 면적비", "window share"), "batlow"),
    "u_wall": Property(titled("외벽 열관류율", "U-value of walls"), "solar"),
    "guesses": Property(titled("추정에 기댄 항목 수", "figures that are guesses"), "solar"),
    "year": Property(titled("준공 연도", "year of construction"), "batlow"),
}
"""Columns with numbers; those that a table does not have, or that are unknown throughout, are left out."""
GRADE_COLOURS = {1: "225ea8", 2: "1d91c0", 3: "41b6c4", 4: "7fcdbb", 5: "c7e9b4", 0: "b0b0b0"}
"""Grades 1 to 5, darker the better, and none: ColorBrewer's YlGnBu (Brewer 2013, colorbrewer2.org), which
those who are colour-blind tell apart too, and grey. The viewer has the same."""
_SHOWN = (2.0, 98.0)
"""Percentiles between which colours reach, so that single buildings do not take them all."""


def described(
    table: pd.DataFrame, units: Mapping[str, str], uses: Mapping[str, Title]
) -> list[dict[str, Any]]:
    """The properties of a run's table of buildings, for a client that colours by them. uses: titles by id."""
    found = [
        entry
        for name, property in NUMBERS.items()
        if name in table and (entry := _number(name, property, table[name], units.get(name, "1")))
    ]
    if "grade" in table:
        found.append(_grades())
    present = list(dict.fromkeys(table["use"]))
    found.append(
        {
            "id": "use",
            "title": titled("용도", "use"),
            "unit": "1",
            "kind": "class",
            "classes": [
                {"value": k, "id": use, "title": dict(uses.get(use, titled(use, use))), "color": colour}
                for k, (use, colour) in enumerate(zip(present, _spread(len(present)), strict=True))
            ],
        }
    )
    return found


def values(table: pd.DataFrame, name: str) -> list[float | None]:
    """A property of all buildings, None where it is unknown; of `use`, its number among the classes."""
    if name == "use":
        present = list(dict.fromkeys(table["use"]))
        return [present.index(use) for use in table["use"]]
    column = table[name].to_numpy(float)
    return [None if np.isnan(v) else round(v, 4) for v in column.tolist()]


def _number(name: str, property: Property, column: pd.Series[Any], unit: str) -> dict[str, Any] | None:
    known = column.to_numpy(float)
    known = known[np.isfinite(known)]
    if not len(known):
        return None
    low, high = np.percentile(known, _SHOWN).tolist()
    return {
        "id": name,
        "title": dict(property.title),
        "unit": unit,
        "kind": "number",
        "minimum": float(known.min()),
        "maximum": float(known.max()),
        "low": low,
        "high": high,
        "colors": [f"#{stop}" for stop in STOPS[property.ramp]],
    }


def _grades() -> dict[str, Any]:
    return {
        "id": "grade",
        "title": titled("제로에너지건축물 등급", "zero-energy building grade"),
        "unit": "1",
        "kind": "class",
        "classes": [
            {
                "value": grade,
                "title": titled(f"{grade}등급", f"grade {grade}")
                if grade
                else titled("등급 없음", "no grade"),
                "color": f"#{colour}",
            }
            for grade, colour in GRADE_COLOURS.items()
        ],
    }


def _spread(count: int) -> list[str]:
    """Colours for classes, along a ramp."""
    steps = np.linspace(0, 255, max(count, 2)).round().astype(int)
    return [f"#{bytes(colour).hex()}" for colour in ramp("batlow")[steps][:count].tolist()]
