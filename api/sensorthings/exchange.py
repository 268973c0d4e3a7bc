"""What comes in and goes out of the service, whether alone or as a part of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

import orjson

from twin.errors import QueryError, TwinError

JSON = "application/json"
READS = frozenset(("GET", "HEAD", "OPTIONS"))
_MAX_NESTING = 60
"""Objects and arrays within one another in a body; orjson writes 254."""


@dataclass(slots=True)
class Request:
    """path: below the service root, percent-decoded. query: percent-encoded. root: URL of the service,
    ending with a slash. token: as sent, not yet checked. address: of the client."""

    method: str
    path: str
    query: str = ""
    content_type: str = ""
    body: bytes = b""
    root: str = ""
    token: str | None = None
    address: str = ""


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class MethodNotAllowed(TwinError):
    """allow: the methods that this resource has."""

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(f"{method} is not possible here, only {allow}")
        self.allow = allow


class UnsupportedMedia(TwinError):
    pass


def json_answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, dumps(content), JSON, headers or {})


def dumps(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS, default=_unknown)


def _unknown(value: Any) -> NoReturn:
    raise TypeError(f"{type(value).__name__} in an answer")


def loads(request: Request) -> Any:
    """The JSON of a body. Raises QueryError, or UnsupportedMedia for a body of another type."""
    kind = request.content_type.partition(";")[0].strip().lower()
    if kind not in ("", JSON) and not kind.endswith("+json"):
        raise UnsupportedMedia(f"send JSON with Content-Type: application/json, not {kind[:60]}")
    if kind == "application/json-patch+json":
        raise UnsupportedMedia("JSON Patch is not offered; send the changed properties as application/json")
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise QueryError(f"the body is not JSON: {error}") from None


def load_object(request: Request) -> dict[str, Any]:
    """A body that must be one JSON object, none of it deeper than what can be stored."""
    content = loads(request)
    if not isinstance(content, dict):
        raise QueryError("the body must be one JSON object")
    if request.body.count(b"{") + request.body.count(b"[") > _MAX_NESTING:
        check_nesting(content)
    return content


def check_nesting(content: Any) -> None:
    """Raises QueryError for objects and arrays that lie too deep in one another."""
    level, depth = [content], 0
    while level:
        depth += 1
        if depth > _MAX_NESTING + 1:
            raise QueryError(f"objects and arrays may be nested {_MAX_NESTING} deep")
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
