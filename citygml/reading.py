"""One way in for every format: `open_model(path)` picks the reader by the content of the file.

A reader gives the file's own description at once and its objects as a stream of batches, so that
memory stays bounded whatever the file's size. Findings and templates fill up while batches are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from citygml.findings import Finding
from citygml.model import Batches, ModelInfo, Template

_INDOOR_ROOT = re.compile(rb"<([\w.-]+:)?IndoorFeatures\b")


@dataclass(slots=True)
class ReadOptions:
    """crs: stands in for a missing or wrong srsName. batch: objects per batch, about.
    keep_ids: keep gml:ids of polygons (checks need them, ingestion does not).
    lods: only geometries of these LoDs (first digit), or all."""

    crs: str | None = None
    batch: int = 512
    keep_ids: bool = False
    lods: frozenset[str] | None = None


@dataclass(slots=True)
class Gathered:
    """What a reader has met so far besides objects."""

    findings: list[Finding] = field(default_factory=list)
    templates: dict[str, Template] = field(default_factory=dict)


class Reader(Protocol):
    info: ModelInfo
    gathered: Gathered

    def batches(self) -> Batches:
        """Stream the objects once. Raises CityModelError when the file is not what it says."""
        ...


def open_model(path: str | Path, options: ReadOptions | None = None) -> Reader:
    """The reader for this file. Raises UnsupportedFormat, NotACityModel or UnsafeInput.

    Imports are local so that reading one format does not pay for the others.
    """
    from citygml.errors import NotACityModel, UnsupportedFormat

    path = Path(path)
    options = options or ReadOptions()
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        raise NotACityModel(f"{path}: the file is empty")
    if head.startswith(b"ISO-10303-21") or suffix == ".ifc":
        from citygml.ifc import IfcReader

        return IfcReader(path, options)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        from citygml.cityjson import open_cityjson

        return open_cityjson(path, options)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or suffix in {".gml", ".xml"}:
        if _INDOOR_ROOT.search(head):
            from citygml.indoorgml import IndoorGmlReader

            return IndoorGmlReader(path, options)
        from citygml.gml import GmlReader

        return GmlReader(path, options)
    raise UnsupportedFormat(f"{path}: neither CityGML, CityJSON, IndoorGML nor IFC")
