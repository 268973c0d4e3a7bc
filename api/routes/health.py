"""Is the server well: `/health`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.routes.shared import CurrentCity

router = APIRouter(tags=["service"])


@router.get("/health")
def health(city: CurrentCity) -> dict[str, Any]:
    """`ok` when the city can be read."""
    return {"status": "ok", "objects": sum(layer.objects for layer in city.layers())}
