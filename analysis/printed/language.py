"""The language of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["ko", "en"]


def in_language(value: Mapping[str, str], language: Language) -> str:
    """The text in a language, or in the first that there is."""
    return value.get(language) or next(iter(value.values()), "")
