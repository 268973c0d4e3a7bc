"""Is the server well: `/health`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from api.routes.shared import CurrentCity, CurrentSettings
from api.shown import for_clients

router = APIRouter(tags=["service"])


@router.get("/health")
def health(city: CurrentCity, settings: CurrentSettings, request: Request) -> dict[str, Any]:
    """`ok` when the city can be read; `degraded` when a part of the server does not run, with the reason."""
    live = getattr(request.app.state, "live", None)
    faults = (
        {"readings": "they cannot be opened"}
        if live is None
        else {part: for_clients(why, settings.city) for part, why in live.faults.items()}
    )
    found: dict[str, Any] = {
        "status": "degraded" if faults else "ok",
        "objects": sum(layer.objects for layer in city.layers()),
        "faults": faults,
    }
    if live is not None and live.mqtt is not None:
        found["mqtt"] = {"port": live.mqtt.port, **live.mqtt.status()}
    return found
