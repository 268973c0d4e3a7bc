"""Building again whenever the city has changed: `twin tile --watch`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from twin.errors import CityBusy
from twin.store import open_city

T = TypeVar("T")

_PAUSE = 0.2  # [s] between two looks at the city


def watch(folder: Path, build: Callable[[], T]) -> Iterator[T]:
    """What `build` gives, at once and then after every ingestion; there is no end to it.

    A build that another process keeps from running (CityBusy) is tried again until it runs; an ingestion
    that ends during a build is seen after it. Raises what else `build` raises.
    """
    with open_city(folder) as city:
        built = None
        while True:
            run = city.last_run()
            if run != built:
                with suppress(CityBusy):
                    made = build()
                    built = run
                    yield made
            time.sleep(_PAUSE)
