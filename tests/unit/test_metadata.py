"""Attributes come back from the property table with their types, units and names."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from citygml.model import Code, Measure
from tests.gltf_validator import validate_bytes
from tests.unit.mesh_models import Unpacked, box
from tiles.attributes import Summary, flatten
from tiles.content import ContentOptions, build_content
from tiles.metadata import NO_VALUE, Schema, encode_table, identifier, unit_name


def boxes(rows, kind="Building"):
    return [box(f"id-{k}", (3 * k, 0, 0), (3 * k + 2, 2, 2), kind, **row) for k, row in enumerate(rows)]


def table(objects, schema=None):
    schema = schema or Schema.from_objects("buildings", objects)
    content = build_content(objects, lambda p: p, schema, ContentOptions(compression="none"))
    return Unpacked(content.glb)


def definitions(unpacked):
    schema = unpacked.json["extensions"]["EXT_structural_metadata"]["schema"]
    (held,) = schema["classes"].values()
    return held["properties"]


ROWS = [
    {
        "height": Measure(12.5, "urn:adv:uom:m"),
        "storeys": 3,
        "use": Code("1010", "uses.xml", "Wohnhaus"),
        "built": date(1999, 5, 1),
        "listed": True,
        "ratio": 0.25,
        "balance": -5,
        "größe": "klein",
        "용도": "주거",
        "nested": {"deep": {"name": "x"}},
        "tags": ["b", "a"],
    },
    {"storeys": 7, "use": Code("2000", "uses.xml"), "listed": False, "ratio": -1.0, "balance": 100},
    {"height": Measure(3.25, "urn:adv:uom:m"), "listed": True, "balance": 1},
]


def test_values_of_every_kind_come_back(tmp_path):
    content = build_content(
        boxes(ROWS), lambda p: p, Schema.from_objects("buildings", boxes(ROWS)), ContentOptions()
    )
    assert validate_bytes(content.glb, tmp_path) == []
    unpacked = Unpacked(content.glb)
    names = {key: d.get("name", key) for key, d in definitions(unpacked).items()}
    rows = [{names[key]: value for key, value in row.items()} for row in unpacked.rows()]
    assert rows == [
        {
            "id": "id-0",
            "class": "Building",
            "height": 12.5,
            "storeys": 3,
            "use": "Wohnhaus",
            "built": "1999-05-01",
            "listed": True,
            "ratio": 0.25,
            "balance": -5,
            "größe": "klein",
            "용도": "주거",
            "nested.deep.name": "x",
            "tags": "b; a",
        },
        {
            "id": "id-1",
            "class": "Building",
            "storeys": 7,
            "use": "2000",
            "listed": False,
            "ratio": -1.0,
            "balance": 100,
        },
        {"id": "id-2", "class": "Building", "height": 3.25, "listed": True, "balance": 1},
    ]


def test_numbers_have_units_and_the_smallest_type():
    held = definitions(table(boxes(ROWS)))
    assert held["height"]["componentType"] == "FLOAT32"
    assert held["height"]["extras"] == {"unit": "m"}
    assert held["storeys"]["componentType"] == "UINT8"
    assert held["balance"]["componentType"] == "INT8"
    assert held["listed"]["type"] == "BOOLEAN"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 254], "UINT8"),
        ([0, 255], "UINT16"),
        ([-127, 127], "INT8"),
        ([-128, 0], "INT16"),
        ([70000], "INT32"),
        ([0, 2**40], "FLOAT64"),
        ([0.125, 2000.0], "FLOAT32"),
        ([0.0, 123456789.25], "FLOAT64"),
    ],
)
def test_numbers_take_the_smallest_type_with_room_for_absent_values(values, kind):
    objects = boxes([{"n": v} for v in values] + [{}])
    unpacked = table(objects)
    assert definitions(unpacked)["n"]["componentType"] == kind
    decoded = [row.get("n") for row in unpacked.rows()]
    assert decoded[:-1] == pytest.approx(values, rel=1e-7, abs=1e-12)
    assert decoded[-1] is None


def test_a_new_value_within_bounds_does_not_change_the_definitions():
    first = Schema.from_objects("b", boxes([{"h": 3.25, "n": 3}, {"h": 30.5, "n": 7}, {}]))
    second = Schema.from_objects("b", boxes([{"h": 0.25, "n": 1}, {"h": 64.0, "n": 100}, {}]))
    assert first == second


def test_codes_keep_their_code_as_description_and_equal_names_stay_apart():
    rows = [{"use": Code("1", None, "house")}, {"use": Code("2", None, "house")}, {"use": Code("3")}]
    unpacked = table(boxes(rows))
    assert [row["use"] for row in unpacked.rows()] == ["house", "house (2)", "3"]
    enum = unpacked.json["extensions"]["EXT_structural_metadata"]["schema"]["enums"]["use"]
    assert [v.get("description") for v in enum["values"]] == ["1", "2", None]


def test_texts_that_hardly_repeat_stay_out():
    objects = boxes([{"name": f"house {k}"} for k in range(60)])
    assert "name" not in definitions(table(objects))


def test_an_enum_means_the_same_in_every_tile():
    objects = boxes([{"use": text} for text in ("a", "b", "c") * 3] + [{}])
    schema = Schema.from_objects("buildings", objects)
    numbers = {}
    for part in (objects[:2], objects[1:3], objects[7:]):
        enum = table(part, schema).json["extensions"]["EXT_structural_metadata"]["schema"]["enums"]["use"]
        for value in enum["values"]:
            assert numbers.setdefault(value["name"], value["value"]) == value["value"]
    assert numbers == {"a": 1, "b": 2, "c": 3, NO_VALUE: 0}


def test_a_summary_that_grows_keeps_the_numbers_of_known_values():
    first, more = Summary(), Summary()
    first.add(boxes([{"use": "m"}, {"use": "z"}]))
    before = Schema.from_summary("b", first)
    more.add(boxes([{"use": "a"}, {"use": "m"}], "BuildingPart"))
    first.merge(more)
    after = Schema.from_summary("b", Summary.from_dict(json.loads(json.dumps(first.to_dict()))))
    assert before.properties["use"].enum == {"m": 1, "z": 2}
    assert after.properties["use"].enum == {"m": 1, "z": 2, "a": 3}
    assert after.kinds.enum == {"Building": 0, "BuildingPart": 1}


def test_a_value_that_all_rows_share_is_written_once():
    unpacked = table(boxes([{"use": "a", "n": 4}] * 5))
    assert definitions(unpacked)["use"]["default"] == "a"
    assert definitions(unpacked)["n"]["default"] == 4
    (held,) = unpacked.json["extensions"]["EXT_structural_metadata"]["propertyTables"]
    assert set(held["properties"]) == {"id"}
    assert [(row["use"], row["n"]) for row in unpacked.rows()] == [("a", 4)] * 5


def test_a_value_unknown_to_the_schema_is_absent():
    schema = Schema.from_objects("buildings", boxes([{"use": "a", "n": 4}, {"use": "b", "n": 5}]))
    rows = table(boxes([{"use": "new", "n": 5000}, {"use": "a", "n": "text"}]), schema).rows()
    assert [(row.get("use"), row.get("n")) for row in rows] == [(None, None), ("a", None)]


def test_an_attribute_called_class_or_id_does_not_hide_ours():
    unpacked = table(boxes([{"class": "1000", "id": "other"}, {"class": "2000", "id": "other"}]))
    assert [(r["id"], r["class"]) for r in unpacked.rows()] == [("id-0", "Building"), ("id-1", "Building")]
    assert [(r["id_2"], r["class_2"]) for r in unpacked.rows()] == [("other", "1000"), ("other", "2000")]


def test_mixed_units_are_texts():
    rows = table(boxes([{"h": Measure(2.0, "m")}, {"h": Measure(7.0, "ft")}])).rows()
    assert [row["h"] for row in rows] == ["2 m", "7 ft"]


def test_numbers_that_are_not_finite_are_absent():
    rows = table(boxes([{"h": float("nan")}, {"h": 1.0}, {"h": float("inf")}])).rows()
    assert [row.get("h") for row in rows] == [None, 1.0, None]


def registry(data):
    held = []
    for path in (data / "schemas" / "3d-tiles-1.1").rglob("*.schema.json"):
        schema = json.loads(path.read_bytes())
        schema.pop("$id", None)
        address = f"https://3d-tiles/{path.parent.name}/{path.name}"
        held.append((address, Resource.from_contents(schema)))
    return Registry().with_resources(held)


def test_schemas_keep_to_the_json_schema_of_3d_tiles(data):
    check = Draft202012Validator(
        {"$ref": "https://3d-tiles/Schema/schema.schema.json"}, registry=registry(data)
    )
    objects = boxes(ROWS)
    document = encode_table(Schema.from_objects("buildings", objects), objects).schema
    assert document["classes"]["buildings"]["properties"]
    assert [error.message for error in check.iter_errors(document)] == []
    assert [e.message for e in check.iter_errors({"id": "1 bad"})] != []


VALUES = st.one_of(
    st.text(st.characters(exclude_characters=NO_VALUE, codec="utf-8"), max_size=5),
    st.integers(-1000, 1000),
    st.floats(-1e6, 1e6),
    st.booleans(),
    st.builds(Measure, st.floats(0, 100), st.sampled_from(["m", "ft"])),
    st.builds(Code, st.text("0123456789", min_size=1, max_size=3)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), VALUES), min_size=2, max_size=8), st.integers(1, 7))
def test_summaries_merge_to_that_of_the_whole_and_survive_json(rows, cut):
    objects = boxes(rows)
    whole, first, second = Summary(), Summary(), Summary()
    whole.add(objects)
    first.add(objects[:cut])
    second.add(objects[cut:])
    first.merge(second)
    assert first == whole
    assert Summary.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), VALUES), min_size=1, max_size=6))
def test_any_mixture_of_values_gives_a_readable_table(rows):
    objects = boxes(rows)
    decoded = table(objects).rows()
    assert [row["id"] for row in decoded] == [item.id for item in objects]
    assert {row["class"] for row in decoded} == {"Building"}
    for row, attributes in zip(decoded, rows, strict=True):
        for name, value in attributes.items():
            if isinstance(value, Code):
                assert row[name] == value.code
            elif isinstance(value, str) and value:
                assert row[name] == value


def test_flattening_stops_at_its_depth_and_takes_the_first_of_nested_lists():
    attributes = {"a": {"b": {"c": {"d": 1}, "e": 2}}, "f": [{"g": 3}, {"g": 4}], "h": [], "i": None}
    assert dict(flatten(attributes)) == {"a.b.e": 2, "f.g": 3}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("measuredHeight", "measuredHeight"), ("uro:area.x", "uro_area_x"), ("1st", "p_1st"), ("", "p_")],
)
def test_identifiers(name, expected):
    assert identifier(name, set()) == expected
    assert identifier(name, {expected}) == f"{expected}_2"


def test_identifiers_of_other_scripts_are_stable_and_apart():
    assert identifier("용도", set()) != identifier("높이", set())
    assert identifier("용도", set()) == identifier("용도", set())
    assert identifier("용도", set()).isascii()


@pytest.mark.parametrize(("unit", "short"), [("urn:adv:uom:m", "m"), ("m2", "m2"), ("#kWh", "kWh")])
def test_unit_names(unit, short):
    assert unit_name(unit) == short


def test_classes_of_a_layer_are_an_enum():
    objects = [*boxes([{}]), *boxes([{}], "BuildingPart")]
    objects[1].id = "part"
    assert [row["class"] for row in table(objects).rows()] == ["Building", "BuildingPart"]
