"""The occluder of a place: it hides what the scene shows, is one bare closed mesh, and knows the ground."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import trimesh

from api.app import create_app
from api.settings import Settings
from tests.gltf_validator import validate_bytes
from tests.integration.ar_place import here, mesh_of
from tests.integration.live_server import serving
from tiles.ar.occlusion import welded
from twin.ingest import add_files
from twin.synth import make_district


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("ar")
    made = make_district(base / "source", buildings=20, seed=3)
    names = ("terrain", "buildings", "furniture", "vegetation")
    add_files(base / "x.twin", [made.files[name] for name in names])
    return base / "x.twin"


@pytest.fixture(scope="module")
def client(district: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=district, mqtt="off")
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def depths(mesh: trimesh.Trimesh, eye: list[float]) -> np.ndarray[Any, Any]:
    """Distances along rays all around from an eye, infinite where nothing is hit."""
    azimuth, elevation = np.meshgrid(np.radians(np.arange(0, 360, 1.5)), np.radians(np.arange(-30, 45, 1.5)))
    east, north = np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation)
    rays = np.stack([east, np.sin(elevation), -north], axis=-1).reshape(-1, 3)
    found = np.full(len(rays), np.inf)
    places, ray, _ = mesh.ray.intersects_location(np.tile(eye, (len(rays), 1)), rays, multiple_hits=False)
    found[ray] = np.linalg.norm(places - eye, axis=1)
    return found


@pytest.mark.parametrize("compression", ["draco", "none"])
def test_it_covers_the_silhouette_of_the_scene(
    client: httpx.Client, district: Path, compression: str, tmp_path: Path
) -> None:
    longitude, latitude, _ = here(district)
    asked: dict[str, Any] = {"lon": longitude, "lat": latitude, "radius": 120, "compression": compression}
    scene = client.get("/ar/scene", params=asked)
    occluder = client.get("/ar/occlusion", params={**asked, "ground": False})
    eye = [0.0, 1.6, 0.0]
    shown, hidden = depths(mesh_of(scene.content), eye), depths(mesh_of(occluder.content), eye)
    seen = np.isfinite(shown)
    assert seen.sum() > 1000
    covered = (np.abs(hidden[seen] - shown[seen]) < 0.1).mean()
    print(f"covered: {covered:.2%}")
    assert covered >= 0.98
    assert not np.isfinite(hidden[~seen]).mean() > 0.02
    assert not [line for line in validate_bytes(occluder.content, tmp_path) if line.startswith("error")]
    assert len(occluder.content) < len(scene.content)


def test_the_ground_hides_too(client: httpx.Client, district: Path) -> None:
    longitude, latitude, _ = here(district)
    asked: dict[str, Any] = {"lon": longitude, "lat": latitude, "radius": 80}
    without = mesh_of(client.get("/ar/occlusion", params={**asked, "ground": False}).content)
    answer = client.get("/ar/occlusion", params=asked)
    assert json.loads(answer.headers["ar-about"])["triangles"] > len(without.faces) + 1000
    down = depths(mesh_of(answer.content), [0.0, 1.6, 0.0]).reshape(50, -1)[:5]
    assert np.isfinite(down).all(), "whoever looks down sees the ground"
    straight = mesh_of(answer.content).ray.intersects_location([[0.3, 50.0, 0.4]], [[0.0, -1.0, 0.0]])[0]
    assert straight[:, 1].min() == pytest.approx(0.0, abs=0.5), "the frame stands on it"


def test_corners_in_one_place_are_one() -> None:
    square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0.0003], [1, 1, 0.0002], [0, 1, 0]])
    positions, triangles = welded([(square, np.arange(6)), (square, np.arange(6))])
    assert len(positions) == 4
    assert len(triangles) == 2, "the same triangle twice is one"
    assert trimesh.Trimesh(positions, triangles, process=False).area == pytest.approx(1.0, abs=1e-3)
