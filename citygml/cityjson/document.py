"""What CityJSON documents and the first line of a sequence have in common: checks, vertices, metadata.

Axis order: the specification only says (x, y, z), and the files that exist have east (or longitude) first
whatever the CRS says, so that is how they are read. Some converters keep the order of the CityGML that
they started from; where a file lies in the area of use of its CRS only with north first, it is swapped.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from citygml.cityjson.appearance import Appearance
from citygml.cityjson.names import VERSIONS, version_of
from citygml.cityjson.objects import ObjectReader, read_templates
from citygml.errors import BadCoordinates, NotACityModel, UnknownCrs, UnsupportedFormat
from citygml.findings import Finding
from citygml.model import Float64, ModelInfo
from citygml.reading import Gathered, ReadOptions

# Integers beyond this are not exact in a float64 (IEEE 754).
_EXACT = 2.0**53
# So many vertices, about, tell the axis order.
_SAMPLE = 1000
TEMPLATE_IDS = "+template-ids"
SRS_NAME = "srsName"
_TITLES = ("title", "datasetTitle")
_OWN_ROOT = frozenset(
    {
        "type",
        "version",
        "CityObjects",
        "vertices",
        "transform",
        "metadata",
        "appearance",
        "geometry-templates",
    }
)


def loads(text: bytes) -> Any:
    """JSON, by orjson; what it refuses but Python's own reader takes (NaN, Infinity) is read by that.

    Integers that do not fit 64 bits become floats. Raises ValueError when it is no JSON or too deep.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            return json.loads(text, parse_int=_integer)
        except RecursionError:
            raise ValueError("its arrays and objects are nested too deeply") from None


def _integer(digits: str) -> int | float:
    rounded = float(digits)
    return int(digits) if abs(rounded) < 2.0**63 else rounded


