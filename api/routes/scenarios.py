"""Scenarios: `/scenarios`, what each adds, changes and removes, and `/scenarios/{id}/objects` to edit it.

Reading is open as the city is; writing needs the right to start runs, which programs on this machine have by
default.
"""

from __future__ import annotations

import tempfile
from http import HTTPStatus
from pathlib import Path as File
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import READ, require, require_run
from api.routes.shared import CurrentCity, CurrentSettings, base_of
from citygml.model import CityObject
from twin.errors import ObjectNotFound, TooLarge, TwinError
from twin.footprints import footprint
from twin.place import georeference
from twin.scenario import Scenarios, objects_of_file, placed_mesh, planned_building
from twin.store import City
from twin.store.records import StoredObject

router = APIRouter(tags=["scenarios"], dependencies=[Depends(require(READ))])
_WRITES = [Depends(require_run)]
Id = Annotated[int, Path(ge=1, le=(1 << 63) - 1)]
_MODELS = {
    "application/gml+xml": ".gml",
    "application/city+json": ".city.json",
    "application/x-step": ".ifc",
}
_GLB = "model/gltf-binary"


class Named(BaseModel):
    """A new scenario."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=1000)
    description: str = Field(default="", max_length=10_000)


class Changed(BaseModel):
    """What is given is changed."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(default=None, max_length=1000)
    description: str | None = Field(default=None, max_length=10_000)


class Building(BaseModel):
    """footprint: Polygon of GeoJSON [degrees]. height [m] above base. base: above the ellipsoid [m]; the
    ground along the footprint, if it is not given. id: "planned", or the next free one."""

    model_config = ConfigDict(extra="forbid")
    footprint: dict[str, Any]
    height: float = Field(allow_inf_nan=False)
    base: float | None = Field(default=None, allow_inf_nan=False)
    id: str | None = Field(default=None, min_length=1, max_length=200)
    name: str = Field(default="", max_length=1000)


@router.get("/scenarios")
def list_scenarios(city: CurrentCity) -> dict[str, Any]:
    """All scenarios, the newest first."""
    return {"scenarios": [s.as_dict() for s in Scenarios(city).all()]}


@router.post("/scenarios", dependencies=_WRITES, status_code=HTTPStatus.CREATED)
def create(body: Named, request: Request, city: CurrentCity) -> JSONResponse:
    """Make an empty scenario."""
    made = Scenarios(city).create(body.name, body.description)
    headers = {"Location": f"{base_of(request)}/scenarios/{made.id}"}
    return JSONResponse(made.as_dict(), HTTPStatus.CREATED, headers)


@router.get("/scenarios/{id}")
def one(id: Id, city: CurrentCity) -> dict[str, Any]:
    """A scenario with what it does: planned objects with outline, height and base, and the ids of the
    city's objects that it removes."""
    scenarios = Scenarios(city)
    found = scenarios.get(id)
    actions = scenarios.actions(id)
    return found.as_dict() | {
        "objects": [_shown(city, stored, actions[stored.id]) for stored in scenarios.objects(id)],
        "removed_ids": [name for name, action in actions.items() if action == "removed"],
    }


@router.patch("/scenarios/{id}", dependencies=_WRITES)
def update(id: Id, body: Changed, city: CurrentCity) -> dict[str, Any]:
    """Rename a scenario, or describe it anew."""
    return Scenarios(city).update(id, body.name, body.description).as_dict()


@router.delete("/scenarios/{id}", dependencies=_WRITES, status_code=HTTPStatus.NO_CONTENT)
def delete(id: Id, city: CurrentCity) -> None:
    """Delete a scenario. The city stays as it is."""
    Scenarios(city).delete(id)


@router.get("/scenarios/{id}/objects")
def objects(id: Id, city: CurrentCity) -> dict[str, Any]:
    """Object id -> `added`, `changed` or `removed`."""
    return {"objects": Scenarios(city).actions(id)}


