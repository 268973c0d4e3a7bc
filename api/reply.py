"""Answers that are made on demand and cached by clients: ETag, a range of bytes, gzip and Brotli."""

from __future__ import annotations

import gzip
import re
from http import HTTPStatus

import brotli
from fastapi import Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.ar_desk import Answer
from api.files import coding_of

PREFIX = "/ar/"
"""Below it all answers are made by `reply`."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
"""Of as many digits as any size can have."""
_PACKED = frozenset({"model/gltf-binary", "application/zip"})
"""Media types that compression makes no smaller."""


def reply(request: Request, answer: Answer) -> Response:
    """304 for one that the client has, 206 for a single range, else all of it, compressed where that is of
    use and the client takes it."""
    headers = {
        **answer.headers,
        "ETag": answer.etag,
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "Vary": "Accept-Encoding",
    }
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if answer.etag in known or "*" in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    asked = request.headers.get("range")
    if asked is not None and request.headers.get("if-range", answer.etag) == answer.etag:
        part = _part(asked, len(answer.body))
        if part is not None:
            return _ranged(answer, part, headers)
    body = answer.body
    coding = "" if answer.media_type in _PACKED else coding_of(request.headers.get("accept-encoding", ""))
    if coding:
        body = brotli.compress(body, quality=4) if coding == "br" else gzip.compress(body, 6, mtime=0)
        headers["Content-Encoding"] = coding
    return Response(body, media_type=answer.media_type, headers=headers)


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range (RFC 9110, 14.1.2), first beyond last where it cannot be
    answered; None for what is ignored."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(size - int(last), 0), size - 1 if int(last) else -1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1


def _ranged(answer: Answer, part: tuple[int, int], headers: dict[str, str]) -> Response:
    first, last = part
    size = len(answer.body)
    if first > last:
        return Response(
            status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            headers=headers | {"Content-Range": f"bytes */{size}"},
        )
    return Response(
        answer.body[first : last + 1],
        HTTPStatus.PARTIAL_CONTENT,
        headers | {"Content-Range": f"bytes {first}-{last}/{size}"},
        answer.media_type,
    )


class Packing:
    """Middleware: gzip for all answers but those of `reply`, which see to it themselves."""

    def __init__(self, app: ASGIApp, minimum_size: int) -> None:
        self._plain = app
        self._packed = GZipMiddleware(app, minimum_size=minimum_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await (self._plain if own else self._packed)(scope, receive, send)
