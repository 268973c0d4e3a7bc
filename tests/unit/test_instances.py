"""Library geometry stands where its matrix and anchor put it, once as a mesh and then as instances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citygml.model import CityObject, ImplicitGeometry, Template
from citygml.reading import open_model
from tests.gltf_validator import validate_bytes
from tests.unit.mesh_models import Unpacked, box, box_polygons, geometry
from tiles.content import ContentOptions, build_content
from tiles.instances import decompose, place
from tiles.metadata import Schema

COMPRESSIONS = ["draco", "meshopt", "none"]
TREE = Template("tree", [geometry(box_polygons((-1, -2, 0), (1, 2, 5)), lod="2")])


def rotation(axis, angle):
    x, y, z = np.array(axis, float) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * k + (1 - math.cos(angle)) * k @ k


def matrix(turn=None, scale=(1, 1, 1), move=(0, 0, 0)):
    made = np.eye(4)
    made[:3, :3] = (np.eye(3) if turn is None else turn) * np.array(scale, float)
    made[:3, 3] = move
    return made


def tree(key, anchor, placement=None):
    implicit = ImplicitGeometry(
        "tree", "2", matrix() if placement is None else placement, np.array(anchor, float)
    )
    return CityObject(key, "SolitaryVegetationObject", implicit=[implicit])


def build(objects, templates=None, to_local=lambda p: p, **options):
    schema = Schema.from_objects("vegetation", objects)
    held = {"tree": TREE} if templates is None else templates
    return build_content(objects, to_local, schema, ContentOptions(**options), templates=held)


def placed_points(unpacked):
    """Per feature the positions (n, 3) that a renderer draws, east, north, up, instances unrolled."""
    points = {}
    for made in unpacked.primitives:
        node = made["node"]
        instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
        if instancing is None:
            for row in np.unique(made["_FEATURE_ID_0"]).astype(int).tolist():
                points.setdefault(row, []).append(made["points"][made["_FEATURE_ID_0"] == row])
            continue
        held = {name: unpacked.accessor(a).astype(float) for name, a in instancing["attributes"].items()}
        local = made["POSITION"].astype(float)
        scales = held.get("SCALE", np.ones((len(held["TRANSLATION"]), 3)))
        for row, move, turn, scale in zip(
            held["_FEATURE_ID_0"].astype(int).tolist(),
            held["TRANSLATION"],
            held["ROTATION"],
            scales,
            strict=True,
        ):
            x, y, z, w = turn
            spin = np.array(
                [
                    [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                    [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                    [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
                ]
            )
            there = (local * scale) @ spin.T + move
            points.setdefault(row, []).append(np.stack([there[:, 0], -there[:, 2], there[:, 1]], axis=1))
    return {row: np.concatenate(parts) for row, parts in points.items()}


def same_corners(found, expected, tolerance=0.02):
    distance = np.linalg.norm(found[:, None] - expected[None], axis=2)
    return distance.min(axis=0).max() < tolerance and distance.min(axis=1).max() < tolerance


def truth(item):
    (one,) = item.implicit
    return TREE.geometries[0].vertices @ one.matrix[:3, :3].T + one.matrix[:3, 3] + one.anchor


ITEMS = [
    tree("plain", (10, 20, 3)),
    tree("turned", (30, 20, 3), matrix(rotation((0, 0, 1), 0.7))),
    tree("leaning", (50, 20, 3), matrix(rotation((1, 2, 3), 2.5), (1, 2, 3), (4, 5, 6))),
    tree("mirrored", (70, 20, 3), matrix(scale=(-1, 1, 1))),
    tree("sheared", (90, 20, 3), matrix(np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1.0]]))),
]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_instances_stand_where_their_matrices_say(tmp_path, compression):
    content = build(ITEMS, compression=compression)
    assert validate_bytes(content.glb, tmp_path) == []
    unpacked = Unpacked(content.glb)
    points = placed_points(unpacked)
    assert set(points) == set(range(5))
    for row, item in enumerate(ITEMS):
        assert same_corners(points[row], truth(item)), item.id
    every = np.concatenate([truth(item) for item in ITEMS])
    assert content.low == pytest.approx(every.min(axis=0), abs=0.02)
    assert content.high == pytest.approx(every.max(axis=0), abs=0.02)
    assert content.triangles == 5 * 12
    assert [row["id"] for row in unpacked.rows()] == [item.id for item in ITEMS]


def test_one_mesh_serves_all_instances_and_what_shears_is_drawn_by_itself():
    unpacked = Unpacked(build(ITEMS, compression="none").glb)
    instanced = [n for n in unpacked.json["nodes"] if "extensions" in n]
    assert len(instanced) == 1
    count = unpacked.json["accessors"][
        instanced[0]["extensions"]["EXT_mesh_gpu_instancing"]["attributes"]["TRANSLATION"]
    ]["count"]
    assert count == 4
    assert len(unpacked.json["meshes"]) == 2
    assert "EXT_mesh_gpu_instancing" in unpacked.json["extensionsRequired"]
    assert instanced[0]["extensions"]["EXT_instance_features"]["featureIds"] == [
        {"featureCount": 5, "attribute": 0, "propertyTable": 0}
    ]


def test_a_template_that_stands_once_is_no_instance():
    unpacked = Unpacked(build([ITEMS[2], box("b", (0, 0, 0), (1, 1, 1))]).glb)
    assert "EXT_mesh_gpu_instancing" not in unpacked.json["extensionsUsed"]
    assert same_corners(placed_points(unpacked)[0], truth(ITEMS[2]))


def test_many_instances_cost_few_bytes():
    items = [tree(f"t{k:04d}", (k, 2 * k, 0), matrix(rotation((0, 0, 1), k))) for k in range(1000)]
    content = build(items)
    assert content.triangles == 12000
    assert len(content.glb) < 50 * len(items)


@pytest.mark.parametrize("held", [{}, {"tree": Template("tree", uri="tree.obj", mime="model/obj")}])
def test_a_template_that_is_missing_or_a_file_is_a_finding(held):
    content = build([*ITEMS[:2], box("b", (0, 0, 0), (1, 1, 1))], templates=held)
    assert [(f.code, f.object_id) for f in content.findings] == [("template-missing", "plain")]
    assert content.triangles == 12


def test_axes_follow_the_frame_of_geographic_coordinates():
    """A frame in degrees, turned by 30°: east in the source is 30° north of east in the tile."""
    turn = rotation((0, 0, 1), math.radians(30))
    to_local = lambda p: ((p - [129, 35, 0]) * [91000.0, 111000.0, 1.0]) @ turn.T  # noqa: E731
    items = [tree("a", (129.001, 35, 10)), tree("b", (129, 35.001, 10))]
    points = placed_points(Unpacked(build(items, to_local=to_local).glb))
    corners = TREE.geometries[0].vertices @ turn.T
    for row, move in enumerate(([91.0, 0, 10], [0, 111.0, 10])):
        assert same_corners(points[row], corners + turn @ np.array(move))


AXES = st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.1, 1))


@settings(max_examples=100, deadline=None)
@given(
    AXES,
    st.floats(-3.2, 3.2),
    st.tuples(st.floats(0.1, 9), st.floats(0.1, 9), st.floats(0.1, 9)),
    st.booleans(),
)
def test_decomposed_placements_multiply_back(axis, angle, scale, mirrored):
    scales = np.array(scale) * ([-1, 1, 1] if mirrored else [1, 1, 1])
    made = matrix(rotation(axis, angle), scales, (1, 2, 3))
    moves, turns, found, sound = decompose(made[None])
    assert sound.all()
    assert moves[0].tolist() == [1, 2, 3]
    x, y, z, w = turns[0]
    assert np.linalg.norm(turns[0]) == pytest.approx(1)
    spin = 2 * np.array([[0.5 - y * y - z * z, x * y - z * w, x * z + y * w],
                         [x * y + z * w, 0.5 - x * x - z * z, y * z - x * w],
                         [x * z - y * w, y * z + x * w, 0.5 - x * x - y * y]])  # fmt: skip
    assert spin * found[0] == pytest.approx(made[:3, :3], abs=1e-9)


def test_flat_and_sheared_matrices_are_not_instances():
    flat = matrix(scale=(1, 1, 0))
    sheared = matrix(np.array([[1, 0.2, 0], [0, 1, 0], [0, 0, 1.0]]))
    assert decompose(np.array([flat, sheared, matrix()]))[3].tolist() == [False, False, True]


def test_placements_that_cannot_be_placed_are_left_out():
    held = place(
        [(0, ITEMS[0].implicit[0]), (1, ITEMS[1].implicit[0])], lambda p: np.where(p > 29, np.nan, p)
    )
    assert [p.rows.tolist() for p in held] == [[0]]


@pytest.mark.parametrize(
    "path",
    [
        "cityjson/cjdb/files/geomtemplate.city.jsonl",
        "cityjson/conformance/cases/conformance/v2_0/geometry_instance/geometry_instance.city.json",
    ],
)
def test_templates_of_files_are_drawn(data, tmp_path, path):
    reader = open_model(data / path)
    objects = [item for batch in reader.batches() for item in batch]
    held = [item for item in objects if item.implicit]
    assert held
    middle = held[0].implicit[0].anchor
    templates = reader.gathered.templates
    content = build(objects, templates, lambda p: p - middle)
    assert validate_bytes(content.glb, tmp_path) == []
    points = placed_points(Unpacked(content.glb))
    for item in held:
        local = np.concatenate(
            [
                templates[one.template].geometries[0].vertices @ one.matrix[:3, :3].T
                + one.matrix[:3, 3]
                + (one.anchor - middle)
                for one in item.implicit
            ]
        )
        drawn = points[content.features.index(item.id)]
        assert drawn.min(axis=0) == pytest.approx(local.min(axis=0), abs=0.02)
        assert drawn.max(axis=0) == pytest.approx(local.max(axis=0), abs=0.02)
