"""The SensorThings paths of `/openapi.json`, written from the table of entities: no framework sees them."""

from __future__ import annotations

from typing import Any

from api.sensorthings.grammar import MAX_LENGTH
from api.sensorthings.options import MAX_TOP
from twin.observations.model import ENTITY_SETS, EntityType, Kind, Property

PREFIX = "/sta/v1.1"
_TAG = ["SensorThings"]
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_TIME = {"type": "string", "description": "ISO 8601", "examples": ["2024-05-01T09:00:00Z"]}
_SCHEMAS: dict[Kind, dict[str, Any]] = {
    Kind.text: {"type": "string"},
    Kind.json: {"type": "object"},
    Kind.any: {},
    Kind.geometry: {"type": "object"},
    Kind.instant: {**_TIME, "format": "date-time"},
    Kind.interval: {**_TIME, "description": "ISO 8601 start/end"},
    Kind.time: {**_TIME, "description": "ISO 8601 time, or start/end"},
    Kind.result: {},
}


def openapi_paths() -> dict[str, Any]:
    """What to merge into `paths` of the OpenAPI document."""
    paths: dict[str, Any] = {
        f"{PREFIX}/": {"get": _operation("The entity sets and what is conformed to", ok=_json("object"))},
        f"{PREFIX}/$batch": {"post": _batch()},
        f"{PREFIX}/CreateObservations": {"post": _create_observations()},
    }
    for type_ in ENTITY_SETS.values():
        paths |= _paths_of(type_)
    return paths


def openapi_schemas() -> dict[str, Any]:
    """What to merge into `components.schemas`."""
    problem = {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
        "required": ["title", "status"],
    }
    return {"Problem": problem, **{type_.name: _schema(type_) for type_ in ENTITY_SETS.values()}}


def openapi_security() -> dict[str, Any]:
    """What to merge into `components.securitySchemes`."""
    return {"token": {"type": "http", "scheme": "bearer", "description": "`twin token create`"}}


def _paths_of(type_: EntityType) -> dict[str, Any]:
    one, many = type_.name, type_.set_name
    reference = {"$ref": f"#/components/schemas/{one}"}
    id = [_parameter("id", {"type": "integer", "minimum": 1}, "path")]
    return {
        f"{PREFIX}/{many}": {
            "get": _operation(f"{many}, a page", _options(), _page()),
            "post": _writing(f"Create a {one} with what is nested in it", [], reference, 201),
        },
        f"{PREFIX}/{many}({{id}})": {
            "get": _operation(f"One {one}", [*id, *_options(("$select", "$expand"))], _json("object")),
            "patch": _writing(f"Change a {one}", id, {"type": "object"}, 200),
            "put": _writing(f"Replace a {one}", id, reference, 200),
            "delete": _operation(f"Delete a {one} and what cannot be without it", id, {}, write=True),
        },
        f"{PREFIX}/{many}({{id}})/{{property}}": {
            "get": _operation(
                "A property, or what a link leads to",
                [*id, _parameter("property", {"enum": _segments(type_)}, "path")],
                _json(),
            )
        },
        f"{PREFIX}/{many}/$ref": {
            "get": _operation(
                f"Addresses of {many}", _options(("$filter", "$top", "$skip", "$count")), _json("object")
            )
        },
    }


def _segments(type_: EntityType) -> list[str]:
    return [p.name for p in type_.properties] + [link.name for link in type_.links]


def _schema(type_: EntityType) -> dict[str, Any]:
    properties: dict[str, Any] = {p.name: _property(p) for p in type_.properties if not p.derived}
    link = {"type": "object", "properties": {"@iot.id": {"type": "integer", "minimum": 1}}}
    for inner in type_.links:
        properties[inner.name] = {"type": "array", "items": link} if inner.many else link
    return {
        "type": "object",
        "properties": properties,
        "required": [p.name for p in type_.properties if p.required and not p.derived],
    }


