"""Values of a layer's features at a time: `/layers/{layer}/values`, to colour objects without new tiles."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.auth import require
from api.routes.moments import instant, now
from api.routes.shared import CurrentCity, CurrentObservations, CurrentSettings
from twin.link.values import LayerValues, layer_values

router = APIRouter(tags=["sensors"], dependencies=[Depends(require("sta:read"))])


@router.get("/layers/{layer}/values", responses={304: {"description": "as the client has it"}})
def values(
    layer: str,
    request: Request,
    city: CurrentCity,
    obs: CurrentObservations,
    settings: CurrentSettings,
    property: Annotated[str, Query(description="name or definition of an observed property")],
    time: Annotated[str | None, Query(description="ISO 8601; now")] = None,
) -> Response:
    """The latest value of each feature that has one; `sensors` is the layer of the Things themselves.

    Several datastreams of one object are averaged. The ETag changes with the values, not with their ages.
    """
    at = instant(time)
    with obs.connection() as connection:
        found = layer_values(city, connection, layer, property, at)
    moment = now() if at is None else at
    tag = f'W/"{_digest(found, at)}"'
    shared = "public" if settings.public_read else "private"
    headers = {"ETag": tag, "Cache-Control": f"{shared}, max-age=1"}
    if tag in [known.strip() for known in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(_body(found, property, moment), media_type="application/json", headers=headers)


def _digest(found: LayerValues, at: int | None) -> str:
    digest = hashlib.blake2b(f"{found.unit} {at}".encode(), digest_size=12)
    digest.update(orjson.dumps(found.ids))
    digest.update(found.values.tobytes())
    digest.update(found.times.tobytes())
    return digest.hexdigest()


def _body(found: LayerValues, name: str, moment: int) -> bytes:
    known = found.values[np.isfinite(found.values)]
    content: dict[str, Any] = {
        "property": name,
        "unit": found.unit,
        "time": moment // 1000,
        "ids": found.ids,
        "values": found.values,
        "ages": np.round((moment - found.times) / 1e6),
        "minimum": float(known.min()) if len(known) else None,
        "maximum": float(known.max()) if len(known) else None,
    }
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
