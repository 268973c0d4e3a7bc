"""`twin serve` and `twin demo`."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Folder
from api.commands.output import progress
from twin.errors import TwinError

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 for any free one.")]

_TITLE = {"ko": "에코델타 예시 지구", "en": "Eco Delta sample district"}


def register(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(demo)


def serve(
    folder: Folder,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Serve a city: viewer, tiles and API."""
    from twin.store import open_city

    open_city(folder).close()
    _run(folder, host, port)


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where to make it.")] = Path("demo.twin"),
    host: Host = "127.0.0.1",
    port: Port = 8000,
    buildings: Annotated[int, typer.Option(min=10, max=100_000, help="How large the district is.")] = 300,
    seed: Annotated[int, typer.Option(help="Another seed, another district.")] = 7,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Make and tile it, but do not serve.")] = False,
) -> None:
    """Make the sample district, read it in as anybody's data, tile it and serve it."""
    from tiles.build import build
    from twin.ingest import add_files
    from twin.store import open_city
    from twin.synth import make_district

    source = folder / "source"
    _refuse_another_city(folder, source)
    with progress("Making the district") as step:
        district = make_district(
            source, buildings=buildings, seed=seed, progress=lambda name, n, all: step(name, n / all)
        )
    with progress("Reading") as step:
        added = add_files(folder, [source], progress=lambda n, _: step(f"{n:,} objects"))
    with open_city(folder) as city:
        city.set("name", "eco-delta-sample")
        city.set("title", json.dumps(_TITLE, ensure_ascii=False))
        city.set("licence", "CC0-1.0 (made by twin demo)")
    with progress("Tiling") as step:
        reports = build(folder, progress=lambda name, n, all: step(f"{name} {n}/{all}", n / all))
    tiles = sum(r.tiles for r in reports)
    print(f"{folder}: {district.buildings} buildings, {added.counts.added:,} objects new, {tiles} tiles")
    if not no_serve:
        _run(folder, host, port)


def _refuse_another_city(folder: Path, source: Path) -> None:
    from twin.store import open_city

    if not (folder / "twin.db").exists():
        return
    with open_city(folder) as city:
        other = [s.path for s in city.sources() if not Path(s.path).is_relative_to(source.resolve())]
    if other:
        raise TwinError(f"{folder}: there is another city in it ({other[0]}); choose another --dir")


def _run(folder: Path, host: str, port: int) -> None:
    import uvicorn

    import viewer
    from api.app import create_app
    from api.settings import read_settings

    app = create_app(read_settings(folder))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise TwinError(f"cannot listen on {host}:{port}: {error.strerror}; try --port") from error
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104
    if ":" in shown:
        shown = f"[{shown}]"
    address = app.state.address = f"http://{shown}:{listener.getsockname()[1]}"
    if not (viewer.STATIC / "index.html").exists():
        print("the viewer is not built; run `make viewer`")
    print(f"CityTwin is at {address}/viewer/  (API: {address}/docs)", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    with suppress(KeyboardInterrupt):  # uvicorn has closed everything by then
        server.run(sockets=[listener])
