"""A command that is killed at any moment leaves the city as it was before it or as it is after it."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import DATA
from tiles.build import TileOptions, build
from tiles.check import check_tileset
from twin.errors import CityNotFound
from twin.ingest import add_files
from twin.store import open_city

SEED = "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"
POINTS = re.compile(rb"(<gml:posList\b[^>]*>)([^<]+)(</gml:posList>)")
KILLS = 20
State = set[tuple[str, bytes]]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process groups and /proc")


@dataclass
class Cities:
    """The same city before a new delivery, after reading it, and after tiling it too; the files of the
    delivery; how long [s] each command took undisturbed."""

    before: Path
    read: Path
    tiled: Path
    source: Path
    seconds: dict[str, float]


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Cities:
    folder = tmp_path_factory.mktemp("killed")
    source = folder / "source"
    tool = DATA.parent / "tools" / "replicate_citygml.py"
    subprocess.run(
        [sys.executable, tool, data / SEED, source, "--copies", "8", "--per-file", "2"],
        check=True,
        capture_output=True,
    )
    before, read, tiled = (folder / f"{name}.twin" for name in ("before", "read", "tiled"))
    add_files(before, [source])
    build(before)
    for path in source.iterdir():
        path.write_bytes(POINTS.sub(raised, path.read_bytes()))
    seconds = {}
    shutil.copytree(before, read)
    seconds["add"] = timed("add", read, source)
    shutil.copytree(read, tiled)
    seconds["tile"] = timed("tile", tiled)
    assert state(before) != state(read)
    assert files(read) != files(tiled)
    return Cities(before, read, tiled, source, seconds)


def raised(match: re.Match[bytes]) -> bytes:
    """The same points half a metre higher."""
    numbers = np.array(match[2].split(), np.float64).reshape(-1, 3) + [0, 0, 0.5]
    return match[1] + b" ".join(b"%.3f" % n for n in numbers.ravel().tolist()) + match[3]


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "api.process", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def timed(*arguments: str | Path) -> float:
    began = time.monotonic()
    process = start(*arguments)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    return time.monotonic() - began


def interrupt(after: float, whole_group: bool, *arguments: str | Path) -> bool:
    """Run a command and kill it; whether it was still at work."""
    process = start(*arguments)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    with suppress(ProcessLookupError):
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    at_work = process.wait() == -signal.SIGKILL
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()
    wait_for_workers(process.pid)
    return at_work


def wait_for_workers(group: int) -> None:
    """Every worker ends by itself when its parent is gone."""
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("a worker outlived the process that started it")


def state(folder: Path) -> State:
    with open_city(folder) as city:
        (sound,) = city.connection.execute("PRAGMA integrity_check").fetchone()
        assert sound == "ok"
        return set(city.connection.execute("SELECT id, digest FROM object WHERE valid_to IS NULL"))


def versions(folder: Path) -> dict[str, int]:
    with open_city(folder) as city:
        return dict(city.connection.execute("SELECT id, count(*) FROM object GROUP BY id"))


def files(folder: Path) -> dict[str, bytes]:
    """Everything beside the database, which keeps times."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("twin.db")
    }


def test_killed_while_reading(cities: Cities, tmp_path: Path) -> None:
    chance = random.Random(1)
    old, new, beside = state(cities.before), state(cities.read), files(cities.before)
    at_work = 0
    for kill in range(KILLS // 2):
        folder = tmp_path / f"{kill}.twin"
        shutil.copytree(cities.before, folder)
        moment = chance.uniform(0.1, 1.0) * cities.seconds["add"]
        at_work += interrupt(moment, bool(kill % 2), "add", folder, cities.source)
        assert state(folder) in (old, new)
        add_files(folder, [cities.source])
        assert state(folder) == new
        assert files(folder) == beside
        assert versions(folder) == versions(cities.read)
    assert at_work >= 3


def test_killed_while_reading_into_a_new_city(cities: Cities, tmp_path: Path) -> None:
    chance = random.Random(2)
    new = state(cities.read)
    for kill in range(3):
        folder = tmp_path / f"{kill}.twin"
        interrupt(
            chance.uniform(0.3, 1.0) * cities.seconds["add"], bool(kill % 2), "add", folder, cities.source
        )
        with suppress(CityNotFound):  # killed before there was one
            assert state(folder) in (set(), new)
        add_files(folder, [cities.source])
        assert state(folder) == new
        assert files(folder) == {}


def test_killed_while_tiling(cities: Cities, tmp_path: Path) -> None:
    chance = random.Random(3)
    tilesets = [(c / "tiles/buildings/tileset.json").read_bytes() for c in (cities.read, cities.tiled)]
    objects, done = {id for id, _ in state(cities.read)}, files(cities.tiled)
    at_work = 0
    for kill in range(KILLS // 2):
        folder = tmp_path / f"{kill}.twin"
        shutil.copytree(cities.read, folder)
        moment = chance.uniform(0.1, 1.0) * cities.seconds["tile"]
        at_work += interrupt(moment, bool(kill % 2), "tile", folder)
        tileset = folder / "tiles" / "buildings" / "tileset.json"
        assert tileset.read_bytes() in tilesets
        report = check_tileset(tileset)
        assert report.faults == []
        assert report.leaf_ids <= objects
        assert len(report.leaf_ids) > 800
        assert state(folder) == state(cities.read)
        build(folder)
        assert files(folder) == done
    assert at_work >= 3


def test_killed_while_tiling_and_started_again(cities: Cities, tmp_path: Path) -> None:
    """Kills without a run to the end between them leave no more behind than one."""
    chance = random.Random(4)
    folder = tmp_path / "again.twin"
    shutil.copytree(cities.read, folder)
    for _ in range(2):
        interrupt(chance.uniform(0.5, 1.0) * cities.seconds["tile"], False, "tile", folder)
    timed("tile", folder)
    assert files(folder) == files(cities.tiled)


def test_killed_while_changing_to_implicit_tiles(cities: Cities, tmp_path: Path) -> None:
    chance = random.Random(5)
    options = TileOptions(implicit=True)
    shutil.copytree(cities.read, tmp_path / "undisturbed.twin")
    build(tmp_path / "undisturbed.twin", ["buildings"], options)
    done = files(tmp_path / "undisturbed.twin")
    for kill in range(3):
        folder = tmp_path / f"{kill}.twin"
        shutil.copytree(cities.read, folder)
        moment = chance.uniform(0.4, 1.0) * cities.seconds["tile"]
        interrupt(moment, bool(kill % 2), "tile", folder, "buildings", "--implicit")
        report = check_tileset(folder / "tiles" / "buildings" / "tileset.json")
        assert report.faults == []
        assert len(report.leaf_ids) > 800
        build(folder, ["buildings"], options)
        assert files(folder) == done


def test_ctrl_c_while_reading_changes_nothing(cities: Cities, tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"
    shutil.copytree(cities.before, folder)
    lock = sqlite3.connect(folder / "twin.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    process = start("add", folder, cities.source)
    while not any(path.resolve().name == "twin.db" for path in Path(f"/proc/{process.pid}/fd").iterdir()):
        time.sleep(0.01)
    lock.execute("ROLLBACK")  # until now it has waited for the lock
    lock.close()
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    output, error = process.communicate(timeout=60)
    wait_for_workers(process.pid)
    assert (process.returncode, output) == (1, "")
    assert error == "twin: interrupted; nothing is left half done\n"
    assert state(folder) == state(cities.before)
    assert files(folder) == files(cities.before)
