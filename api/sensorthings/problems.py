"""Errors of the domain as answers: problem details (RFC 9457)."""

from __future__ import annotations

import logging
import sqlite3
from http import HTTPStatus
from typing import Any

from api.auth import challenge
from api.errors import STATUS
from api.sensorthings.exchange import Answer, MethodNotAllowed, UnsupportedMedia, dumps
from api.shown import for_clients
from twin.errors import Forbidden, NotAuthorized, QueryError, TooMany

_log = logging.getLogger("twin.sensorthings")


def problem_answer(error: Exception, what: str) -> Answer:
    """An error as problem details (RFC 9457)."""
    headers: dict[str, str] = {}
    if isinstance(error, MethodNotAllowed):
        status = HTTPStatus.METHOD_NOT_ALLOWED
        headers["Allow"] = error.allow
    elif isinstance(error, UnsupportedMedia):
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    else:
        unexpected = HTTPStatus.INTERNAL_SERVER_ERROR
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), unexpected)
    if isinstance(error, (NotAuthorized, Forbidden, TooMany)):
        headers |= challenge(error)
    if isinstance(error, sqlite3.OperationalError):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    content: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s failed", what, exc_info=error)
    else:
        own_words = isinstance(error, QueryError)  # of the client, whatever they look like
        content["detail"] = str(error) if own_words else for_clients(str(error))
    return Answer(status, dumps(content), "application/problem+json", headers)
