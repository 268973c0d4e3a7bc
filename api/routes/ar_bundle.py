"""Everything about a place in one file, for where there is no network: `/ar/bundle`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.ar_anchors import TYPES, anchors_around
from api.ar_desk import Answer
from api.ar_things import stations_near
from api.auth import READ, require
from api.reply import reply
from api.routes.ar import (
    At,
    Layers,
    Lod,
    Radius,
    chosen_layers,
    told,
)
from api.routes.ar_anchors import CurrentThings
from api.routes.moments import instant, now
from api.routes.sensors import described
from api.routes.shared import OptionalObservations
from twin.errors import TooLarge
from twin.observations.times import format_instant
from twin.store import City
from twin.store.records import Raster, Source

if TYPE_CHECKING:
    from tiles.ar.scene import Scene

router = APIRouter(prefix="/ar", tags=["augmented reality"], dependencies=[Depends(require(READ))])

LARGEST_BUNDLE = 48_000_000
"""[byte] It is made in memory."""
ANCHORS = 5000
_MINUTE = 60_000_000


@router.get("/bundle", response_class=Response, responses={200: {"content": {"application/zip": {}}}})
def bundle(
    request: Request,
    at: At,
    kept: CurrentThings,
    obs: OptionalObservations,
    radius: Radius = 150.0,
    lod: Lod = None,
    layers: Layers = None,
    max_bytes: Annotated[
        int, Query(ge=10_000, le=32_000_000, description="of the scene; what had to go is in the manifest")
    ] = 2_000_000,
    textures: bool = True,
    time: Annotated[
        str | None, Query(description="ISO 8601, of the values; the minute that has begun")
    ] = None,
) -> Response:
    """A zip of the scene, the occlusion mesh, anchors, attributes by object, and the readings of sensors at a
    time, with a manifest. The same question brings the same bytes until the city or its readings change, so
    that it can be fetched again in parts; give the manifest's `time` for that, once its minute is over."""
    city = at.city
    here, origin = at.around(radius)
    names = chosen_layers(here, layers)
    asked = instant(time)
    moment = now() // _MINUTE * _MINUTE if asked is None else asked
    near = stations_near(obs, origin, radius, moment, asked)
    things = kept.things(city, here)
    anchors = anchors_around(city, here, things, origin, radius, TYPES, near, ANCHORS)
    reached = {sensor["id"] for anchor in anchors.anchors for sensor in anchor["sensors"]}
    values = _json(
        {"time": format_instant(moment), "sensors": [described(s) for s in near if s.id in reached]}
    )
    frozen = _json(anchors.enveloped(origin, radius, TYPES))
    how = (names, lod, max_bytes, textures)

    def make() -> Answer:
        from tiles.ar.occlusion import occlusion
        from tiles.ar.package import package
        from tiles.ar.scene import scene

        seen = scene(
            city, here, origin, radius, layers=names, lod=lod, max_bytes=max_bytes, textures=textures
        )
        hidden = occlusion(city, here, origin, radius, layers=names, lod=lod)
        files = {
            "scene.glb": seen.glb,
            "occlusion.glb": hidden.glb,
            "anchors.json": frozen,
            "attributes.json": _json(_attributes(city, seen)),
            "values.json": values,
        }
        size = sum(map(len, files.values()))
        if size > LARGEST_BUNDLE:
            raise TooLarge(
                f"the bundle would have {size / 1e6:.0f} MB, more than {LARGEST_BUNDLE / 1e6:.0f} MB; take a"
                " smaller radius or fewer layers"
            )
        about = {
            "time": format_instant(moment),
            "origin": origin.describe(),
            "radius": radius,
            "layers": list(names),
            "scene": {k: v for k, v in seen.about.items() if k not in ("origin", "radius", "layers")},
            "left_out": {"objects": seen.about["left_out"], "anchors": anchors.left_out},
            "sources": _sources(city, names),
        }
        return Answer(package(files, about), "application/zip", told(origin, seen.about))

    digest = hashlib.blake2b(values + frozen, digest_size=16).digest()
    return reply(request, at.desk.answer(("bundle", here.state, origin, radius, how, digest), make))


def _attributes(city: City, seen: Scene) -> dict[str, Any]:
    """Class, layer, parent and attributes of each object of a scene and of what it is part of, by id."""
    found: dict[str, Any] = {}
    wanted = list(seen.features)
    while wanted:
        id = wanted.pop()
        stored = None if id in found else city.object(id)
        if stored is not None:
            found[id] = {
                "class": stored.class_name,
                "layer": stored.layer,
                "parent": stored.parent,
                "attributes": orjson.loads(stored.attributes_json),
            }
            wanted += [] if stored.parent is None else [stored.parent]
    return dict(sorted(found.items()))


def _sources(city: City, layers: Sequence[str]) -> list[dict[str, Any]]:
    """The files behind some layers and the terrain, with their own titles and the licences that they were
    added with, if any."""
    files = {source.row: source for layer in layers for source in city.sources_of(layer)}
    return [
        *(_source(file, file.read_at) for _, file in sorted(files.items())),
        *(_source(raster, raster.added_at) for raster in city.rasters("dem")),
    ]


def _source(file: Source | Raster, added: str) -> dict[str, Any]:
    return {
        "name": file.name,
        "title": file.description.get("title"),
        "licence": file.licence,
        "digest": file.digest,
        "added": added,
    }


def _json(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
