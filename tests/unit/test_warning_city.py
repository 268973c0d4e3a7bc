"""Roads, shelters, sub-basins and ways out of the sample district."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from analysis.context import Context
from analysis.scene import flood_scene
from analysis.scene.elevation import elevation
from analysis.scene.grid import Grid, Plane, make_grid, plane_of
from analysis.scene.outlines import Outline, buildings
from analysis.warning.area import area_of, read_area, write_area
from analysis.warning.city import bridges, points, roads, shelters
from analysis.warning.handover import stations
from analysis.warning.library_model import MODEL as LIBRARY
from analysis.warning.routes import evacuate, network
from twin.ingest import add_files
from twin.store import open_city
from twin.synth.write import make_district


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A district of 160 buildings; two of them are schools, two sports halls, and one is for culture."""
    made = make_district(tmp_path_factory.mktemp("warning") / "source", buildings=160, seed=7)
    city = tmp_path_factory.getbasetemp() / "warning.twin"
    add_files(city, [made.files[name] for name in ("terrain", "buildings", "roads", "bridges")])
    return city


@pytest.fixture(scope="module")
def known(folder: Path) -> tuple[Grid, Plane, list[Outline], list[shapely.Geometry], np.ndarray]:
    with open_city(folder) as city:
        plane = plane_of(city)
        grid = make_grid(city, plane, 4.0)
        ground = elevation(city, grid, plane).heights
        return grid, plane, buildings(city, plane), roads(city, plane, grid.bounds), ground


def test_every_building_walks_to_a_shelter_over_roads(known) -> None:
    grid, _, houses, streets, _ = known
    safe = shelters(houses)
    assert len(safe) == 5
    net = network(grid, streets, 0.0, np.zeros(grid.shape, np.float32))
    assert 0.02 < net.passable.mean() < 0.6
    origins, places = points(houses), points(safe)
    routes = evacuate(net, origins, places, reach=200.0)
    reached = [r for r in routes if r.destination is not None]
    assert len(reached) >= 0.9 * len(houses)
    ways = shapely.buffer(shapely.union_all(streets), 1.5 * grid.cell_size)
    for route in reached:
        straight = np.hypot(*(origins[route.origin] - places[route.destination]))
        assert route.length >= straight - 1e-6
        inner = shapely.LineString(route.line[1:-1]) if len(route.line) > 3 else None
        assert inner is None or shapely.covers(ways, inner)


def test_water_across_the_district_cuts_ways_that_a_bridge_keeps(known, folder: Path) -> None:
    grid, plane, houses, streets, _ = known
    water = np.zeros(grid.shape, np.float32)
    row = grid.rows // 2
    water[row - 8 : row + 8] = 1.0
    north = [p for p in points(houses) if grid.cells([p])[0, 0] < row - 12]
    south = [p for p in points(houses) if grid.cells([p])[0, 0] > row + 12]
    assert north and south
    routes = evacuate(network(grid, streets, 0.0, water), north[:5], south, reach=200.0)
    assert all(r.destination is None and "deeper than 0.3 m" in r.why for r in routes)
    across = shapely.box(grid.west, grid.bounds[1], grid.bounds[2], grid.north)
    kept = evacuate(network(grid, streets, 0.0, water, bridges=[across]), north[:5], south, reach=200.0)
    assert all(r.destination is not None for r in kept)
    with open_city(folder) as city:
        decks = bridges(city, plane)
    assert decks and all(shape.area > 0 for shape in decks)


def test_the_area_of_the_district_can_be_kept_and_read_again(folder: Path, tmp_path: Path) -> None:
    with open_city(folder) as city:
        scene = flood_scene(city, 8.0, holes="fill")
        area = area_of(city, scene, blocked=True, basin_area=20_000.0)
    assert len(area.basins) >= 3
    assert sum(basin.area for basin in area.basins) == area.basin.size * 64.0
    assert all(p.longitude and 128.8 < p.longitude < 129.1 for p in stations(area.basins))
    for basin in area.basins:
        outline = shapely.geometry.shape(basin.outline)
        assert outline.contains(shapely.Point(basin.point))
    assert area.shelters and set(area.shelters) <= set(range(len(area.ids)))
    assert not (area.open_ground & (area.building > 0)).any()
    centre = np.array([[(scene.grid.bounds[0] + scene.grid.bounds[2]) / 2, scene.grid.bounds[1] + 10.0]])
    exact = scene.plane.source.to_geographic(np.column_stack([centre, [0.0]]))[0]
    assert area.way(centre)[0] == pytest.approx(exact[:2].tolist(), abs=3e-7)  # 3 cm
    context = Context(LIBRARY, folder, tmp_path)
    write_area(context, area)
    again = read_area(tmp_path)
    for name, value in vars(area).items():
        kept = getattr(again, name)
        if isinstance(value, np.ndarray):
            assert np.allclose(kept, value, atol=0.006, equal_nan=True), name
        elif name == "basins":
            assert [b.number for b in kept] == [b.number for b in value]
        else:
            assert kept == value, name
