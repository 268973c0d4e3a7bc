"""CityGML out: textures, materials and library geometry come back where they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from citygml.gml_writer import write_citygml
from citygml.model import CityObject, ImplicitGeometry, Material, Template, Texture, Texturing
from tests.unit.gml_writer_models import UTM, VERSIONS, Version, area, cube, house, read, write_and_read


@pytest.mark.parametrize("version", VERSIONS)
def test_textures_and_materials_come_back_on_their_polygons(tmp_path: Path, version: Version) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere/wall.png").write_bytes(b"image")
    building = house()
    uv = np.full((24, 2), np.nan, np.float32)
    uv[8:12] = [[0.125, 0], [1, 0], [1, 0.5], [0.125, 0.5]]
    images = np.array([-1, -1, 0, -1, -1, -1], np.int32)
    building.geometries[0].textures["summer"] = Texturing(images, uv)
    building.geometries[0].materials["plain"] = np.array([-1, 0, 1, 1, 1, 1], np.int32)
    building.textures = [Texture("x.png", str(tmp_path / "elsewhere/wall.png"), "wrap", None, "specific")]
    building.materials = [
        Material("roof", (1.0, 0.25, 0.0), transparency=0.5),
        Material("wall", (0.5, 0.5, 0.5), shininess=0.25, smooth=True),
    ]
    (after,) = write_and_read([building], tmp_path / "out/city.gml", version)
    # the solid comes back in the order of its shell, which is that of the source
    texturing = after.geometries[0].textures["summer"]
    np.testing.assert_array_equal(texturing.images, images)
    np.testing.assert_array_equal(texturing.uv, uv)
    materials = after.geometries[0].materials["plain"].tolist()
    assert [after.materials[i].name if i >= 0 else None for i in materials] == [None, "roof", *["wall"] * 4]
    assert {m.name: m for m in after.materials} == {m.name: m for m in building.materials}
    assert after.textures[0].path == str(tmp_path / "out/city_appearance/wall.png")
    assert (tmp_path / "out/city_appearance/wall.png").read_bytes() == b"image"


@pytest.mark.parametrize("version", VERSIONS)
def test_template_is_written_once_and_then_pointed_to(tmp_path: Path, version: Version) -> None:
    (tmp_path / "tree.glb").write_bytes(b"glTF")
    matrix = np.diag([2.0, 2.0, 3.0, 1.0])

    def tree(id: str, template: str) -> CityObject:
        anchor = np.array([500_000.0, 5_400_000.5, 100.25])
        implicit = [ImplicitGeometry(template, "2", matrix, anchor)]
        return CityObject(id, "SolitaryVegetationObject", implicit=implicit)

    templates = {
        "crown": Template("crown", [cube()]),
        "model": Template("model", uri="x", path=str(tmp_path / "tree.glb"), mime="model/gltf-binary"),
    }
    path = tmp_path / "out.gml"
    objects = [tree("t1", "crown"), tree("t2", "crown"), tree("t3", "model")]
    write_citygml(objects, path, version=version, srs_name=UTM, templates=templates)
    text = path.read_text()
    assert text.count("<gml:Solid") == 1
    assert text.count('xlink:href="#crown"') == 1
    reader, after = read(path)
    for obj in after:
        np.testing.assert_array_equal(obj.implicit[0].matrix, matrix)
        assert obj.implicit[0].anchor.tolist() == [500_000.0, 5_400_000.5, 100.25]
    assert after[0].implicit[0].template == after[1].implicit[0].template
    library = reader.gathered.templates[after[0].implicit[0].template]
    assert sum(area(g) for g in library.geometries) == pytest.approx(376.0)
    model = reader.gathered.templates[after[2].implicit[0].template]
    assert (model.path, model.mime) == (str(tmp_path / "tree.glb"), "model/gltf-binary")


@pytest.mark.parametrize("version", VERSIONS)
def test_template_keeps_its_materials(tmp_path: Path, version: Version) -> None:
    crown = cube()
    crown.materials["summer"] = np.array([-1, 0, 0, 0, 0, 0], np.int32)
    template = Template("t", [crown], materials=[Material("leaf", (0.25, 0.5, 0.125))])
    tree = CityObject(
        "tree", "SolitaryVegetationObject", implicit=[ImplicitGeometry("t", "2", np.eye(4), np.zeros(3))]
    )
    path = tmp_path / "out.gml"
    write_citygml([tree], path, version=version, srs_name=UTM, templates={"t": template})
    reader, _ = read(path)
    (after,) = reader.gathered.templates.values()
    assert after.geometries[0].materials["summer"].tolist() == [-1, 0, 0, 0, 0, 0]
    assert after.materials == template.materials


def test_template_stands_in_full_before_it_is_pointed_to(tmp_path: Path) -> None:
    """In a file the lower LoD comes first, and an object before its parts, whatever the order given."""
    place = (np.eye(4), np.zeros(3))
    implicit = [ImplicitGeometry("t", "3", *place), ImplicitGeometry("t", "2", *place)]
    element = CityObject("e", "BridgeConstructiveElement", "bridge", implicit=implicit)
    bridge = [CityObject("bridge", "Bridge"), element]
    path = tmp_path / "out.gml"
    write_citygml(bridge, path, version="2.0", srs_name=UTM, templates={"t": Template("t", [cube()])})
    text = path.read_text()
    assert 0 < text.index('gml:id="t"') < text.index('xlink:href="#t"')
    reader, _ = read(path)
    assert reader.gathered.findings == []
