"""Values on surfaces as 3D Tiles: what a viewer reads at a place is what was computed there."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from analysis.errors import AnalysisError
from analysis.scene.grid import Plane
from analysis.sun.run.layer import surface_values
from analysis.sun.scene import Kind, SunScene
from analysis.sun.targets import Targets, facade_targets, joined, roof_targets
from citygml.crs import Georeference, choose_heights, parse
from tests.gltf_validator import validate
from tests.sun_scenes import boxes, gable
from tiles import surface_layer
from tiles.check import check_tileset
from tiles.read import Gltf, read_glb
from tiles.surface_atlas import NO_DATA, STEPS, encoded
from tiles.surface_layer import surface_tileset, write_surface_layer
from twin.surface_values import Quantity, SurfaceValues

PLANE = Plane("EPSG:5187")
WEST, SOUTH = 176_000.0, 282_000.0


def placed(scene: SunScene) -> SunScene:
    """The scene where EPSG:5187 has an east of Busan."""
    assert scene.surfaces is not None
    moved = replace(scene.surfaces, vertices=scene.surfaces.vertices + [WEST, SOUTH, 0.0])
    return replace(scene, surfaces=moved, west=scene.west + WEST, north=scene.north + SOUTH)


def georeference() -> Georeference:
    crs = parse("EPSG:5187+5193")
    corners = np.array([[WEST, SOUTH, 0.0], [WEST + 1000, SOUTH + 1000, 50.0]])
    return Georeference(crs, choose_heights(crs, corners))


def points_of(scene: SunScene, spacing: float = 2.0) -> Targets:
    return joined(roof_targets(scene, spacing), facade_targets(scene, spacing))


def values_of(scene: SunScene, spacing: float = 2.0) -> tuple[SurfaceValues, Targets]:
    """Hours that grow to the east, by one for ten metres; a year's irradiation by height."""
    targets = points_of(scene, spacing)
    east = (targets.points[:, 0] - scene.west) / 10
    high = 100 * targets.points[:, 2]
    return surface_values(scene, PLANE, targets, {"sun_hours": east, "irradiation": high}), targets


def pictures(gltf: Gltf) -> list[np.ndarray]:
    """The textures as (height, width, 3)."""
    views = [gltf.json["images"][t["source"]]["bufferView"] for t in gltf.json["textures"]]
    return [np.asarray(Image.open(io.BytesIO(gltf.view(v)))) for v in views]


def read_at(gltf: Gltf, name: str, uv: np.ndarray) -> np.ndarray:
    """What a shader reads of a property at texture coordinates (n, 2), NaN for no data."""
    extension = gltf.json["extensions"]["EXT_structural_metadata"]
    (texture,) = extension["propertyTextures"]
    definition = extension["schema"]["classes"][texture["class"]]["properties"][name]
    entry = texture["properties"][name]
    picture = pictures(gltf)[entry["index"]]
    height, width, _ = picture.shape
    column, row = np.floor(uv * [width, height]).astype(int).T
    raw = picture[row, column, entry["channels"][0]].astype(float)
    found = definition["offset"] + definition["scale"] * raw / 255
    return np.where(raw == definition["noData"], np.nan, found)


def middles(gltf: Gltf) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """East, north, up in the content's frame, texture coordinates and feature of every triangle's middle."""
    points, uvs, features = [], [], []
    for part, primitive in zip(gltf.parts(), gltf.json["meshes"][0]["primitives"], strict=True):
        corners = part.indices.reshape(-1, 3)
        enu = np.stack([part.positions[:, 0], -part.positions[:, 2], part.positions[:, 1]], axis=1)
        uv = gltf.accessor(primitive["attributes"]["TEXCOORD_0"])
        points.append(enu[corners].mean(axis=1))
        uvs.append(uv[corners].mean(axis=1))
        features.append(part.features[corners[:, 0]])
    return np.concatenate(points), np.concatenate(uvs), np.concatenate(features)


def test_a_viewer_reads_at_a_place_what_was_computed_there() -> None:
    scene = placed(gable())
    values, _ = values_of(scene, 0.5)
    _, glb = surface_tileset(values, georeference(), "answer.glb")
    gltf = read_glb(glb)
    points, uv, _ = middles(gltf)
    frame = georeference().fitted_frame(values.positions.min(axis=0), values.positions.max(axis=0))
    ecef = frame.to_ecef(points)
    back = georeference().local_frame([WEST, SOUTH, 0.0]).from_ecef(ecef)  # east, north, up of the corner
    hours = read_at(gltf, "sun_hours", uv)
    assert hours == pytest.approx(back[:, 0] / 10, abs=0.06)  # half a texel, a step, and the grid's turn
    assert hours.max() - hours.min() > 0.5
    assert read_at(gltf, "irradiation", uv) == pytest.approx(100 * back[:, 2], abs=40)


