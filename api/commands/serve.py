"""`twin serve` and `twin demo`."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import Folder
from api.commands.output import progress
from twin.errors import TwinError

if TYPE_CHECKING:
    from twin.synth import District

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 for any free one.")]

_SPEED = 10
"""How fast the sample district's recorded readings are played."""
_LICENCE = "CC0-1.0 (made by twin demo)"
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
    from twin.ingest import AddOptions, add_files
    from twin.store import open_city
    from twin.synth import make_district

    source = folder / "source"
    _refuse_another_city(folder, source)
    with progress("Making the district") as step:
        district = make_district(
            source, buildings=buildings, seed=seed, progress=lambda name, n, all: step(name, n / all)
        )
    with progress("Reading") as step:
        files = [path for path in district.files.values() if path.suffix in (".gml", ".tif")]
        licensed = AddOptions(licence=_LICENCE)
        added = add_files(folder, files, licensed, progress=lambda n, _: step(f"{n:,} objects"))
    with progress("Reading meters"):
        _keep_meters(folder, district)
    _play_readings(folder, district)
    with open_city(folder) as city:
        city.set("name", "eco-delta-sample")
        city.set("title", json.dumps(_TITLE, ensure_ascii=False))
    with progress("Tiling") as step:
        reports = build(folder, progress=lambda name, n, all: step(f"{name} {n}/{all}", n / all))
    tiles = sum(r.tiles for r in reports)
    print(f"{folder}: {district.buildings} buildings, {added.counts.added:,} objects new, {tiles} tiles")
    if not no_serve:
        _run(folder, host, port)


def _keep_meters(folder: Path, district: District) -> None:
    """Keep the recorded year of some buildings' meters of energy."""
    from twin.observations.store import open_observations
    from twin.sources.sink import Sink
    from twin.sources.tables import read_csv, read_stations

    stations = read_stations(district.files["meter_stations"])
    readings = read_csv(district.files["meter_readings"], "Asia/Seoul", stations)
    with open_observations(folder) as observations:
        Sink(observations, "meters", "a year of meters, delivered together").write(readings.series)


def _play_readings(folder: Path, district: District) -> None:
    """Have the district's recorded readings played as if they happened now, only faster, judged by rules."""
    from twin.alerts import demo as rules
    from twin.observations.changes import Call
    from twin.observations.quality_rules import apply_suggestions
    from twin.observations.store import open_observations
    from twin.sources.service import FILE
    from twin.sources.sink import Sink
    from twin.sources.tables import read_csv, read_stations

    path = folder / FILE
    if path.exists():
        return
    readings = read_csv(district.files["readings"], "Asia/Seoul", read_stations(district.files["stations"]))
    with open_observations(folder) as observations:
        Sink(observations, "demo").prepare(readings.series)
        suggested = Call(lambda connection: apply_suggestions(connection, _SPEED), rules=True)
        observations.writer.submit(suggested).result()
        rules.install(observations, _SPEED)
    replay = {
        "name": "demo",
        "type": "replay",
        "file": district.files["readings"].relative_to(folder).as_posix(),
        "stations": district.files["stations"].relative_to(folder).as_posix(),
        "timezone": "Asia/Seoul",
        "speed": _SPEED,
        "backfill_hours": 48,
    }
    path.write_text(json.dumps([replay], indent=2) + "\n", encoding="utf-8")


def _refuse_another_city(folder: Path, source: Path) -> None:
    from twin.store import open_city

    if not (folder / "twin.db").exists():
        return
    with open_city(folder) as city:
        other = [s.path for s in city.sources() if not Path(s.path).is_relative_to(source.resolve())]
    if other:
        raise TwinError(f"{folder}: there is another city in it ({other[0]}); choose another --dir")


def _run(folder: Path, host: str, port: int) -> None:
    import socket

    import viewer
    from api.app import create_app
    from api.serving import make_server
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
    server = make_server(app)
    with suppress(KeyboardInterrupt):  # uvicorn has closed everything by then
        server.run(sockets=[listener])
