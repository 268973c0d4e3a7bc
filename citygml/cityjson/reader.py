"""The readers of CityJSON documents (whole) and of CityJSONSeq (line by line).

A document is one JSON object whose vertices may come last, so that it is parsed as a whole: memory grows
with the file (about ten times its size). A sequence holds one feature at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from citygml.cityjson.appearance import Appearance
from citygml.cityjson.document import Header, check_document, loads
from citygml.errors import NotACityModel, UnsafeInput, UnsupportedFormat
from citygml.findings import Finding
from citygml.model import Batches, CityObject
from citygml.reading import Reader, ReadOptions

_BOM = b"\xef\xbb\xbf"
LARGEST_DOCUMENT = 1 << 30
"""Bytes of a document that is still read."""
_LONGEST_HEADER = 16 << 20


def open_cityjson(path: str | Path, options: ReadOptions | None = None) -> Reader:
    """The reader of a CityJSON document (0.6 to 2.0) or CityJSONSeq, told apart by their first lines.

    Raises NotACityModel when it is neither, UnsupportedFormat for an unknown version or a document too
    large for memory, BadCoordinates for an unusable transform.
    """
    path = Path(path)
    options = options or ReadOptions()
    if path.stat().st_size > LARGEST_DOCUMENT and not _begins_as_sequence(path):
        raise UnsupportedFormat(
            f"{path}: a CityJSON document is read as a whole, and this one is larger than"
            f" {LARGEST_DOCUMENT >> 20:,} MiB; convert it to CityJSONSeq, which is read line by line"
        )
    with path.open("rb") as file:
        text = _next_line(file)
        second = _next_line(file)
    if second:
        try:
            header = loads(text)
        except ValueError:
            text = path.read_bytes().removeprefix(_BOM)
        else:
            return SequenceReader(path, options, header, second)
    try:
        document = loads(text)
    except ValueError as error:
        raise NotACityModel(f"{path}: not JSON ({error}); is the file complete?") from None
    del text
    return DocumentReader(path, options, document)


def _begins_as_sequence(path: Path) -> bool:
    with path.open("rb") as file:
        line = file.readline(_LONGEST_HEADER)
    try:
        loads(line.removeprefix(_BOM))
    except ValueError:
        return False
    return True


class DocumentReader:
    """One CityJSON document; its objects can be streamed once."""

    def __init__(self, path: Path, options: ReadOptions, document: Any) -> None:
        self._path = path
        self._batch = options.batch
        raw = document if isinstance(document, dict) else {}
        self._header = Header(document, path, options, "CityJSON", raw.get("vertices"))
        self._objects: dict[str, Any] = raw["CityObjects"]
        self._reader = self._header.objects(raw.pop("vertices", None), self._header.appearance)
        self.info = self._header.info
        self.gathered = self._header.gathered

    def batches(self) -> Batches:
        return _batched(self._reader.read(self._objects), self._batch, self._path)


class SequenceReader:
    """A CityJSONSeq: a CityJSON line, then a CityJSONFeature a line."""

    def __init__(self, path: Path, options: ReadOptions, header: Any, second: bytes) -> None:
        self._path = path
        self._options = options
        document = check_document(header, path)
        first_feature = self._parse(second, 2)
        self._first_objects: dict[str, Any] = document["CityObjects"]
        self._first_vertices = document.get("vertices", [])
        sample = first_feature.get("vertices")
        self._header = Header(document, path, options, "CityJSONSeq", sample)
        self.info = self._header.info
        self.gathered = self._header.gathered

    def batches(self) -> Batches:
        return _batched(self._stream(), self._options.batch, self._path)

    def _stream(self) -> Iterator[CityObject]:
        reader = self._header.objects(self._first_vertices, self._header.appearance)
        yield from reader.read(self._first_objects)
        with self._path.open("rb") as file:
            _next_line(file)
            for number, line in enumerate(file, start=2):
                if line.strip():
                    yield from self._feature(self._parse(line, number), number)

    def _feature(self, feature: dict[str, Any], number: int) -> Iterator[CityObject]:
        objects = feature["CityObjects"]
        feature_id = feature.get("id")
        if not isinstance(feature_id, str) or feature_id not in objects:
            text = f"line {number}: the feature's id {feature_id!r} is not one of its objects"
            self.gathered.findings.append(Finding("bad-feature", text, severity="warning"))
        raw = feature.get("appearance")
        appearance = Appearance(raw, self._path.parent) if raw else self._header.appearance
        yield from self._header.objects(feature.get("vertices"), appearance).read(objects)

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            feature = loads(line)
        except ValueError as error:
            text = f"line {number} is not JSON ({error}); is the file complete?"
            raise NotACityModel(f"{self._path}: {text}") from None
        if not isinstance(feature, dict) or feature.get("type") != "CityJSONFeature":
            raise NotACityModel(f"{self._path}: line {number} is not a CityJSONFeature")
        if not isinstance(feature.get("CityObjects"), dict):
            raise NotACityModel(f'{self._path}: line {number}: the feature has no "CityObjects"')
        return feature


def _next_line(file: BinaryIO) -> bytes:
    """The next line that is not blank, without a byte order mark; empty at the end."""
    for line in file:
        text = line.removeprefix(_BOM)
        if text.strip():
            return text
    return b""


def _batched(objects: Iterator[CityObject], size: int, path: Path) -> Batches:
    batch: list[CityObject] = []
    try:
        for item in objects:
            batch.append(item)
            if len(batch) >= size:
                yield batch
                batch = []
    except RecursionError:
        raise UnsafeInput(f"{path}: the values of an object are nested too deeply") from None
    if batch:
        yield batch
