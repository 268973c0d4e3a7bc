"""Making the contents of tiles, in several processes when there are many."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from citygml.crs import Georeference, LocalFrame
from citygml.findings import Finding
from tiles.coarse import simplify
from tiles.content import ContentOptions, build_content
from tiles.library import Library
from tiles.mesh import to_frame
from tiles.metadata import Schema
from twin.errors import TwinError
from twin.store import City, open_city

Float64 = npt.NDArray[np.float64]

_COARSER = 4
"""How much smaller the textures of coarse contents are, which are seen from afar."""
_SMALLEST_TEXTURE = 256


@dataclass(slots=True)
class Job:
    """One content to make. bounds: of its objects in the city's CRS. tolerance [m]: None for a leaf.
    own: the frame fitted to these bounds, where it is known. frame: (4, 4) that the content is written in, to
    ECEF; None: its own."""

    key: str
    uri: str
    rows: npt.NDArray[np.int64]
    bounds: tuple[Float64, Float64]
    tolerance: float | None
    own: LocalFrame | None = None
    frame: Float64 | None = None


@dataclass(slots=True)
class Made:
    """What a job made; the fields are those of `tiles.tileset.Tile`."""

    low: Float64
    high: Float64
    triangles: int
    features: int
    bytes: int
    error: float


Outcome: TypeAlias = tuple[Made | None, list[Finding], LocalFrame]
"""What was made, what is wrong with the objects in it, and the frame fitted to them."""


@dataclass(frozen=True, slots=True)
class Making:
    """What the jobs of a layer have in common. folder: of the city. target: the folder of the contents.
    scale: metres per unit of x and of y."""

    folder: Path
    schema: Schema
    options: ContentOptions
    place: Georeference
    target: Path
    scale: tuple[float, float]


def run_jobs(making: Making, jobs: list[Job], workers: int | None = None) -> Iterator[tuple[str, Outcome]]:
    """Run the jobs, in several processes largest first; (key, result) as they are done."""
    workers = min(workers or os.cpu_count() or 1, len(jobs))
    if workers > 1:
        yield from _run_in_processes(making, jobs, workers)
    elif jobs:
        with open_city(making.folder) as city:
            maker = _Maker(city, making)
            for job in jobs:
                yield job.key, maker.make(job)


def _run_in_processes(making: Making, jobs: list[Job], workers: int) -> Iterator[tuple[str, Outcome]]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(workers, context, initializer=_start, initargs=(making,)) as pool:
        largest_first = sorted(jobs, key=lambda job: -len(job.rows))
        waiting = {pool.submit(_make, job): job.key for job in largest_first}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BrokenProcessPool as error:
            raise TwinError("a process that builds tiles was ended from outside; try again") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Maker:
    """Makes contents in one process, with the templates that it has met."""

    def __init__(self, city: City, making: Making) -> None:
        self.city, self.making = city, making
        self.library = Library(city)

    def make(self, job: Job) -> Outcome:
        """The content of a job, written, and what is wrong with objects that it draws in full."""
        own = job.own or self.making.place.fitted_frame(*job.bounds)
        objects = [stored.decode(surface_attributes=False) for stored in self.city.fetch(job.rows)]
        making, error, options = self.making, 0.0, self.making.options
        if job.tolerance is not None:
            objects, error = simplify(objects, job.tolerance, making.scale)
            options = replace(
                options,
                position_error=max(options.position_error, job.tolerance / 5),
                texture_size=max(options.texture_size // _COARSER, _SMALLEST_TEXTURE),
            )
        content = build_content(
            objects,
            to_frame(own, job.frame),
            making.schema,
            options,
            templates=self.library.templates(objects),
            image_loader=self.library.image,
        )
        if content is None:
            return None, [], own
        temporary = making.target / f"{job.uri}.{os.getpid()}.new"
        temporary.write_bytes(content.glb)
        temporary.replace(making.target / job.uri)
        made = Made(
            content.low, content.high, content.triangles, len(content.features), len(content.glb), error
        )
        return made, [] if job.tolerance is not None else content.findings, own


_maker: _Maker | None = None


def _start(making: Making) -> None:
    from twin.workers import settle_worker

    global _maker
    settle_worker()
    _maker = _Maker(open_city(making.folder), making)


def _make(job: Job) -> Outcome:
    assert _maker is not None
    return _maker.make(job)
