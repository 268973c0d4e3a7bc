"""Fields between stations: `/fields` says what there is, `/fields/image.png` shows it, `/fields/field.tif`
holds it for a GIS."""

from __future__ import annotations

import io
from collections import OrderedDict
from threading import Lock
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from analysis.colours import STOPS, Ramp, picture
from analysis.field import Method
from analysis.station_field import StationField, geotiff, station_field
from api.auth import require
from api.routes.moments import instant, milliseconds, now
from api.routes.shared import CurrentCity, CurrentObservations
from twin.observations.store import Observations
from twin.observations.times import format_instant
from twin.store import City

router = APIRouter(tags=["fields"], dependencies=[Depends(require("sta:read"))])

Observed = Annotated[str, Query(alias="property", description="name or definition of an observed property")]
Time = Annotated[str | None, Query(description="ISO 8601; now")]
Size = Annotated[int, Query(ge=16, le=1024, description="longer side [pixel]")]
MaxAge = Annotated[
    float | None,
    Query(gt=0, le=24 * 366, description="oldest reading that counts [h]; by how often the stations read"),
]

_RAMP: Ramp = "batlow"
_KEPT = 16
_HEADERS = {"Cache-Control": "max-age=60"}


class Fields:
    """Fields that were made lately: a map asks for the same one several times."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[Any, ...], StationField] = OrderedDict()
        self._lock = Lock()

    def get(self, city: City, obs: Observations, name: str, time: int, *how: Any) -> StationField:
        """The field, from memory as long as nothing has been read since it was made."""
        key = (obs.last_id(), name, time, *how)
        with self._lock:
            known = self._made.get(key)
        if known is None:
            with obs.connection() as connection:
                known = station_field(city, connection, name, time, *how)
            with self._lock:
                self._made[key] = known
                while len(self._made) > _KEPT:
                    self._made.popitem(last=False)
        return known


async def fields_of(request: Request) -> Fields:
    state = request.app.state
    if not hasattr(state, "fields"):
        state.fields = Fields()
    kept: Fields = state.fields
    return kept


Kept = Annotated[Fields, Depends(fields_of)]


@router.get("/fields")
def describe_field(
    city: CurrentCity,
    obs: CurrentObservations,
    fields: Kept,
    observed: Observed,
    time: Time = None,
    method: Method = "kriging",
    size: Size = 256,
    max_age: MaxAge = None,
) -> dict[str, Any]:
    """An interpolated field of an observed property: its range, how sure and how good it is, its pictures.

    `errors` are leave-one-out: each station estimated from the others; `baseline` is what the plain mean of
    the others would have missed by.
    """
    moment = _moment(time)
    field = fields.get(city, obs, observed, moment, method, size, max_age)
    query = {
        "property": observed,
        "time": format_instant(moment),
        "method": method,
        "size": size,
    } | ({} if max_age is None else {"max_age": max_age})
    rows, columns = field.values.shape
    errors = field.surface.errors
    return {
        "property": observed,
        "unit": field.unit,
        "time": milliseconds(moment),
        "method": method,
        "bounds": field.bounds,
        "width": columns,
        "height": rows,
        "minimum": float(field.values.min()),
        "maximum": float(field.values.max()),
        "uncertainty_maximum": float(field.deviations.max()),
        "errors": {
            "rmse": errors.rmse,
            "mae": errors.mae,
            "bias": errors.bias,
            "baseline": errors.baseline,
        },
        "stations": field.stations,
        "left_out": field.left_out,
        "colors": [f"#{stop}" for stop in STOPS[_RAMP]],
        "image": f"/fields/image.png?{urlencode({**query, 'part': 'value'})}",
        "uncertainty_image": f"/fields/image.png?{urlencode({**query, 'part': 'uncertainty'})}",
        "geotiff": f"/fields/field.tif?{urlencode(query)}",
    }


@router.get("/fields/image.png", response_class=Response)
def image(
    city: CurrentCity,
    obs: CurrentObservations,
    fields: Kept,
    observed: Observed,
    time: Time = None,
    method: Method = "kriging",
    size: Size = 256,
    max_age: MaxAge = None,
    part: Literal["value", "uncertainty"] = "value",
) -> Response:
    """The field as a picture over its bounds; where it is less sure it is fainter."""
    from PIL import Image

    field = fields.get(city, obs, observed, _moment(time), method, size, max_age)
    most = float(field.deviations.max())
    if part == "uncertainty":
        pixels = picture(field.deviations, 0.0, most, name="viridis")
    else:
        low, high = float(field.values.min()), float(field.values.max())
        pixels = picture(field.values, low, high, field.deviations, most, _RAMP)
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels), "RGBA").save(out, "PNG")
    return Response(out.getvalue(), media_type="image/png", headers=_HEADERS)


@router.get("/fields/field.tif", response_class=Response)
def raster(
    city: CurrentCity,
    obs: CurrentObservations,
    fields: Kept,
    observed: Observed,
    time: Time = None,
    method: Method = "kriging",
    size: Size = 256,
    max_age: MaxAge = None,
) -> Response:
    """The field as a GeoTIFF: values in band 1, standard deviations in band 2."""
    field = fields.get(city, obs, observed, _moment(time), method, size, max_age)
    return Response(
        geotiff(field, size),
        media_type="image/tiff; application=geotiff",
        headers={**_HEADERS, "Content-Disposition": 'attachment; filename="field.tif"'},
    )


def _moment(text: str | None) -> int:
    """[µs], now to the second."""
    at = instant(text)
    return now() // 1_000_000 * 1_000_000 if at is None else at
