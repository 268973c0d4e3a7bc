"""Files for the inputs of simulations: `/inputs`."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from api import uploads
from api.auth import require_run
from api.routes.shared import CurrentSettings

router = APIRouter(tags=["processes"])


@router.put(
    "/inputs/{name}",
    status_code=HTTPStatus.CREATED,
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "required": True,
        }
    },
)
async def put_input(
    name: str, request: Request, settings: CurrentSettings, who: Annotated[str, Depends(require_run)]
) -> dict[str, Any]:
    """Hand in a file (TIFF, NetCDF, HDF5, SWMM .inp, CSV, EPW). The answer's `reference` goes where a
    simulation takes a file; the same content gives the same one. Whoever may start runs may do it."""
    limits = settings.upload_limit, settings.uploads_limit
    return asdict(await uploads.keep(settings.city, name, request.stream(), *limits))
