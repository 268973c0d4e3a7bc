"""The terrain pyramid, read back by a decoder of its own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from citygml.crs import geographic_to_ecef, parse
from citygml.geoid import undulation
from tests.unit.dem_models import BIJOU, NANAIMO, georeference, hill, make_hill, write_dem
from tests.unit.quantized_models import load
from tiles.terrain import TerrainReport, build_terrain
from twin.errors import RasterError
from twin.raster import Dem, open_dem


@pytest.fixture(scope="module")
def hill_dem(tmp_path_factory: pytest.TempPathFactory) -> Dem:
    return make_hill(tmp_path_factory.mktemp("dem"))


@pytest.fixture(scope="module")
def hill_terrain(hill_dem: Dem, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TerrainReport]:
    folder = tmp_path_factory.mktemp("terrain") / "terrain"
    return folder, build_terrain(hill_dem, folder, georeference(hill_dem), max_error=0.2)


def stop(done: int, total: int) -> None:
    if done > total // 2:
        raise KeyboardInterrupt


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


def test_a_model_without_heights_or_an_interruption_leaves_no_terrain(tmp_path: Path) -> None:
    flat = np.zeros((4, 4), np.float32)
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
