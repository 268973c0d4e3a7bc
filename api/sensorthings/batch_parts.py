"""Batches as they come and go: multipart/mixed (OData 4.0, 11.7) and JSON (OData 4.01, 19)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import groupby
from typing import Any
from uuid import uuid4

import orjson

from api.sensorthings.exchange import JSON, Answer, Request, UnsupportedMedia, dumps, loads
from twin.errors import QueryError, TooLarge

MAX_OPERATIONS = 1000
_BOUNDARY = re.compile(r'boundary="?([^";]{1,200})"?', re.IGNORECASE)
_METHODS = frozenset(("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"))


@dataclass
class Operation:
    """One request in a batch. name: what others call it. after: names that must have succeeded."""

    method: str
    url: str
    content_type: str = ""
    body: bytes = b""
    name: str | None = None
    after: tuple[str, ...] = ()


@dataclass
class ChangeSet:
    """Requests that are done all or not at all."""

    operations: list[Operation]


Item = Operation | ChangeSet


@dataclass
class Batch:
    items: list[Item]
    multipart: bool
    answers: list[Answer | list[Answer]] = field(default_factory=list)


def parse_batch(request: Request) -> Batch:
    """Raises QueryError, TooLarge or UnsupportedMedia."""
    kind = request.content_type.partition(";")[0].strip().lower()
    if kind == "multipart/mixed":
        items, multipart = _multipart(request.body, request.content_type), True
    elif kind == JSON:
        items, multipart = _json(loads(request)), False
    else:
        raise UnsupportedMedia("a batch is multipart/mixed or application/json")
    if sum(len(i.operations) if isinstance(i, ChangeSet) else 1 for i in items) > MAX_OPERATIONS:
        raise TooLarge(f"a batch may have {MAX_OPERATIONS:,} requests")
    return Batch(items, multipart)


def write_batch(batch: Batch) -> Answer:
    if not batch.multipart:
        return Answer(200, dumps({"responses": list(_json_answers(batch))}))
    boundary = f"batch_{uuid4().hex}"
    body = b"".join(_mixed(batch, boundary))
    return Answer(200, body, f"multipart/mixed;boundary={boundary}")


# multipart/mixed


def _multipart(body: bytes, content_type: str, within: bool = False) -> list[Item]:
    match = _BOUNDARY.search(content_type)
    if not match:
        raise QueryError("multipart/mixed needs a boundary")
    items: list[Item] = []
    for headers, content in _parts(body, match[1].encode("latin-1")):
        kind = headers.get("content-type", "")
        if kind.lower().startswith("multipart/mixed") and not within:
            inner = _multipart(content, kind, within=True)
            items.append(ChangeSet([item for item in inner if isinstance(item, Operation)]))
        elif kind.lower().startswith("application/http"):
            items.append(_http(content, headers.get("content-id")))
        else:
            raise QueryError(f"a part of a batch must be application/http, found {kind[:60]!r}")
    return items


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    pieces = re.split(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(?=--|[ \t]*\r?\n|[ \t]*\Z)", body)
    if len(pieces) < 2:
        raise QueryError("the body does not have the boundary that its type names")
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        yield _head(piece.lstrip(b" \t").lstrip(b"\r\n"))


def _head(piece: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and what follows the empty line."""
    match = re.search(rb"(?:\A|\r?\n)\r?\n", piece)
    top, rest = (piece[: match.start()], piece[match.end() :]) if match else (piece, b"")
    headers = {}
    for line in top.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, rest


def _http(content: bytes, name: str | None) -> Operation:
    first, _, rest = content.lstrip(b"\r\n").partition(b"\n")
    words = first.decode("latin-1").strip().split(" ")
    if len(words) >= 2 and words[-1].upper().startswith("HTTP/"):
        words.pop()
    method = words[0].upper()
    if len(words) < 2 or method not in _METHODS:
        raise QueryError(f"a request in a batch begins like 'GET Things HTTP/1.1', not {first[:40]!r}")
    headers, body = _head(rest)
    return Operation(
        method, " ".join(words[1:]), headers.get("content-type", ""), body, headers.get("content-id", name)
    )


def _mixed(batch: Batch, boundary: str) -> Iterator[bytes]:
    for item, answers in zip(batch.items, batch.answers, strict=True):
        yield f"--{boundary}\r\n".encode()
        if isinstance(item, ChangeSet) and isinstance(answers, list):
            inner = f"changeset_{uuid4().hex}"
            yield f"Content-Type: multipart/mixed;boundary={inner}\r\n\r\n".encode()
            for operation, answer in zip(item.operations, answers, strict=True):
                yield f"--{inner}\r\n".encode() + _part(answer, operation.name)
            yield f"--{inner}--\r\n".encode()
        else:
            assert isinstance(answers, Answer)
            yield _part(answers, item.name if isinstance(item, Operation) else None)
    yield f"--{boundary}--\r\n".encode()


def _part(answer: Answer, name: str | None) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if name is not None:
        lines.append(f"Content-ID: {name}")
    lines += ["", f"HTTP/1.1 {int(answer.status)} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{header}: {value}" for header, value in answer.headers.items()]
    if answer.body:
        lines.append(f"Content-Type: {answer.media_type}")
    lines += [f"Content-Length: {len(answer.body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + answer.body + b"\r\n"


# JSON


def _json(content: Any) -> list[Item]:
    requests = content.get("requests") if isinstance(content, dict) else None
    if not isinstance(requests, list) or not all(isinstance(entry, dict) for entry in requests):
        raise QueryError('a batch in JSON is {"requests": […]}')
    items: list[Item] = []
    for group, members in groupby(requests, key=lambda entry: entry.get("atomicityGroup")):
        operations = [_operation(entry) for entry in members]
        items += operations if group is None else [ChangeSet(operations)]
    return items


def _operation(entry: dict[str, Any]) -> Operation:
    method, url, id = entry.get("method"), entry.get("url"), entry.get("id")
    if not isinstance(method, str) or method.upper() not in _METHODS or not isinstance(url, str):
        raise QueryError("each request of a batch needs a method, a url and an id")
    if not isinstance(id, (str, int)):
        raise QueryError(f"the request {method[:10]} {url[:60]} of the batch needs an id")
    headers = entry.get("headers") or {}
    after = entry.get("dependsOn") or []
    if not isinstance(headers, dict) or not isinstance(after, list):
        raise QueryError("headers must be an object and dependsOn a list")
    kinds = [str(value) for name, value in headers.items() if name.lower() == "content-type"]
    body = orjson.dumps(entry["body"]) if "body" in entry else b""
    return Operation(
        method.upper(), url, kinds[0] if kinds else JSON, body, str(id), tuple(str(name) for name in after)
    )


def _json_answers(batch: Batch) -> Iterator[dict[str, Any]]:
    for item, answers in zip(batch.items, batch.answers, strict=True):
        operations = item.operations if isinstance(item, ChangeSet) else [item]
        given: Sequence[Answer] = answers if isinstance(answers, list) else [answers] * len(operations)
        for operation, answer in zip(operations, given, strict=True):
            shown: dict[str, Any] = {"id": operation.name, "status": int(answer.status)}
            headers = {name.lower(): value for name, value in answer.headers.items()}
            if answer.body:
                headers["content-type"] = answer.media_type
            if headers:
                shown["headers"] = headers
            if answer.body:
                json = "json" in answer.media_type
                shown["body"] = (
                    orjson.Fragment(answer.body) if json else answer.body.decode("utf-8", "replace")
                )
            yield shown
