"""`twin scenario`: planned states of a city, edited from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.options import Folder, Json
from api.commands.output import emit, table

if TYPE_CHECKING:
    from twin.scenario import Scenarios

Which = Annotated[str, typer.Argument(metavar="SCENARIO", help="Its name, or its number in the list.")]
At = Annotated[
    str | None,
    typer.Option(metavar="LON,LAT[,H]", help="Where the origin of a GLB stands, above the ellipsoid."),
]


def register(app: typer.Typer) -> None:
    commands = typer.Typer(
        help="Scenarios: what is planned to come, to change and to go.", no_args_is_help=True
    )
    commands.command("list")(list_)
    commands.command()(create)
    commands.command()(show)
    commands.command()(add)
    commands.command()(remove)
    commands.command()(rename)
    commands.command()(delete)
    app.add_typer(commands, name="scenario")


def list_(folder: Folder, as_json: Json = False) -> None:
    """List the scenarios of a city, the newest first."""
    from twin.scenario import Scenarios
    from twin.store import open_city

    with open_city(folder) as city:
        found = Scenarios(city).all()
    rows = [(s.id, s.name, f"+{s.added} ~{s.changed} -{s.removed}", s.changed_at[:19]) for s in found]
    lines = table(rows) if rows else iter(["no scenarios"])
    emit({"scenarios": [s.as_dict() for s in found]}, as_json, lines)


def create(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="What people know it by.")],
    description: Annotated[str, typer.Option(help="What it is about.")] = "",
    as_json: Json = False,
) -> None:
    """Make an empty scenario."""
    from twin.scenario import Scenarios
    from twin.store import open_city

    with open_city(folder) as city:
        made = Scenarios(city).create(name, description)
    emit(made.as_dict(), as_json, iter([f"scenario {made.id}: {made.name}"]))


def show(folder: Folder, scenario: Which, as_json: Json = False) -> None:
    """Say what a scenario adds, changes and removes."""
    from twin.scenario import Scenarios
    from twin.store import open_city

    with open_city(folder) as city:
        scenarios = Scenarios(city)
        id = _find(scenarios, scenario)
        found, actions = scenarios.get(id), scenarios.actions(id)

    def lines() -> Iterator[str]:
        yield f"scenario {found.id}: {found.name}"
        if found.description:
            yield found.description
        yield from table([(action, name) for name, action in actions.items()])

    emit(found.as_dict() | {"objects": actions}, as_json, lines())


def add(
    folder: Folder,
    scenario: Which,
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CityGML, CityJSON, IFC, GLB, or GeoJSON outlines.", exists=True),
    ],
    height: Annotated[
        float | None, typer.Option(help="Of what stands on outlines [m]; else their property height.")
    ] = None,
    at: At = None,
    heading: Annotated[float, typer.Option(help="Of a GLB, clockwise from north [degrees].")] = 0.0,
    scale: Annotated[float, typer.Option(help="Metres in a unit of a GLB.")] = 1.0,
    id: Annotated[
        str, typer.Option(help="Of the object that a GLB or a single outline becomes.")
    ] = "planned",
    crs: Annotated[str | None, typer.Option(help="Coordinate system of a model that names none.")] = None,
    as_json: Json = False,
) -> None:
    """Add planned objects from a file, or change those of the same ids. Either all go in or none."""
    from api.commands.city import parse_anchor
    from twin.errors import TwinError
    from twin.scenario import Scenarios, objects_of_file, placed_mesh
    from twin.store import open_city

    with open_city(folder) as city:
        scenarios = Scenarios(city)
        number = _find(scenarios, scenario)
        if path.suffix.lower() == ".glb":
            if at is None:
                raise TwinError(f"{path}: say where it stands with --at LON,LAT")
            lon, lat, ground = parse_anchor(at)
            stands = ground if at.count(",") == 2 else None
            objects = [
                placed_mesh(
                    city, path.read_bytes(), lon, lat, height=stands, heading=heading, scale=scale, id=id
                )
            ]
        elif path.suffix.lower() == ".geojson":
            objects = list(_outlines(city, path, height, id))
        else:
            objects = objects_of_file(city, path, crs)
        scenarios.put(number, objects)
        found = scenarios.get(number)
    names = [obj.id for obj in objects]
    emit({"objects": names, **found.as_dict()}, as_json, iter([f"{len(names):,} objects in {found.name}"]))


def remove(
    folder: Folder,
    scenario: Which,
    objects: Annotated[list[str], typer.Argument(metavar="OBJECT...", help="Ids, with their parts.")],
    restore: Annotated[
        bool, typer.Option("--restore", help="Undo what the scenario does to them instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove objects of the city in a scenario, or take back what it added. The city keeps them."""
    from twin.scenario import Scenarios
    from twin.store import open_city

    with open_city(folder) as city:
        scenarios = Scenarios(city)
        id = _find(scenarios, scenario)
        (scenarios.restore if restore else scenarios.remove)(id, objects)
        found = scenarios.get(id)
    emit(found.as_dict(), as_json, iter([f"{found.name}: +{found.added} ~{found.changed} -{found.removed}"]))


def rename(
    folder: Folder,
    scenario: Which,
    name: Annotated[str, typer.Argument(help="The new name.")],
    as_json: Json = False,
) -> None:
    """Give a scenario another name."""
    from twin.scenario import Scenarios
    from twin.store import open_city

    with open_city(folder) as city:
        scenarios = Scenarios(city)
        found = scenarios.update(_find(scenarios, scenario), name)
    emit(found.as_dict(), as_json, iter([f"scenario {found.id}: {found.name}"]))


def delete(folder: Folder, scenario: Which, as_json: Json = False) -> None:
    """Delete a scenario. The city stays as it is."""
    from twin.scenario import Scenarios
    from twin.store import open_city

    with open_city(folder) as city:
        scenarios = Scenarios(city)
        found = scenarios.get(_find(scenarios, scenario))
        scenarios.delete(found.id)
    emit({"deleted": found.id}, as_json, iter([f"scenario {found.id} ({found.name}) is deleted"]))


def _find(scenarios: Scenarios, text: str) -> int:
    """The number of a scenario by its name, else by its number."""
    from twin.errors import EntityNotFound

    known = scenarios.all()
    for scenario in known:
        if scenario.name == text:
            return scenario.id
    if text.isdigit() and any(s.id == int(text) for s in known):
        return int(text)
    raise EntityNotFound(f"there is no scenario {text!r}; `twin scenario list` names them")


def _outlines(city: Any, path: Path, height: float | None, id: str) -> Iterator[Any]:
    """A building on each Polygon of a GeoJSON file; one by the id given, several by theirs or by number."""
    import json

    from twin.errors import TwinError
    from twin.scenario import planned_building

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        features = document["features"] if document["type"] == "FeatureCollection" else [document]
        given = [f if f["type"] == "Feature" else {"geometry": f, "properties": {}} for f in features]
        shapes = [(f["geometry"], f.get("properties") or {}, f.get("id")) for f in given]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TwinError(f"{path}: this is no GeoJSON") from None
    for number, (shape, properties, name) in enumerate(shapes, 1):
        tall = height if height is not None else properties.get("height")
        if not isinstance(tall, (int, float)) or not isinstance(shape, dict):
            raise TwinError(f"{path}: outline {number} has no height; give --height or a property height [m]")
        known = str(name or properties.get("id") or f"{id}-{number}") if len(shapes) > 1 else id
        yield planned_building(city, shape, float(tall), id=known)
