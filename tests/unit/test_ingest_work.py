"""The process that reads files, one after the other."""

from __future__ import annotations

import gc
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from citygml.gml.features import FeatureReader
from citygml.reading import ReadOptions
from tests.unit.gml_models import building, document, lod2, member, multi_surface, polygon, square
from twin.ingest import work


def test_what_a_file_took_is_free_before_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsers of lxml and their documents hold each other, so that Python has to look for them."""
    text = document(member(building(lod2(multi_surface(polygon(square()))))))
    files: list[tuple[Path, str | None]] = []
    for number in range(3):
        path = tmp_path / f"{number}.gml"
        path.write_text(text)
        files.append((path, None))
    alive: list[int] = []

    class Pipe:
        def send(self, message: tuple[int | None, Any]) -> None:
            if isinstance(message[1], work.Digest):
                alive.append(sum(isinstance(o, FeatureReader) for o in gc.get_objects()))
            elif isinstance(message[1], BaseException):
                raise message[1]

    monkeypatch.setattr(work, "settle_worker", lambda: None)
    gc.disable()
    try:
        work._work([0, 1, 2], multiprocessing.Value("l", 0), Pipe(), files, ReadOptions(), "")  # type: ignore[arg-type]
    finally:
        gc.enable()
        gc.unfreeze()
    assert alive == [0, 0, 0]
