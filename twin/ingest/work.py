"""Reading several files at once: worker processes parse, the caller writes.

`read_files` yields `(index of the file, message)` in the order in which they arrive; a file's own
messages keep their order. Workers wait when the caller is slower, so memory stays bounded.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from citygml.reading import ReadOptions
from twin.errors import TwinError
from twin.ingest.rows import Message, file_digest, read_rows
from twin.workers import settle_worker

_SMALL = 2 << 20


class Unchanged:
    """The file is byte for byte what was read before."""


class Digest(str):
    """The digest of a file that is about to be read."""

    __slots__ = ()


class Done:
    """The file was read to its end."""


Event = Message | Unchanged | Digest | Done


def read_files(
    files: Sequence[tuple[Path, str | None]], options: ReadOptions, label: str, workers: int | None = None
) -> Iterator[tuple[int, Event]]:
    """Read files; each comes with the digest it had when it was read last. Errors are raised here."""
    workers = min(workers or os.cpu_count() or 1, len(files))
    if workers == 1 and sum(path.stat().st_size for path, _ in files) < _SMALL:
        for number, (path, known) in enumerate(files):
            for event in _events(path, known, options, label):
                yield number, event
        return
    # Fork is cheap and safe here: the command line starts no threads before it reads.
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    largest_first = sorted(range(len(files)), key=lambda n: -files[n][0].stat().st_size)
    taken = context.Value("l", 0)
    processes, pipes = [], []
    try:
        for _ in range(workers):
            receive, send = context.Pipe(duplex=False)
            process = context.Process(
                target=_work, args=(largest_first, taken, send, list(files), options, label), daemon=True
            )
            process.start()
            send.close()
            processes.append(process)
            pipes.append(receive)
        yield from _gather(pipes)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _gather(pipes: list[Connection]) -> Iterator[tuple[int, Event]]:
    while pipes:
        for pipe in wait(pipes):
            assert isinstance(pipe, Connection)
            try:
                number, event = pipe.recv()
            except EOFError:
                raise TwinError("a process that reads files was ended from outside; try again") from None
            if isinstance(event, BaseException):
                raise event
            if number is None:
                pipes.remove(pipe)
                continue
            yield number, event


def _work(
    order: list[int],
    taken: Any,
    send: Connection,
    files: list[tuple[Path, str | None]],
    options: ReadOptions,
    label: str,
) -> None:
    settle_worker()
    gc.freeze()  # all there is stays, and need not be looked at after every file
    try:
        while (number := _next(order, taken)) is not None:
            path, known = files[number]
            for event in _events(path, known, options, label):
                send.send((number, event))
            gc.collect()  # lxml's parsers and documents hold each other
        send.send((None, None))
    except BaseException as error:
        send.send((0, error))


def _next(order: list[int], taken: Any) -> int | None:
    """The next file that no worker has taken; `taken` is the number of those that were, shared by all."""
    with taken.get_lock():
        place = taken.value
        taken.value += 1
    return order[place] if place < len(order) else None


def _events(path: Path, known: str | None, options: ReadOptions, label: str) -> Iterator[Event]:
    digest = Digest(file_digest(path, label))
    if digest == known:
        yield Unchanged()
        return
    yield digest
    yield from read_rows(path, options)
    yield Done()
