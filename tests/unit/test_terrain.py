"""Rasters, the triangulation, and the terrain pyramid read back by a decoder of its own."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from citygml.crs import Georeference, choose_heights, geographic_to_ecef, parse
from citygml.geoid import undulation
from tiles import rtin
from tiles.ground import Ground
from tiles.terrain import TerrainReport, build_terrain, tile_bounds
from twin.errors import RasterError
from twin.raster import Dem, open_dem

NANAIMO = "citygml/utility-network-nanaimo/Nanaimo_DEM1.tif"
BIJOU = "terrain/landlab/docs/source/tutorials/terrain_analysis/chi_finder/west_bijou_escarpment_snippet.asc"


@dataclass
class Mesh:
    """A decoded tile: lon, lat, height (n, 3), triangles (t, 3), normals (n, 3), and its header."""

    llh: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray
    edges: list[np.ndarray]
    normals: np.ndarray
    center: np.ndarray
    low: float
    high: float
    sphere: np.ndarray
    horizon: np.ndarray

    def height_at(self, uv: np.ndarray) -> np.ndarray:
        """The height of the surface at one point (2,) of the unit square."""
        a, b, c = (self.uv[self.triangles[:, k]] for k in range(3))
        area = np.cross(
            np.column_stack([b - a, np.zeros(len(a))]), np.column_stack([c - a, np.zeros(len(a))])
        )[:, 2]

        def part(p: np.ndarray, q: np.ndarray) -> np.ndarray:
            return (p[:, 0] - uv[0]) * (q[:, 1] - uv[1]) - (p[:, 1] - uv[1]) * (q[:, 0] - uv[0])

        weights = np.stack([part(b, c), part(c, a), part(a, b)], axis=1) / area[:, None]
        best = weights.min(axis=1).argmax()
        assert weights[best].min() > -1e-6
        return weights[best] @ self.llh[self.triangles[best], 2]


def decode(content: bytes, bounds: tuple[float, float, float, float]) -> Mesh:
    header = struct.unpack_from("<3d2f4d3d", content)
    low, high = header[3:5]
    (count,) = struct.unpack_from("<I", content, 88)
    offset = 92
    zigzag = np.frombuffer(content, "<u2", 3 * count, offset).astype(np.int64).reshape(3, count)
    u, v, h = np.cumsum((zigzag >> 1) ^ -(zigzag & 1), axis=1)
    offset += 6 * count
    (triangle_count,) = struct.unpack_from("<I", content, offset)
    codes = np.frombuffer(content, "<u2", 3 * triangle_count, offset + 4)
    offset += 4 + 6 * triangle_count
    indices, highest = np.empty(len(codes), np.int64), 0
    for i, code in enumerate(codes.tolist()):
        indices[i] = highest - code
        highest += code == 0
    edges = []
    for _ in range(4):
        (length,) = struct.unpack_from("<I", content, offset)
        edges.append(np.frombuffer(content, "<u2", length, offset + 4).astype(np.int64))
        offset += 4 + 2 * length
    extension, size = struct.unpack_from("<BI", content, offset)
    assert (extension, size) == (1, 2 * count)
    oct_xy = np.frombuffer(content, "u1", 2 * count, offset + 5).reshape(count, 2) / 255 * 2 - 1
    assert offset + 5 + size == len(content)
    z = 1 - np.abs(oct_xy).sum(axis=1)
    fold = np.maximum(-z, 0)[:, None]
    xy = oct_xy - np.where(oct_xy >= 0, fold, -fold)
    normals = np.column_stack([xy, z])
    west, south, east, north = bounds
    uv = np.column_stack([u, v]) / 32767
    llh = np.column_stack(
        [west + uv[:, 0] * (east - west), south + uv[:, 1] * (north - south), low + h / 32767 * (high - low)]
    )
    return Mesh(
        llh=llh,
        uv=uv,
        triangles=indices.reshape(-1, 3),
        edges=edges,
        normals=normals / np.linalg.norm(normals, axis=1, keepdims=True),
        center=np.array(header[:3]),
        low=low,
        high=high,
        sphere=np.array(header[5:9]),
        horizon=np.array(header[9:]),
    )


def georeference(dem: Dem) -> Georeference:
    return Georeference(dem.crs, choose_heights(dem.crs, np.reshape(dem.bounds, (2, 2))))


def load(folder: Path) -> dict[tuple[int, int, int], Mesh]:
    tiles = {}
    for path in folder.rglob("*.terrain"):
        level, x, y = int(path.parts[-3]), int(path.parts[-2]), int(path.stem)
        tiles[level, x, y] = decode(path.read_bytes(), tile_bounds(level, x, y))
    return tiles


def write_dem(
    path: Path, values: np.ndarray, *, west: float, north: float, cell: float, crs: str | None
) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=values.shape[1],
        height=values.shape[0],
        count=1,
        dtype=values.dtype,
        crs=crs,
        transform=from_origin(west, north, cell, cell),
        nodata=-9999,
    ) as file:
        file.write(values, 1)
    return path


def stop(done: int, total: int) -> None:
    if done > total // 2:
        raise KeyboardInterrupt


def hill(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A smooth hill near Busan in EPSG:5187, 60 m high on a gentle slope."""
    return 60 * np.exp(-((x - 196000) ** 2 + (y - 281000) ** 2) / (2 * 180.0**2)) + (x - 196000) * 0.01 + 20


