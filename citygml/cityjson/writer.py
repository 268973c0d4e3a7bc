"""Writing CityJSON documents and CityJSONSeq, whole or not at all.

Both are written to a temporary file beside the target, which takes its name when everything is there. A
document holds all its objects in memory until then (its children and vertices are known last); a sequence
holds one feature.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from citygml import crs as systems
from citygml.cityjson.document import SRS_NAME, TEMPLATE_IDS
from citygml.cityjson.encode import Encoder, SharedSurfaces, encode_geometry
from citygml.cityjson.names import needs_parents
from citygml.cityjson.quantise import AppearanceTable, Grid, Images, Numbered
from citygml.errors import CityModelError, UnknownCrs
from citygml.findings import Finding
from citygml.model import CityObject, Template
from citygml.whole_file import whole_file

_WRITTEN = frozenset({"1.1", "2.0"})
_METRE_STEP, _DEGREE_STEP = 0.001, 1e-9
_OWN_METADATA = frozenset({"geographicalExtent", "referenceSystem", SRS_NAME, "bbox", "crs"})
_WIDEST = -1.2345678901234567e-100


def write_cityjson(
    objects: Iterable[CityObject],
    path: str | Path,
    *,
    crs: str | None,
    version: str = "2.0",
    templates: Mapping[str, Template] | None = None,
    metadata: Mapping[str, Any] | None = None,
    precision: float | None = None,
    copy_textures: bool = False,
) -> list[Finding]:
    """Write one CityJSON document (1.1 or 2.0) and return what could not be written.

    objects: a parent before its children. templates: by id, all that the objects use. metadata: as
    `ModelInfo.metadata` of our reader has it. precision: the step that coordinates are rounded to, in
    units of the CRS; 0.001, or 1e-9 degrees for a geographic CRS. copy_textures: put the images into a
    folder beside the document, else their URIs are written as they are. Raises CityModelError.
    """
    job = _Job(Path(path), crs, version, templates or {}, dict(metadata or {}), precision, copy_textures)
    encoder = job.encoder(job.appearance)
    bodies: dict[str, bytes] = {}
    children: dict[str, list[str]] = {}
    parents: dict[str, list[str]] = {}
    for item in objects:
        if item.id in bodies:
            text = "there is another object of this id; the last one is written"
            job.findings.append(Finding("duplicate-id", text, item.id))
        encoded = encoder.encode(item)
        bodies[item.id] = _dumps(encoded)
        if needs_parents(encoded["type"]):
            parents.setdefault(item.id, [])
        if item.parent is not None:
            parents.setdefault(item.id, []).append(item.parent)
            children.setdefault(item.parent, []).append(item.id)
        for member, _ in item.members if item.type == "CityObjectGroup" else ():
            parents.setdefault(member, []).append(item.id)
    with whole_file(job.path) as file:
        file.write(_dumps(job.head())[:-1] + b',"CityObjects":{')
        for number, (object_id, body) in enumerate(bodies.items()):
            file.write(b"," if number else b"")
            file.write(
                _dumps(object_id) + b":" + _with_links(body, parents.get(object_id), children.get(object_id))
            )
        file.write(b'},"vertices":' + _dumps(list(encoder.vertices)) + b"}")
    return job.findings


def write_cityjsonseq(
    objects: Iterable[CityObject],
    path: str | Path,
    *,
    crs: str | None,
    version: str = "2.0",
    templates: Mapping[str, Template] | None = None,
    metadata: Mapping[str, Any] | None = None,
    precision: float | None = None,
    copy_textures: bool = False,
) -> list[Finding]:
    """Write a CityJSONSeq, a line for each object without a parent and its descendants.

    The descendants must follow their top object before the next one, as our readers give them. The
    parameters, return value and errors are those of `write_cityjson`.
    """
    job = _Job(Path(path), crs, version, templates or {}, dict(metadata or {}), precision, copy_textures)
    with whole_file(job.path) as file:
        room = len(_dumps(job.head(widest=True) | {"CityObjects": {}, "vertices": []}))
        file.write(b" " * room + b"\n")
        for feature in _features(objects, job.findings):
            appearance = AppearanceTable(job.images)
            encoder = job.encoder(appearance)
            children: dict[str, list[str]] = {}
            encoded: dict[str, Any] = {}
            for item in feature:
                encoded[item.id] = encoder.encode(item)
                if item.parent is not None:
                    encoded[item.id]["parents"] = [item.parent]
                    children.setdefault(item.parent, []).append(item.id)
                elif needs_parents(encoded[item.id]["type"]):
                    encoded[item.id]["parents"] = []
            for parent in children.keys() & encoded.keys():
                encoded[parent]["children"] = children[parent]
            line = {
                "type": "CityJSONFeature",
                "id": feature[0].id,
                "CityObjects": encoded,
                "vertices": list(encoder.vertices),
            }
            used = appearance.encode(job.themes)
            file.write(_dumps(line | ({"appearance": used} if used else {})) + b"\n")
        file.seek(0)
        file.write(_dumps(job.head() | {"CityObjects": {}, "vertices": []}).ljust(room))
    return job.findings


@dataclass(slots=True)
class _Job:
    """What the documents of one run of writing share."""

    path: Path
    crs: str | None
    version: str
    templates: Mapping[str, Template]
    metadata: dict[str, Any]
    precision: float | None
    copy_textures: bool
    findings: list[Finding] = field(default_factory=list)
    grid: Grid = field(init=False)
    images: Images = field(init=False)
    appearance: AppearanceTable = field(init=False)
    themes: dict[str, Any] = field(init=False)
    _numbers: dict[str, list[tuple[int, str]]] = field(init=False)
    _template_section: dict[str, Any] = field(init=False)
    _reference: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        if self.version not in _WRITTEN:
            raise CityModelError(f"{self.path}: CityJSON {self.version} is not written; choose 1.1 or 2.0")
        self._reference, geographic = _reference(self.crs)
        step = self.precision or (_DEGREE_STEP if geographic else _METRE_STEP)
        self.grid = Grid((step, step, _METRE_STEP if geographic else step))
        self.images = Images(self.path, self.copy_textures)
        self.appearance = AppearanceTable(self.images)
        self.themes = {k: v for k, v in self.metadata.items() if k.startswith("default-theme-")}
        self._numbers, self._template_section = _templates(self.templates, self.appearance)

    def encoder(self, appearance: AppearanceTable) -> Encoder:
        return Encoder(self.grid, appearance, self._numbers, self.version, self.findings)

    def head(self, *, widest: bool = False) -> dict[str, Any]:
        """The document without its objects; `widest`: with numbers that take as much room as any."""
        transform = self.grid.transform()
        extent = self.grid.extent()
        if widest:
            transform["translate"] = [_WIDEST] * 3
            extent = [_WIDEST] * 6
        metadata: dict[str, Any] = {"geographicalExtent": extent} if extent else {}
        root: dict[str, Any] = {}
        for key, value in self.metadata.items():
            if key in self.themes or key in _OWN_METADATA:
                continue
            if key.startswith("+") or key == "extensions":
                root[key] = value
            elif _fits_schema(key, value):
                metadata[key] = value
            else:
                root[f"+{key}"] = value
        head = {"type": "CityJSON", "version": self.version, "transform": transform}
        head |= {"metadata": metadata | self._reference} if metadata or self._reference else {}
        appearance = self.appearance.encode(self.themes) or self.themes
        head |= {"appearance": appearance} if appearance else {}
        return head | self._template_section | root


def _templates(
    templates: Mapping[str, Template], appearance: AppearanceTable
) -> tuple[dict[str, list[tuple[int, str]]], dict[str, Any]]:
    """Per template id the places and LoDs of its geometries, and the document's members that hold them."""
    vertices: Numbered[tuple[float, float, float]] = Numbered()
    places: dict[str, list[tuple[int, str]]] = {}
    encoded: list[dict[str, Any]] = []
    ids: list[str] = []
    for key, template in templates.items():
        shared = SharedSurfaces(
            CityObject(key, "", geometries=template.geometries, surfaces=template.surfaces)
        )
        for geometry in template.geometries:
            numbers = vertices.rows(geometry.vertices)
            item = encode_geometry(geometry, numbers, shared, template, appearance)
            places.setdefault(key, []).append((len(encoded), item["lod"]))
            encoded.append(item)
            ids.append(key)
    if not encoded:
        return places, {}
    section = {"templates": encoded, "vertices-templates": list(vertices)}
    return places, {"geometry-templates": section, TEMPLATE_IDS: ids}