def _property(p: Property) -> dict[str, Any]:
    if p.name == "encodingType":
        return {"type": "string", "examples": ["application/geo+json", "application/pdf"]}
    if p.kind is Kind.geometry:
        return {"type": "object", "examples": [{"type": "Point", "coordinates": [128.93, 35.13]}]}
    if p.name in ("unitOfMeasurements", "multiObservationDataTypes"):
        return {"type": "array"}
    return _SCHEMAS[p.kind]


def _options(names: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    whole = {"type": "integer", "minimum": 0}
    schemas: dict[str, dict[str, Any]] = {
        "$filter": {"type": "string", "maxLength": MAX_LENGTH, "examples": ["result gt 3"]},
        "$expand": {"type": "string", "examples": ["Datastreams($top=1)"]},
        "$select": {"type": "string", "examples": ["id,name"]},
        "$orderby": {"type": "string", "examples": ["id desc"]},
        "$top": {**whole, "maximum": MAX_TOP},
        "$skip": {**whole, "maximum": (1 << 63) - 1},
        "$count": {"type": "boolean"},
        "$resultFormat": {"type": "string", "enum": ["dataArray", "GeoJSON", "CSV"]},
    }
    return [
        _parameter(name, schema, "query") for name, schema in schemas.items() if not names or name in names
    ]


def _parameter(name: str, schema: dict[str, Any], place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _operation(
    description: str,
    parameters: list[dict[str, Any]] | None = None,
    ok: dict[str, Any] | None = None,
    write: bool = False,
    status: int = 200,
) -> dict[str, Any]:
    responses: dict[str, Any] = {str(status): {"description": "Done", **(ok or {})}}
    if not write:
        responses["204"] = {"description": "There, but null"}
    responses["default"] = {
        "description": "Why not",
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    }
    operation: dict[str, Any] = {"tags": _TAG, "description": description, "responses": responses}
    if parameters:
        operation["parameters"] = parameters
    if write:
        operation["security"] = [{"token": ["sta:write"]}]
    return operation


def _writing(
    description: str, parameters: list[dict[str, Any]], body: dict[str, Any], status: int
) -> dict[str, Any]:
    operation = _operation(description, parameters, _json("object"), write=True, status=status)
    operation["responses"].setdefault("200", {"description": "It was there already"})
    operation["requestBody"] = {"required": True, **_content(body)}
    return operation


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _json(type_: str | None = None) -> dict[str, Any]:
    return _content({"type": type_} if type_ else {})


def _page() -> dict[str, Any]:
    """With $select an entity lacks what it must have when it is created, so that items are any objects."""
    page = {
        "type": "object",
        "properties": {
            "@iot.count": {"type": "integer"},
            "@iot.nextLink": {"type": "string"},
            "value": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["value"],
    }
    other = {"type": "object", "required": ["type", "features"]}
    return {
        "content": {
            "application/json": {"schema": page},
            "application/geo+json": {"schema": other},
            "text/csv": {"schema": {"type": "string"}},
        }
    }


def _create_observations() -> dict[str, Any]:
    part = {
        "type": "object",
        "properties": {
            "Datastream": {"type": "object", "properties": {"@iot.id": {"type": "integer"}}},
            "components": {"type": "array", "items": {"type": "string"}},
            "dataArray@iot.count": {"type": "integer"},
            "dataArray": {"type": "array", "items": {"type": "array"}},
        },
        "required": ["components", "dataArray"],
    }
    operation = _writing("Create many observations", [], {"type": "array", "items": part}, 201)
    operation["responses"]["201"] = {"description": "A URL or `error` for each", **_json("array")}
    return operation


def _batch() -> dict[str, Any]:
    request = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "method": {"enum": ["get", "post", "patch", "put", "delete"]},
            "url": {"type": "string"},
            "atomicityGroup": {"type": "string"},
            "body": {"type": "object"},
        },
        "required": ["id", "method", "url"],
    }
    body = {"type": "object", "properties": {"requests": {"type": "array", "items": request}}}
    operation = _writing("Many requests at once", [], {**body, "required": ["requests"]}, 200)
    operation["requestBody"]["content"]["multipart/mixed"] = {"schema": {"type": "string"}}
    operation["responses"]["200"]["content"]["multipart/mixed"] = {"schema": {"type": "string"}}
    return operation
