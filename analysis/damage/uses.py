"""Which sector a building is of, from the codes and names of its use.

The table (`analysis/data/building_uses.csv`, or a city's own in the same form) has `sector, words, codes` as
`analysis.code_table` reads them. The sector `none` is for what has no floor to flood.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.code_table import CodeRow, CodeTable
from analysis.damage.values import SECTORS
from analysis.errors import AnalysisError
from analysis.tables import rows
from citygml.model import Attributes

_TABLE = "building_uses.csv"
NONE = "none"


@dataclass(frozen=True)
class Use:
    """sector, what its name is in the city's words, and what told: `code`, `word` or `default`."""

    sector: str
    name: str
    told: str


@dataclass(frozen=True)
class UseTable:
    """table: sectors by words and codes."""

    table: CodeTable

    def of(self, attributes: Attributes, default: str = "residential") -> Use:
        """The use of a building; `default` where nothing tells."""
        found = self.table.of(attributes, default)
        return Use(found.kind, found.name, found.told)


def use_table(path: Path | None = None) -> UseTable:
    """The table that comes with CityTwin, or a file in the same form. Raises AnalysisError."""
    found = []
    for row in rows(path, _TABLE, ("sector", "words", "codes")):
        sector = row.text("sector")
        if sector not in (*SECTORS, NONE):
            raise AnalysisError(f"{row.where}: the sector must be one of {', '.join(SECTORS)}, {NONE}")
        words = tuple(word.casefold() for word in row.words("words"))
        found.append(CodeRow(sector, words, row.words("codes")))
    return UseTable(CodeTable(tuple(found)))
