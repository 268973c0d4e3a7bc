"""What one looks for in a city's streets: hydrants, defibrillators, shelters, exits, benches, survey points.

Objects tell what they are by the codes and names of their class, function and usage. Known kinds are found by
words in Korean, English and Japanese in any layer of things that stand; street furniture besides by any of
its own codes and words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from citygml.model import Float64
from twin.errors import EntityNotFound
from twin.store import City

KINDS: dict[str, str] = {
    "hydrant": r"hydrant|소화전|消火栓",
    "aed": r"\baed\b|defibrillator|제세동기|심장충격기|除細動器",
    "shelter": r"evacuation|refuge|civil defen[cs]e|emergency shelter|air.?raid|^shelter\b|대피|避難",
    "exit": r"emergency exit|fire exit|^exit\b|비상구|출입구|非常口",
    "survey": r"survey|benchmark|control point|triangulation|trig point|기준점|수준점|삼각점|基準点",
}
"""What tells a kind, in the names of classes, functions and usages."""
NAMES = {
    "hydrant": "소화전 (Hydrant)",
    "aed": "자동심장충격기 (Defibrillator)",
    "shelter": "대피소 (Shelter)",
    "exit": "비상구 (Exit)",
    "survey": "측량기준점 (Survey point)",
}
FURNITURE = "furniture"
_LAYERS = (FURNITURE, "generics", "other", "constructions", "utilities", "buildings")
_TELLING = ("class", "function", "usage")
_ACCURACY = re.compile(r"(horizontal|position(al)?|planimetric)?accuracy|위치정확도|평면정확도|정확도", re.I)
_SHOWN = 20


@dataclass(frozen=True)
class Asset:
    """One thing. kinds: those of `KINDS` that it is. words: names of its class, function and usage; codes of
    its function. foot: (3,) the middle of its box on the map and its lowest point, in the city's coordinates.
    box: (x0, y0, x1, y1). accuracy: of its position as the data state it [m], None where they do not."""

    id: str
    row: int
    layer: str
    name: str | None
    kinds: frozenset[str]
    words: tuple[str, ...]
    codes: frozenset[str]
    foot: tuple[float, float, float]
    box: tuple[float, float, float, float]
    accuracy: float | None


class Assets:
    """The assets of a city as it is now."""

    def __init__(self, city: City, building_codes: Mapping[str, Collection[str]] | None = None) -> None:
        """building_codes: codes of function or usage that make a building of a kind, by kind."""
        self.all = list(_assets(city, building_codes or {}))
        self.feet: Float64 = np.array([asset.foot for asset in self.all], float).reshape(-1, 3)

    def of(self, what: str) -> list[int]:
        """Numbers of the assets of a kind, or of street furniture with a code or a word of a function.
        Raises EntityNotFound for something that the city has none of."""
        wanted = what.strip().casefold()
        if wanted in KINDS:
            found = [n for n, asset in enumerate(self.all) if wanted in asset.kinds]
        else:
            found = [n for n, asset in enumerate(self.all) if wanted and _is(asset, wanted)]
        if not found:
            there = [str(entry["asset"]) for entry in self.listed()]
            more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
            raise EntityNotFound(
                f"the city has no {what!r}; it has {', '.join(there[:_SHOWN]) or 'no assets'}{more}"
            )
        return found

    def listed(self) -> list[dict[str, Any]]:
        """What there is: by what name to ask for it, what it is called, and how many there are."""
        kinds: dict[str, int] = {}
        functions: dict[str, tuple[str, int]] = {}
        for asset in self.all:
            for kind in asset.kinds:
                kinds[kind] = kinds.get(kind, 0) + 1
            if asset.layer == FURNITURE:
                for code in asset.codes:
                    name, count = functions.get(code, (asset.words[0] if asset.words else code, 0))
                    functions[code] = name, count + 1
        known = [
            {"asset": kind, "name": NAMES[kind], "count": kinds[kind]} for kind in KINDS if kind in kinds
        ]
        return known + [
            {"asset": code, "name": name, "count": count} for code, (name, count) in sorted(functions.items())
        ]


def _is(asset: Asset, wanted: str) -> bool:
    return asset.layer == FURNITURE and (
        wanted in {code.casefold() for code in asset.codes}
        or any(wanted in word.casefold() for word in asset.words)
    )


def _assets(city: City, building_codes: Mapping[str, Collection[str]]) -> Iterator[Asset]:
    rows = city.connection.execute(
        "SELECT row, id, class, layer, attributes, x0, y0, z0, x1, y1, z1 FROM object"
        " WHERE valid_to IS NULL AND layer IN (SELECT value FROM json_each(?)) ORDER BY row",
        (orjson.dumps(_LAYERS).decode(),),
    ).fetchall()
    for row, id, class_name, layer, text, *box in rows:
        attributes = orjson.loads(text)
        functions = _named(attributes, ("function",))
        told = [*functions, *_named(attributes, ("usage", "class"))]
        words = tuple(dict.fromkeys(name for _, name in told if name))
        kinds = {k for k, pattern in KINDS.items() if any(_found(pattern, w) for w in (*words, class_name))}
        if layer == "buildings":
            own = {code for code, _ in _named(attributes, ("function", "usage"))}
            kinds |= {kind for kind, codes in building_codes.items() if own & set(codes)}
        if not kinds and layer != FURNITURE:
            continue
        extent = tuple(box) if box[0] is not None else city.extent(id)
        if extent is None:
            continue
        x0, y0, z0, x1, y1, _ = extent
        yield Asset(
            id,
            row,
            layer,
            name_of(attributes),
            frozenset(kinds),
            words,
            frozenset(code for code, _ in functions),
            ((x0 + x1) / 2, (y0 + y1) / 2, z0),
            (x0, y0, x1, y1),
            accuracy_of(attributes),
        )


def _found(pattern: str, text: str) -> bool:
    """Also in the part in brackets, where a name has two languages."""
    lower = text.casefold()
    return any(re.search(pattern, part.strip(" )")) for part in (lower, *lower.split("(")[1:]))


def _named(attributes: Mapping[str, Any], names: Collection[str]) -> list[tuple[str, str]]:
    """(code, name) of attributes that are codes, one or several; name "" where it is not known."""
    found = []
    for name in names:
        value = attributes.get(name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and one.get("code") is not None:
                found.append((str(one["code"]), str(one.get("name") or "")))
            elif isinstance(one, str) and one:
                found.append((one, one))
    return found


def name_of(attributes: Mapping[str, Any]) -> str | None:
    """What an object is called."""
    for key in ("name", "gml:name", "title"):
        value = attributes.get(key)
        value = value[0] if isinstance(value, list) and value else value
        value = (value.get("name") or value.get("code")) if isinstance(value, dict) else value
        if isinstance(value, str) and value:
            return value
    return None


def accuracy_of(attributes: Mapping[str, Any]) -> float | None:
    """The accuracy of its position that an object states [m]; None where it states none in metres."""
    for name, value in attributes.items():
        if _ACCURACY.fullmatch(re.sub(r"[\s_.-]", "", name)):
            if isinstance(value, dict):
                value = value.get("value") if value.get("unit") in ("m", "metre", "meter") else None
            if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
                return float(value)
    return None
