"""Appearances and implicit geometry of the CityGML reader: textures, materials, themes, templates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from citygml.gml import GmlReader
from citygml.gml.stream import has_global_appearances, ids_among
from citygml.model import CityObject, Material
from tests.unit.gml_models import (
    building,
    codes,
    document,
    lod2,
    member,
    multi_surface,
    polygon,
    read,
    square,
)

WALL = lod2(
    multi_surface(
        polygon(square(size=2), gml_id="p0", ring_id="r0"),
        polygon(square(z=1, size=2), gml_id="p1", ring_id="r1"),
        gml_id="ms",
    )
)
UV = "0 0 1 0 1 1 0 1 0 0"


def appearance(data: str, theme: str = "summer") -> str:
    members = f"<app:surfaceDataMember>{data}</app:surfaceDataMember>"
    return f"<app:Appearance><app:theme>{theme}</app:theme>{members}</app:Appearance>"


def texture(inside: str, kind: str = "ParameterizedTexture", uri: str = "wall.png", more: str = "") -> str:
    return f"<app:{kind}{more}><app:imageURI>{uri}</app:imageURI>{inside}</app:{kind}>"


def coordinates(ring: str = "#r0", uv: str = UV, polygon: str = "#p0") -> str:
    inside = f'<app:textureCoordinates ring="{ring}">{uv}</app:textureCoordinates>'
    return f'<app:target uri="{polygon}"><app:TexCoordList>{inside}</app:TexCoordList></app:target>'


def image(folder: Path, name: str = "wall.png", size: tuple[int, int] = (4, 2)) -> Path:
    Image.new("RGB", size).save(folder / name)
    return folder / name


def in_object(data: str) -> str:
    return member(building(f"<app:appearance>{appearance(data)}</app:appearance>{WALL}"))


def before(data: str) -> str:
    return f"<app:appearanceMember>{appearance(data)}</app:appearanceMember>{member(building(WALL))}"


def after(data: str) -> str:
    return f"{member(building(WALL))}<app:appearanceMember>{appearance(data)}</app:appearanceMember>"


@pytest.mark.parametrize("place", [in_object, before, after])
def test_a_parameterized_texture_wherever_it_stands(tmp_path: Path, place: object) -> None:
    path = image(tmp_path)
    assert callable(place)
    (city_object,), reader = read(tmp_path, document(place(texture(coordinates()))))
    assert codes(reader) == []
    (geometry,) = city_object.geometries
    texturing = geometry.textures["summer"]
    assert texturing.images.tolist() == [0, -1]
    assert texturing.uv.dtype == np.float32
    assert texturing.uv[:4].tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert np.isnan(texturing.uv[4:]).all()
    assert city_object.textures[0].uri == "wall.png"
    assert city_object.textures[0].path == str(path.resolve())


def test_global_appearances_of_a_file_in_utf_16(tmp_path: Path) -> None:
    image(tmp_path)
    text = document(before(texture(coordinates()))).replace("UTF-8", "UTF-16")
    (city_object,), _ = read(tmp_path, text.encode("utf-16"))
    assert city_object.geometries[0].textures["summer"].images.tolist() == [0, -1]


@pytest.mark.parametrize("before", [0, 1, (1 << 20) - 3, 1 << 20, (1 << 21) - 1])
def test_names_and_ids_are_found_wherever_the_blocks_of_the_file_end(tmp_path: Path, before: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * before + b"<app:appearanceMember gml:id='a1'/>" + b"x" * 10)
    assert has_global_appearances(path)
    assert ids_among(path, {"a1", "a", "1"}) == {"a1"}
    path.write_bytes(b"x" * before + b"<app:appearance uuid='a1'/>")
    assert not has_global_appearances(path)
    assert ids_among(path, {"a1"}) == set()


def test_textures_follow_the_polygons_into_a_solid_of_links_and_turn_with_them(tmp_path: Path) -> None:
    image(tmp_path)
    turned = (
        '<gml:OrientableSurface orientation="-"><gml:baseSurface xlink:href="#p0"/></gml:OrientableSurface>'
    )
    body = (
        "<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface>"
        f"<gml:surfaceMember>{turned}</gml:surfaceMember></gml:CompositeSurface></gml:exterior></gml:Solid>"
        "</bldg:lod2Solid>"
    )
    surface = f"<bldg:boundedBy><bldg:WallSurface>{WALL}</bldg:WallSurface></bldg:boundedBy>"
    content = f"<app:appearance>{appearance(texture(coordinates()))}</app:appearance>{body}{surface}"
    (city_object,), _ = read(tmp_path, document(member(building(content))))
    solid = city_object.geometries[0]
    assert solid.vertices[:, :2].tolist() == [[0, 2], [2, 2], [2, 0], [0, 0]]
    assert solid.textures["summer"].uv.tolist() == [[0, 1], [1, 1], [1, 0], [0, 0]]


def test_several_themes_and_shared_surface_data(tmp_path: Path) -> None:
    image(tmp_path)
    image(tmp_path, "snow.png")
    red = (
        '<app:X3DMaterial gml:id="red"><app:diffuseColor>1 0 0</app:diffuseColor>'
        "<app:transparency>0.5</app:transparency><app:target>#ms</app:target></app:X3DMaterial>"
    )
    winter = (
        "<app:Appearance><app:theme>winter</app:theme><app:surfaceDataMember>"
        f"{texture(coordinates(), uri='snow.png')}</app:surfaceDataMember>"
        '<app:surfaceDataMember xlink:href="#red"/></app:Appearance>'
    )
    summer = appearance(texture(coordinates()))
    summer = summer.replace(
        "</app:Appearance>", f"<app:surfaceDataMember>{red}</app:surfaceDataMember></app:Appearance>"
    )
    members = "".join(f"<app:appearanceMember>{a}</app:appearanceMember>" for a in (winter, summer))
    (city_object,), reader = read(tmp_path, document(members + member(building(WALL))))
    assert codes(reader) == []
    geometry = city_object.geometries[0]
    uris = {theme: city_object.textures[t.images[0]].uri for theme, t in geometry.textures.items()}
    assert uris == {"summer": "wall.png", "winter": "snow.png"}
    assert {theme: m.tolist() for theme, m in geometry.materials.items()} == {
        "summer": [0, 0],
        "winter": [0, 0],
    }
    assert city_object.materials == [Material(diffuse=(1.0, 0.0, 0.0), transparency=0.5)]


def test_a_texture_of_3_0(tmp_path: Path) -> None:
    image(tmp_path)
    association = (
        "<app:textureParameterization><app:TextureAssociation><app:target>#p1</app:target>"
        "<app:textureParameterization><app:TexCoordList>"
        f"<app:textureCoordinates>{UV}</app:textureCoordinates><app:ring>#r1</app:ring>"
        "</app:TexCoordList></app:textureParameterization></app:TextureAssociation></app:textureParameterization>"
    )
    look = (
        "<core:appearanceMember><app:Appearance><app:theme>t</app:theme><app:surfaceData>"
        f"{texture(association)}</app:surfaceData></app:Appearance></core:appearanceMember>"
    )
    wall = WALL.replace("bldg:lod2", "core:lod2")
    (city_object,), _ = read(tmp_path, document(look + member(building(wall)), "3.0"))
    assert city_object.geometries[0].textures["t"].images.tolist() == [-1, 0]


def test_a_projected_texture(tmp_path: Path) -> None:
    image(tmp_path)
    matrix = "0.5 0 0 0.25 0 0.5 0 0 0 0 0 2"
    target = (
        f'<app:target uri="#p0"><app:TexCoordGen><app:worldToTexture>{matrix}</app:worldToTexture>'
        "</app:TexCoordGen></app:target>"
    )
    (city_object,), _ = read(tmp_path, document(in_object(texture(target))))
    texturing = city_object.geometries[0].textures["summer"]
    assert texturing.images.tolist() == [0, -1]
    assert texturing.uv[:4].tolist() == [[0.125, 0], [0.625, 0], [0.625, 0.5], [0.125, 0.5]]


@pytest.mark.parametrize("world_file", [False, True])
def test_a_georeferenced_texture(tmp_path: Path, world_file: bool) -> None:
    """Four by two pixels of half a metre from (0, 1): the first pixel's centre is at (0.25, 0.75)."""
    image(tmp_path)
    place = "<app:target>#ms</app:target>"
    if world_file:
        (tmp_path / "wall.pgw").write_text("0.5\n0\n0\n-0.5\n0.25\n0.75\n")
    else:
        point = "<gml:Point><gml:pos>0.25 0.75</gml:pos></gml:Point>"
        place = (
            f"<app:referencePoint>{point}</app:referencePoint>"
            f"<app:orientation>0.5 0 0 -0.5</app:orientation>{place}"
        )
    (city_object,), reader = read(tmp_path, document(in_object(texture(place, "GeoreferencedTexture"))))
    assert codes(reader) == []
    texturing = city_object.geometries[0].textures["summer"]
    assert texturing.images.tolist() == [0, 0]
    np.testing.assert_allclose(texturing.uv[:4], [[0, 0], [1, 0], [1, 2], [0, 2]], atol=1e-6)


