"""Readings from CSV files: wide (a column for each quantity) or long (a row for each reading).

Columns are known by their headers, Korean or English; encodings (UTF-8, CP949) and delimiters are found out.
A time without a zone is local time of the zone given.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from citygml.errors import UnsupportedFormat
from twin.errors import TwinError
from twin.sources.quantities import is_known, quantity
from twin.sources.readings import Series, Station, Table

if TYPE_CHECKING:
    import pandas as pd

_ENCODINGS = ("utf-8-sig", "cp949")
_DELIMITERS = ",;\t|"
_EMPTY = ["", "-", "null", "NULL", "None", "NA", "N/A", "NaN", "nan"]
_ROLES = {
    "time": (
        "측정일시", "측정일", "측정시간", "관측일시", "일시", "날짜", "시간", "phenomenontime", "time",
        "timestamp", "datetime", "date", "timeend",
    ),
    "station": ("측정소명", "측정소", "관측소명", "관측소", "지점명", "지점", "station", "station name",
                "stationname", "thing", "sensor", "id", "name"),
    "longitude": ("경도", "longitude", "lon", "lng"),
    "latitude": ("위도", "latitude", "lat"),
    "height": ("고도", "높이", "height", "elevation", "altitude"),
    "quantity": ("항목", "측정항목", "phenomenon", "quantity", "property", "observedproperty", "parameter"),
    "value": ("값", "측정값", "value", "result"),
    "unit": ("단위", "unit", "units", "uom"),
    "description": ("설명", "description"),
    "ignored": ("timestart",),
}  # fmt: skip
_FORMATS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_DAY = 86_400_000_000
_HEAD = 1 << 16


def looks_like_readings(path: Path) -> bool:
    """Whether a CSV file met among others has times, and beside them values or quantities that are known."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).partition(b"\n")[0]
        titles = _titles(decoded(head, path))
    except UnsupportedFormat:
        return False
    roles = _roles(titles)
    return "time" in roles and ("value" in roles or any(is_known(title) for title in titles))


def read_csv(path: Path, timezone: str = "UTC", stations: dict[str, Station] | None = None) -> Table:
    """Read one file.

    timezone: IANA name of the zone of times that state none. stations: where the stations are that the file
    only names (`read_stations`). Raises UnsupportedFormat for a file that isn't a table of readings.
    """
    zone = zone_of(timezone)
    frame = _frame(path)
    roles = _roles(frame.columns)
    if "time" not in roles:
        raise UnsupportedFormat(
            f"{path}: no column of times; expected one of {', '.join(_ROLES['time'][:3])}, time, timestamp, …"
        )
    table = Table([])
    micros, known = parse_times(frame[roles["time"]], zone)
    table.reject(int((~known).sum()), f"{path.name}: {_first(frame[roles['time']], ~known)!r} is no time")
    frame, micros = frame[known], micros[known]
    if frame.empty:
        raise UnsupportedFormat(f"{path}: no row with a time that can be read")
    columns = list(_quantities(frame, roles))
    if not columns:
        raise UnsupportedFormat(f"{path}: no column of readings beside {', '.join(roles.values())}")
    names = frame[roles["station"]].str.strip() if "station" in roles else None
    if names is None:
        groups: dict[str, Any] = {path.stem: np.arange(len(frame))}
    else:
        groups = {str(name): rows for name, rows in frame.groupby(names.fillna("")).indices.items()}
        table.reject(len(groups.pop("", ())), f"{path.name}: a row without {roles['station']}")
    for name, rows in groups.items():
        station = (stations or {}).get(name) or _station(name, frame.iloc[rows], roles)
        for title, unit, cells, mask in columns:
            chosen = rows if mask is None else rows[mask[rows]]
            _collect(table, path, station, title, unit, cells[chosen], micros[chosen])
    if not table.readings:
        raise UnsupportedFormat(f"{path}: no reading in it that is a number")
    return table


def read_stations(path: Path) -> dict[str, Station]:
    """Where stations are: a CSV file with columns of name, longitude and latitude, perhaps height.

    Other columns (`kind`, `objectId`, …) become properties of the Things.
    """
    frame = _frame(path)
    roles = _roles(frame.columns)
    missing = [role for role in ("station", "longitude", "latitude") if role not in roles]
    if missing:
        raise UnsupportedFormat(f"{path}: a table of stations needs a column of {missing[0]}")
    stations = {}
    others = [title for title in frame.columns if title not in roles.values()]
    for i in range(len(frame)):
        row = frame.iloc[i : i + 1]
        name = str(row[roles["station"]].iloc[0]).strip()
        cells = {title: row[title].iloc[0] for title in others}
        properties = {title: cell for title, cell in cells.items() if isinstance(cell, str)}
        stations[name] = replace(_station(name, row, roles), properties=properties)
    return stations


def _collect(
    table: Table, path: Path, station: Station, title: str, unit: str | None, cells: Any, micros: Any
) -> None:
    import pandas as pd

    given = pd.Series(cells)
    filled = given.notna().to_numpy()
    numbers = pd.to_numeric(given.str.replace(",", "", regex=False), errors="coerce").to_numpy(float)
    right = filled & np.isfinite(numbers)
    wrong = filled & ~right
    table.empty += int((~filled).sum())
    table.reject(
        int(wrong.sum()), f"{path.name}: {station.name}, {title}: {_first(given, wrong)!r} is no number"
    )
    if right.any():
        times, values = micros[right], numbers[right]
        order = np.argsort(times, kind="stable")
        table.series.append(Series(station, quantity(title, unit), times[order], values[order]))
        table.readings += len(times)


