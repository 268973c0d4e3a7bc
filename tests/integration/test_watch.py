"""`twin tile --watch`: builds again when the city changes, and ends well."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from tests.unit.models import city, write
from tiles import watch as module
from tiles.build import build
from tiles.watch import watch
from twin.errors import CityBusy, TwinError
from twin.ingest import add_files

BOXES = {"a": (0.0, 0.0, 5.0), "b": (30.0, 0.0, 9.0)}
TWIN = Path(sys.executable).with_name("twin")


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    """A city and the file that it came from."""
    source = write(tmp_path / "source.json", city(BOXES))
    add_files(tmp_path / "x.twin", [source])
    return tmp_path / "x.twin", source


@contextmanager
def watching(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [str(TWIN), "tile", str(folder), "--watch", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        guard = Timer(120, process.kill)  # readline has no timeout of its own
        guard.start()
        try:
            yield process
        finally:
            guard.cancel()
            process.kill()


def tileset(folder: Path) -> bytes:
    return (folder / "tiles" / "buildings" / "tileset.json").read_bytes()


def test_a_change_is_built_and_an_interrupt_is_the_normal_end(made: tuple[Path, Path]) -> None:
    folder, source = made
    with watching(folder, "--json", "--all") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        before = tileset(folder)
        assert {r["layer"] for r in first["layers"]} == {"buildings", "terrain", "imagery"}
        write(source, city({**BOXES, "b": (30.0, 0.0, 12.0)}))
        add_files(folder, [source])
        second = json.loads(process.stdout.readline())
        written = {r["layer"]: r["written"] for r in second["layers"]}
        assert written == {"buildings": 2, "terrain": 0, "imagery": 0}  # --all holds for the first alone
        assert second["seconds"] > 0
        assert tileset(folder) != before
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    (report, *_) = build(folder, ["buildings"])
    assert report.written == 0


def test_a_build_is_one_line_for_people_too(made: tuple[Path, Path]) -> None:
    folder, _ = made
    with watching(folder, "buildings") as process:
        assert process.stdout is not None
        assert "2 files written, 0 removed" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert (process.wait(), process.stdout.read()) == (0, "")


def test_what_cannot_be_built_ends_the_watch(made: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [TWIN, "tile", made[0], "castles", "--watch"], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "castles" in done.stderr


class _Enough(Exception):
    pass


def test_nothing_is_built_while_nothing_changes(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 20:
            raise _Enough

    monkeypatch.setattr(module.time, "sleep", sleep)
    builds = watch(made[0], lambda: len(looks))
    assert next(builds) == 0
    with pytest.raises(_Enough):
        next(builds)


def test_a_build_of_another_process_is_waited_for(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    tries = iter([CityBusy("busy"), CityBusy("busy"), "built"])

    def attempt() -> str:
        outcome = next(tries)
        if isinstance(outcome, CityBusy):
            raise outcome
        return outcome

    assert next(watch(made[0], attempt)) == "built"


def test_a_change_during_a_build_is_built_after_it(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    folder, source = made
    heights = iter([7.0, 8.0])

    def change() -> float:
        height = next(heights)
        write(source, city({**BOXES, "a": (0.0, 0.0, height)}))
        add_files(folder, [source])
        return height

    builds = watch(folder, change)
    assert [next(builds), next(builds)] == [7.0, 8.0]


def test_other_errors_are_not_swallowed(made: tuple[Path, Path]) -> None:
    def broken() -> None:
        raise TwinError("no way")

    with pytest.raises(TwinError, match="no way"):
        next(watch(made[0], broken))
