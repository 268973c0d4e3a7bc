"""The HTTP door: `create_app(settings)` puts the routes, the files and the errors together."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

import viewer
from api import docs, errors
from api.files import Files
from api.routes import city, features, health, objects
from api.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The application for one city. Starts even when the city is broken: `/health` and each route say so."""
    app = FastAPI(
        title="CityTwin",
        version=version("citytwin"),
        description="A digital twin of a city: objects, tiles and simulations.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    for module in (health, city, objects, features):
        app.include_router(module.router)
    docs.install(app)
    errors.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    built = settings.city / "tiles"
    app.add_middleware(
        Files,
        folders={
            "/tiles/": built,
            "/terrain/": built / "terrain",
            "/imagery/": built / "imagery",
            "/viewer/": viewer.STATIC,
        },
        allow_origin="*" if "*" in settings.cors_origins else None,
    )
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "HEAD"],
        allow_headers=["*"],
        expose_headers=["Content-Range", "ETag"],
    )
    return app
