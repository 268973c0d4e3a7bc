"""CityJSON that is something else, is broken or means harm: one line, or a finding and the rest goes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citygml.cityjson import open_cityjson
from citygml.errors import (
    BadCoordinates,
    CityModelError,
    NotACityModel,
    UnsafeInput,
    UnsupportedFormat,
)
from tests.unit.cityjson_models import CUBE, area, building, document, read, save


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
        ('{"a":' * 100_000 + "\n{}\n", NotACityModel, "not JSON"),
        (json.dumps(document({})) + "\n{}\n", NotACityModel, "line 2 is not a CityJSONFeature"),
        (json.dumps(document({})) + "\nhello\n", NotACityModel, "line 2 is not JSON"),
    ],
)
def test_what_is_not_cityjson_is_refused_in_one_line(
    tmp_path: Path, content: Any, error: type[CityModelError], text: str
) -> None:
    path = save(tmp_path, content)
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
        ([[[0, 1, 12]]], "bad-coordinates"),
    ],
)
def test_a_broken_geometry_is_a_finding_and_the_rest_goes_in(
    tmp_path: Path, boundaries: Any, code: str
) -> None:
    vertices = [*CUBE, [0, 0], [0, None, 0], [0, float("nan"), 0], [0, "1", 0], [10**400, 0, 0]]
    broken = building()
    broken["geometry"].insert(0, {"type": "MultiSurface", "lod": "1", "boundaries": boundaries})
    reader, (good, bad) = read(save(tmp_path, document({"good": building(), "bad": broken}, vertices)))
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
        ({"semantics": {"surfaces": [{"type": "Roof"}], "values": [0.5] * 6}}, "bad-semantics"),
        ({"semantics": {"surfaces": [{"type": "Roof"}], "values": [2**70] * 6}}, "bad-semantics"),
        ({"semantics": {"surfaces": [{"type": "Roof", "parent": 0}], "values": [0] * 6}}, "bad-semantics"),
        (
            {
                "semantics": {
                    "surfaces": [{"type": "Roof", "parent": 1}, {"type": "Roof", "parent": 0}],
                    "values": [0] * 6,
                }
            },
            "bad-semantics",
        ),
        ({"material": {"m": {"value": 3}}}, "bad-material"),
        ({"material": {"m": {"values": [0]}}}, "bad-material"),
        ({"material": {"m": [0]}}, "bad-material"),
        ({"texture": {"t": {"values": [[[0, 0, 0]]]}}}, "bad-texture"),
        ({"texture": {"t": {"values": [[[0, 9, 9, 9, 9]]] * 6}}}, "bad-texture"),
        ({"texture": {"t": {"values": [[[0, 0]]] * 6}}}, "bad-texture"),
        ({"texture": {"t": None}}, "bad-texture"),
    ],
)
def test_a_broken_extra_is_a_finding_and_the_geometry_stays(
    tmp_path: Path, extra: dict[str, Any], code: str
) -> None:
    appearance = {
        "textures": [{"type": "PNG", "image": "a.png"}],
        "materials": [{"name": "m"}],
        "vertices-texture": [[0, 0]],
    }
    reader, (item,) = read(save(tmp_path, document({"b": building(**extra)}, appearance=appearance)))
    assert code in [f.code for f in reader.gathered.findings]
    (geometry,) = item.geometries
    assert area(geometry) == 6.0
    assert geometry.semantics is None and not geometry.textures and not geometry.materials


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


def test_broken_hierarchies_are_findings(tmp_path: Path) -> None:
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
    reader, read_objects = read(save(tmp_path, document(objects)))
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


def test_odd_features_and_classes_are_read_with_a_finding(tmp_path: Path) -> None:
    feature = {
        "type": "CityJSONFeature",
        "id": "other",
        "CityObjects": {"b": {"type": "Shed"}},
        "vertices": [],
    }
    path = save(tmp_path, json.dumps(document({}, [])) + "\n\n" + json.dumps(feature), "odd.city.jsonl")
    reader, (item,) = read(path)
    assert item.type == "+Shed"
    assert {(f.code, f.object_id) for f in reader.gathered.findings} == {
        ("bad-feature", None),
        ("unknown-class", "b"),
    }


def test_templates_that_cannot_be_read_are_findings(tmp_path: Path) -> None:
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
    reader, (item,) = read(save(tmp_path, raw))
    assert [len(reader.gathered.templates[i.template].geometries) for i in item.implicit] == [1, 0]
    assert [f.code for f in reader.gathered.findings] == ["bad-template", "bad-geometry"]
    assert reader.gathered.findings[1].object_id == "t"


@pytest.mark.parametrize(
    "members",
    [
        {"+members": [1, ["b"], ["b", "role", "more"]]},
        {"+members": 5},
        {"+relations": [3, "ab"]},
        {"parents": [["b"], {"b": 1}, None]},
        {"children": [["b"], {"b": 1}, None]},
        {"geometry": [None, 5, "a"]},
        {"address": [5, {"location": 5}]},
    ],
)
def test_members_of_another_type_than_expected_do_no_harm(tmp_path: Path, members: dict[str, Any]) -> None:
    objects = {"odd": {"type": "Building"} | members, "b": building()}
    _, (odd, good) = read(save(tmp_path, document(objects)))
    assert (odd.members, odd.relations, odd.parent, odd.geometries) == ([], [], None, [])
    assert area(good.geometries[0]) == 6.0


def test_odd_appearances_and_metadata_do_no_harm(tmp_path: Path) -> None:
    appearance = {
        "textures": [{"image": "a.png", "wrapMode": ["wrap"], "borderColor": [10**400, 0, 0]}],
        "materials": [{"name": ["m"], "diffuseColor": [10**400, 0, 0], "shininess": float("nan")}],
        "vertices-texture": [[10**400, 0], [0, 0]],
    }
    metadata = {"title": {"ko": "도시"}, "geographicalExtent": [10**400, 0, 0, 0, 0, 0]}
    extra = {
        "texture": {"t": {"values": [[[0, 1, 1, 1, 1]]] * 6}},
        "material": {"m": {"value": 0}},
    }
    raw = document({"b": building(**extra)}, appearance=appearance, metadata=metadata)
    reader, (item,) = read(save(tmp_path, raw))
    assert (reader.info.name, reader.info.envelope) == (None, None)
    assert hash(item.textures[0]) and (item.textures[0].wrap, item.textures[0].border_color) == (None, None)
    assert (item.materials[0].name, item.materials[0].diffuse, item.materials[0].shininess) == (None,) * 3


def test_values_nested_without_end_are_refused_in_one_line(tmp_path: Path) -> None:
    deep = '{"a":' * 600 + "1" + "}" * 600
    text = json.dumps(document({"b": {"type": "Building", "attributes": 7}})).replace("7", deep)
    with pytest.raises(UnsafeInput, match="nested too deeply"):
        read(save(tmp_path, text))
    template = {"type": "MultiPoint", "lod": "1", "boundaries": [0], "semantics": 7}
    raw = document({}) | {"geometry-templates": {"templates": [template], "vertices-templates": [[0, 0, 0]]}}
    reader, _ = read(save(tmp_path, json.dumps(raw).replace("7", deep)))
    assert len(reader.gathered.templates) == 1


@pytest.mark.parametrize("kind", ["Solid", "MultiSolid", "Nonsense", ["MultiSurface"]])
def test_a_stored_type_that_does_not_fit_the_geometry_is_not_taken(tmp_path: Path, kind: Any) -> None:
    odd = building() | {"+geometry-info": [{"type": kind, "role": 5}]}
    _, (item,) = read(save(tmp_path, document({"b": odd})))
    assert (item.geometries[0].type, item.geometries[0].role) == ("MultiSurface", "5")
    assert item.geometries[0].shells is None


def test_surfaces_numbered_twice_are_not_shared(tmp_path: Path) -> None:
    surfaces = {"surfaces": [{"type": "Door", "parent": 1}, {"type": "WallSurface"}], "values": [0, 1] * 3}
    odd = building(semantics=surfaces) | {"+geometry-info": [{"surfaces": [4, 4]}]}
    _, (item,) = read(save(tmp_path, document({"b": odd})))
    assert [(s.type, s.parent) for s in item.surfaces] == [("Door", 1), ("WallSurface", -1)]


@pytest.mark.parametrize("boundaries", [[[0]], [0.5], ["0"], [], [0, 1], 0])
def test_an_instance_needs_one_vertex_for_its_place(tmp_path: Path, boundaries: Any) -> None:
    place = {"type": "GeometryInstance", "template": 0, "boundaries": boundaries}
    templates = {
        "templates": [{"type": "MultiPoint", "lod": "1", "boundaries": [0]}],
        "vertices-templates": [[0, 0, 0]],
    }
    raw = document({"t": {"type": "CityFurniture", "geometry": [place]}}) | {"geometry-templates": templates}
    reader, (item,) = read(save(tmp_path, raw))
    assert item.implicit == []
    assert [f.code for f in reader.gathered.findings] == ["bad-geometry"]


def test_a_feature_whose_id_is_no_text_is_a_finding(tmp_path: Path) -> None:
    feature = {"type": "CityJSONFeature", "id": ["b"], "CityObjects": {"b": building()}, "vertices": CUBE}
    reader, (item,) = read(save(tmp_path, json.dumps(document({}, [])) + "\n" + json.dumps(feature)))
    assert area(item.geometries[0]) == 6.0
    assert [f.code for f in reader.gathered.findings] == ["bad-feature"]