def test_a_layer_is_valid_and_says_what_its_surfaces_are(tmp_path: Path) -> None:
    scene = placed(boxes(6, 6))
    values, _ = values_of(scene)
    path = write_surface_layer(tmp_path / "surfaces", values, georeference())
    report = check_tileset(path)
    assert report.faults == [] and report.leaf_ids == {
        id for id, kind in zip(values.ids, values.kinds, strict=True) if kind != "ground"
    }
    contents = sorted(path.parent.glob("*.glb"))
    assert validate(contents) == [[]] * len(contents)
    table = read_glb(contents[0].read_bytes()).table()
    places = [values.ids.index(id) for id in table["id"]]
    assert table["building"] == [values.buildings[k] for k in places]
    assert table["kind"] == [values.kinds[k] for k in places]
    assert table["area"] == pytest.approx(values.areas[places], rel=1e-6)
    legend = json.loads((path.parent / "legend.json").read_text(encoding="utf-8"))
    assert [q["property"] for q in legend] == ["sun_hours", "irradiation"]
    assert legend[0]["unit"] == "h" and legend[0]["stops"][-1] == legend[0]["maximum"] == 20.0
    assert set(legend[0]["title"]) == {"ko", "en"}


def test_a_large_layer_is_a_tree_whose_leaves_hold_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surface_layer, "_VERTICES", 300.0)
    monkeypatch.setattr(surface_layer, "_HELD", 200)
    scene = placed(boxes(8, 8))
    values, _ = values_of(scene, 4.0)
    shares: list[float] = []
    path = write_surface_layer(tmp_path / "surfaces", values, georeference(), shares.append)
    report = check_tileset(path)
    assert report.faults == [] and len(report.leaf_ids) == 64 * 5 and report.contents > 8
    assert shares == sorted(shares) and shares[-1] == 1.0
    document = json.loads(path.read_text())
    inner = document["root"]
    assert inner["children"] and "content" in inner
    coarse = read_glb((path.parent / inner["content"]["uri"]).read_bytes())
    points, uv, features = middles(coarse)
    means = read_at(coarse, "sun_hours", uv)
    for feature in np.unique(features):  # one colour for each surface
        assert np.ptp(means[features == feature]) == 0
    assert len(points) and np.isfinite(means).all()


def test_more_than_three_quantities_take_a_second_picture() -> None:
    scene = placed(gable())
    targets = points_of(scene)
    n = len(targets)
    given: dict[str, Any] = {
        "sun_hours": np.full(n, 3.0),
        "irradiation": np.full(n, 900.0),
        "sky_view": np.full(n, 0.25),
        "sun_hours_change": np.full(n, -1.5),
    }
    values = surface_values(scene, PLANE, targets, given)
    _, glb = surface_tileset(values, georeference(), "answer.glb")
    gltf = read_glb(glb)
    _, uv, _ = middles(gltf)
    assert len(gltf.json["textures"]) == 3
    for name, array in given.items():
        span = np.ptp([(q.minimum, q.maximum) for q in values.quantities if q.property == name])
        assert read_at(gltf, name, uv) == pytest.approx(array[0], abs=span / STEPS)
    low, high = next((q.minimum, q.maximum) for q in values.quantities if q.property == "sun_hours_change")
    assert low == -high


def test_what_is_not_known_has_no_value_and_no_neighbours_one(tmp_path: Path) -> None:
    scene = placed(gable())
    targets = points_of(scene, 0.5)
    surfaces = scene.surfaces
    assert surfaces is not None
    roof = surfaces.kind[targets.surface] == Kind.ROOF
    hours = np.where(roof, np.nan, 4.0)
    values = surface_values(scene, PLANE, targets, {"sun_hours": hours})
    _, glb = surface_tileset(values, georeference(), "answer.glb")
    gltf = read_glb(glb)
    _, uv, features = middles(gltf)
    kinds = np.array(gltf.table()["kind"])[features]
    found = read_at(gltf, "sun_hours", uv)
    assert np.isnan(found[kinds == "roof"]).all()
    # the gable's slanted edges, where no texel's middle lies in the wall, take their neighbours' values
    assert found[kinds == "facade"] == pytest.approx(4.0, abs=0.02)


def test_bytes_of_values() -> None:
    quantity = Quantity(
        "sun_hours", {"ko": "", "en": ""}, "h", 0.0, 10.0, "solar", ("000000", "ffffff"), np.zeros(0)
    )
    coded = encoded(np.array([[0, 5, 10, 12, -3, np.nan]], np.float32), quantity)
    assert coded.tolist() == [[0, 127, STEPS, STEPS, 0, NO_DATA]]


def test_values_that_do_not_fit_are_refused() -> None:
    scene = placed(gable())
    targets = points_of(scene)
    with pytest.raises(AnalysisError, match="values for"):
        surface_values(scene, PLANE, targets, {"sun_hours": np.zeros(5)})
    with pytest.raises(AnalysisError, match="need a scene with surfaces"):
        surface_values(replace(scene, surfaces=None), PLANE, targets, {"sun_hours": np.zeros(len(targets))})