@pytest.fixture(scope="module")
def hill_dem(tmp_path_factory: pytest.TempPathFactory) -> Dem:
    x, y = np.meshgrid(195200 + 5 * (np.arange(320) + 0.5), 281800 - 5 * (np.arange(320) + 0.5))
    values = hill(x, y).astype(np.float32)
    values[40:60, 40:70] = -9999  # a hole in the flat north-west
    path = tmp_path_factory.mktemp("dem") / "hill.tif"
    return open_dem(write_dem(path, values, west=195200, north=281800, cell=5, crs="EPSG:5187"))


@pytest.fixture(scope="module")
def hill_terrain(hill_dem: Dem, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TerrainReport]:
    folder = tmp_path_factory.mktemp("terrain") / "terrain"
    return folder, build_terrain(hill_dem, folder, georeference(hill_dem), max_error=0.2)


# ---- rasters


def test_geotiff_and_asc_are_described(data: Path) -> None:
    dem = open_dem(data / NANAIMO)
    assert (dem.crs.name, dem.width, dem.height) == ("EPSG:26910", 1364, 1104)
    assert dem.resolution == pytest.approx(18.9997, abs=1e-3)
    asc = open_dem(data / BIJOU, crs=parse("EPSG:4269"))
    assert asc.crs.is_geographic and 20 < asc.resolution < 31
    values = asc.read(0, 0, asc.height, asc.width)
    rows = (data / BIJOU).read_text().split("\n")[6:]
    np.testing.assert_array_equal(values[0], np.array(rows[0].split(), np.float32))


