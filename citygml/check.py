"""Checks of whole files: what the reader finds, what the geometry shows, and the two counted together.

    report = check_file("city.gml")
    for finding in report.findings: ...

Batches are read, checked and dropped, and a code's findings are kept up to a limit (their number is always
counted), so that memory stays bounded whatever the file's size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from citygml.errors import CityModelError, UnknownCrs
from citygml.findings import Finding, Severity
from citygml.model import Batch, CityObject, Float64, ModelInfo
from citygml.reading import Reader, ReadOptions, open_model
from citygml.validate import Tolerances, check_objects
from citygml.validate.attributes import check_attributes
from citygml.validate.plans import Overlaps, Parts

SUFFIXES = frozenset({".gml", ".xml", ".json", ".jsonl", ".cityjson", ".ifc"})
# How far an object may reach out of the file's envelope: rounding of the corner [degrees or m; height in m].
_ENVELOPE_MARGIN = np.array([1e-6, 1e-6, 0.01])
_ENVELOPE_MARGIN_METRES = 0.01


@dataclass(slots=True)
class CheckOptions:
    """crs: stands in for the srsName. limit: findings kept per code, all when None. geometry: look at the
    geometry besides what the reader finds. across: compare objects with one another."""

    crs: str | None = None
    limit: int | None = 100
    batch: int = 512
    geometry: bool = True
    across: bool = True
    tolerances: Tolerances = field(default_factory=Tolerances)


@dataclass(slots=True)
class Report:
    """The outcome for one file. refused: why it could not be read at all, else None. objects: class →
    count; counts: finding code → number of all findings, kept or not; severities likewise."""

    path: Path
    info: ModelInfo | None = None
    refused: str | None = None
    objects: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    severities: Counter[Severity] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    ids: set[int] = field(default_factory=set, repr=False)

    @property
    def ok(self) -> bool:
        """Readable and without errors (warnings are allowed)."""
        return self.refused is None and not self.severities["error"]

    def add(self, findings: Iterable[Finding], limit: int | None) -> None:
        for finding in findings:
            self.counts[finding.code] += 1
            self.severities[finding.severity] += 1
            if limit is None or self.counts[finding.code] <= limit:
                self.findings.append(finding)


def check_file(path: str | Path, options: CheckOptions | None = None) -> Report:
    """Read a city model of any format and list what is wrong with it.

    Raises CityModelError when the file is refused as a whole (not a city model, truncated, unsafe).
    """
    return _check(Path(path), options or CheckOptions())


def check_folder(path: str | Path, options: CheckOptions | None = None) -> Iterator[Report]:
    """One report per model file under a folder, in the order of their paths.

    A refused file is a report with `refused` set. An object id that an earlier file has too is a
    `duplicate-id` of the later one.
    """
    options = options or CheckOptions()
    seen: dict[int, Path] = {}
    for file in model_files(path):
        try:
            report = _check(file, options, seen)
        except CityModelError as error:
            report = Report(file, refused=str(error))
        seen.update(dict.fromkeys(report.ids, file))
        report.ids = set()
        yield report


def model_files(folder: str | Path) -> list[Path]:
    """The files that may be city models, without code lists and schemas."""
    aside = {"codelists", "schemas", "metadata", "specification"}
    root = Path(folder)
    return sorted(
        p
        for p in root.rglob("*")
        if p.is_file()
        and p.suffix.lower() in SUFFIXES
        and not aside & {part.lower() for part in p.relative_to(root).parts[:-1]}
    )


def _check(path: Path, options: CheckOptions, seen: dict[int, Path] | None = None) -> Report:
    reader = open_model(path, ReadOptions(crs=options.crs, batch=options.batch, keep_ids=True))
    report = Report(path, reader.info)
    geographic, findings = _read_crs(options.crs or reader.info.srs_name)
    report.add(findings, options.limit)
    overlaps = Overlaps(geographic, options.tolerances)
    parts = Parts(geographic)
    extent = _Extent()
    for batch in reader.batches():
        report.objects.update(o.type for o in batch)
        report.add(_drain(reader), options.limit)
        if seen is not None:
            report.add(_repeated(batch, seen), options.limit)
            report.ids.update(hash(o.id) for o in batch)
        report.add(check_attributes(batch), options.limit)
        if options.geometry:
            report.add(check_objects(batch, geographic, options.tolerances), options.limit)
            report.add(extent.check(batch, reader.info, geographic), options.limit)
        if options.geometry and options.across:
            overlaps.add(batch)
            report.add(parts.add(batch), options.limit)
    report.add(_drain(reader), options.limit)
    report.add(overlaps.finish(), options.limit)
    report.add(parts.finish(), options.limit)
    report.add(extent.place(options.crs or reader.info.srs_name), options.limit)
    return report


def _drain(reader: Reader) -> list[Finding]:
    """Take what the reader has found since the last time."""
    found = list(reader.gathered.findings)
    reader.gathered.findings.clear()
    return found


def _repeated(batch: Batch, seen: dict[int, Path]) -> list[Finding]:
    return [
        Finding("duplicate-id", f"the id is also in {seen[hash(o.id)].name}", o.id)
        for o in batch
        if hash(o.id) in seen
    ]


def _read_crs(srs_name: str | None) -> tuple[bool, list[Finding]]:
    """Whether coordinates are degrees, and findings on the srsName."""
    from citygml.crs import parse

    if srs_name is None:
        message = "the file names no coordinate system; add an srsName to its envelope, or use --crs"
        return False, [Finding("crs-missing", message)]
    try:
        crs = parse(srs_name)
    except UnknownCrs as error:
        return False, [Finding("crs-unknown", str(error))]
    if crs.is_local or crs.has_vertical:
        return crs.is_geographic, []
    message = f"{srs_name} has no vertical part, so what the heights are above is not declared"
    severity: Severity = "warning" if crs.is_geographic else "info"
    return crs.is_geographic, [Finding("crs-no-vertical", message, severity=severity)]


class _Extent:
    """Objects against the envelope of their file, and the whole file against the area of its CRS."""

    def __init__(self) -> None:
        self._low: Float64 = np.full(3, np.inf)
        self._high: Float64 = np.full(3, -np.inf)

    def check(self, batch: Batch, info: ModelInfo, geographic: bool) -> list[Finding]:
        findings: list[Finding] = []
        margin = _ENVELOPE_MARGIN if geographic else _ENVELOPE_MARGIN_METRES
        for city_object in batch:
            bounds = city_object.bounds()
            if bounds is None or not np.isfinite(bounds).all():
                continue
            self._low = np.minimum(self._low, bounds[0])
            self._high = np.maximum(self._high, bounds[1])
            if info.envelope is not None and np.isfinite(info.envelope[:, :2]).all():
                findings += _outside(city_object, bounds, info.envelope, margin)
        return findings

    def place(self, srs_name: str | None) -> list[Finding]:
        from citygml.crs import parse, plausible

        if srs_name is None or not np.isfinite(self._low).all():
            return []
        try:
            crs = parse(srs_name)
        except UnknownCrs:
            return []
        if plausible(crs, np.array([self._low, self._high])):
            return []
        message = f"the objects lie outside the area where {srs_name} is used; is it the right one?"
        place = (float(self._low[0]), float(self._low[1]), float(self._low[2]))
        return [Finding("crs-implausible", message, place=place, severity="warning")]


def _outside(
    city_object: CityObject, bounds: Float64, envelope: Float64, margin: Float64 | float
) -> list[Finding]:
    below, above = bounds[0] < envelope[0] - margin, bounds[1] > envelope[1] + margin
    if not (below.any() or above.any()):
        return []
    corner = np.where(below, bounds[0], bounds[1])
    axes = ", ".join(name for name, out in zip("xyz", below | above, strict=True) if out)
    message = f"the object reaches out of the envelope of the file ({axes})"
    x, y, z = (float(c) for c in corner)
    return [Finding("outside-envelope", message, city_object.id, place=(x, y, z), severity="warning")]
