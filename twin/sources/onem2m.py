"""Readings from oneM2M notifications (TS-0004): a `contentInstance` that a subscription sends on.

The content is a number, or JSON that names quantities: `{"pm10": 31, "temperature": 4.5}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson

from twin.errors import QueryError
from twin.sources.quantities import quantity
from twin.sources.readings import Series, Station

_DEEPEST = 16
"""How many objects within each other are looked through for numbers."""


def series_of(notification: Any) -> list[Series]:
    """What a notification body reports; none for the request by which a subscription is verified.

    Raises QueryError for one without a contentInstance that can be read.
    """
    signal = _member(notification, "sgn")
    if signal.get("vrq"):
        return []
    instance = _member(_member(_member(signal, "nev"), "rep"), "cin")
    path = str(signal.get("sur") or instance.get("pi") or "").strip("/")
    parts = [part for part in path.split("/") if part]
    if len(parts) < 2:
        raise QueryError(
            "a oneM2M notification needs the subscription's path in sur, such as /cse/device/data/sub"
        )
    station = Station("/".join(parts[:-2]) or parts[0], parts[-3] if len(parts) > 2 else parts[0])
    container = parts[-2]
    when = np.array([_time(instance.get("ct"))], np.int64)
    return [Series(station, quantity(name), when, [value]) for name, value in _values(instance, container)]


def _member(holder: Any, name: str) -> dict[str, Any]:
    """A member by its short name, with or without the namespace that bindings put before it."""
    if isinstance(holder, dict):
        for key in (f"m2m:{name}", name):
            if isinstance(holder.get(key), dict):
                found: dict[str, Any] = holder[key]
                return found
    raise QueryError(f"not a oneM2M notification of a contentInstance: no m2m:{name} in it")


def _values(instance: dict[str, Any], container: str) -> Iterator[tuple[str, float]]:
    content = instance.get("con")
    if isinstance(content, str):
        try:
            content = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise QueryError("the content con is neither a number nor JSON") from None
    found = list(_numbers(content, container))
    if not found:
        raise QueryError("the content has no number in it")
    yield from found


def _numbers(content: Any, name: str, depth: int = 0) -> Iterator[tuple[str, float]]:
    if isinstance(content, (int, float)) and not isinstance(content, bool):
        yield name, content
    elif isinstance(content, dict) and depth < _DEEPEST:
        for key, value in content.items():
            yield from _numbers(value, str(key), depth + 1)


def _time(text: Any) -> int:
    """A timestamp such as `20240501T093000,5`, which is UTC (TS-0004, 6.3.3)."""
    whole, _, fraction = str(text or "").partition(",")
    try:
        moment = datetime.strptime(whole, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        micros = int((fraction or "0").ljust(6, "0")[:6])
    except ValueError:
        raise QueryError(f"the creation time ct {str(text)[:40]!r} is not such as 20240501T093000") from None
    return int(moment.timestamp()) * 1_000_000 + micros
