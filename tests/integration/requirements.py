"""Which requirement of OGC 18-088 a test checks; `tools/requirements.py` makes a table of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def requirement(*names: str) -> Callable[[T], T]:
    """names: below `http://www.opengis.net/spec/iot_sensing/1.1/req/`, such as `data-array/data-array`."""

    def mark(test: T) -> T:
        return test

    return mark