class Header:
    """A CityJSON document without its objects: version, transform, CRS, templates.

    Raises NotACityModel, UnsupportedFormat or BadCoordinates when it is not a usable CityJSON document.
    """

    def __init__(self, raw: Any, path: Path, options: ReadOptions, format_name: str, sample: Any) -> None:
        """sample: raw vertices by which to tell the axis order."""
        self._raw = check_document(raw, path)
        self._path = path
        self._options = options
        self._scale, self._translate = _transform(raw, path)
        self.gathered = Gathered()
        self.swapped = False
        metadata = raw.get("metadata") if isinstance(raw.get("metadata"), dict) else {}
        srs_name = options.crs or _srs_name(metadata)
        envelope = _extent(metadata.get("geographicalExtent", metadata.get("bbox")))
        self._settle_axes(srs_name, envelope, sample)
        self.info = ModelInfo(
            format=format_name,
            version=str(version_of(raw["version"])),
            srs_name=srs_name,
            name=next((t for t in map(metadata.get, _TITLES) if isinstance(t, str) and t), None),
            envelope=envelope[:, [1, 0, 2]] if self.swapped and envelope is not None else envelope,
            metadata=_metadata(raw, metadata),
        )
        self.appearance = Appearance(raw.get("appearance"), path.parent)
        self._template_ids: list[str] = []
        self._read_templates(raw)

    def objects(self, vertices: Any, appearance: Appearance) -> ObjectReader:
        """A reader of objects that use these raw vertices and this appearance."""
        return ObjectReader(
            self.vertices(vertices),
            appearance,
            self._template_ids,
            self._options,
            self.gathered,
            self.swapped,
        )

    def vertices(self, raw: Any) -> Float64:
        """(n, 3) float64 east, north, up in the CRS of the file; NaN where it is not three usable numbers."""
        array = self._stored(raw)
        if self._scale is not None and self._translate is not None:
            array *= self._scale
            array += self._translate
        return array[:, [1, 0, 2]] if self.swapped else array

    def _stored(self, raw: Any) -> Float64:
        if not isinstance(raw, list):
            raise NotACityModel(f"{self._path}: there is no list of vertices")
        array = vertex_array(raw)
        if self._scale is not None:
            array[np.abs(array).max(axis=1, initial=0.0) > _EXACT] = np.nan
        return array

    def _settle_axes(self, srs_name: str | None, envelope: Float64 | None, sample: Any) -> None:
        if srs_name is None:
            return
        some = sample[:: max(1, len(sample) // _SAMPLE)] if isinstance(sample, list) else []
        points = self.vertices(some)
        if not np.isfinite(points).all(axis=1).any():
            if envelope is None:
                return
            points = envelope
        from citygml import crs

        try:
            east_first = replace(crs.parse(srs_name), swap_axes=False)
        except UnknownCrs:
            return
        self.swapped = crs.resolve_axis_order(east_first, points)
        if self.swapped:
            text = "north (latitude) comes before east; so read, since only so the file lies in its CRS"
            self.gathered.findings.append(Finding("axis-order", text, severity="warning"))

    def _read_templates(self, raw: dict[str, Any]) -> None:
        section = raw.get("geometry-templates")
        items = section.get("templates") if isinstance(section, dict) else None
        if not isinstance(section, dict) or not isinstance(items, list):
            return
        vertices = section.get("vertices-templates")
        array = vertex_array(vertices if isinstance(vertices, list) else [])
        array = array[:, [1, 0, 2]] if self.swapped else array
        named = raw.get(TEMPLATE_IDS)
        if isinstance(named, list) and len(named) == len(items) and all(isinstance(n, str) for n in named):
            self._template_ids = named
        else:
            self._template_ids = _content_ids(items, array)
        reader = ObjectReader(array, self.appearance, [], self._options, self.gathered)
        read_templates(items, self._template_ids, reader, self.appearance, self.gathered)


def check_document(raw: Any, path: Path) -> dict[str, Any]:
    """The document, if it is CityJSON of a version that we read."""
    if not isinstance(raw, dict) or raw.get("type") != "CityJSON":
        kind = raw.get("type") if isinstance(raw, dict) else None
        if kind == "CityJSONFeature":
            text = "a CityJSONFeature without the CityJSON line that must come before it (transform and CRS)"
            raise NotACityModel(f"{path}: {text}; put that line first")
        raise NotACityModel(f'{path}: not CityJSON: "type" must be "CityJSON", found {kind!r}')
    version = version_of(raw.get("version"))
    if version is None:
        raise NotACityModel(
            f'{path}: not CityJSON: "version" must be like "2.0", found {raw.get("version")!r}'
        )
    if version not in VERSIONS:
        known = ", ".join(sorted(VERSIONS))
        raise UnsupportedFormat(f"{path}: CityJSON {version} cannot be read; convert it to one of {known}")
    if not isinstance(raw.get("CityObjects"), dict):
        raise NotACityModel(f'{path}: not CityJSON: it has no "CityObjects"')
    return raw


def vertex_array(raw: list[Any]) -> Float64:
    """(n, 3) float64; NaN where a vertex is not three numbers."""
    if not raw:
        return np.empty((0, 3))
    try:
        if set(map(len, raw)) == {3}:
            return np.fromiter(chain.from_iterable(raw), np.float64, 3 * len(raw)).reshape(-1, 3)
    except (TypeError, ValueError, OverflowError):
        pass
    array = np.full((len(raw), 3), np.nan)
    for row, vertex in enumerate(raw):
        if isinstance(vertex, list) and len(vertex) == 3 and all(isinstance(c, int | float) for c in vertex):
            array[row] = vertex
    return array


def _transform(raw: dict[str, Any], path: Path) -> tuple[Float64 | None, Float64 | None]:
    transform = raw.get("transform")
    if transform is None:
        return None, None
    both = []
    for name in ("scale", "translate"):
        values = transform.get(name) if isinstance(transform, dict) else None
        usable = isinstance(values, list) and len(values) == 3
        if not usable or not all(isinstance(v, int | float) and abs(v) < _EXACT for v in values or []):
            raise BadCoordinates(
                f'{path}: "transform" needs {name!r} as three usable numbers, found {values!r:.80}'
            )
        both.append(np.array(values, dtype=np.float64))
    return both[0], both[1]


def _srs_name(metadata: dict[str, Any]) -> str | None:
    for key in (SRS_NAME, "referenceSystem"):
        if isinstance(metadata.get(key), str):
            return str(metadata[key])
    crs = metadata.get("crs")
    if isinstance(crs, dict) and isinstance(crs.get("epsg"), int):
        return f"EPSG:{crs['epsg']}"
    return None


def _extent(raw: Any) -> Float64 | None:
    if not isinstance(raw, list) or len(raw) != 6:
        return None
    if not all(isinstance(v, int | float) and math.isfinite(v) for v in raw):
        return None
    return np.array(raw, dtype=np.float64).reshape(2, 3)


def _metadata(raw: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """The members of `metadata`, with the extensions, the extra root members and the default themes."""
    kept = dict(metadata)
    kept |= {k: v for k, v in raw.items() if k not in _OWN_ROOT and k != TEMPLATE_IDS}
    appearance = raw.get("appearance")
    if isinstance(appearance, dict):
        kept |= {k: v for k, v in appearance.items() if k.startswith("default-theme-")}
    return kept


def _content_ids(items: list[Any], vertices: Float64) -> list[str]:
    """Ids that the content of the templates decides, the same in every file that holds the same templates."""
    ids: list[str] = []
    shared = hashlib.sha256(vertices.tobytes()).digest()
    for number, item in enumerate(items):
        try:
            text = orjson.dumps(item)
        except TypeError:  # nested more deeply than any template
            text = str(number).encode()
        digest = hashlib.sha256(text + shared).hexdigest()
        name = f"template-{digest[:16]}"
        ids.append(name if name not in ids else f"{name}-{len(ids)}")
    return ids
