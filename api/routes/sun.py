"""The sun at once: `/sun/what-if` says what a planned building changes, `/sun/path` how the sun runs past a
point. Runs of a whole district are processes (`/processes/sun`)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date as Date
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from analysis.errors import AnalysisError
from api.auth import READ, require
from api.computing import COMPUTING
from api.sun_answer import CONTENT, affected, drawn
from api.sun_desk import SPACING, Kept, Ready, SunDesk
from twin.scenario.making import check_height, footprint_rings

router = APIRouter(tags=["sun"], dependencies=[Depends(require(READ))])

_HEADERS = {"Cache-Control": "private, max-age=600"}


class Plan(BaseModel):
    """footprint: Polygon of GeoJSON [degrees]. height [m] above base. base: above the ellipsoid [m]; the
    ground along the footprint, if it is not given."""

    model_config = ConfigDict(extra="forbid")
    footprint: dict[str, Any]
    height: float = Field(allow_inf_nan=False)
    base: float | None = Field(default=None, allow_inf_nan=False)
    id: str = Field(default="planned", min_length=1, max_length=200)


class WhatIf(BaseModel):
    """remove: ids of buildings. step: [min]. rule: of daylight, such as "korea". scenario: the city as it is
    in it. Without a plan, `at` [longitude, latitude] says where: the answer then only makes ready."""

    model_config = ConfigDict(extra="forbid")
    plan: Plan | None = None
    remove: list[Annotated[str, Field(max_length=500)]] = Field(default=[], max_length=100)
    date: Date
    step: int = Field(default=10, ge=1, le=60)
    rule: str | None = Field(default=None, max_length=100)
    scenario: int | None = Field(default=None, ge=1)
    at: tuple[float, float] | None = None


async def desk_of(request: Request) -> SunDesk:
    state = request.app.state
    if not hasattr(state, "sun_desk"):
        state.sun_desk = SunDesk(state.settings.city)
    desk: SunDesk = state.sun_desk
    return desk


Desk = Annotated[SunDesk, Depends(desk_of)]


@router.post("/sun/what-if")
def what_if(asked: WhatIf, desk: Desk) -> dict[str, Any]:
    """What a planned building, or one less, does to the sun of its neighbours on a day: hours before and
    after on each building whose sun changes, and a tileset of their facades and roofs with the hours."""
    began = time.perf_counter()
    rings: list[Any] = []
    if asked.plan is not None:
        check_height(asked.plan.height)
        rings = footprint_rings(asked.plan.footprint)
    elif asked.remove == [] and asked.at is None:
        raise AnalysisError("give a plan, buildings to remove, or a place to make ready (at)")
    with COMPUTING:
        result = _answered(desk, asked, rings)
    return result | {"seconds": round(time.perf_counter() - began, 4)}


@router.get("/sun/path")
def path(
    desk: Desk,
    lon: Annotated[float, Query(ge=-180, le=180, description="[degrees]")],
    lat: Annotated[float, Query(ge=-90, le=90, description="[degrees]")],
    date: Date,
    height: Annotated[
        float | None,
        Query(ge=-1000, le=10_000, description="above the ellipsoid [m]; the top of what is there"),
    ] = None,
    azimuth: Annotated[
        float | None, Query(ge=-360, le=360, description="where the facade looks [degrees]; none: level")
    ] = None,
    tilt: Annotated[float, Query(ge=0, le=180, description="of the surface, if it has an azimuth")] = 90.0,
    step: Annotated[int, Query(ge=1, le=60, description="[min]")] = 5,
    scenario: Annotated[int | None, Query(ge=1)] = None,
    answer: Annotated[
        str | None, Query(max_length=40, description="of a what-if: the city with its plan")
    ] = None,
) -> dict[str, Any]:
    """A day's sun at a point on the ground, a roof or a facade: where it stands, when it shines there, what
    stands before it. Hours are of the direct sun, whatever the weather."""
    from analysis.sun.point import day_at, top_at

    ready = desk.ready((lon, lat, lon, lat), scenario)
    scene = ready.scene if answer is None else desk.answer(answer).scene
    x, y = (float(v) for v in ready.plane.degrees_to_grid(np.array([[lon, lat]]))[0])
    z = top_at(scene, x, y)
    if height is not None:
        z = float(ready.georeference.from_geographic(np.array([[lon, lat, height]]))[0, 2])
    with COMPUTING:
        day = day_at(scene, [x, y, z], date, normal=_normal(ready, azimuth, tilt), step=step)
    times = day.sun.times
    rises, sets = _rising(ready, times[0])
    return {
        "times": [t.isoformat() for t in times],
        "azimuth": np.round(day.sun.azimuth, 3).tolist(),
        "elevation": np.round(day.sun.elevation, 3).tolist(),
        "lit": day.lit.tolist(),
        "horizon": [
            {"azimuth": round(k * 360.0 / len(day.skyline), 3), "elevation": round(float(e), 2)}
            for k, e in enumerate(day.skyline)
        ],
        "sunrise": rises,
        "sunset": sets,
        "hours": round(day.hours, 3),
        "longest_spell": round(day.spell, 3),
        "step": step,
        "timezone": ready.scene.place.timezone,
        "notes": _notes(ready),
    }


@router.get("/sun/what-if/{id}/tileset.json", response_class=Response)
def tileset(id: str, desk: Desk) -> Response:
    """The surfaces of an answer as 3D Tiles; kept for the latest answers."""
    return Response(desk.answer(id).tileset, media_type="application/json", headers=_HEADERS)


@router.get("/sun/what-if/{id}/" + CONTENT, response_class=Response)
def content(id: str, desk: Desk) -> Response:
    """The content of an answer's tileset."""
    return Response(desk.answer(id).glb, media_type="model/gltf-binary", headers=_HEADERS)


