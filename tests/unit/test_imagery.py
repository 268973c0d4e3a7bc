"""The ground picture: what is drawn where, in which colour, and that the pyramid is whole."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.transform import from_origin

from citygml.crs import Georeference, choose_heights
from tiles import palette
from tiles.ground import Ground
from tiles.imagery import GroundShapes, ImageryReport, build_imagery
from twin.raster import open_dem

BOUNDS = (128.900, 35.100, 128.908, 35.107)


def square(west: float, south: float, side: float = 0.001) -> shapely.Polygon:
    return shapely.box(west, south, west + side, south + side)


LAKE_WITH_ISLAND = shapely.Polygon(
    square(128.9050, 35.1040, 0.002).exterior.coords, [square(128.9056, 35.1046, 0.0008).exterior.coords]
)
SHAPES = GroundShapes(
    landuse={"residential": [square(128.9020, 35.1020)], "unheard of": [square(128.9020, 35.1050)]},
    green=[square(128.9050, 35.1020)],
    water=[LAKE_WITH_ISLAND],
    roads=[shapely.LineString([(128.9005, 35.1036), (128.9075, 35.1036)])],
    parcels=[square(128.9031, 35.1020, 0.0008)],
    buildings=[square(128.9022, 35.1022, 0.0003), shapely.MultiPolygon([square(128.9026, 35.1026, 0.0003)])],
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImageryReport]:
    folder = tmp_path_factory.mktemp("imagery") / "imagery"
    return folder, build_imagery(SHAPES, folder, bounds=BOUNDS, max_level=18)


def pixel(folder: Path, style: str, level: int, longitude: float, latitude: float) -> np.ndarray:
    x = (longitude + 180) / 360 * 2**level
    y = (0.5 - math.asinh(math.tan(math.radians(latitude))) / (2 * math.pi)) * 2**level
    path = folder / style / str(level) / str(int(x)) / f"{int(y)}.webp"
    with Image.open(path) as image:
        assert image.size == (256, 256)
        return np.array(image.convert("RGB"))[int(y % 1 * 256), int(x % 1 * 256)]


@pytest.mark.parametrize("style", ["light", "dark"])
def test_each_class_has_its_colour_at_its_place(built: tuple[Path, ImageryReport], style: str) -> None:
    folder, _ = built
    look = palette.STYLES[style]
    places = [
        (128.9029, 35.1022, palette.landuse_class("residential")),
        (128.9025, 35.1055, palette.landuse_class("other")),
        (128.9055, 35.1025, palette.GREEN),
        (128.9060, 35.1050, palette.BACKGROUND),  # the island
        (128.9040, 35.1036, palette.ROAD),
        (128.90235, 35.10235, palette.BUILDING),
        (128.90275, 35.10275, palette.BUILDING),
        (128.9012, 35.1055, palette.BACKGROUND),
        (128.9035, 35.1024, palette.BACKGROUND),  # inside a parcel, of which only the outline is drawn
    ]
    for longitude, latitude, number in places:
        assert np.abs(pixel(folder, style, 18, longitude, latitude) - look[number].astype(int)).max() <= 2
    water = pixel(folder, style, 18, 128.9053, 35.1050).astype(int)
    between = np.sort([look[palette.WATER], palette.DEEP_WATER[style]], axis=0)
    assert (between[0] - 2 <= water).all() and (water <= between[1] + 2).all()


def test_the_foot_of_a_building_is_shaded(built: tuple[Path, ImageryReport]) -> None:
    folder, _ = built
    foot = pixel(folder, "light", 18, 128.902525 - 0.0000083, 35.10235).astype(int).sum()
    yard = pixel(folder, "light", 18, 128.9029, 35.1022).astype(int).sum()
    assert foot < yard - 10


def test_the_pyramid_is_whole_and_described(built: tuple[Path, ImageryReport]) -> None:
    folder, report = built
    described = json.loads((folder / "imagery.json").read_text())
    assert described["scheme"] == "webmercator" and described["extension"] == "webp"
    assert (described["min_level"], described["max_level"]) == (report.min_level, report.max_level)
    west, south, east, north = described["bounds"]
    assert west < BOUNDS[0] and south < BOUNDS[1] and east > BOUNDS[2] and north > BOUNDS[3]
    assert described["background"]["light"] == "#" + bytes(palette.STYLES["light"][0].tolist()).hex()
    files = list(folder.rglob("*.webp"))
    assert len(files) == report.tiles and sum(f.stat().st_size for f in files) == report.bytes
    for style in described["styles"]:
        for level in range(report.min_level, report.max_level + 1):
            n = 2**level
            x0, x1 = (int((v + 180) / 360 * n) for v in (west, east))
            y0, y1 = (
                int((0.5 - math.asinh(math.tan(math.radians(v))) / (2 * math.pi)) * n) for v in (north, south)
            )
            expected = {(x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)}
            found = {(int(f.parent.name), int(f.stem)) for f in (folder / style / str(level)).rglob("*.webp")}
            assert found == expected


def test_parents_are_the_mean_of_their_children(built: tuple[Path, ImageryReport]) -> None:
    folder, report = built
    checked = 0
    for level in range(report.min_level, report.max_level):
        for path in (folder / "light" / str(level)).rglob("*.webp"):
            x, y = int(path.parent.name), int(path.stem)
            children = [
                [folder / "light" / str(level + 1) / str(2 * x + i) / f"{2 * y + j}.webp" for i in (0, 1)]
                for j in (0, 1)
            ]
            if not all(child.exists() for row in children for child in row):
                continue
            whole = np.vstack([np.hstack([np.array(Image.open(c), int) for c in row]) for row in children])
            mean = whole.reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
            assert np.abs(mean - np.array(Image.open(path), int)).max() <= 1.0
            checked += 1
    assert checked >= 4


def test_the_border_fades_into_the_background(built: tuple[Path, ImageryReport], tmp_path: Path) -> None:
    everywhere = GroundShapes(green=[shapely.box(128, 35, 129, 36)])
    report = build_imagery(everywhere, tmp_path / "green", bounds=BOUNDS, styles=("light",), max_level=17)
    west, south, east, north = report.bounds
    look = palette.STYLES["light"].astype(int)
    middle = ((west + east) / 2, (south + north) / 2)
    assert np.abs(pixel(tmp_path / "green", "light", 17, *middle) - look[palette.GREEN]).max() <= 1
    edge = pixel(tmp_path / "green", "light", 17, west + 1e-6, middle[1])
    assert np.abs(edge - look[palette.BACKGROUND]).max() <= 1
    assert not (tmp_path / "green" / "dark").exists()


def test_relief_shades_the_slope_away_from_the_light(tmp_path: Path) -> None:
    x, y = np.meshgrid(195000 + 5 * np.arange(300), 279000 - 5 * np.arange(300))
    values = (80 * np.exp(-((x - 195750) ** 2 + (y - 278250) ** 2) / (2 * 150.0**2))).astype(np.float32)
    with rasterio.open(
        tmp_path / "hill.tif", "w", driver="GTiff", width=300, height=300, count=1, dtype="float32",
        crs="EPSG:5187", transform=from_origin(195000, 279000, 5, 5),
    ) as file:  # fmt: skip
        file.write(values, 1)
    dem = open_dem(tmp_path / "hill.tif")
    reference = Georeference(dem.crs, choose_heights(dem.crs, np.reshape(dem.bounds, (2, 2))))
    ground, folder = Ground(dem, reference), tmp_path / "relief"
    build_imagery(
        GroundShapes(), folder, bounds=ground.bounds, ground=ground, styles=("light",), max_level=16
    )

    def brightness(dx: float, dy: float) -> int:
        lon, lat, _ = reference.to_geographic([[195750 + dx, 278250 + dy, 0.0]])[0]
        return int(pixel(folder, "light", 16, lon, lat).astype(int).sum())

    flat, lit, dark = brightness(500, 500), brightness(-100, 100), brightness(100, -100)
    assert lit > flat + 5 and dark < flat - 60


def test_the_same_input_gives_the_same_bytes(built: tuple[Path, ImageryReport], tmp_path: Path) -> None:
    folder, report = built
    calls: list[tuple[int, int]] = []
    again = build_imagery(
        SHAPES,
        tmp_path / "again",
        bounds=BOUNDS,
        max_level=18,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert again == report
    assert calls and calls[-1][0] == calls[-1][1] == len(calls)

    def digests(root: Path) -> dict[str, str]:
        return {
            str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(root.rglob("*"))
            if p.is_file()
        }

    assert digests(folder) == digests(tmp_path / "again")


def test_a_city_without_shapes_is_a_plain_ground(tmp_path: Path) -> None:
    report = build_imagery(GroundShapes(), tmp_path / "empty", bounds=BOUNDS, max_level=16)
    assert report.tiles > 0
    for path in (tmp_path / "empty" / "dark").rglob("*.webp"):
        assert (np.array(Image.open(path)) == palette.STYLES["dark"][0]).all()


def test_broken_and_mixed_geometries_do_not_stop_the_drawing(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(128.902, 35.102), (128.904, 35.104), (128.904, 35.102), (128.902, 35.104)])
    mixed = shapely.GeometryCollection([square(128.905, 35.105), shapely.Point(128.9, 35.1)])
    endless = shapely.LineString([(128.901, 35.101), (math.inf, 35.2)])
    shapes = GroundShapes(
        green=[bow_tie, mixed, shapely.Polygon()], roads=[endless], parcels=[endless, mixed]
    )
    assert build_imagery(shapes, tmp_path / "odd", bounds=BOUNDS, styles=("light",), max_level=16).tiles > 0
    colour = palette.STYLES["light"][palette.GREEN].astype(int)
    assert np.abs(pixel(tmp_path / "odd", "light", 16, 128.9055, 35.1055) - colour).max() <= 2