def test_a_world_file_has_east_first_whatever_the_file(tmp_path: Path) -> None:
    """In a CRS with north first, four by two pixels of half a metre stay wide from west to east."""
    image(tmp_path)
    (tmp_path / "wall.pgw").write_text("0.5\n0\n0\n-0.5\n176000.25\n282000.75\n")
    corners = [(0, 0), (0, 2), (1, 2), (1, 0), (0, 0)]
    points = " ".join(f"{282000 + north} {176000 + east} 0" for north, east in corners)
    wall = lod2(multi_surface(polygon(points, gml_id="p0")))
    data = appearance(texture("<app:target>#p0</app:target>", "GeoreferencedTexture"))
    text = document(member(building(f"<app:appearance>{data}</app:appearance>{wall}")))
    text = text.replace("EPSG:5187", "urn:ogc:def:crs:EPSG::5187")
    text = text.replace("175000 281000", "281000 175000").replace("177000 283000", "283000 177000")
    (city_object,), reader = read(tmp_path, text)
    assert codes(reader) == []
    (geometry,) = city_object.geometries
    assert geometry.vertices[1].tolist() == [176002, 282000, 0]
    uv = geometry.textures["summer"].uv
    np.testing.assert_allclose(uv, [[0, 0], [1, 0], [1, 1], [0, 1]], atol=1e-5)


