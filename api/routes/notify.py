"""Sources: what they notify, `/notify/{source}`, and how they do, `/sources`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, cast

import orjson
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.auth import READ, WRITE, require
from api.routes.shared import CurrentSettings
from api.shown import for_clients
from twin.errors import QueryError, TooLarge
from twin.sources.service import Sources
from twin.tokens import Token

router = APIRouter(tags=["sources"])


def sources_of(request: Request) -> Sources:
    """The sources, as long as the server runs; 503 when the readings could not be opened."""
    live = getattr(request.app.state, "live", None)
    if live is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "the readings of this city cannot be opened")
    return cast(Sources, live.sources)


CurrentSources = Annotated[Sources, Depends(sources_of)]


@router.post("/notify/{source}", dependencies=[Depends(require(WRITE))])
async def notify(
    source: str, request: Request, sources: CurrentSources, settings: CurrentSettings
) -> JSONResponse:
    """Take a notification of oneM2M or NGSI-LD; answered when its readings are durable. A reading that is
    there already is not stored again, so that a notification may be repeated."""
    body = await _body(request, settings.body_limit)
    written = await run_in_threadpool(sources.receive, source, body)
    headers = {}
    if "x-m2m-ri" in request.headers:  # the HTTP binding of oneM2M, TS-0009, 6.4
        headers = {"X-M2M-RI": request.headers["x-m2m-ri"], "X-M2M-RSC": "2000"}
    return JSONResponse({"stored": written.stored, "known": written.known}, headers=headers)


@router.get("/sources")
def list_sources(
    sources: CurrentSources,
    settings: CurrentSettings,
    token: Annotated[Token | None, Depends(require(READ))],
) -> dict[str, Any]:
    """The sources and how they do; times in ms since 1970. error: why one failed last, with a token only."""
    return {
        "sources": [
            {
                "name": status.name,
                "type": status.type,
                "running": status.running,
                "since": _ms(status.since),
                "failed": _ms(status.failed),
                "error": for_clients(status.error, settings.city) if token and status.error else None,
            }
            for status in sources.statuses.values()
        ]
    }


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


async def _body(request: Request, limit: int) -> Any:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise TooLarge(f"the body may have {limit:,} bytes")
    try:
        return orjson.loads(bytes(body))
    except orjson.JSONDecodeError as error:
        raise QueryError(f"the body is not JSON: {error}") from None