def test_no_data_is_nan_and_windows_may_reach_outside(data: Path) -> None:
    dem = open_dem(data / NANAIMO)
    whole = dem.read(0, 0, dem.height, dem.width)
    assert np.isnan(whole).mean() == pytest.approx(0.0264, abs=1e-3) and np.nanmin(whole) == 0
    window = dem.read(-2, -3, 10, 10)
    assert np.isnan(window[:2]).all() and np.isnan(window[:, :3]).all()
    np.testing.assert_array_equal(window[2:, 3:], whole[:8, :7])
    coarse = dem.read(10, 20, 4, 4, factor=4)
    means = whole[40:56, 80:96].reshape(4, 4, 4, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(coarse, means, atol=0.51)  # GDAL averages whole metres to whole metres


def test_samples_are_bilinear(hill_dem: Dem) -> None:
    random = np.random.default_rng(0)
    xy = np.column_stack([random.uniform(195700, 196600, 500), random.uniform(280500, 281400, 500)])
    np.testing.assert_allclose(hill_dem.sample(xy), hill(*xy.T), atol=0.02)
    assert np.isnan(hill_dem.sample([[0.0, 0.0]])).all()
    assert np.isfinite(hill_dem.sample([[195200.0, 281800.0]])).all()  # the very corner
    assert np.isnan(hill_dem.sample([[195200 + 5 * 55, 281800 - 5 * 50]])).all()  # in the hole


def test_unusable_rasters_are_refused_in_one_line(data: Path, tmp_path: Path) -> None:
    with pytest.raises(RasterError, match="no coordinate system; name it with --crs"):
        open_dem(data / BIJOU)
    (tmp_path / "not.tif").write_text("no raster")
    with pytest.raises(RasterError, match="not an elevation raster") as raised:
        open_dem(tmp_path / "not.tif")
    assert "\n" not in str(raised.value)
    flat = np.zeros((4, 4), np.float32)
    far = write_dem(tmp_path / "far.tif", flat, west=9e6, north=9e6, cell=1, crs="EPSG:5187")
    with pytest.raises(RasterError, match="outside the area"):
        open_dem(far)
    with rasterio.open(
        tmp_path / "rgb.tif", "w", driver="GTiff", width=2, height=2, count=3, dtype="uint8", crs="EPSG:5187",
        transform=from_origin(195000, 281000, 1, 1),
    ) as file:  # fmt: skip
        file.write(np.zeros((3, 2, 2), np.uint8))
    with pytest.raises(RasterError, match="an image"):
        open_dem(tmp_path / "rgb.tif")
    empty = write_dem(tmp_path / "empty.tif", flat - 9999, west=195000, north=281000, cell=1, crs="EPSG:5187")
    dem = open_dem(empty)
    with pytest.raises(RasterError, match="no heights"):
        build_terrain(dem, tmp_path / "out", georeference(dem))
    assert not (tmp_path / "out").exists()
    with pytest.raises(KeyboardInterrupt):
        build_terrain(  # stopped half way
            open_dem(
                write_dem(tmp_path / "flat.tif", flat, west=195000, north=281000, cell=1, crs="EPSG:5187")
            ),
            tmp_path / "out",
            georeference(dem),
            progress=stop,
        )
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == []


# ---- triangulation


@given(seed=st.integers(0, 2**32 - 1), rough=st.floats(0, 3), error=st.floats(0.05, 5))
@settings(max_examples=25, deadline=None)
def test_triangulation_covers_the_tile_within_the_error(seed: int, rough: float, error: float) -> None:
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, 65), np.linspace(0, 1, 65))
    a, b, c = random.uniform(0, 8, 3)
    heights = 40 * np.sin(a * x + c) * np.cos(b * y) + random.normal(0, 1, x.shape) * rough
    surfaces, kept = rtin.simplify(heights[None], error, np.zeros(2))
    triangles = rtin.triangles_of(kept[0])
    columns, rows = triangles % 65, triangles // 65
    area = (columns[:, 1] - columns[:, 0]) * (rows[:, 2] - rows[:, 0]) - (columns[:, 2] - columns[:, 0]) * (
        rows[:, 1] - rows[:, 0]
    )
    assert (area > 0).all() and area.sum() == 2 * 64 * 64
    assert set(np.unique(triangles)) == set(np.flatnonzero(kept[0].ravel()))
    # No vertex lies on the side of another triangle: every inner side belongs to two of them.
    sides = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(sides, axis=0, return_counts=True)
    border = ((unique // 65 == 0).all(1) | (unique // 65 == 64).all(1)
              | (unique % 65 == 0).all(1) | (unique % 65 == 64).all(1))  # fmt: skip
    assert (counts[~border] == 2).all() and (counts[border] == 1).all()
    mesh = _flat_mesh(surfaces[0], triangles)
    for _ in range(40):
        i, j = random.integers(0, 65, 2)
        assert abs(mesh.height_at(np.array([i, j]) / 64) - heights[j, i]) <= error + 1e-3


def _flat_mesh(surface: np.ndarray, triangles: np.ndarray) -> Mesh:
    grid = np.arange(65 * 65)
    uv = np.column_stack([grid % 65, grid // 65]) / 64
    nothing = np.zeros(3)
    llh = np.column_stack([uv, surface.ravel()])
    return Mesh(llh, uv, triangles, [], nothing, nothing, 0, 0, nothing, nothing)


def test_a_flat_tile_is_two_triangles() -> None:
    _, kept = rtin.simplify(np.full((3, 65, 65), 7.0), 0.1, np.zeros(2))
    assert [len(rtin.triangles_of(k)) for k in kept] == [2, 2, 2]


# ---- the pyramid


def test_available_equals_the_files(hill_terrain: tuple[Path, TerrainReport]) -> None:
    folder, report = hill_terrain
    layer = json.loads((folder / "layer.json").read_text())
    assert layer["format"] == "quantized-mesh-1.0" and layer["scheme"] == "tms"
    assert layer["extensions"] == ["octvertexnormals"] and report.version in layer["tiles"][0]
    available = {
        (level, x, y)
        for level, ranges in enumerate(layer["available"])
        for r in ranges
        for x in range(r["startX"], r["endX"] + 1)
        for y in range(r["startY"], r["endY"] + 1)
    }
    files = {(int(p.parts[-3]), int(p.parts[-2]), int(p.stem)) for p in folder.rglob("*.terrain")}
    assert files == available and len(files) == report.tiles
    assert layer["maxzoom"] == report.levels - 1 == max(level for level, _, _ in files)
    assert {(0, 0, 0), (0, 1, 0)} <= files
    for level, x, y in files:
        assert level == 0 or (level - 1, x // 2, y // 2) in files
        siblings = {(level, x ^ i, y ^ j) for i in (0, 1) for j in (0, 1)}
        assert level == 0 or siblings <= files
    assert report.bytes == sum(p.stat().st_size for p in folder.rglob("*.terrain"))
    assert not folder.with_name("terrain.partial").exists() and not folder.with_name("terrain.old").exists()


def test_heights_are_ellipsoidal_and_within_the_error(
    hill_dem: Dem, hill_terrain: tuple[Path, TerrainReport]
) -> None:
    folder, report = hill_terrain
    tiles, reference = load(folder), georeference(hill_dem)
    random = np.random.default_rng(3)
    finest = report.levels - 1
    assert report.errors[-1] == 0.2
    checked = 0
    for (level, _, _), mesh in tiles.items():
        if level != finest:
            continue
        for uv in random.random((20, 2)):
            west, south = mesh.llh[:, :2].min(axis=0)
            lon, lat = np.array([west, south]) + uv * np.ptp(mesh.llh[:, :2], axis=0)
            x, y, _ = reference.from_geographic([[lon, lat, 0.0]])[0]
            if not (195210 < x < 196790 and 280210 < y < 281790) or np.isnan(hill_dem.sample([[x, y]])[0]):
                continue
            expected = hill(x, y) + float(undulation(lon, lat))
            # 0.2 m from the samples, which lie about 5 m apart on a hill that bends 60 m / (180 m)^2.
            assert abs(mesh.height_at(uv) - expected) < 0.2 + 60 / 180**2 * 6**2 / 4
            checked += 1
    assert checked > 100


def test_a_hole_is_filled_smoothly(hill_dem: Dem) -> None:
    ground = Ground(hill_dem, georeference(hill_dem))
    x, y = 195200 + 5 * 55.0, 281800 - 5 * 50.0
    lon, lat, _ = ground.georeference.to_geographic([[x, y, 0.0]])[0]
    height = ground.heights(np.array([lon]), np.array([lat]), 5.0)[0, 0]
    assert abs(height - float(undulation(lon, lat)) - hill(x, y)) < 1.0


def test_neighbours_share_their_edges(hill_terrain: tuple[Path, TerrainReport]) -> None:
    tiles = load(hill_terrain[0])
    seams = 0
    for (level, x, y), mesh in tiles.items():
        for other, mine, theirs, along in (((level, x + 1, y), 2, 0, 1), ((level, x, y + 1), 3, 1, 0)):
            neighbour = tiles.get(other)
            if neighbour is None:
                continue
            quantum = (mesh.high - mesh.low + neighbour.high - neighbour.low) / 32767
            a, b = mesh.llh[mesh.edges[mine]], neighbour.llh[neighbour.edges[theirs]]
            a, b = a[np.argsort(a[:, along])], b[np.argsort(b[:, along])]
            at = np.union1d(a[:, along], b[:, along])
            difference = np.interp(at, a[:, along], a[:, 2]) - np.interp(at, b[:, along], b[:, 2])
            assert np.abs(difference).max() <= 2 * quantum + 1e-3, (level, x, y, other)
            seams += 1
    assert seams > 50


def test_headers_and_normals(hill_terrain: tuple[Path, TerrainReport]) -> None:
    tiles = load(hill_terrain[0])
    for (level, x, y), mesh in tiles.items():
        ecef = geographic_to_ecef(mesh.llh)
        assert np.linalg.norm(ecef - mesh.sphere[:3], axis=1).max() <= mesh.sphere[3] + 1.0
        corners = mesh.triangles
        cross = np.cross(
            np.column_stack([mesh.uv[corners[:, 1]] - mesh.uv[corners[:, 0]], np.zeros(len(corners))]),
            np.column_stack([mesh.uv[corners[:, 2]] - mesh.uv[corners[:, 0]], np.zeros(len(corners))]),
        )[:, 2]
        assert (cross > 0).all() and cross.sum() == pytest.approx(2.0, abs=1e-4)
        for edge, (axis, value) in zip(mesh.edges, ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
            assert set(edge) == set(np.flatnonzero(mesh.uv[:, axis] == value))
        up = geographic_to_ecef(mesh.llh + [0, 0, 1.0]) - ecef
        assert ((mesh.normals * up).sum(axis=1) > 0.5).all()
        if level > 6:
            # The horizon point rises above the ellipsoid, but not far for a small tile.
            assert 1.0 <= np.linalg.norm(mesh.horizon) < 1.1
        assert (level, x, y) in tiles


def test_normals_lean_away_from_the_hill(hill_dem: Dem, hill_terrain: tuple[Path, TerrainReport]) -> None:
    folder, report = hill_terrain
    reference = georeference(hill_dem)
    frame = reference.local_frame([196000.0, 281000.0, 80.0])
    checked = 0
    for (level, _, _), mesh in load(folder).items():
        if level != report.levels - 1:
            continue
        local = frame.from_ecef(geographic_to_ecef(mesh.llh))
        near = (np.hypot(local[:, 0], local[:, 1]) < 250) & (np.hypot(local[:, 0], local[:, 1]) > 60)
        leaning = mesh.normals[near] @ frame.matrix[:3, :3]
        xy = local[near, :2]
        # dz/dx of the hill is -60 x / 180^2 exp(...) + 0.01.
        bell = 60 / 180**2 * np.exp(-(xy**2).sum(axis=1) / (2 * 180**2))
        slope = np.column_stack([-bell * xy[:, 0] + 0.01, -bell * xy[:, 1]])
        expected = np.column_stack([-slope, np.ones(len(xy))])
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        assert ((leaning * expected).sum(axis=1) > np.cos(np.radians(2))).all()
        checked += int(near.sum())
    assert checked > 50


def test_far_away_is_sea_level_and_nothing_is_a_cliff(hill_dem: Dem) -> None:
    ground = Ground(hill_dem, georeference(hill_dem))
    lon, lat = 2.35, 48.85
    far = ground.heights(np.array([lon]), np.array([lat]), 1e4)[0, 0]
    assert far == pytest.approx(float(undulation(lon, lat)), abs=1e-6)
    west, _, east, _ = ground.bounds
    latitude = np.array([(ground.bounds[1] + ground.bounds[3]) / 2])
    longitude = np.linspace(west - 1.5, east + 1.5, 6001)
    profile = ground.heights(longitude, latitude, 50.0)[0]
    step = (longitude[1] - longitude[0]) * 91_000
    assert np.isfinite(profile).all()
    assert np.abs(np.diff(profile)).max() / step < 0.25  # the hill itself is as steep as 0.2
    assert profile[0] == pytest.approx(float(undulation(longitude[0], latitude[0])), abs=0.01)


def test_the_same_input_gives_the_same_bytes(hill_dem: Dem, hill_terrain: tuple[Path, TerrainReport],
                                             tmp_path: Path) -> None:  # fmt: skip
    folder, report = hill_terrain
    again = build_terrain(hill_dem, tmp_path / "again", georeference(hill_dem), max_error=0.2)
    assert again == report

    def digest(root: Path) -> str:
        total = hashlib.sha256()
        for path in sorted(root.rglob("*")):
            if path.is_file():
                total.update(str(path.relative_to(root)).encode() + path.read_bytes())
        return total.hexdigest()

    assert digest(folder) == digest(tmp_path / "again")


def test_real_dems_become_terrain(data: Path, tmp_path: Path) -> None:
    dem = open_dem(data / NANAIMO)
    calls: list[tuple[int, int]] = []
    report = build_terrain(
        dem,
        tmp_path / "nanaimo",
        georeference(dem),
        bounds=(-124.03, 49.20, -124.01, 49.22),
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls[-1] == (report.tiles, report.tiles) and report.bytes / report.tiles < 40_000
    tiles = load(tmp_path / "nanaimo")
    finest = [mesh for (level, _, _), mesh in tiles.items() if level == report.levels - 1]
    differences = []
    for mesh in finest:
        xyz = georeference(dem).from_geographic(mesh.llh)
        differences.append(xyz[:, 2] - dem.sample(xyz[:, :2]))
    difference = np.concatenate(differences)
    # Vertices inside a tile are samples of the DEM, those on an edge are within half the error of them.
    assert np.nanpercentile(np.abs(difference), 99) < report.errors[-1] / 2 + 0.05
    assert np.nanmax(np.abs(difference)) < report.errors[-1] + 0.05


def test_an_asc_in_degrees_becomes_terrain(data: Path, tmp_path: Path) -> None:
    dem = open_dem(data / BIJOU, crs=parse("EPSG:4269"))
    report = build_terrain(dem, tmp_path / "bijou", georeference(dem), max_error=1.0)
    mesh = max(load(tmp_path / "bijou").items(), key=lambda item: item[0][0])[1]
    # Some 1,700 to 2,000 m above the sea, and the geoid 17 m below the ellipsoid in Colorado.
    assert 1600 < mesh.low < mesh.high < 2100 and report.levels > 12
