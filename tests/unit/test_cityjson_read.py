"""Reading CityJSON and CityJSONSeq: real files against an independent count, versions, axes, templates."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citygml.errors import BadCoordinates, NotACityModel
from citygml.model import Code, Measure
from citygml.reading import ReadOptions, open_model
from tests.unit.cityjson_models import CUBE, SIDES, area, building, document, raw_area, read, save
from tools.counting import cityjson_counts, cityjson_files, json_documents

REFUSED = {
    "no_cityjson_obj.city.jsonl": NotACityModel,
    "cityjsonfeature_minimal.city.jsonl": NotACityModel,
    "invalid_cityjsonfeature_root_id_unresolved.city.jsonl": NotACityModel,
    "invalid_missing_type.json": NotACityModel,
    "invalid_u64_f64_bounds.json": BadCoordinates,
}


def test_every_real_file_gives_the_objects_and_areas_that_it_holds(data: Path) -> None:
    files = cityjson_files(data)
    assert len(files) > 60
    for path in files:
        if path.name in REFUSED:
            with pytest.raises(REFUSED[path.name]) as refusal:
                read(path)
            assert str(path) in str(refusal.value)
            assert "\n" not in str(refusal.value)
            continue
        documents = json_documents(path)
        reader, objects = read(path)
        assert Counter(item.type for item in objects) == cityjson_counts(documents), path
        broken = [f for f in reader.gathered.findings if f.code in {"bad-geometry", "bad-coordinates"}]
        if path.name == "invalid_out_of_range_vertex_index.json":
            assert [f.object_id for f in broken] == ["invalid_out_of_range_vertex_index"]
            continue
        assert not broken, path
        expected = sum(raw_area(d) for d in documents)
        found = sum(area(g) for item in objects for g in item.geometries)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-6), path
        seen: set[str | None] = {None}
        for item in objects:
            assert item.parent in seen, (path, item.id)
            seen.add(item.id)


def test_old_and_new_versions_of_the_same_city_agree(data: Path) -> None:
    _, old = read(data / "cityjson" / "delft.json")
    _, new = read(data / "cityjson" / "cjio" / "data" / "delft.json")
    assert {(o.id, o.type) for o in old} == {(o.id, o.type) for o in new}


def test_cube_of_version_0_6(data: Path) -> None:
    reader, (cube,) = read(data / "cityjson" / "cube.json")
    assert (reader.info.format, reader.info.version, reader.info.srs_name) == ("CityJSON", "0.6", None)
    (geometry,) = cube.geometries
    assert (geometry.type, geometry.lod, geometry.role) == ("Solid", "1", "Solid")
    assert geometry.polygon_count == 12
    assert geometry.rings.tolist() == list(range(0, 37, 3))
    assert area(geometry) == pytest.approx(6 * 100.0**2)
    triangles = geometry.vertices.reshape(12, 3, 3)
    volume = np.einsum("ij,ij->i", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])).sum() / 6
    assert volume == pytest.approx(100.0**3)


def test_den_haag_hierarchy_and_semantics(data: Path) -> None:
    reader, objects = read(data / "cityjson" / "DenHaag_01.json")
    by_id = {item.id: item for item in objects}
    assert reader.info.envelope is not None
    assert reader.info.envelope[0].tolist() == [78248.66, 457604.591, 2.463]
    assert Counter(by_id[o.parent].type for o in objects if o.parent) == {"Building": 1653}
    surfaces = [s for o in objects for s in o.surfaces]
    slopes = [s.attributes["Slope"] for s in surfaces if s.type == "RoofSurface"]
    assert len(slopes) > 3000
    assert all(
        g.semantics is not None and g.semantics.min() >= 0
        for o in objects
        for g in o.geometries
        if o.surfaces
    )
    relief = by_id["tin_01_Component_1"]
    assert (relief.type, relief.geometries[0].type) == ("TINRelief", "CompositeSurface")
    part = by_id["GUID_DBDABF53-7DD5-4C2F-BE7F-51F29A0CBA16_1"]
    indices = part.geometries[0].materials[""]
    assert [part.materials[i].ambient for i in indices] == [0.2] * 6
    assert len(part.materials) == 3


def test_delfshaven_textures_are_named_and_missing(data: Path) -> None:
    reader, objects = read(data / "cityjson" / "3-20-DELFSHAVEN.json")
    assert reader.info.srs_name == "urn:ogc:def:crs:EPSG::28992"
    first = objects[0].geometries[0]
    texturing = first.textures["rgbTexture"]
    assert texturing.uv.shape == (len(first.vertices), 2)
    raw = json_documents(data / "cityjson" / "3-20-DELFSHAVEN.json")[0]
    values = raw["CityObjects"][objects[0].id]["geometry"][0]["texture"]["rgbTexture"]["values"]
    table = raw["appearance"]["vertices-texture"]
    expected = [
        [np.nan, np.nan] if ring[0] is None else table[n]
        for surface, polygon in zip(
            values, raw["CityObjects"][objects[0].id]["geometry"][0]["boundaries"], strict=True
        )
        for ring, vertices in zip(surface, polygon, strict=True)
        for n in (ring[1:] if ring[0] is not None else vertices)
    ]
    np.testing.assert_allclose(texturing.uv, expected, atol=1e-6)
    images = [None if v[0][0] is None else raw["appearance"]["textures"][v[0][0]]["image"] for v in values]
    assert [None if i < 0 else objects[0].textures[i].uri for i in texturing.images] == images
    missing = [f for f in reader.gathered.findings if f.code == "missing-texture"]
    used = {t.uri for o in objects for t in o.textures}
    assert len(missing) == len(used)
    assert all(t.path is None for o in objects for t in o.textures)


def test_texture_beside_the_file_is_found(data: Path) -> None:
    folder = data / "cityjson" / "cjio" / "data" / "rotterdam"
    reader, objects = read(folder / "rotterdam_one.json")
    paths = {t.uri: t.path for t in objects[0].textures}
    assert paths["appearances/0320_4_15.jpg"] == str((folder / "appearances/0320_4_15.jpg").resolve())
    reported = {f.message for f in reader.gathered.findings if f.code == "missing-texture"}
    assert len(reported) == sum(path is None for path in paths.values()) == 5


def test_sequence_is_streamed(tmp_path: Path) -> None:
    header = document({}, [], transform={"scale": [0.001] * 3, "translate": [100.0, 200.0, 0.0]})
    lines = [json.dumps(header)]
    for number in range(5):
        feature = {
            "type": "CityJSONFeature",
            "id": f"b{number}",
            "CityObjects": {f"b{number}": building()},
            "vertices": [[1000 * c for c in v] for v in CUBE],
        }
        lines.append(json.dumps(feature))
    path = save(tmp_path, "\n".join(lines) + "\n" + lines[-1][:50], "cut.city.jsonl")
    reader = open_model(path, ReadOptions(batch=2))
    assert reader.info.format == "CityJSONSeq"
    batches = reader.batches()
    assert [o.id for o in next(batches)] == ["b0", "b1"]
    second = next(batches)
    np.testing.assert_allclose(second[0].geometries[0].vertices.min(axis=0), [100.0, 200.0, 0.0])
    with pytest.raises(NotACityModel, match="line 7 is not JSON"):
        next(batches)


def test_template_is_placed(data: Path) -> None:
    reader, (tree,) = read(data / "cityjson" / "cjdb" / "files" / "geomtemplate.city.jsonl")
    (instance,) = tree.implicit
    template = reader.gathered.templates[instance.template]
    assert instance.anchor.tolist() == [85174.0, 446875.0, 0.0]
    placed = (
        template.geometries[0].vertices @ instance.matrix[:3, :3].T + instance.matrix[:3, 3] + instance.anchor
    )
    assert placed.min(axis=0).tolist() == [85174.0, 446875.0, 5.0]
    assert placed.max(axis=0).tolist() == [85184.0, 446885.0, 15.0]
    again, (same,) = read(data / "cityjson" / "cjdb" / "files" / "geomtemplate.city.jsonl")
    assert same.implicit[0].template == instance.template
    assert area(again.gathered.templates[instance.template].geometries[0]) == 600.0


def test_complete_fixture_of_the_conformance_corpus(data: Path) -> None:
    folder = data / "cityjson" / "conformance" / "cases" / "conformance" / "v2_0"
    reader, objects = read(folder / "cityjson_fake_complete" / "cityjson_fake_complete.city.json")
    by_id = {item.id: item for item in objects}
    part = by_id["id-1"]
    assert (part.type, part.parent) == ("BuildingPart", "id-3")
    assert by_id["id-3"].type == "+NoiseBuilding"
    assert part.addresses[0]["thoroughfare"] == "rue de la Patate"
    assert part.addresses[0]["location"] == [[102.0, 103.0, 1.0]]
    geometry = part.geometries[0]
    assert geometry.lod == "2.1"
    assert geometry.shells is not None and geometry.shells.tolist() == [0, 4, 5]
    assert geometry.polygons.tolist() == [0, 1, 2, 3, 4, 6]
    assert geometry.semantics is not None and geometry.semantics.tolist() == [0, 0, -1, 1, -1]
    assert [(s.type, s.parent) for s in part.surfaces] == [("RoofSurface", -1), ("+PatioDoor", 0)]
    assert [[part.materials[i].name if i >= 0 else None for i in m] for m in geometry.materials.values()] == [
        ["irradiation"] * 3 + [None, None],
        ["irradiation"] * 5,
    ]
    assert geometry.textures["winter-textures"].images.tolist() == [0, 0, -1, -1, -1]
    assert by_id["my-neighbourhood"].members == [
        ("id-1", "residential building"),
        ("id-3", "voting location"),
    ]
    assert by_id["a-tree"].implicit[0].matrix[0, 0] == 2.0
    assert reader.info.name == "Complete and fake CityJSON"
    assert reader.info.metadata["+census"] == {"percent_men": 49.5, "percent_women": 51.5}
    assert reader.info.metadata["default-theme-material"] == "irradiation"
    assert reader.info.metadata["extensions"]["Noise"]["version"] == "0.5"


def test_surface_hierarchy_is_completed_from_children(data: Path) -> None:
    folder = data / "cityjson" / "conformance" / "cases" / "conformance" / "v2_0"
    _, (item,) = read(folder / "semantic_extended" / "semantic_extended.city.json")
    assert [(s.type, s.parent) for s in item.surfaces] == [
        ("WallSurface", -1),
        ("+MySemantic", 0),
        ("WallSurface", 1),
    ]


def test_names_of_1_0_are_upgraded(tmp_path: Path) -> None:
    types = {
        "Room": "BuildingRoom",
        "IntBuildingInstallation": "BuildingInstallation",
        "BridgeConstructionElement": "BridgeConstructiveElement",
        "HollowSpace": "TunnelHollowSpace",
        "TransportSquare": "TransportSquare",
        "+Track": "Track",
        "+UnderGroundBuilding:uro": "uro:UnderGroundBuilding",
        "+Own": "+Own",
    }
    objects: dict[str, Any] = {f"o{n}": {"type": t} for n, t in enumerate(types)}
    objects["o0"]["address"] = {"CountryName": "NL", "ThoroughfareNumber": "12", "ThoroughfareName": "Markt"}
    objects["group"] = {"type": "CityObjectGroup", "members": ["o1", "o2"]}
    reader, read_objects = read(save(tmp_path, document(objects) | {"version": "1.0"}))
    assert {o.id: o.type for o in read_objects} == {
        **{f"o{n}": ours for n, ours in enumerate(types.values())},
        "group": "CityObjectGroup",
    }
    assert read_objects[0].addresses == [{"country": "NL", "number": "12", "thoroughfare": "Markt"}]
    assert read_objects[-1].members == [("o1", None), ("o2", None)]
    assert not reader.gathered.findings


def test_attributes_with_units_and_codes(tmp_path: Path) -> None:
    attributes = {
        "height": 12,
        "height_uom": "m",
        "areas": [1.5, 2.5],
        "areas_uom": ["m2", "m2"],
        "usage": "401",
        "usage_codeSpace": "../usage.xml",
        "usage_codeName": "business",
        "lonely_uom": "m",
        "text": "abc",
        "text_uom": "m",
        "built": "2020-02-29",
        "not-a-day": "2020-02-30",
        "nested": {"flow": 3.5, "flow_uom": "m3/s"},
    }
    _, (item,) = read(save(tmp_path, document({"b": {"type": "Building", "attributes": attributes}})))
    assert item.attributes == {
        "height": Measure(12.0, "m"),
        "areas": [Measure(1.5, "m2"), Measure(2.5, "m2")],
        "usage": Code("401", "../usage.xml", "business"),
        "lonely_uom": "m",
        "text": "abc",
        "text_uom": "m",
        "built": date(2020, 2, 29),
        "not-a-day": "2020-02-30",
        "nested": {"flow": Measure(3.5, "m3/s")},
    }


def test_lods_are_chosen(data: Path) -> None:
    path = data / "cityjson" / "cjio" / "data" / "multi_lod.json"
    _, every = read(path)
    _, some = read(path, lods=frozenset({"2"}))
    assert {g.lod for o in every for g in o.geometries} == {"1.2", "1.3", "2.2"}
    assert {g.lod for o in some for g in o.geometries} == {"2.2"}
    assert len(some) == len(every) == 10


@pytest.mark.parametrize(("east", "swapped"), [(True, False), (False, True)])
def test_axis_order_follows_the_place_on_earth(tmp_path: Path, east: bool, swapped: bool) -> None:
    longitude, latitude = 139.75, 35.68
    corner = [longitude, latitude] if east else [latitude, longitude]
    vertices = [[corner[0] + dx * 1e-4, corner[1] + dy * 1e-4, dz] for dx, dy, dz in CUBE]
    extent = [*corner, 0, corner[0] + 1e-4, corner[1] + 1e-4, 1]
    metadata = {
        "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/6697",
        "geographicalExtent": extent,
    }
    reader, (item,) = read(save(tmp_path, document({"b": building()}, vertices, metadata=metadata)))
    low = item.geometries[0].vertices.min(axis=0)
    assert low.tolist() == pytest.approx([longitude, latitude, 0.0])
    assert reader.info.envelope is not None
    assert reader.info.envelope[0].tolist() == pytest.approx([longitude, latitude, 0.0])
    assert [f.code for f in reader.gathered.findings] == (["axis-order"] if swapped else [])


def test_swapped_axes_turn_the_matrix_of_an_instance(tmp_path: Path) -> None:
    quarter_turn = [0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    tree = {
        "type": "SolitaryVegetationObject",
        "geometry": [
            {
                "type": "GeometryInstance",
                "template": 0,
                "boundaries": [0],
                "transformationMatrix": quarter_turn,
            }
        ],
    }
    templates = {
        "templates": [{"type": "MultiPoint", "lod": "1", "boundaries": [0]}],
        "vertices-templates": [[5.0, 0.0, 1.0]],
    }
    metadata = {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/6697"}
    raw = document({"t": tree}, [[35.68, 139.75, 3.0]], metadata=metadata) | {"geometry-templates": templates}
    reader, (item,) = read(save(tmp_path, raw))
    (instance,) = item.implicit
    point = reader.gathered.templates[instance.template].geometries[0].vertices[0]
    moved = instance.matrix[:3, :3] @ point
    assert instance.anchor.tolist() == [139.75, 35.68, 3.0]
    # 5 along the first axis (north), turned by 90 degrees towards the second (east): 5 to the east.
    assert moved.tolist() == [5.0, 0.0, 1.0]


def test_nulls_at_any_level(tmp_path: Path) -> None:
    solid = {
        "type": "MultiSolid",
        "lod": "2",
        "boundaries": [[SIDES], [SIDES[:2], SIDES[2:]]],
        "semantics": {"surfaces": [{"type": "RoofSurface"}], "values": [None, [None, [0, None, None, 0]]]},
        "material": {"m": {"values": [[[0] * 6], None]}},
    }
    raw = document(
        {"b": {"type": "Building", "geometry": [solid]}}, appearance={"materials": [{"name": "m"}]}
    )
    reader, (item,) = read(save(tmp_path, raw))
    (geometry,) = item.geometries
    assert geometry.semantics is not None
    assert geometry.semantics.tolist() == [-1] * 8 + [0, -1, -1, 0]
    assert geometry.materials["m"].tolist() == [0] * 6 + [-1] * 6
    assert geometry.solids is not None and geometry.solids.tolist() == [0, 1, 3]
    assert not reader.gathered.findings


def test_a_ring_that_repeats_its_first_vertex_is_read_without(tmp_path: Path) -> None:
    closed = [[[*ring, ring[0]] for ring in side] for side in SIDES]
    texture = {"t": {"values": [[[0, 0, 1, 2, 3, 0]]] * 6}}
    appearance = {"textures": [{"image": "a.png"}], "vertices-texture": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    raw = document({"b": building(boundaries=closed, texture=texture)}, appearance=appearance)
    _, (item,) = read(save(tmp_path, raw))
    (geometry,) = item.geometries
    assert geometry.rings.tolist() == list(range(0, 25, 4))
    assert geometry.textures["t"].uv[:4].tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