def test_a_missing_texture_and_one_outside_are_findings(tmp_path: Path) -> None:
    outside = image(tmp_path.parent, "outside.png")
    data = texture(coordinates(), uri="gone.png")
    for uri in ("gone.png", "../outside.png", str(outside)):
        (city_object,), reader = read(tmp_path, document(in_object(data.replace("gone.png", uri))))
        assert [(f.code, f.part) for f in reader.gathered.findings] == [("missing-texture", uri)]
        assert city_object.textures[0].path is None


def test_texture_coordinates_that_do_not_fit_are_left_out(tmp_path: Path) -> None:
    image(tmp_path)
    (city_object,), reader = read(tmp_path, document(in_object(texture(coordinates(uv="0 0 1 0")))))
    assert codes(reader) == ["bad-texture-coordinates"]
    assert city_object.geometries[0].textures["summer"].images.tolist() == [-1, -1]


def test_a_material_of_the_back_side_is_not_the_front(tmp_path: Path) -> None:
    back = (
        "<app:X3DMaterial><app:isFront>false</app:isFront><app:diffuseColor>1 0 0</app:diffuseColor>"
        "<app:target>#ms</app:target></app:X3DMaterial>"
    )
    (city_object,), _ = read(tmp_path, document(in_object(back)))
    assert city_object.materials == []


def test_the_textures_of_a_real_file_lie_on_its_polygons(data: Path) -> None:
    path = data / "citygml/plateau-textured/data/53392633_bldg_6697_2_op.gml"
    objects = [o for b in GmlReader(path).batches() for o in b]
    solids = [g for o in objects for g in o.geometries if g.lod == "2"]
    covered = sum(int((g.textures["rgbTexture"].images >= 0).sum()) for g in solids)
    assert covered == path.read_text(encoding="utf-8").count("<app:TexCoordList")
    for geometry in solids:
        texturing = geometry.textures["rgbTexture"]
        vertices = np.diff(geometry.rings[geometry.polygons])
        has = np.repeat(texturing.images >= 0, vertices)
        assert np.isfinite(texturing.uv[has]).all()
        assert np.isnan(texturing.uv[~has]).all()
    assert all(Path(t.path).is_file() for o in objects for t in o.textures if t.path)


