"""Values of the command line: what is converted without pydantic is what Typer would have made of it."""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperArgument, TyperOption
from typer.testing import CliRunner

from api.commands import values
from tests.unit.models import city, write
from tiles.build import build
from twin.ingest import add_files


class Colour(StrEnum):
    red = "red"
    blue = "blue"


seen: list[Any] = []


def command(
    paths: Annotated[list[Path] | None, typer.Argument()] = None,
    text: Annotated[str | None, typer.Option()] = None,
    several: Annotated[list[str] | None, typer.Option()] = None,
    count: Annotated[int, typer.Option(min=1, max=20)] = 3,
    share: Annotated[float | None, typer.Option(min=0.0)] = None,
    there: Annotated[Path | None, typer.Option(exists=True)] = None,
    colour: Annotated[Colour, typer.Option()] = Colour.red,
    flag: Annotated[bool, typer.Option("--flag")] = False,
) -> None:
    seen.append([paths, text, several, count, share, there, colour, flag])


def run(*arguments: str) -> tuple[int, str, list[str]]:
    """Exit code, output and the values, with their types."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command()(command)
    seen.clear()
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output, [repr(value) for value in seen]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a b /tmp",
        "--text 3 --several a --several 한글",
        "--count 7 --share 0.25 --flag",
        "--count -3",
        "--count 21",
        "--count seven",
        "--count 7.0",
        "--count ٣",
        "--share 1e-3",
        "--share -0.5",
        "--share nan",
        "--there /tmp",
        "--there /not/there",
        "--colour blue",
        "--colour BLUE",
        "--colour green",
    ],
)
def test_values_and_messages_are_typers_own(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = run(*line.split())
    with monkeypatch.context() as patch:
        for parameter in (TyperOption, TyperArgument):
            patch.setattr(parameter, "get_runtime_param", values.TYPERS[parameter])
        assert run(*line.split()) == ours
    assert ours[0] == 0 or "Invalid value" in ours[1]


def test_a_changed_building_is_tiled_without_what_takes_long_to_import(tmp_path: Path) -> None:
    boxes = {f"b{k}": (k * 20.0, 0.0, 5.0) for k in range(5)}
    source, folder = tmp_path / "s.json", tmp_path / "x.twin"
    add_files(folder, [write(source, city(boxes))])
    build(folder)
    changed = city(boxes, attributes={"b2": {"roofType": "1000"}})
    add_files(folder, [write(source, changed)])
    code = "import sys; from api.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, "tile", folder], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split("buildings")[1].split()[:2] == ["1", "2"], "one content and the tileset"
    heavy = {"fastapi", "pydantic", "rich", "pyproj", "shapely", "PIL", "rasterio", "scipy", "numpy.ma"}
    heavy |= {"multiprocessing", "concurrent.futures", "logging", "importlib.resources", "lxml", "numba"}
    assert not heavy & set(done.stderr.split())
