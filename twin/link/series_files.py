"""Time series in files beside a CityGML 3.0 model, as its dynamizers describe them.

TabulatedFileTimeseries are tables of text (CSV and its like), StandardFileTimeseries are XML (`series_xml`).
Workbooks and other formats are refused with a line that says so.

The standard leaves two things open. Columns are counted from 1, or from 0 if a column 0 is named. The code
lists of `fileType` are empty in it, so that the file itself decides what it is.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from citygml.errors import CityModelError
from twin.errors import QueryError
from twin.link.series_xml import read_xml
from twin.link.timeseries import MISSING, FileSeries, Reading, parse_period
from twin.sources.tables import decoded, parse_times, zone_of

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 64 << 20
"""Larger files are refused: a table takes about ten times as much in memory."""
_SEPARATORS = ",;\t|"
_NAMED = {r"\t": "\t", "tab": "\t", "space": r"\s+", "comma": ",", "semicolon": ";", "pipe": "|"}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_COARSE = r"\d{4}(?:-\d{2}){0,2}"


@dataclass(slots=True)
class _Table:
    """A table of text without its header lines."""

    digest: str
    titles: list[str]
    frame: pd.DataFrame
    groups: dict[int, Any] = field(default_factory=dict)

    def rows(self, column: int, value: str) -> Any:
        """The rows of one series in a table of many."""
        if column not in self.groups:
            self.groups[column] = self.frame.groupby(self.frame[column].str.strip()).indices
        return self.groups[column].get(value.strip(), np.zeros(0, int))


class SeriesReader:
    """Reads the files of many dynamizers. The last table stays, as many series may lie in one.

    timezone: IANA name of the zone of times in tables that state none.
    """

    def __init__(self, timezone: str = "UTC") -> None:
        self._timezone = timezone
        self._last: tuple[tuple[Any, ...], _Table] | None = None

    def read(self, atom: dict[str, Any], path: Path, fragment: str = "") -> FileSeries:
        """The series that `atom`, a StandardFileTimeseries or TabulatedFileTimeseries, means in this file.

        fragment: what follows `#` in its location, the gml:id of a series. Raises QueryError.
        """
        if path.stat().st_size > MOST_BYTES:
            raise QueryError(f"it has more than {MOST_BYTES >> 20} MiB")
        kind = f"{_text(atom.get('fileType'))} {_text(atom.get('mimeType'))} {path.suffix}".casefold()
        if any(word in kind for word in ("xls", "spreadsheet", "google")):
            raise QueryError("workbooks are not read; save it as CSV")
        with path.open("rb") as file:
            is_xml = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        if is_xml:
            return read_xml(path, fragment)
        if atom.get("@type") == "StandardFileTimeseries" and not re.search(r"csv|text/plain", kind):
            raise QueryError(
                f"{_text(atom.get('fileType')) or 'its type'} is not read, but TimeseriesML and O&M"
            )
        return self._from_table(atom, path)

    def _from_table(self, atom: dict[str, Any], path: Path) -> FileSeries:
        table = self._table(atom, path)
        numbers = {name: _integer(atom, f"{name}ColumnNo") for name in ("id", "time", "value")}
        first = 0 if 0 in numbers.values() else 1
        columns = {
            name: _column(table, atom.get(f"{name}ColumnName"), number, first)
            for name, number in numbers.items()
        }
        time, value = columns["time"], columns["value"]
        if time is None:
            time = 0
        if value is None:
            value = time + 1
        if value >= table.frame.shape[1] or time >= table.frame.shape[1]:
            raise QueryError(f"it has {table.frame.shape[1]} columns, and none for the values")
        frame = table.frame
        chosen, id_value = columns["id"], _text(atom.get("idValue"))
        if chosen is not None and id_value:
            frame = frame.iloc[table.rows(chosen, id_value)]
            if frame.empty:
                raise QueryError(f"no row in it has the id {id_value!r}")
        found = self._rows(frame[time], _values(frame[value], atom), frame[value])
        if not found[0]:
            raise QueryError("no row in it has a time and a value that can be read")
        return FileSeries(found[0], table.digest, found[1], found[2])

    def _rows(
        self, times: pd.Series[str], values: list[Any], cells: pd.Series[str]
    ) -> tuple[list[Reading], int, str]:
        micros, known = parse_times(times, zone_of(self._timezone))
        coarse = times.str.strip().str.fullmatch(_COARSE).fillna(False).to_numpy(bool)
        found: list[Reading] = []
        bad, example = 0, ""
        for i, (text, cell) in enumerate(zip(times, cells, strict=True)):
            if cell.strip() in MISSING:
                continue
            try:
                start, end = parse_period(text) if coarse[i] else (int(micros[i]), None)
            except QueryError:
                start, end = 0, -1
            if end == -1 or not (known[i] or coarse[i]) or values[i] is None:
                bad += 1
                example = example or f"{text!r}, {cell!r}"
                continue
            found.append((start, end, values[i]))
        return found, bad, example

    def _table(self, atom: dict[str, Any], path: Path) -> _Table:
        named = any(atom.get(f"{name}ColumnName") for name in ("id", "time", "value"))
        lines = _integer(atom, "numberOfHeaderLines")
        heads = int(named) if lines is None else lines
        separator = _text(atom.get("fieldSeparator"), strip=False) if "fieldSeparator" in atom else None
        key = (path, heads, separator)
        if self._last is None or self._last[0] != key:
            self._last = key, _read_table(path, heads, separator)
        return self._last[1]


def _read_table(path: Path, heads: int, separator: str | None) -> _Table:
    """separator: as the model says; "" for a blank or tab, which are lost in reading XML; None: found out."""
    import pandas as pd

    data = path.read_bytes()
    if not data.strip():
        raise QueryError("no row is in it")
    try:
        body = decoded(data, path)
    except CityModelError:
        raise QueryError("it is not text in UTF-8 or CP949") from None
    head = ""
    for _ in range(heads):
        head, _, body = body.partition("\n")
    line = head or body.partition("\n")[0]
    if separator is None:
        separator = max(_SEPARATORS, key=line.count)
    elif not separator.strip():
        separator = "\t" if "\t" in line else r"\s+"
    else:
        separator = _NAMED.get(separator.strip().casefold(), separator.strip())
    titles = re.split(r"\s+", head.strip()) if separator == r"\s+" else []
    if not titles and len(separator) == 1:
        titles = next(csv.reader([head], delimiter=separator), [])
    if len(separator) > 1 and separator != r"\s+":
        raise QueryError(f"a field separator of several symbols, {separator!r}, is not read")
    try:
        frame = pd.read_csv(
            io.StringIO(body), sep=separator, header=None, dtype=str, keep_default_na=False, na_filter=False,
            index_col=False, skipinitialspace=True,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise QueryError(f"it is not a table: {str(error).strip()}") from error
    frame = frame.astype(str)
    return _Table(hashlib.sha256(data).hexdigest(), [title.strip() for title in titles], frame)


def _column(table: _Table, name: Any, number: int | None, first: int) -> int | None:
    """The place of a column, counted from 0, by its number or its name in the last header line."""
    if number is not None:
        if not 0 <= number - first < table.frame.shape[1]:
            raise QueryError(f"it has {table.frame.shape[1]} columns, not a column {number}")
        return number - first
    title = _text(name)
    if not title:
        return None
    if title not in table.titles:
        shown = ", ".join(table.titles) or "no header line"
        raise QueryError(f"it has no column {title!r} ({shown})")
    return table.titles.index(title)


def _values(cells: pd.Series[str], atom: dict[str, Any]) -> list[Any]:
    """The values of a column by `valueType`; None for one that is not of it."""
    import pandas as pd

    kind = _text(atom.get("valueType")).casefold()
    stripped = cells.str.strip()
    if kind in ("string", "uri"):
        return stripped.tolist()
    if kind in ("bool", "boolean"):
        return [_TRUTH.get(cell.casefold()) for cell in stripped]
    if kind not in ("int", "integer", "double", ""):
        raise QueryError(f"values of the type {kind!r} are not readings")
    symbol = _text(atom.get("decimalSymbol"))
    plain = stripped.str.replace(symbol, ".", regex=False) if symbol not in ("", ".") else stripped
    numbers = pd.to_numeric(plain, errors="coerce").to_numpy(float)
    right = np.isfinite(numbers)
    if not kind and not right[~stripped.isin(MISSING).to_numpy(bool)].any():
        return stripped.tolist()
    whole = kind in ("int", "integer")
    right &= ~np.array(whole) | (numbers == np.round(numbers))
    return [
        (int(number) if whole else number) if ok else None
        for number, ok in zip(numbers.tolist(), right.tolist(), strict=True)
    ]


def _integer(atom: dict[str, Any], name: str) -> int | None:
    text = _text(atom.get(name))
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise QueryError(f"{name} {text!r} is no whole number") from None


def _text(value: Any, strip: bool = True) -> str:
    """A property's text; of a code its code."""
    if isinstance(value, dict):
        value = value.get("code", value.get("value"))
    text = "" if value is None else str(value)
    return text.strip() if strip else text
