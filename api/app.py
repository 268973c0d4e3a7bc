"""The HTTP door: `create_app(settings)` puts the routes, the files and the errors together."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

import viewer
from api import docs, errors
from api.auth import READ, require
from api.files import Files
from api.head import Head
from api.jobs import Jobs
from api.live import lifespan
from api.reply import Packing
from api.routes import (
    alerts,
    ar,
    ar_anchors,
    ar_bundle,
    ar_indoor,
    ar_looks,
    ar_nearest,
    ar_page,
    ar_pick,
    city,
    energy,
    events,
    features,
    fields,
    health,
    inputs,
    notify,
    objects,
    pictures,
    processes,
    quality,
    scenarios,
    sensors,
    sun,
    values,
)
from api.sensorthings import openapi as sensorthings_description
from api.sensorthings.app import PREFIX, Door, SensorThings
from api.settings import Settings
from tiles.build import SENSORS
from twin.runs import FOLDER

# `sensors` before `objects`, whose ids may hold slashes
_ROUTES = (
    health,
    city,
    sensors,
    values,
    fields,
    alerts,
    quality,
    events,
    notify,
    processes,
    inputs,
    pictures,
    scenarios,
    sun,
    energy,
    ar,
    ar_page,
    ar_pick,
    ar_anchors,
    ar_nearest,
    ar_indoor,
    ar_bundle,
    ar_looks,
    objects,
    features,
)


def create_app(settings: Settings) -> FastAPI:
    """The application for one city. Starts even when the city is broken: `/health` and each route say so."""
    app = FastAPI(
        title="CityTwin",
        version=version("citytwin"),
        description="A digital twin of a city: objects, tiles and simulations.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan(settings),
    )
    app.state.settings = settings
    app.state.jobs = Jobs(settings.city, settings.workers, settings.dask, settings.run_silence)
    for module in _ROUTES:
        app.include_router(module.router)
    broker = None if settings.mqtt == "off" else f"mqtt://{settings.mqtt_host}:{settings.mqtt_port}"
    sensorthings = SensorThings(app.state, broker)
    app.mount(PREFIX, sensorthings)
    _describe_sensorthings(app)
    docs.install(app)
    errors.install(app)
    app.add_middleware(Packing, minimum_size=1024)
    app.add_middleware(Head, prefix=PREFIX)
    built = settings.city / "tiles"
    app.add_middleware(
        Files,
        folders={
            "/tiles/": built,
            "/terrain/": built / "terrain",
            "/imagery/": built / "imagery",
            "/runs/": settings.city / FOLDER,
            "/viewer/": viewer.STATIC,
        },
        allow_origin="*" if "*" in settings.cors_origins else None,
        readings=built / SENSORS,
        may_read=require(READ),
    )
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["*"],
        expose_headers=[
            *("Content-Range", "ETag", "Link", "Location"),
            *("AR-Origin", "AR-Geoid-Offset", "AR-Axes", "AR-About"),
        ],
    )
    app.add_middleware(Door, sensorthings=sensorthings)
    return app


def _describe_sensorthings(app: FastAPI) -> None:
    """Put the paths of the mounted service into `/openapi.json`."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = described()
            document["paths"] |= sensorthings_description.openapi_paths()
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).update(sensorthings_description.openapi_schemas())
            components.setdefault("securitySchemes", {}).update(sensorthings_description.openapi_security())
        return described()

    app.openapi = openapi  # type: ignore[method-assign]