def tree(content: str, gml_id: str) -> str:
    return (
        f'<veg:SolitaryVegetationObject gml:id="{gml_id}"><veg:lod1ImplicitRepresentation>'
        f"<core:ImplicitGeometry>{content}</core:ImplicitGeometry></veg:lod1ImplicitRepresentation>"
        "</veg:SolitaryVegetationObject>"
    )


MATRIX = "<core:transformationMatrix>2 0 0 0 0 2 0 0 0 0 3 0 0 0 0 1</core:transformationMatrix>"
ANCHOR = (
    "<core:referencePoint><gml:Point><gml:pos>176000 282000 5</gml:pos></gml:Point></core:referencePoint>"
)
SHAPE = multi_surface(polygon(square(size=0.5)), gml_id="crown")
INLINE = f"{MATRIX}<core:relativeGMLGeometry>{SHAPE}</core:relativeGMLGeometry>{ANCHOR}"
LINKED = f'{MATRIX}<core:relativeGMLGeometry xlink:href="#crown"/>{ANCHOR}'


def check_trees(trees: list[CityObject], reader: GmlReader) -> None:
    assert codes(reader) == []
    template = reader.gathered.templates["crown"]
    assert len(reader.gathered.templates) == 1
    (geometry,) = template.geometries
    assert geometry.vertices.tolist() == [[0, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0]]
    for city_object in trees:
        assert city_object.geometries == []
        (placed,) = city_object.implicit
        assert (placed.template, placed.lod) == ("crown", "1")
        assert placed.matrix.tolist() == np.diag([2.0, 2, 3, 1]).tolist()
        assert placed.anchor.tolist() == [176000, 282000, 5]


@pytest.mark.parametrize("order", [(INLINE, LINKED), (LINKED, INLINE)])
def test_a_library_geometry_is_kept_once(tmp_path: Path, order: tuple[str, str]) -> None:
    objects, reader = read(tmp_path, document(member(tree(order[0], "t1"), tree(order[1], "t2"))))
    check_trees(objects, reader)


def test_a_library_file(tmp_path: Path) -> None:
    (tmp_path / "tree.glb").write_bytes(b"glTF")
    content = (
        f"<core:mimeType>model/gltf-binary</core:mimeType>{MATRIX}"
        f"<core:libraryObject>tree.glb</core:libraryObject>{ANCHOR}"
    )
    objects, reader = read(tmp_path, document(member(tree(content, "t1"))))
    template = reader.gathered.templates["tree.glb"]
    assert objects[0].implicit[0].template == "tree.glb"
    assert (template.uri, template.mime) == ("tree.glb", "model/gltf-binary")
    assert template.path == str((tmp_path / "tree.glb").resolve())


def test_an_implicit_geometry_in_a_crs_with_north_first(tmp_path: Path) -> None:
    """A point one metre along the first local axis lies one metre along the first axis of the CRS: north."""
    text = document(member(tree(INLINE.replace("176000 282000", "282000 176000"), "t1")))
    text = text.replace("EPSG:5187", "urn:ogc:def:crs:EPSG::5187")
    text = text.replace("175000 281000", "281000 175000").replace("177000 283000", "283000 177000")
    (city_object,), reader = read(tmp_path, text)
    placed = city_object.implicit[0]
    assert placed.anchor.tolist() == [176000, 282000, 5]
    assert (placed.matrix @ [1, 0, 0, 1]).tolist() == [0, 2, 0, 1]
    template = reader.gathered.templates["crown"].geometries[0]
    assert template.vertices[1].tolist() == [0.5, 0, 0]


@pytest.mark.parametrize(
    "content", [MATRIX, INLINE.replace("2 0 0 0 0 2", "2 0 0 0 0"), INLINE.replace("176000", "x")]
)
def test_a_defective_implicit_geometry_is_a_finding(tmp_path: Path, content: str) -> None:
    (city_object,), reader = read(tmp_path, document(member(tree(content, "t1"))))
    assert city_object.implicit == []
    assert codes(reader) == ["bad-implicit-geometry"]
