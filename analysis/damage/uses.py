"""Which sector a building is of, from the codes and names of its use.

The table (`analysis/data/building_uses.csv`, or a city's own in the same form) has `sector, words, codes`:
codes as LIST:CODE or CODE with * and ? as wildcards, words as they occur in names of codes. The sector
`none` is for what has no floor to flood.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePosixPath

from analysis.damage.values import SECTORS
from analysis.errors import AnalysisError
from analysis.scene.outlines import codes
from analysis.tables import rows
from citygml.model import Attributes, Code

_TABLE = "building_uses.csv"
_ATTRIBUTES = ("usage", "function", "class")
"""What it is used for goes before what it was built for."""
NONE = "none"


@dataclass(frozen=True)
class Use:
    """sector, what its name is in the city's words, and what told: `code`, `word` or `default`."""

    sector: str
    name: str
    told: str


@dataclass(frozen=True)
class UseTable:
    """words and codes by sector."""

    words: dict[str, tuple[str, ...]]
    codes: dict[str, tuple[str, ...]]

    @cached_property
    def _known(self) -> dict[str, str | None]:
        return {}

    def of(self, attributes: Attributes, default: str = "residential") -> Use:
        """The use of a building; `default` where nothing tells."""
        given = [code for name in _ATTRIBUTES for code in codes(attributes.get(name))]
        shown = next((code.name or code.code for code in given), "")
        for code in given:
            sector = self._of_code(code)
            if sector:
                return Use(sector, code.name or code.code, "code")
        for code in given:
            text = (code.name or "").casefold()
            for sector, words in self.words.items():
                if any(word in text for word in words):
                    return Use(sector, code.name or code.code, "word")
        return Use(default, shown, "default")

    def _of_code(self, code: Code) -> str | None:
        name = f"{PurePosixPath(code.codeSpace or '').stem}:{code.code}"
        if name not in self._known:
            found = (
                sector
                for sector, patterns in self.codes.items()
                if any(fnmatchcase(name if ":" in p else code.code, p) for p in patterns)
            )
            self._known[name] = next(found, None)
        return self._known[name]


def use_table(path: Path | None = None) -> UseTable:
    """The table that comes with CityTwin, or a file in the same form. Raises AnalysisError."""
    words: dict[str, tuple[str, ...]] = {}
    patterns: dict[str, tuple[str, ...]] = {}
    for row in rows(path, _TABLE, ("sector", "words", "codes")):
        sector = row.text("sector")
        if sector not in (*SECTORS, NONE):
            raise AnalysisError(f"{row.where}: the sector must be one of {', '.join(SECTORS)}, {NONE}")
        words[sector] = words.get(sector, ()) + tuple(w.casefold() for w in row.words("words"))
        patterns[sector] = patterns.get(sector, ()) + row.words("codes")
    return UseTable(words, patterns)