def _answered(desk: SunDesk, asked: WhatIf, rings: Sequence[Any]) -> dict[str, Any]:
    """rings: of the plan's footprint [degrees]; none without a plan."""
    from analysis.sun.plan.building import extruded
    from analysis.sun.plan.what_if import neighbours
    from analysis.sun.plan.what_if import what_if as answer_of

    if rings or asked.at is not None:
        box = _box(np.concatenate(rings) if rings else np.array([asked.at]))
    else:
        box = desk.around(asked.remove)
    ready = desk.ready(box, asked.scenario)
    before = desk.study(ready, asked.date, asked.step)
    added = None
    if asked.plan is not None:
        added = extruded(
            ready.scene,
            [ready.plane.degrees_to_grid(ring) for ring in rings],
            asked.plan.height,
            base=_base(ready, rings[0], asked.plan.base),
            id=asked.plan.id,
        )
    removed = frozenset(asked.remove)
    base = desk.study(ready, asked.date, asked.step, removed)
    answer = answer_of(before, added, removed, spacing=SPACING, base=base)
    changed = neighbours(answer)
    verdicts = []
    if asked.rule is not None:
        rights = desk.rights(ready, asked.date, asked.step, asked.rule)
        named = [n.building for n in changed if n.building and n.building not in removed]
        verdicts = rights.verdicts(named, base, answer.scene, added)
    result: dict[str, Any] = {
        "affected": affected(ready, changed, verdicts, asked.rule is not None),
        "points": {"computed": answer.recomputed[0], "all": answer.recomputed[1]},
        "notes": _notes(ready),
        "legend": [],
        "tileset": None,
        "id": None,
    }
    if len(answer.targets):
        tileset, glb = drawn(ready, answer)
        id = desk.keep(Kept(orjson.dumps(tileset), glb, answer.scene))
        result |= {"id": id, "tileset": f"/sun/what-if/{id}/tileset.json"}
        result["legend"] = tileset["extras"]["legend"]
    return result


def _normal(ready: Ready, azimuth: float | None, tilt: float) -> tuple[float, float, float]:
    """In the frame of the grid."""
    if azimuth is None:
        return 0.0, 0.0, 1.0
    around, up = np.radians(azimuth - ready.scene.place.convergence), np.radians(tilt)
    return float(np.sin(around) * np.sin(up)), float(np.cos(around) * np.sin(up)), float(np.cos(up))


def _rising(ready: Ready, noon: Any) -> tuple[str | None, str | None]:
    """Sunrise and sunset of the upper limb over the level horizon, refracted; None where there is none."""
    import pandas as pd
    from pvlib.solarposition import sun_rise_set_transit_spa

    place = ready.scene.place
    index = pd.DatetimeIndex([noon.normalize()])
    found = sun_rise_set_transit_spa(index, place.latitude, place.longitude).iloc[0]
    rises, sets = (
        None if pd.isna(found[k]) else found[k].isoformat(timespec="seconds") for k in ("sunrise", "sunset")
    )
    return rises, sets


def _box(points: Any) -> tuple[float, float, float, float]:
    """west, south, east, north of points (n, 2) [degrees]."""
    (west, south), (east, north) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return west, south, east, north


def _base(ready: Ready, ring: Any, base: float | None) -> float | None:
    """The base in the city's heights."""
    if base is None:
        return None
    corner = np.array([[*ring[0], base]])
    return float(ready.georeference.from_geographic(corner)[0, 2])


def _notes(ready: Ready) -> list[str]:
    notes = list(ready.scene.notes)
    if not ready.whole:
        notes.append("the city is large: what stands farther than 600 m away is not looked at")
    return notes
