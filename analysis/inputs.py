"""From a model's declared parameters to JSON Schemas, and from what a user gave to checked inputs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
import orjson

from analysis.contract import DIMENSIONLESS, Model, Parameter
from analysis.errors import AnalysisError

OPEN_FOLDERS = ("inputs", "rasters", "runs", "source")
"""Where in the city's folder files lie that any client may name; databases and secrets lie elsewhere."""
_GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
_TYPES: dict[str, dict[str, Any]] = {
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "geometry": {
        "type": "object",
        "format": "geojson-geometry",
        "required": ["type", "coordinates"],
        "properties": {"type": {"enum": list(_GEOMETRIES)}, "coordinates": {"type": "array"}},
    },
    "bbox": {
        "type": "array",
        "format": "ogc-bbox",
        "prefixItems": [
            {"type": "number", "minimum": -180, "maximum": 180},
            {"type": "number", "minimum": -90, "maximum": 90},
        ]
        * 2,
        "items": False,
        "minItems": 4,
    },
    "reference": {"type": "string", "format": "uri-reference", "minLength": 1},
    "object": {"type": "object"},
}


def schema(parameter: Parameter) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one input's value."""
    one = {**_TYPES[parameter.type], **(parameter.schema or {})}
    if parameter.unit not in (None, DIMENSIONLESS):
        one |= {"x-ogc-unit": parameter.unit, "x-ogc-unitLang": "UCUM"}
    if parameter.minimum is not None:
        one["minimum"] = parameter.minimum
    if parameter.maximum is not None:
        one["maximum"] = parameter.maximum
    if parameter.choices:
        one["enum"] = list(parameter.choices)
    if parameter.many:
        one = {"type": "array", "items": one}
    if parameter.default is not None:
        one["default"] = parameter.default
    return one


def inputs_schema(model: Model) -> dict[str, Any]:
    """The JSON Schema of all inputs together."""
    return {
        "type": "object",
        "properties": {p.name: schema(p) for p in model.parameters},
        "required": [p.name for p in model.parameters if p.required],
        "additionalProperties": False,
    }


def check(model: Model, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every input of the model: what was given, or its default, or None.

    Raises AnalysisError, in one line that names the input, for anything that the declaration does not allow.
    """
    known = {p.name: p for p in model.parameters}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise AnalysisError(
            f"{model.name} has no input {unknown[0]!r}; it has {', '.join(known) or 'none at all'}"
        )
    inputs: dict[str, Any] = {}
    for name, parameter in known.items():
        value = given.get(name)
        if value is None:
            if parameter.required:
                raise AnalysisError(f"{name}: {model.name} needs it{_in_unit(parameter)}")
            value = parameter.default
        else:
            value = _checked(parameter, value)
        inputs[name] = value
    return inputs


def _checked(parameter: Parameter, value: Any) -> Any:
    try:
        orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError) as problem:
        raise AnalysisError(f"{parameter.name}: {problem}") from None
    validator = jsonschema.Draft202012Validator(schema(parameter))
    error = next(iter(validator.iter_errors(value)), None)
    if error is not None:
        where = "".join(f"[{part!r}]" for part in error.absolute_path)
        raise AnalysisError(f"{parameter.name}{where}: {_short(error.message)}{_in_unit(parameter)}")
    values = value if parameter.many else [value]
    if parameter.type in ("number", "integer"):
        if not all(math.isfinite(v) for v in values):
            raise AnalysisError(f"{parameter.name}: the value is not a finite number")
        values = [int(v) if parameter.type == "integer" else float(v) for v in values]
    if parameter.type == "bbox":
        for west, south, east, north in values:
            if not (west < east and south < north):
                raise AnalysisError(f"{parameter.name}: west, south, east, north of a box with an area")
    return values if parameter.many else values[0]


def locate_references(
    model: Model, inputs: dict[str, Any], folder: Path, anywhere: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    """The inputs with absolute paths for files, and the digest of each file by `input/number`.

    anywhere: paths may lead out of the city's folder (a user at the machine), else only into `OPEN_FOLDERS`
    (a client). Raises AnalysisError.
    """
    found = dict(inputs)
    digests: dict[str, str] = {}
    for parameter in model.parameters:
        value = inputs[parameter.name]
        if parameter.type != "reference" or value is None:
            continue
        paths = [_locate(parameter.name, name, folder, anywhere) for name in _as_list(value)]
        found[parameter.name] = [str(path) for path in paths] if parameter.many else str(paths[0])
        digests |= {f"{parameter.name}/{n}": file_digest(path) for n, path in enumerate(paths)}
    return found, digests


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _locate(parameter: str, name: str, folder: Path, anywhere: bool) -> Path:
    try:
        if anywhere:
            for path in (Path(name), folder / name):
                if path.is_file():
                    return path.resolve()
        else:
            parts = PurePosixPath(name).parts
            path = folder.joinpath(name).resolve()
            inside = any(path.is_relative_to((folder / root).resolve()) for root in OPEN_FOLDERS)
            if parts and inside and not any(part.startswith(".") for part in parts) and path.is_file():
                return path
    except (OSError, ValueError):
        pass
    where = "" if anywhere else f" below {', '.join(OPEN_FOLDERS)} of the city's folder"
    raise AnalysisError(f"{parameter}: there is no file {_short(name)!r}{where}")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "..."


def _in_unit(parameter: Parameter) -> str:
    return "" if parameter.unit in (None, DIMENSIONLESS) else f" [{parameter.unit}]"
