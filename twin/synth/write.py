"""Writes the sample district: terrain, CityGML files by layer, drainage, code lists, sensors, a note."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from citygml.gml_writer import write_citygml
from citygml.model import CityObject
from twin.synth.blocks import make_designs
from twin.synth.bridges import bridge_objects
from twin.synth.buildings import building_objects
from twin.synth.codes import write_codelists
from twin.synth.drainage import make_network, swmm_input
from twin.synth.drape import Ground
from twin.synth.furniture import furniture_objects
from twin.synth.green import tree_objects
from twin.synth.land import land_objects, lawn_objects
from twin.synth.meters import write_meters
from twin.synth.pipes import manhole_objects, pipe_objects
from twin.synth.sensors import write_sensors
from twin.synth.streets import street_objects
from twin.synth.templates import make_templates
from twin.synth.terrain import CRS, make_terrain, write_terrain
from twin.synth.utility_gml import write_pipes
from twin.synth.water import water_objects

Progress = Callable[[str, int, int], None]
"""Called with what is being made, the steps done and the steps in all."""

README = """The sample district of CityTwin
===============================

An invented district like Busan Eco Delta City, between Pyeonggang stream and Maekdo river. Nothing in it
is a survey of the real place: streets, buildings and names are made by a generator. Same size and seed
give the same files.

buildings wanted: {buildings}    seed: {seed}
coordinates: EPSG:5187 (east, north), heights EPSG:5193, written EPSG:5187+5193

terrain.tif      ground, 2 m cells
buildings.gml    LoD2 (some LoD0, LoD1 and LoD3), parts, roof installations, balconies
roads.gml        streets, intersections, promenades, plazas     bridges.gml  bridges and the roads on them
water.gml        streams and ponds                              landuse.gml  parcels, banks, farmland
vegetation.gml   trees (implicit geometry) and lawns            furniture.gml  street furniture, manholes
utilities.gml    pipes (Utility Network ADE)                    drainage.inp   storm drains for SWMM 5
codelists/       names of the codes in the files
sensors/         stations.csv: where sensors are; readings.csv: two days of what they read, invented as well
meters/          the same for a year of hours of some buildings' meters of energy
"""


@dataclass(slots=True)
class District:
    """What was written. files: by layer, `terrain`, `drainage`, `stations`, `readings`, `meter_stations` and
    `meter_readings` among them; counts: objects by class."""

    folder: Path
    buildings: int
    seed: int
    files: dict[str, Path] = field(default_factory=dict)
    codelists: list[Path] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def make_ground(buildings: int, seed: int) -> Ground:
    """The plan, block designs and terrain of a district. Raises ValueError for less than one building."""
    if buildings < 1:
        raise ValueError(f"a district needs at least 1 building, not {buildings}")
    plan, designs = make_designs(buildings, seed)
    return Ground(plan, make_terrain(plan), designs)


def district_objects(ground: Ground) -> dict[str, Iterator[CityObject]]:
    """The city objects of each CityGML file (by its stem), generated while they are read."""
    network = make_network(ground)
    return {
        "buildings": building_objects(ground),
        "roads": street_objects(ground),
        "bridges": bridge_objects(ground),
        "water": water_objects(ground),
        "landuse": land_objects(ground),
        "vegetation": chain(tree_objects(ground), lawn_objects(ground)),
        "furniture": chain(furniture_objects(ground), manhole_objects(ground, network)),
        "utilities": pipe_objects(ground, network),
    }


def make_district(
    out_dir: str | Path, *, buildings: int = 300, seed: int = 7, progress: Progress | None = None
) -> District:
    """Make a district and write it into a folder (made if it is not there).

    The same number of buildings and seed give the same bytes. Raises ValueError for less than one building.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    district = District(folder, buildings, seed)
    steps = ["terrain", "buildings", "roads", "bridges", "water", "landuse", "vegetation", "furniture",
             "utilities", "drainage", "sensors", "meters"]  # fmt: skip

    def step(name: str) -> None:
        if progress is not None:
            progress(name, steps.index(name), len(steps))

    step("terrain")
    ground = make_ground(buildings, seed)
    district.files["terrain"] = folder / "terrain.tif"
    write_terrain(ground.terrain, district.files["terrain"])
    district.codelists = write_codelists(folder)
    templates = make_templates()
    west, south, east, north = ground.plan.world_bounds()
    for name, objects in district_objects(ground).items():
        step(name)
        path = folder / f"{name}.gml"
        counted = _counted(objects, district.counts)
        if name == "utilities":
            write_pipes(counted, path, CRS, (west, south, -10.0, east, north, 10.0))
        else:
            write_citygml(
                counted,
                path,
                version="2.0",
                srs_name=CRS,
                templates=templates,
                name=f"Sample district: {name}",
            )
        district.files[name] = path
    step("drainage")
    district.files["drainage"] = folder / "drainage.inp"
    text = swmm_input(make_network(ground), ground.plan)
    district.files["drainage"].write_text(text, encoding="utf-8", newline="\n")
    step("sensors")
    for path in write_sensors(ground, folder / "sensors"):
        district.files[path.stem] = path
    step("meters")
    for path in write_meters(ground, folder / "meters"):
        district.files[f"meter_{path.stem}"] = path
    note = README.format(buildings=buildings, seed=seed)
    (folder / "README.txt").write_text(note, encoding="utf-8", newline="\n")
    if progress is not None:
        progress("done", len(steps), len(steps))
    return district


def _counted(objects: Iterable[CityObject], counts: dict[str, int]) -> Iterator[CityObject]:
    for object_ in objects:
        counts[object_.type] = counts.get(object_.type, 0) + 1
        yield object_