@router.post(
    "/scenarios/{id}/objects",
    dependencies=_WRITES,
    status_code=HTTPStatus.CREATED,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": Building.model_json_schema()},
                **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in (_GLB, *_MODELS)},
            },
        }
    },
)
async def add(
    id: Id,
    request: Request,
    settings: CurrentSettings,
    city: CurrentCity,
    lon: Annotated[float | None, Query(description="of a GLB's origin [degrees]")] = None,
    lat: Annotated[float | None, Query(description="of a GLB's origin [degrees]")] = None,
    height: Annotated[float | None, Query(description="of it, above the ellipsoid [m]; the ground")] = None,
    heading: Annotated[float, Query(description="of a GLB, clockwise [degrees]")] = 0.0,
    scale: Annotated[float, Query(description="metres in a unit of a GLB")] = 1.0,
    name: Annotated[str | None, Query(max_length=200, description="id of a GLB's object")] = None,
    crs: Annotated[str | None, Query(max_length=100, description="of a file that names none")] = None,
) -> JSONResponse:
    """Add planned objects, or change those of the same id: a building by outline and height (JSON), a GLB
    with its place, or a file of CityGML, CityJSON or IFC."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _body(request, settings.body_limit)

    def write() -> list[CityObject]:
        scenarios = Scenarios(city)
        taken = set(scenarios.actions(id))
        if kind == _GLB:
            if lon is None or lat is None:
                raise TwinError("say where the GLB stands, with lon and lat")
            made = [
                placed_mesh(
                    city, body, lon, lat, height=height, heading=heading, scale=scale, id=name or _free(taken)
                )
            ]
        elif kind in _MODELS:
            with tempfile.TemporaryDirectory() as folder:
                path = File(folder) / f"upload{_MODELS[kind]}"
                path.write_bytes(body)
                made = objects_of_file(city, path, crs)
        else:
            given = _building(body)
            made = [
                planned_building(
                    city, given.footprint, given.height,
                    base=given.base, id=given.id or _free(taken), name=given.name,
                )
            ]  # fmt: skip
        scenarios.put(id, made)
        return made

    made = await run_in_threadpool(write)
    return JSONResponse({"objects": [obj.id for obj in made]}, HTTPStatus.CREATED)


@router.put("/scenarios/{id}/objects/{object:path}", dependencies=_WRITES)
def change(id: Id, object: str, body: Building, city: CurrentCity) -> dict[str, Any]:
    """Give a building another outline, place or height; one of the city is changed in the scenario alone."""
    Scenarios(city).put(
        id,
        [
            planned_building(
                city, body.footprint, body.height, base=body.base, id=object, name=body.name
            )
        ],
    )  # fmt: skip
    return {"objects": [object]}


@router.delete(
    "/scenarios/{id}/objects/{object:path}", dependencies=_WRITES, status_code=HTTPStatus.NO_CONTENT
)
def remove(
    id: Id,
    object: str,
    city: CurrentCity,
    restore: Annotated[bool, Query(description="undo what the scenario does to it instead")] = False,
) -> Response:
    """Remove an object of the city in the scenario, or take back what was added."""
    scenarios = Scenarios(city)
    if restore:
        scenarios.restore(id, [object])
    else:
        scenarios.remove(id, [object])
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/scenarios/{id}/objects/{object:path}")
def one_object(id: Id, object: str, city: CurrentCity) -> dict[str, Any]:
    """A planned object."""
    scenarios = Scenarios(city)
    found = next((stored for stored in scenarios.objects(id) if stored.id == object), None)
    if found is None:
        raise ObjectNotFound(f"the scenario has no object {object!r} of its own")
    return _shown(city, found, scenarios.actions(id)[object])


def _shown(city: City, stored: StoredObject, action: str) -> dict[str, Any]:
    """What a client needs to draw it again: outline [degrees], height and base [m]."""
    obj = stored.decode()
    place = georeference(city)
    outline = footprint(obj, lambda p: place.to_geographic(p)[:, :2])
    if outline is not None and outline["type"] == "Polygon":
        outline["coordinates"] = _oriented(outline["coordinates"])
    known = orjson.loads(stored.attributes_json)
    height, level = (
        known[key]["value"] if key in known else None for key in ("measuredHeight", "groundHeight")
    )
    base = None
    if level is not None and stored.bounds is not None:
        corner = np.array([[*stored.bounds[:2], level]])
        base = float(place.to_geographic(corner)[0, 2])
    return {
        "id": stored.id,
        "action": action,
        "class": stored.class_name,
        "parent": stored.parent,
        "name": known.get("name"),
        "footprint": outline,
        "height": height,
        "base": base,
    }


def _oriented(rings: list[list[list[float]]]) -> list[list[list[float]]]:
    """The exterior anticlockwise and holes clockwise, as RFC 7946 asks; a ground surface faces down."""
    import shapely

    shape = shapely.orient_polygons(shapely.Polygon(rings[0], rings[1:]))
    return [np.asarray(ring.coords).tolist() for ring in (shape.exterior, *shape.interiors)]


def _building(body: bytes) -> Building:
    try:
        return Building.model_validate_json(body)
    except ValueError as error:
        first = error.errors()[0] if hasattr(error, "errors") else {"loc": (), "msg": "it is not JSON"}
        where = ".".join(map(str, first["loc"])) or "body"
        raise TwinError(f"{where}: {first['msg']}") from None


def _free(taken: set[str]) -> str:
    """`planned`, or the first `planned-N` that is not there yet."""
    number = 1
    while (name := "planned" if number == 1 else f"planned-{number}") in taken:
        number += 1
    return name


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise TooLarge(f"the body may have {limit:,} bytes")
    return bytes(body)
