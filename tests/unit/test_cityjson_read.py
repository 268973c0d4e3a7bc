"""Reading CityJSON and CityJSONSeq: the real files against an independent count, and every kind of defect."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citygml.cityjson import open_cityjson
from citygml.errors import BadCoordinates, CityModelError, NotACityModel, UnsupportedFormat
from citygml.model import Code, Measure
from citygml.reading import ReadOptions, open_model
from tests.unit.cityjson_models import area, raw_area, read
from tools.counting import cityjson_counts, cityjson_files, json_documents

REFUSED = {
    "no_cityjson_obj.city.jsonl": NotACityModel,
    "cityjsonfeature_minimal.city.jsonl": NotACityModel,
    "invalid_cityjsonfeature_root_id_unresolved.city.jsonl": NotACityModel,
    "invalid_missing_type.json": NotACityModel,
    "invalid_u64_f64_bounds.json": BadCoordinates,
}
CUBE = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]
SIDES = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]


def document(objects: dict[str, Any], vertices: Any = CUBE, **members: Any) -> dict[str, Any]:
    return {"type": "CityJSON", "version": "2.0", "CityObjects": objects, "vertices": vertices} | members


def building(**geometry: Any) -> dict[str, Any]:
    return {
        "type": "Building",
        "geometry": [{"type": "MultiSurface", "lod": "2", "boundaries": SIDES} | geometry],
    }


@pytest.fixture
def save(tmp_path: Path) -> Any:
    def write(content: Any, name: str = "model.city.json") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


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


def test_sequence_is_streamed(save: Any) -> None:
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
    path = save("\n".join(lines) + "\n" + lines[-1][:50], "cut.city.jsonl")
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


def test_names_of_1_0_are_upgraded(save: Any) -> None:
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
    reader, read_objects = read(save(document(objects) | {"version": "1.0"}))
    assert {o.id: o.type for o in read_objects} == {
        **{f"o{n}": ours for n, ours in enumerate(types.values())},
        "group": "CityObjectGroup",
    }
    assert read_objects[0].addresses == [{"country": "NL", "number": "12", "thoroughfare": "Markt"}]
    assert read_objects[-1].members == [("o1", None), ("o2", None)]
    assert not reader.gathered.findings


def test_attributes_with_units_and_codes(save: Any) -> None:
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
    _, (item,) = read(save(document({"b": {"type": "Building", "attributes": attributes}})))
    from datetime import date

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
def test_axis_order_follows_the_place_on_earth(save: Any, east: bool, swapped: bool) -> None:
    longitude, latitude = 139.75, 35.68
    corner = [longitude, latitude] if east else [latitude, longitude]
    vertices = [[corner[0] + dx * 1e-4, corner[1] + dy * 1e-4, dz] for dx, dy, dz in CUBE]
    extent = [*corner, 0, corner[0] + 1e-4, corner[1] + 1e-4, 1]
    metadata = {
        "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/6697",
        "geographicalExtent": extent,
    }
    reader, (item,) = read(save(document({"b": building()}, vertices, metadata=metadata)))
    low = item.geometries[0].vertices.min(axis=0)
    assert low.tolist() == pytest.approx([longitude, latitude, 0.0])
    assert reader.info.envelope is not None
    assert reader.info.envelope[0].tolist() == pytest.approx([longitude, latitude, 0.0])
    assert [f.code for f in reader.gathered.findings] == (["axis-order"] if swapped else [])


def test_swapped_axes_turn_the_matrix_of_an_instance(save: Any) -> None:
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
    reader, (item,) = read(save(raw))
    (instance,) = item.implicit
    point = reader.gathered.templates[instance.template].geometries[0].vertices[0]
    moved = instance.matrix[:3, :3] @ point
    assert instance.anchor.tolist() == [139.75, 35.68, 3.0]
    # 5 along the first axis (north), turned by 90 degrees towards the second (east): 5 to the east.
    assert moved.tolist() == [5.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("content", "error", "text"),
    [
        ("", NotACityModel, "not JSON"),
        ('{"type": "CityJSON", "version": "2.0", "CityObj', NotACityModel, "is the file complete"),
        ("[1, 2]", NotACityModel, '"type" must be "CityJSON"'),
        ({"type": "FeatureCollection", "features": []}, NotACityModel, "'FeatureCollection'"),
        ({"type": "CityJSON", "CityObjects": {}, "vertices": []}, NotACityModel, '"version"'),
        ({"type": "CityJSON", "version": "two", "CityObjects": {}, "vertices": []}, NotACityModel, "'two'"),
        (document({}) | {"version": "3.0"}, UnsupportedFormat, "CityJSON 3.0 cannot be read"),
        ({"type": "CityJSON", "version": "2.0", "vertices": []}, NotACityModel, '"CityObjects"'),
        ({"type": "CityJSON", "version": "2.0", "CityObjects": {}}, NotACityModel, "vertices"),
        (document({}, transform={"scale": [1, 1], "translate": [0, 0, 0]}), BadCoordinates, "'scale'"),
        (
            document({}, transform={"scale": [1, 1, 1], "translate": [0, None, 0]}),
            BadCoordinates,
            "'translate'",
        ),
        ("[" * 100_000, NotACityModel, "not JSON"),
        (json.dumps(document({})) + "\n{}\n", NotACityModel, "line 2 is not a CityJSONFeature"),
        (json.dumps(document({})) + "\nhello\n", NotACityModel, "line 2 is not JSON"),
    ],
)
def test_what_is_not_cityjson_is_refused_in_one_line(
    save: Any, content: Any, error: type[CityModelError], text: str
) -> None:
    path = save(content)
    with pytest.raises(error) as refusal:
        open_cityjson(path)
    message = str(refusal.value)
    assert text in message and str(path) in message and "\n" not in message


@pytest.mark.parametrize(
    ("boundaries", "code"),
    [
        ([[[0, 1, 99]]], "bad-geometry"),
        ([[[0, 1, -1]]], "bad-geometry"),
        ([[[0, 1, 1.5]]], "bad-geometry"),
        ([[[0, 1, "2"]]], "bad-geometry"),
        ([[[0, 1, None]]], "bad-geometry"),
        ([[0, 1, 2]], "bad-geometry"),
        ([[[[0, 1, 2]]]], "bad-geometry"),
        ([[]], "bad-geometry"),
        ([[[]]], "bad-geometry"),
        ("abc", "bad-geometry"),
        (None, "bad-geometry"),
        ({"a": 1}, "bad-geometry"),
        ([[[0, 1, 2**70]]], "bad-geometry"),
        ([[[0, 1, 8]]], "bad-coordinates"),
        ([[[0, 1, 9]]], "bad-coordinates"),
        ([[[0, 1, 10]]], "bad-coordinates"),
        ([[[0, 1, 11]]], "bad-coordinates"),
    ],
)
def test_a_broken_geometry_is_a_finding_and_the_rest_goes_in(save: Any, boundaries: Any, code: str) -> None:
    vertices = [*CUBE, [0, 0], [0, None, 0], [0, float("nan"), 0], [0, "1", 0]]
    broken = building()
    broken["geometry"].insert(0, {"type": "MultiSurface", "lod": "1", "boundaries": boundaries})
    reader, (good, bad) = read(save(document({"good": building(), "bad": broken}, vertices)))
    assert [(f.code, f.object_id, f.part) for f in reader.gathered.findings] == [(code, "bad", "geometry 0")]
    assert [g.lod for g in bad.geometries] == ["2"]
    assert area(good.geometries[0]) == area(bad.geometries[0]) == 6.0


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"semantics": {"surfaces": [{"type": "RoofSurface"}], "values": [0]}}, "bad-semantics"),
        (
            {"semantics": {"surfaces": [{"type": "RoofSurface"}], "values": [0, 0, 0, 0, 0, 7]}},
            "bad-semantics",
        ),
        ({"semantics": {"surfaces": None, "values": [0] * 6}}, "bad-semantics"),
        ({"semantics": "roof"}, "bad-semantics"),
        ({"material": {"m": {"value": 3}}}, "bad-material"),
        ({"material": {"m": {"values": [0]}}}, "bad-material"),
        ({"texture": {"t": {"values": [[[0, 0, 0]]]}}}, "bad-texture"),
        ({"texture": {"t": {"values": [[[0, 9, 9, 9, 9]]] * 6}}}, "bad-texture"),
        ({"texture": {"t": {"values": [[[0, 0]]] * 6}}}, "bad-texture"),
        ({"texture": {"t": None}}, "bad-texture"),
    ],
)
def test_a_broken_extra_is_a_finding_and_the_geometry_stays(
    save: Any, extra: dict[str, Any], code: str
) -> None:
    appearance = {
        "textures": [{"type": "PNG", "image": "a.png"}],
        "materials": [{"name": "m"}],
        "vertices-texture": [[0, 0]],
    }
    reader, (item,) = read(save(document({"b": building(**extra)}, appearance=appearance)))
    assert code in [f.code for f in reader.gathered.findings]
    (geometry,) = item.geometries
    assert area(geometry) == 6.0
    assert geometry.semantics is None and not geometry.textures and not geometry.materials


def test_nulls_at_any_level(save: Any) -> None:
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
    reader, (item,) = read(save(raw))
    (geometry,) = item.geometries
    assert geometry.semantics is not None
    assert geometry.semantics.tolist() == [-1] * 8 + [0, -1, -1, 0]
    assert geometry.materials["m"].tolist() == [0] * 6 + [-1] * 6
    assert geometry.solids is not None and geometry.solids.tolist() == [0, 1, 3]
    assert not reader.gathered.findings


def test_a_ring_that_repeats_its_first_vertex_is_read_without(save: Any) -> None:
    closed = [[[*ring, ring[0]] for ring in side] for side in SIDES]
    texture = {"t": {"values": [[[0, 0, 1, 2, 3, 0]]] * 6}}
    appearance = {"textures": [{"image": "a.png"}], "vertices-texture": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    raw = document({"b": building(boundaries=closed, texture=texture)}, appearance=appearance)
    _, (item,) = read(save(raw))
    (geometry,) = item.geometries
    assert geometry.rings.tolist() == list(range(0, 25, 4))
    assert geometry.textures["t"].uv[:4].tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]


@pytest.mark.parametrize(
    "uri", ["../secret.png", "/etc/hostname", "link.png", "https://example.org/a.png", ""]
)
def test_images_outside_the_folder_are_never_taken(tmp_path: Path, uri: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"png")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    texture = {"t": {"values": [[[0, 0, 0, 0, 0]]] * 6}}
    appearance = {"textures": [{"image": uri}], "vertices-texture": [[0, 0]]}
    path = folder / "a.city.json"
    path.write_text(json.dumps(document({"b": building(texture=texture)}, appearance=appearance)))
    reader, (item,) = read(path)
    assert item.textures[0].path is None
    assert [(f.code, f.object_id) for f in reader.gathered.findings] == [("missing-texture", "b")]


def test_broken_hierarchies_are_findings(save: Any) -> None:
    objects = {
        "child": {"type": "BuildingPart", "parents": ["gone"]},
        "a": {"type": "Building", "parents": ["b"]},
        "b": {"type": "Building", "parents": ["a"]},
        "c": {"type": "BuildingPart", "parents": ["c"]},
        "late": {"type": "BuildingPart", "parents": ["top"]},
        "top": {"type": "Building", "children": ["late", "adopted", "lost"]},
        "adopted": {"type": "BuildingPart"},
        "untyped": {"attributes": {}},
    }
    reader, read_objects = read(save(document(objects)))
    assert {(f.code, f.object_id) for f in reader.gathered.findings} == {
        ("broken-reference", "child"),
        ("broken-reference", "top"),
        ("parent-cycle", "a"),
        ("bad-object", "untyped"),
    }
    parents = {o.id: o.parent for o in read_objects}
    assert parents == {
        "child": None,
        "a": None,
        "b": "a",
        "c": None,
        "top": None,
        "late": "top",
        "adopted": "top",
    }
    order = [o.id for o in read_objects]
    assert order.index("top") < min(order.index("late"), order.index("adopted"))


def test_odd_features_and_classes_are_read_with_a_finding(save: Any) -> None:
    feature = {
        "type": "CityJSONFeature",
        "id": "other",
        "CityObjects": {"b": {"type": "Shed"}},
        "vertices": [],
    }
    path = save(json.dumps(document({}, [])) + "\n\n" + json.dumps(feature), "odd.city.jsonl")
    reader, (item,) = read(path)
    assert item.type == "+Shed"
    assert {(f.code, f.object_id) for f in reader.gathered.findings} == {
        ("bad-feature", None),
        ("unknown-class", "b"),
    }


def test_templates_that_cannot_be_read_are_findings(save: Any) -> None:
    matrix = np.eye(4).ravel().tolist()
    places = [
        {"type": "GeometryInstance", "template": n, "boundaries": [0], "transformationMatrix": matrix}
        for n in (0, 1, 2)
    ]
    templates = {
        "templates": [
            {"type": "MultiPoint", "lod": "1", "boundaries": [0]},
            {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 99]]]},
        ],
        "vertices-templates": [[0, 0, 0], [1, 0, 0]],
    }
    raw = document({"t": {"type": "CityFurniture", "geometry": places}}) | {"geometry-templates": templates}
    reader, (item,) = read(save(raw))
    assert [len(reader.gathered.templates[i.template].geometries) for i in item.implicit] == [1, 0]
    assert [f.code for f in reader.gathered.findings] == ["bad-template", "bad-geometry"]
    assert reader.gathered.findings[1].object_id == "t"