def _features(objects: Iterable[CityObject], findings: list[Finding]) -> Iterator[list[CityObject]]:
    """Each object without a parent with the descendants that follow it."""
    feature: list[CityObject] = []
    ids: set[str] = set()
    for item in objects:
        if item.parent is not None and item.parent not in ids:
            text = f"the object does not follow its parent {item.parent!r}; written as a feature of its own"
            findings.append(Finding("broken-reference", text, item.id, severity="warning"))
        if feature and item.parent not in ids:
            yield feature
            feature, ids = [], set()
        feature.append(item)
        ids.add(item.id)
    if feature:
        yield feature


def _with_links(body: bytes, parents: list[str] | None, children: list[str] | None) -> bytes:
    """The encoded object with the links that are known last."""
    links = b',"parents":' + _dumps(parents) if parents is not None else b""
    links += b',"children":' + _dumps(children) if children else b""
    return body[:-1] + links + b"}"


def _reference(crs: str | None) -> tuple[dict[str, str], bool]:
    """The members of `metadata` that name the CRS, and whether it is geographic.

    `referenceSystem` takes one URL; a compound or local CRS is named whole in `srsName` beside it.
    """
    if crs is None:
        return {}, False
    try:
        system = systems.parse(crs)
    except UnknownCrs:
        return {SRS_NAME: crs}, False
    if system.name.startswith("OGC:"):
        return {"referenceSystem": f"https://www.opengis.net/def/crs/OGC/1.3/{system.name[4:]}"}, True
    if not system.name.startswith("EPSG:"):
        return {SRS_NAME: system.name}, system.is_geographic
    horizontal, _, vertical = system.name[5:].partition("+")
    members = {"referenceSystem": f"https://www.opengis.net/def/crs/EPSG/0/{horizontal}"}
    return members | ({SRS_NAME: system.name} if vertical else {}), system.is_geographic


def _fits_schema(key: str, value: Any) -> bool:
    """Whether a member of `metadata` has the type that the schema wants there."""
    if key == "pointOfContact":
        return isinstance(value, dict) and {"contactName", "emailAddress"} <= value.keys()
    return key not in ("identifier", "referenceDate", "title") or isinstance(value, str)


def _dumps(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
