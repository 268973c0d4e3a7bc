"""Exceptions of the domain to HTTP status, in one table, as problem details (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import unquote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from analysis.errors import AnalysisError
from analysis.models import UnknownModel
from api.processes import EXCEPTIONS
from api.shown import for_clients
from citygml.errors import CityModelError
from twin.errors import (
    CityBusy,
    CityNotFound,
    Conflict,
    EntityNotFound,
    Forbidden,
    NotAuthorized,
    NotSupported,
    ObjectNotFound,
    StorageFull,
    TooLarge,
    TooMany,
    TwinError,
)
from twin.runs import RunNotFound

STATUS: dict[type[Exception], HTTPStatus] = {
    UnknownModel: HTTPStatus.NOT_FOUND,
    RunNotFound: HTTPStatus.NOT_FOUND,
    ObjectNotFound: HTTPStatus.NOT_FOUND,
    CityNotFound: HTTPStatus.SERVICE_UNAVAILABLE,
    CityBusy: HTTPStatus.CONFLICT,
    EntityNotFound: HTTPStatus.NOT_FOUND,
    NotSupported: HTTPStatus.NOT_IMPLEMENTED,
    Conflict: HTTPStatus.CONFLICT,
    NotAuthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    TwinError: HTTPStatus.BAD_REQUEST,
    CityModelError: HTTPStatus.BAD_REQUEST,
    AnalysisError: HTTPStatus.BAD_REQUEST,
}
_KINDS: dict[type[Exception], str] = {
    UnknownModel: f"{EXCEPTIONS}/no-such-process",
    RunNotFound: f"{EXCEPTIONS}/no-such-job",
}
"""The errors that have a type in a standard."""
_log = logging.getLogger("twin.api")


def problem(
    status: int, detail: str | None, headers: dict[str, str] | None = None, kind: str = "about:blank"
) -> JSONResponse:
    """A problem document."""
    content = {"type": kind, "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        content["detail"] = detail
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every error as a problem document. Whole paths of files are in the log alone."""

    def detail(request: Request, text: str) -> str:
        city = app.state.settings.city
        if for_clients(text, city) == text:
            return text
        _log.warning("%s %s: %s", request.method, request.url.path, text)
        body: bytes = getattr(request.state, "body", b"")
        return for_clients(text, city, unquote(str(request.url)) + body.decode("utf-8", "replace"))

    def known(request: Request, error: Exception) -> JSONResponse:
        status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
        return problem(status, detail(request, str(error)), kind=_KINDS.get(type(error), "about:blank"))

    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, detail(request, error.detail), dict(error.headers or {}))

    def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "body"
        return problem(HTTPStatus.BAD_REQUEST, f"{where}: {first['msg']}")

    def unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, None)

    for kind in STATUS:
        app.add_exception_handler(kind, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unexpected)
