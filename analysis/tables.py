"""Tables of published numbers (`analysis/data`), and a city's own in the same form: CSV in UTF-8."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import inf, isfinite
from pathlib import Path

from analysis.errors import AnalysisError


@dataclass(frozen=True)
class Row:
    """One row: its cells by column, and where it is for messages."""

    cells: dict[str, str]
    where: str

    def text(self, name: str) -> str:
        """A cell without blanks around it; empty where the column is absent."""
        return (self.cells.get(name) or "").strip()

    def words(self, name: str) -> tuple[str, ...]:
        """The parts of a cell that are separated by `|`."""
        return tuple(part.strip() for part in self.text(name).split("|") if part.strip())

    def number(self, name: str, low: float = -inf, high: float = inf, default: float | None = None) -> float:
        """A finite number from low to high. Raises AnalysisError for anything else, and for an empty cell
        unless there is a default."""
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            found = float(text)
        except ValueError:
            found = inf
        if not isfinite(found):
            raise AnalysisError(f"{self.where}: {name} must be a number, not {text!r}")
        if not low <= found <= high:
            raise AnalysisError(f"{self.where}: {name} must be from {low:g} to {high:g}, not {found:g}")
        return found


def rows(path: Path | None, name: str, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a file, or without one of the table of that name that comes with CityTwin.

    Raises AnalysisError for a file that cannot be read or lacks a column.
    """
    source = files("analysis.data").joinpath(name) if path is None else path
    shown = name if path is None else str(path)
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AnalysisError(f"{shown}: the table cannot be read ({error})") from None
    reader = csv.DictReader(lines)
    missing = [c for c in columns if c not in (reader.fieldnames or ())]
    if missing:
        raise AnalysisError(f"{shown}: the table lacks the column {', '.join(missing)}")
    for number, cells in enumerate(reader, 2):
        yield Row(cells, f"{shown}, row {number}")
