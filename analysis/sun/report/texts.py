"""What the report says, in both languages; the texts themselves stand in `texts.json`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from analysis.printed.language import Language

_COMPASS = {
    "ko": ("북", "북동", "동", "남동", "남", "남서", "서", "북서"),
    "en": ("N", "NE", "E", "SE", "S", "SW", "W", "NW"),
}


def text(name: str, language: Language, **values: Any) -> str:
    """One text, with its values filled in."""
    return _texts()[name][language].format(**values)


def facing(azimuth: float, language: Language) -> str:
    """The nearest of eight directions, and the azimuth [degrees]."""
    return f"{_COMPASS[language][round(azimuth / 45.0) % 8]} {round(azimuth) % 360}°"


def duration(hours: float, language: Language, limit: float) -> str:
    """Hours and minutes, as courts write them; with seconds within a minute of the limit [h], so that what
    falls short by a second does not look as if it met it."""
    close = abs(hours - limit) < 1 / 60
    seconds = round(hours * 3600) if close else round(hours * 60) * 60
    h, m, s = seconds // 3600, seconds % 3600 // 60, seconds % 60
    if language == "ko":
        return f"{h}시간 {m:02d}분" + (f" {s:02d}초" if s else "")
    return f"{h} h {m:02d} min" + (f" {s:02d} s" if s else "")


@cache
def _texts() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("texts.json").read_text("utf-8"))
    return texts