def decoded(data: bytes, path: Path) -> str:
    """The text of a table, in whichever of the encodings it is. Raises UnsupportedFormat."""
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text or not text.partition("\n")[0].strip():
            raise UnsupportedFormat(f"{path}: not a table")
        return text
    raise UnsupportedFormat(f"{path}: not text in UTF-8 or CP949")


def _titles(head: str) -> list[str]:
    delimiter = max(_DELIMITERS, key=head.count)
    return [title.strip().strip('"') for title in head.split(delimiter)]


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    text = decoded(path.read_bytes(), path)
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=delimiter, dtype=str, na_values=_EMPTY, keep_default_na=False,
            skipinitialspace=True, index_col=False,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UnsupportedFormat(f"{path}: not a table: {error}") from error
    frame.columns = pd.Index([str(title).strip() for title in frame.columns])
    if len(frame.columns) < 2 or frame.empty:
        raise UnsupportedFormat(f"{path}: not a table of readings: one column, or no row")
    return frame


def _roles(columns: Iterable[str]) -> dict[str, str]:
    """Column of each role that the headers show."""
    titles = {title.casefold(): title for title in columns}
    found = {}
    for role, names in _ROLES.items():
        title = next((titles[name] for name in names if name in titles), None)
        if title is not None:
            found[role] = title
    return found


def _quantities(
    frame: pd.DataFrame, roles: dict[str, str]
) -> Iterator[tuple[str, str | None, Any, np.ndarray[Any, Any] | None]]:
    """Title, unit, cells and, for a long table, the rows of each quantity."""
    if "value" not in roles:
        for title in frame.columns:
            if title not in roles.values():
                yield title, None, frame[title].to_numpy(object), None
        return
    cells = frame[roles["value"]].to_numpy(object)
    if "quantity" not in roles:
        yield roles["value"], None, cells, None
        return
    titles = frame[roles["quantity"]].fillna("").to_numpy()
    units = frame[roles["unit"]].fillna("").to_numpy() if "unit" in roles else np.full(len(frame), "")
    for title, unit in sorted(set(zip(titles, units, strict=True))):
        if title:
            yield title, unit or None, cells, (titles == title) & (units == unit)


def _station(name: str, rows: pd.DataFrame, roles: dict[str, str]) -> Station:
    def number(role: str) -> float | None:
        cell = rows[roles[role]].dropna() if role in roles else None
        try:
            return None if cell is None or cell.empty else float(cell.iloc[0])
        except ValueError:
            return None

    longitude, latitude = number("longitude"), number("latitude")
    about = rows[roles["description"]].iloc[0] if "description" in roles else ""
    about = about if isinstance(about, str) else ""
    inside = longitude is not None and latitude is not None and abs(longitude) <= 180 and abs(latitude) <= 90
    if not inside:
        return Station(name, name, about)
    return Station(name, name, about, longitude, latitude, number("height"))


def parse_times(column: pd.Series[str], zone: ZoneInfo) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Microseconds since 1970 UTC, and which could be read. Hour 24 is midnight at the day's end."""
    import pandas as pd

    text = column.str.strip()
    digits = text.str.fullmatch(r"\d+").fillna(False).to_numpy(bool)
    late = np.zeros(len(text), bool)
    compact = digits & text.str.len().isin([10, 12, 14]).fillna(False).to_numpy(bool)
    if compact.any():
        late = compact & (text.str[8:10] == "24").to_numpy(bool)
        text = text.mask(late, text.str[:8] + "00" + text.str[10:])
    spaced = text.str.contains(r"\d[ T]24:", regex=True).fillna(False).to_numpy(bool)
    if spaced.any():
        late |= spaced
        text = text.mask(spaced, text.str.replace(r"(?<=[ T])24:", "00:", regex=True))
    parsed = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us, UTC]")
    for length, form in _FORMATS.items():
        rows = digits & (text.str.len() == length).to_numpy(bool)
        if rows.any():
            parsed[rows] = _local(pd.to_datetime(text[rows], format=form, errors="coerce"), zone)
    rest = text[~digits].dropna()
    zoned = rest.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", regex=True).fillna(False)
    if zoned.any():
        parsed[zoned[zoned].index] = pd.to_datetime(
            rest[zoned], format="ISO8601", utc=True, errors="coerce"
        ).astype("datetime64[us, UTC]")
    plain = rest[~zoned].str.replace(r"[./]", "-", regex=True)
    if len(plain):
        parsed[plain.index] = _local(pd.to_datetime(plain, format="ISO8601", errors="coerce"), zone)
    known = parsed.notna().to_numpy()
    micros = parsed.dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    return micros + np.where(late, _DAY, 0), known


def _local(times: pd.Series[Any], zone: ZoneInfo) -> Any:
    """An hour that a change of clocks makes ambiguous is the earlier; one that it leaves out, the next."""
    placed = times.dt.tz_localize(zone, ambiguous=np.ones(len(times), bool), nonexistent="shift_forward")
    return placed.dt.tz_convert("UTC").astype("datetime64[us, UTC]")


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises TwinError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise TwinError(f"{name!r} is no time zone; such as Asia/Seoul") from error


def _first(column: pd.Series[Any], rows: np.ndarray[Any, Any]) -> str:
    chosen = column[rows]
    return str(chosen.iloc[0]) if len(chosen) else ""
