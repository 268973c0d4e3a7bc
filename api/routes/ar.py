"""Augmented reality: what stands around a position, in its own small frame (`/ar/...`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.ar_desk import Answer, ArDesk
from api.auth import READ, require
from api.reply import reply
from api.routes.shared import CurrentCity
from twin.errors import EntityNotFound
from twin.store import City

if TYPE_CHECKING:
    from tiles.ar.neighbourhood import Neighbourhood
    from tiles.ar.origin import Origin

router = APIRouter(prefix="/ar", tags=["augmented reality"], dependencies=[Depends(require(READ))])

LARGEST = 1000.0
"""[m] of a radius."""
GLB = "model/gltf-binary"


async def desk_of(request: Request) -> ArDesk:
    state = request.app.state
    if not hasattr(state, "ar_desk"):
        state.ar_desk = ArDesk(state.settings.city)
    desk: ArDesk = state.ar_desk
    return desk


Desk = Annotated[ArDesk, Depends(desk_of)]
Longitude = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, description="[degrees]")]
Latitude = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, description="[degrees]")]
Height = Annotated[
    float | None,
    Query(ge=-1000, le=10_000, allow_inf_nan=False, description="of the origin [m]; of the ground there"),
]
Datum = Annotated[
    str,
    Query(
        max_length=20,
        description="what the height is above: ellipsoid (WGS 84), orthometric (the city's own heights) or"
        " the EPSG code of a vertical datum (EPSG:5773 is EGM96)",
    ),
]
Radius = Annotated[float, Query(gt=0, le=LARGEST, allow_inf_nan=False, description="[m]")]
Lod = Annotated[str | None, Query(pattern=r"^[0-4](\.[0-9])?$", description="the finest there is")]
Layers = Annotated[
    str | None,
    Query(max_length=500, description="separated by commas, such as buildings,utilities; what stands"),
]


@dataclass(frozen=True)
class Position:
    """What an answer is for, as all of these doors take it."""

    desk: ArDesk
    city: City
    lon: float
    lat: float
    height: float | None
    datum: str

    def around(self, radius: float) -> tuple[Neighbourhood, Origin]:
        """What is needed to answer. Raises EntityNotFound when it is out of the city's reach."""
        from tiles.ar.origin import origin_at

        here = self.desk.neighbourhood(self.city)
        if not here.inside(self.lon, self.lat, radius):
            raise EntityNotFound(
                f"{self.lat:g}, {self.lon:g} lies outside of the city, by more than the radius"
            )
        return here, origin_at(
            *(here.place, self.lon, self.lat, self.height, self.datum),
            lambda x, y: here.ground(self.city, x, y),
        )


def position_of(
    desk: Desk,
    city: CurrentCity,
    lon: Longitude,
    lat: Latitude,
    height: Height = None,
    datum: Datum = "ellipsoid",
) -> Position:
    return Position(desk, city, lon, lat, height, datum)


At = Annotated[Position, Depends(position_of)]


def chosen_layers(here: Neighbourhood, layers: str | None) -> tuple[str, ...]:
    """Raises EntityNotFound for a layer that the city does not have."""
    from tiles.ar.neighbourhood import LAYERS

    if layers is None:
        return LAYERS
    asked = tuple(dict.fromkeys(name.strip() for name in layers.split(",") if name.strip()))
    unknown = [name for name in asked if name not in here.layers]
    if unknown:
        raise EntityNotFound(f"there is no layer {unknown[0]!r}; there are {', '.join(here.layers)}")
    return asked


def told(origin: Origin, about: dict[str, Any]) -> dict[str, str]:
    """Headers that say where an asset's frame stands, and what the asset has, in ASCII."""
    model = origin.geoid_model.encode("ascii", "replace").decode()  # a grid's file may be called anything
    return {
        "AR-Origin": f"{origin.latitude:.9f},{origin.longitude:.9f},{origin.height:.4f}",
        "AR-Geoid-Offset": f"{origin.geoid:.4f} ({model})",
        "AR-Axes": "x=east,y=up,z=south",
        "AR-About": json.dumps({k: v for k, v in about.items() if k != "origin"}, separators=(",", ":")),
    }


@router.get("/scene", response_class=Response, responses={200: {"content": {GLB: {}}}})
def scene(
    request: Request,
    at: At,
    radius: Radius = 150.0,
    lod: Lod = None,
    layers: Layers = None,
    max_bytes: Annotated[int, Query(ge=10_000, le=50_000_000)] = 2_000_000,
    compression: Literal["draco", "meshopt", "none"] = "draco",
    textures: bool = True,
) -> Response:
    """What stands around a position as one GLB: the frame's origin is the position, +X east, +Y up, +Z south,
    metres. Feature ids lead to a property table with ids (`/objects/{id}`) and attributes. The reply's
    headers and the asset's extras say the origin (latitude, longitude, height above the ellipsoid), the geoid
    offset, and what was given up to fit into max_bytes."""
    here, origin = at.around(radius)
    names = chosen_layers(here, layers)

    def make() -> Answer:
        from tiles.ar.scene import scene as scene_around

        made = scene_around(
            at.city,
            here,
            origin,
            radius,
            layers=names,
            lod=lod,
            max_bytes=max_bytes,
            compression=compression,
            textures=textures,
        )
        return Answer(made.glb, GLB, told(origin, made.about))

    how = (names, lod, max_bytes, compression, textures)
    return reply(request, at.desk.answer(("scene", here.state, origin, radius, how), make))


@router.get("/occlusion", response_class=Response, responses={200: {"content": {GLB: {}}}})
def occlusion(
    request: Request,
    at: At,
    radius: Radius = 150.0,
    lod: Lod = None,
    layers: Layers = None,
    ground: Annotated[bool, Query(description="with the terrain, where it is known")] = True,
    compression: Literal["draco", "none"] = "draco",
) -> Response:
    """The same place as one mesh without textures or features, to hide what is virtual behind what is real.
    The frame is that of `/ar/scene`."""
    here, origin = at.around(radius)
    names = chosen_layers(here, layers)

    def make() -> Answer:
        from tiles.ar.occlusion import occlusion as occluder

        made = occluder(
            at.city, here, origin, radius, layers=names, lod=lod, ground=ground, compression=compression
        )
        return Answer(made.glb, GLB, told(origin, made.about))

    how = (names, lod, ground, compression)
    return reply(request, at.desk.answer(("occlusion", here.state, origin, radius, how), make))


@router.get("/tileset.json")
def tileset(
    request: Request,
    at: At,
    radius: Radius = 300.0,
    layers: Layers = None,
) -> Response:
    """The city's tiles around a position as a 3D Tiles 1.1 tileset in ECEF, for clients that stream, such as
    Cesium for Unity. Contents are those of `/tiles`."""
    from tiles.ar.bounded import bounded_tileset

    here, origin = at.around(radius)
    names = chosen_layers(here, layers)
    made = bounded_tileset(at.desk.folder / "tiles", names, origin, radius, "../tiles/")
    return reply(request, Answer(orjson.dumps(made), "application/json", told(origin, made["extras"])))
