"""What happens, as server-sent events: `/events`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Send

from api.auth import READ, require
from api.events import EventHub, Listener
from twin.errors import QueryError

router = APIRouter(tags=["events"], dependencies=[Depends(require(READ))])


def events_of(request: Request) -> EventHub:
    """The hub of events, open as long as the server runs."""
    return cast(EventHub, request.app.state.live.events)


CurrentEvents = Annotated[EventHub, Depends(events_of)]
_STUCK_S = 30.0
"""How long one write may take before the listener is taken for gone [s]."""


class EventStream(StreamingResponse):
    """An endless answer that ends when the other side stops reading."""

    media_type = "text/event-stream"

    async def stream_response(self, send: Send) -> None:
        async def within_limit(message: object) -> None:
            async with asyncio.timeout(_STUCK_S):
                await send(message)  # type: ignore[arg-type]

        try:
            await super().stream_response(within_limit)
        except TimeoutError:
            return


@router.get("/events", response_class=EventStream)
async def events(
    hub: CurrentEvents,
    datastream: Annotated[str | None, Query(max_length=20_000, description="ids, with commas")] = None,
    thing: Annotated[str | None, Query(max_length=20_000, description="ids, with commas")] = None,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> EventStream:
    """Readings (`observation`, of each datastream at most every half second) and alerts (`alert`) as they
    come. `reset` tells a listener that came back too late to read everything anew; `dropped` one that is
    too slow."""
    loop = asyncio.get_running_loop()
    streams, things = _ids(datastream, "datastream"), _ids(thing, "thing")
    listener = await run_in_threadpool(hub.listen, loop, streams, things, last_event_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStream(_until_gone(hub, listener), headers=headers)


async def _until_gone(hub: EventHub, listener: Listener) -> AsyncIterator[bytes]:
    try:
        async for chunk in listener.chunks():
            yield chunk
    finally:
        hub.leave(listener)


def _ids(text: str | None, name: str) -> list[int]:
    try:
        return [int(part) for part in (text or "").split(",") if part.strip()]
    except ValueError as error:
        raise QueryError(f"{name}: ids are whole numbers with commas between them") from error
