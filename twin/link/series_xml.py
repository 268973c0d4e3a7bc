"""Time series of XML files: TimeseriesML 1.0-1.3 (OGC 15-042: time-value pairs, equidistant ones too, and
lists of domain and range), WaterML 2.0 (OGC 10-126), which has the same pairs, and observations of O&M 2.0
(OGC 10-025)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from lxml import etree

from twin.errors import QueryError
from twin.link.timeseries import MISSING, FileSeries, Reading, parse_period
from twin.observations.times import parse_duration, parse_instant

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ID = "{http://www.opengis.net/gml/3.2}id"
_METADATA = ("TimeseriesMetadata", "MeasurementTimeseriesMetadata")
_PAIRS = ("MeasurementTVP", "CategoricalTVP")
_SERIES = ("TimeseriesTVP", "TimeseriesDomainRange", "MeasurementTimeseries", "CategoricalTimeseries")
_NIL_REASONS = ("inapplicable", "missing", "template", "unknown", "withheld")
"""Of GML 3.2.1 (OGC 07-036, 8.2.3.1), which lists of quantities have in the place of a value."""


def read_xml(path: Path, fragment: str = "") -> FileSeries:
    """The series in a file; of several that with the gml:id `fragment`. Raises QueryError."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    parts: dict[str, list[Reading]] = {}
    try:
        for name, found in _xml_series(path):
            if found:
                parts.setdefault(name, []).extend(found)
    except etree.XMLSyntaxError as error:
        raise QueryError(f"it is not well-formed XML: {error.msg}") from error
    if fragment:
        if fragment not in parts:
            raise QueryError(f"no series in it has the id {fragment!r}")
        return FileSeries(parts[fragment], digest)
    if len(parts) > 1:
        raise QueryError(
            f"it holds {len(parts)} series; name one by its gml:id, as in {path.name}#{next(iter(parts))}"
        )
    if not parts:
        raise QueryError("no time series of TimeseriesML or O&M is in it")
    return FileSeries(next(iter(parts.values())), digest)


def _xml_series(path: Path) -> Iterator[tuple[str, list[Reading]]]:
    """(gml:id, readings) of what is met in a file, in its order; observations of O&M count as one series."""
    series: list[Reading] = []
    base: tuple[int, int] | None = None
    events = etree.iterparse(
        str(path),
        events=("end",),
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in events:
        name = etree.QName(element).localname
        if name in _METADATA:
            base = _spacing(element)
        elif name in _PAIRS:
            found = _pair(element, base, len(series))
            series.append(found)
            element.clear()
        elif name in _SERIES:
            if name == "TimeseriesDomainRange":
                series = _domain_range(element)
            yield element.get(_ID, ""), [reading for reading in series if reading[2] is not None]
            series, base = [], None
            element.clear()
        elif name == "OM_Observation":
            if (one := _observation(element)) is not None:
                yield "observations", [one]
            element.clear()


def _spacing(metadata: Any) -> tuple[int, int] | None:
    """The first time and the step [µs] of an equidistant series."""
    start, step = metadata.findtext("{*}baseTime"), metadata.findtext("{*}spacing")
    return (parse_period(start)[0], parse_duration(step.strip())) if start and step else None


def _pair(pair: Any, base: tuple[int, int] | None, number: int) -> Reading:
    """A time-value pair; None as its value where it has none."""
    time = pair.findtext("{*}time")
    if time is not None and time.strip():
        start, end = parse_period(time)
    elif base is not None:
        start, end = base[0] + number * base[1], None
    else:
        raise QueryError("a time-value pair in it has no time")
    value = pair.find("{*}value")
    if value is None or value.get(_NIL) in ("true", "1"):
        return start, end, None
    if etree.QName(pair).localname == "CategoricalTVP":
        text = " ".join("".join(value.itertext()).split())
        return start, end, text or None
    return start, end, _number(value.text)


def _domain_range(series: Any) -> list[Reading]:
    times = next((e for e in series.iter("{*}TimePositionList", "{*}timePositionList")), None)
    values = next((e for e in series.iter("{*}QuantityList", "{*}CountList")), None)
    if times is None or values is None:
        raise QueryError("a domain and range in it are not lists of times and of quantities")
    moments, numbers = (times.text or "").split(), (values.text or "").split()
    if len(moments) != len(numbers):
        raise QueryError(f"its domain has {len(moments)} times, its range {len(numbers)} values")
    return [(*parse_period(moment), _number(number)) for moment, number in zip(moments, numbers, strict=True)]


def _observation(element: Any) -> Reading | None:
    """An O&M observation whose result is one value."""
    result, when = element.find("{*}result"), element.find("{*}phenomenonTime")
    if result is None or when is None or len(result) or result.get(_NIL) in ("true", "1"):
        return None
    position = when.findtext(".//{*}timePosition")
    start, end = when.findtext(".//{*}beginPosition"), when.findtext(".//{*}endPosition")
    text = (result.text or "").strip()
    try:
        value: Any = _number(text)
    except QueryError:
        value = text
    if value is None:
        return None
    if position:
        return *parse_period(position), value
    if not (start and end):
        raise QueryError("an observation in it has no phenomenonTime with a time")
    return parse_instant(start.strip()), parse_instant(end.strip()), value


def _number(text: str | None) -> float | None:
    """A number; None for what stands where a value is missing."""
    stripped = (text or "").strip()
    if stripped in MISSING or stripped in _NIL_REASONS:
        return None
    try:
        number = float(stripped)
    except ValueError:
        raise QueryError(f"{stripped[:40]!r} in it is no number") from None
    return number if np.isfinite(number) else None
