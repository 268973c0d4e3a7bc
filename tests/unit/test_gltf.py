"""GLBs of real files: valid, complete, and where the source says, whatever the compression."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from citygml.geometry import newell
from citygml.model import CityObject, Geometry, Material
from citygml.reading import open_model
from tests.gltf_validator import validate, validate_bytes
from tests.unit.mesh_models import Unpacked, box, geometry, triangle_areas
from tiles.content import ContentOptions, build_content
from tiles.draco import position_bits
from tiles.gltf import Glb, assemble
from tiles.metadata import Schema
from tiles.read import BrokenGlb, read_glb
from tiles.surfaces import gather

COMPRESSIONS = ["draco", "meshopt", "none"]
AACHEN = "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"


def read(path, limit=None):
    """Objects, templates and a local frame: metres from the middle, degrees taken as if on a plane."""
    reader = open_model(path)
    objects = [item for batch in reader.batches() for item in batch][:limit]
    boxes = [b for b in (item.bounds() for item in objects) if b is not None]
    middle = np.mean([b.mean(axis=0) for b in boxes], axis=0)
    degrees = abs(middle[0]) <= 360 and abs(middle[1]) <= 90
    scale = np.array([111320 * np.cos(np.radians(middle[1])), 110574, 1]) if degrees else np.ones(3)
    return objects, reader.gathered.templates, lambda points: (points - middle) * scale


def load(texture):
    if texture.path is None:
        return None
    return Path(texture.path).read_bytes()


def build(objects, templates, to_local, **options):
    schema = Schema.from_objects("layer", objects)
    return build_content(
        objects, to_local, schema, ContentOptions(**options), templates=templates, image_loader=load
    )


@pytest.fixture(scope="module")
def aachen(data):
    return read(data / AACHEN)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_every_object_with_surfaces_is_a_feature_once(aachen, compression):
    objects, templates, to_local = aachen
    content = build(objects, templates, to_local, compression=compression)
    unpacked = Unpacked(content.glb)
    expected = [o.id for o in objects if any(g.role != "TerrainIntersection" for g in o.geometries)]
    assert len(expected) == 113
    assert content.features == expected
    assert [row["id"] for row in unpacked.rows()] == expected
    assert set(np.concatenate([p["_FEATURE_ID_0"] for p in unpacked.primitives]).astype(int)) == set(
        range(113)
    )


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_positions_lie_within_two_centimetres_and_areas_agree_per_object(aachen, compression):
    objects, templates, to_local = aachen
    content = build(objects, templates, to_local, compression=compression)
    (made,) = Unpacked(content.glb).primitives
    drawn = gather(objects)
    surfaces = drawn.surfaces
    _, areas = newell(to_local(surfaces.vertices), surfaces.rings, surfaces.polygons)
    owner = np.repeat(
        surfaces.feature, surfaces.rings[surfaces.polygons[1:]] - surfaces.rings[surfaces.polygons[:-1]]
    )
    ids = made["_FEATURE_ID_0"].astype(int)
    feature_areas = np.bincount(
        ids[made["indices"].reshape(-1, 3)[:, 0]], weights=triangle_areas(made["points"], made["indices"])
    )
    truth = np.bincount(surfaces.feature, weights=areas)
    # the rounding of positions moves areas of single objects, the whole has to agree
    assert feature_areas.sum() == pytest.approx(truth.sum(), rel=1e-3)
    assert feature_areas == pytest.approx(truth, rel=1e-2)
    assert content.triangles == len(made["indices"]) // 3 == 2676
    for row in range(len(drawn.objects)):
        source = to_local(surfaces.vertices[owner == row])
        decoded = made["points"][ids == row]
        distance = np.linalg.norm(source[:, None] - decoded[None], axis=2)
        assert distance.min(axis=0).max() < 0.02
        assert distance.min(axis=1).max() < 0.02
    assert (made["points"].min(axis=0) >= content.low - 1e-5).all()
    assert (made["points"].max(axis=0) <= content.high + 1e-5).all()
    assert content.high - content.low == pytest.approx(np.ptp(made["points"], axis=0), abs=0.02)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_normals_face_as_their_triangles(aachen, compression):
    objects, templates, to_local = aachen
    (made,) = Unpacked(build(objects, templates, to_local, compression=compression).glb).primitives
    corners = made["POSITION"].astype(float)[made["indices"].reshape(-1, 3)]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(faces, axis=1)
    large = size > np.quantile(size, 0.3)  # rounding turns slivers
    normals = made["NORMAL"].astype(float)[made["indices"].reshape(-1, 3)[:, 0]]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    cosines = np.einsum("ij,ij->i", faces[large] / size[large, None], normals[large])
    assert cosines.min() > 0.99


def test_draco_takes_less_than_five_bytes_a_triangle_with_ids_and_attributes(aachen):
    objects, templates, to_local = aachen
    copies = [
        CityObject(
            f"{item.id}_c{k:05d}",
            item.type,
            attributes=item.attributes,
            geometries=[
                Geometry(g.type, g.lod, g.vertices + [180.0 * k, 0, 0], g.rings, g.polygons, role=g.role)
                for g in item.geometries
            ],
        )
        for k in range(10)
        for item in objects
    ]
    content = build(copies, templates, to_local)
    assert content.triangles == 26760
    assert len(content.glb) < 5 * content.triangles


SETS = {
    "aachen": AACHEN,
    "potsdam": "citygml/potsdam-lod1",
    "ingolstadt-lod3": "citygml/ingolstadt-lod3/4018258/4018258.xml",
    "ingolstadt-lod3-glass": "citygml/ingolstadt-lod3/4018204a/4018204a.xml",
    "plateau-textured": "citygml/plateau-textured/data/53392633_bldg_6697_2_op.gml",
    "den-haag": "cityjson/DenHaag_01.json",
    "bridge": "citygml/plateau-feature-types/hodokyo_51324378_brid_6697.gml",
    "vegetation": "citygml/plateau-feature-types/52385628_veg_6697_op.gml",
    "utility-lines": "citygml/plateau-feature-types/08EE751_unf_10169_lv_op.gml",
    "pipes": "citygml/utility-network-nanaimo/nanaimo_water_pipes.gml",
    "roads": "citygml/plateau-feature-types/54401018_tran_6697_op.gml",
}


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_the_validator_finds_no_errors_in_real_data(data, tmp_path, compression):
    files = []
    for name, place in SETS.items():
        path = data / place
        if path.is_dir():
            path = min(p for p in path.rglob("*") if p.suffix in {".gml", ".xml"})
        content = build(*read(path, 400), compression=compression, texture_size=512)
        assert content is not None, name
        files.append(tmp_path / f"{name}.glb")
        files[-1].write_bytes(content.glb)
    for path, report in zip(files, validate(files), strict=True):
        assert report == [], path.name


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_many_materials_become_vertex_colours(tmp_path, compression):
    items = []
    for k in range(20):
        item = box(f"b{k}", (3 * k, 0, 0), (3 * k + 2, 2, 2))
        item.materials = [Material(diffuse=(1.0, k / 20, 0.0))]
        item.geometries[0].materials = {"": np.zeros(6, np.int32)}
        items.append(item)
    content = build(items, {}, lambda p: p, compression=compression)
    assert validate_bytes(content.glb, tmp_path) == []
    (made,) = Unpacked(content.glb).primitives
    ids = made["_FEATURE_ID_0"].astype(int)
    for k in (0, 10, 19):
        colour = np.unique(made["COLOR_0"][ids == k], axis=0)
        linear = (k / 20 / 12.92 if k / 20 <= 0.04045 else ((k / 20 + 0.055) / 1.055) ** 2.4) * 255
        assert len(colour) == 1
        assert colour[0].tolist() == pytest.approx([255, linear, 0, 255], abs=0.6)


def test_a_transparent_material_blends():
    item = box("glass", (0, 0, 0), (1, 1, 1))
    item.materials = [Material(diffuse=(0.5, 0.5, 1.0), transparency=0.6)]
    item.geometries[0].materials = {"": np.zeros(6, np.int32)}
    (material,) = Unpacked(build([item], {}, lambda p: p).glb).json["materials"]
    assert material["alphaMode"] == "BLEND"
    assert material["pbrMetallicRoughness"]["baseColorFactor"][3] == pytest.approx(0.4)


def test_lines_and_points_are_primitives_of_their_own(tmp_path):
    ends = np.array([[0, 0, 0], [1, 0, 0], [1, 2, 0], [5, 5, 1]], float)
    three = np.array([0, 3], np.int32)
    line = Geometry("MultiCurve", "1", ends[:3], three, np.array([0, 1], np.int32))
    point = Geometry("MultiPoint", "1", ends[3:], np.array([0, 1], np.int32), np.array([0, 1], np.int32))
    items = [
        CityObject("pipe", "utility:Pipe", geometries=[line]),
        CityObject("valve", "utility:Valve", geometries=[point]),
        box("house", (0, 0, 0), (1, 1, 1)),
    ]
    content = build(items, {}, lambda p: p)
    assert validate_bytes(content.glb, tmp_path) == []
    made = {p["primitive"].get("mode", 4): p for p in Unpacked(content.glb).primitives}
    assert set(made) == {0, 1, 4}
    assert made[1]["indices"].tolist() == [0, 1, 1, 2]
    assert made[0]["_FEATURE_ID_0"].tolist() == [1]
    assert made[0]["points"] == pytest.approx(ends[3:])
    assert content.triangles == 12


def test_nothing_to_draw_is_no_content():
    empty = CityObject("group", "CityObjectGroup")
    flat = CityObject("sliver", "Building", geometries=[geometry([[[(0, 0, 0), (1, 0, 0), (2, 0, 0)]]])])
    assert build([empty, box("a", (0, 0, 0), (1, 1, 1))], {}, lambda p: p).features == ["a"]
    schema = Schema.from_objects("layer", [empty])
    assert build_content([empty], lambda p: p, schema) is None
    assert build_content([flat], lambda p: p, schema) is None


def test_coordinates_that_cannot_be_placed_are_left_out_with_a_finding():
    items = [box("lost", (500, 0, 0), (501, 1, 1)), box("a", (0, 0, 0), (1, 1, 1))]
    content = build(items, {}, lambda p: np.where(p[:, :1] > 400, np.inf, p))
    assert [f.code for f in content.findings] == ["coordinates-out-of-range"]
    assert content.findings[0].object_id == "lost"
    assert content.triangles == 12
    assert np.isfinite([content.low, content.high]).all()


@pytest.mark.parametrize("extent", [0.0, 0.5, 3.0, 650.0, 5000.0])
def test_position_bits_keep_the_promised_error(extent):
    bits = position_bits(extent, 0.005)
    assert extent <= (2**bits - 1) * 0.01 + 1e-9


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_stray_object_half_a_world_away_does_not_stop_the_tile(compression):
    items = [box("a", (0, 0, 0), (1, 1, 1)), box("stray", (2e7, 0, 0), (2e7 + 8, 8, 8))]
    content = build(items, {}, lambda p: p, compression=compression)
    assert content.features == ["a", "stray"]
    assert content.high[0] == pytest.approx(2e7 + 8, rel=1e-6)


def test_glb_chunks_are_aligned_and_padded():
    glb = Glb()
    glb.view(b"abc", 8)
    second = glb.view(b"xyz", 8)
    read = read_glb(glb.to_bytes())
    document, binary = read.json, read.binary
    assert document["bufferViews"][second]["byteOffset"] == 8
    assert document["buffers"] == [{"byteLength": 11}]
    assert binary == b"abc" + bytes(5) + b"xyz" + bytes(1)
    whole = assemble({"asset": {"version": "2.0"}}, b"")
    assert len(whole) % 4 == 0
    assert struct.unpack_from("<I", whole, 8)[0] == len(whole)


@pytest.mark.parametrize("broken", [b"", b"glTF" * 8, assemble({}, b"1")[:-4]])
def test_what_is_not_a_glb_is_refused(broken):
    with pytest.raises(BrokenGlb):
        read_glb(broken)
