"""Polygons keep their picture through atlases, repeats, clamping and damaged images."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from citygml.model import CityObject, Material, Texture, Texturing
from citygml.reading import open_model
from tests.gltf_validator import validate_bytes
from tests.unit.mesh_models import Unpacked, geometry, textured_box
from tiles import texture as module
from tiles.atlas import Rect, merge, pack
from tiles.content import ContentOptions, build_content
from tiles.metadata import Schema

QUAD = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
COMPRESSIONS = ["draco", "meshopt", "none"]


def picture(width=64, height=32, mode="RGB"):
    """Red grows to the right, green downwards; so a pixel tells its place."""
    columns = np.linspace(0, 255, width).astype(np.uint8)
    rows = np.linspace(0, 255, height).astype(np.uint8)
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = columns[None, :]
    pixels[..., 1] = rows[:, None]
    if mode == "RGBA":
        alpha = np.where(columns < 128, 40, 255).astype(np.uint8)
        pixels = np.dstack([pixels, np.broadcast_to(alpha, (height, width))])
    return Image.fromarray(pixels)


def encoded(image, kind="PNG"):
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def quad(uv, texture, key="a"):
    shape = geometry([[QUAD]])
    shape.textures = {"rgbTexture": Texturing(np.zeros(1, np.int32), np.array(uv, np.float32))}
    return CityObject(key, "Building", geometries=[shape], textures=[texture])


def build(objects, images, **options):
    schema = Schema.from_objects("buildings", objects)
    options = {"textures": "jpeg", "compression": "none", **options}
    load = lambda texture: images.get(texture.uri)  # noqa: E731
    return build_content(objects, lambda p: p, schema, ContentOptions(**options), image_loader=load)


class Painted(Unpacked):
    """Looks up the colour that a renderer would show at texture coordinates."""

    def image(self, primitive):
        material = self.json["materials"][primitive["primitive"]["material"]]
        texture = self.json["textures"][material["pbrMetallicRoughness"]["baseColorTexture"]["index"]]
        webp = texture.get("extensions", {}).get("EXT_texture_webp", texture)
        view = self.json["images"][webp["source"]]["bufferView"]
        return texture, np.asarray(Image.open(io.BytesIO(self.view(view))).convert("RGBA")).astype(int)

    def colour(self, primitive, corner_weights):
        """At a point inside the first triangle."""
        _, pixels = self.image(primitive)
        corners = primitive["TEXCOORD_0"].astype(float)[primitive["indices"][:3]]
        if primitive["TEXCOORD_0"].dtype == np.uint16:
            corners /= 65535
        u, v = (np.array(corner_weights) @ corners) % 1.0
        height, width = pixels.shape[:2]
        return pixels[min(int(v * height), height - 1), min(int(u * width), width - 1)]


def expected(primitive, weights, uv, positions=QUAD):
    """The colour that the source's texture coordinates mean at that point."""
    where = primitive["points"][primitive["indices"][:3]]
    order = [int(np.argmin(np.linalg.norm(np.array(positions, float) - p, axis=1))) for p in where]
    u, v = np.array(weights) @ np.array(uv, float)[order]
    return 255 * (u % 1.0), 255 * (1 - v % 1.0)


UVS = {
    "whole": [(0, 0), (1, 0), (1, 1), (0, 1)],
    "part": [(0.25, 0.5), (0.5, 0.5), (0.5, 0.75), (0.25, 0.75)],
    "turned": [(1, 0), (1, 1), (0, 1), (0, 0)],
    "shifted": [(3, -2), (4, -2), (4, -1), (3, -1)],
    "repeated": [(0, 0), (3, 0), (3, 2), (0, 2)],
}


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("kind", ["webp", "jpeg"])
@pytest.mark.parametrize("name", UVS)
def test_a_point_keeps_the_colour_that_the_source_means(tmp_path, name, kind, compression):
    image = picture(256, 128)
    item = quad(UVS[name], Texture("a.png"))
    content = build([item], {"a.png": encoded(image)}, textures=kind, compression=compression)
    assert content.findings == []
    assert [e for e in validate_bytes(content.glb, tmp_path) if e.startswith("error")] == []
    painted = Painted(content.glb)
    (made,) = painted.primitives
    for weights in ([0.6, 0.3, 0.1], [0.2, 0.45, 0.35], [0.33, 0.33, 0.34]):
        red, green = expected(made, weights, UVS[name])
        colour = painted.colour(made, weights)
        assert colour[0] == pytest.approx(red, abs=12)
        assert colour[1] == pytest.approx(green, abs=12)


def test_repeating_images_have_a_repeating_sampler_and_atlases_do_not():
    images = {"a.png": encoded(picture()), "b.png": encoded(picture())}
    items = [
        quad(UVS["repeated"], Texture("a.png"), "a"),
        quad(UVS["part"], Texture("b.png"), "b"),
        quad(UVS["repeated"], Texture("c.png", wrap="mirror"), "c"),
    ]
    images["c.png"] = encoded(picture())
    painted = Painted(build(items, images).glb)
    wraps = {}
    for made in painted.primitives:
        texture, _ = painted.image(made)
        wraps[int(made["_FEATURE_ID_0"][0])] = painted.json["samplers"][texture["sampler"]]["wrapS"]
    assert wraps == {0: 10497, 1: 33071, 2: 33648}


def test_clamped_images_are_not_repeated():
    item = quad(UVS["repeated"], Texture("a.png", wrap="clamp"))
    painted = Painted(build([item], {"a.png": encoded(picture())}).glb)
    (made,) = painted.primitives
    texture, _ = painted.image(made)
    assert painted.json["samplers"][texture["sampler"]]["wrapS"] == 33071
    assert made["TEXCOORD_0"].min() >= 0
    assert made["TEXCOORD_0"].max() <= 1


def test_only_the_used_parts_of_images_are_kept():
    item = quad([(0.5, 0.5), (0.6, 0.5), (0.6, 0.6), (0.5, 0.6)], Texture("a.png"))
    painted = Painted(build([item], {"a.png": encoded(picture(500, 500))}).glb)
    _, pixels = painted.image(painted.primitives[0])
    assert max(pixels.shape[:2]) <= 52 + 2 * module.PAD


def test_an_atlas_keeps_to_its_size_and_many_images_share_it():
    items, images = [], {}
    for k in range(12):
        item = textured_box(f"b{k}", (3 * k, 0, 0), (3 * k + 2, 2, 2), [0] * 6)
        item.textures = [Texture(f"{k}.png")]
        items.append(item)
        images[f"{k}.png"] = encoded(Image.new("RGB", (200, 150), (20 * k, 0, 255 - 20 * k)))
    painted = Painted(build(items, images, texture_size=256).glb)
    (made,) = painted.primitives
    _, pixels = painted.image(made)
    assert max(pixels.shape[:2]) <= 256
    for k in range(12):
        uv = made["TEXCOORD_0"][made["_FEATURE_ID_0"] == k].mean(axis=0)
        colour = pixels[int(uv[1] * pixels.shape[0]), int(uv[0] * pixels.shape[1])]
        assert colour[:3] == pytest.approx([20 * k, 0, 255 - 20 * k], abs=8)


@pytest.mark.parametrize("kind", ["webp", "jpeg"])
def test_transparent_images_keep_their_alpha_in_an_atlas_of_their_own(tmp_path, kind):
    images = {"glass.png": encoded(picture(mode="RGBA")), "wall.png": encoded(picture())}
    items = [
        quad(UVS["whole"], Texture("glass.png"), "glass"),
        quad(UVS["whole"], Texture("wall.png"), "wall"),
    ]
    content = build(items, images, textures=kind)
    painted = Painted(content.glb)
    modes = {}
    for made in painted.primitives:
        _, pixels = painted.image(made)
        material = painted.json["materials"][made["primitive"]["material"]]
        modes[int(made["_FEATURE_ID_0"][0])] = (material.get("alphaMode"), int(pixels[..., 3].min()))
    assert modes[0][0] == "BLEND"
    assert modes[0][1] == pytest.approx(40, abs=8)
    assert modes[1] == (None, 255)
    assert [e for e in validate_bytes(content.glb, tmp_path) if e.startswith("error")] == []


BROKEN = {
    "text": b"not an image at all",
    "empty": b"",
    "head only": encoded(picture())[:20],
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_image_is_a_finding_and_leaves_its_faces_plain(name):
    items = [quad(UVS["whole"], Texture("bad.png"), "bad"), quad(UVS["whole"], Texture("good.png"), "good")]
    content = build(items, {"bad.png": BROKEN[name], "good.png": encoded(picture())})
    assert [(f.code, f.object_id) for f in content.findings] == [("bad-texture", "bad")]
    made = {int(p["_FEATURE_ID_0"][0]): p for p in Unpacked(content.glb).primitives}
    assert "TEXCOORD_0" not in made[0]
    assert "TEXCOORD_0" in made[1]


@pytest.mark.parametrize("name", ["whole", "repeated"])
def test_an_image_that_breaks_off_is_a_finding(name):
    data = encoded(Image.effect_noise((200, 200), 90).convert("RGB"))
    content = build([quad(UVS[name], Texture("half.png"))], {"half.png": data[: len(data) // 2]})
    assert [f.code for f in content.findings] == ["bad-texture"]
    assert content.triangles == 2


def test_an_image_far_too_large_is_refused_by_its_head(monkeypatch):
    monkeypatch.setattr(module, "MAX_PIXELS", 1000)
    content = build([quad(UVS["whole"], Texture("big.png"))], {"big.png": encoded(picture(100, 100))})
    assert [f.code for f in content.findings] == ["bad-texture"]


def test_a_missing_image_leaves_faces_plain_without_a_finding_of_ours():
    content = build([quad(UVS["whole"], Texture("gone.png"))], {})
    assert content.findings == []
    assert "images" not in Unpacked(content.glb).json


def test_faces_without_texture_keep_their_material():
    item = textured_box("a", (0, 0, 0), (2, 2, 2), [0, 0, 0, -1, -1, -1])
    item.textures = [Texture("a.png")]
    item.materials = [Material(diffuse=(1.0, 0.0, 0.0))]
    item.geometries[0].materials = {"rgbTexture": np.zeros(6, np.int32)}
    unpacked = Unpacked(build([item], {"a.png": encoded(picture())}).glb)
    plain = [p for p in unpacked.primitives if "TEXCOORD_0" not in p]
    shown = [p for p in unpacked.primitives if "TEXCOORD_0" in p]
    assert [len(p["indices"]) for p in plain] == [18]
    assert [len(p["indices"]) for p in shown] == [18]
    material = unpacked.json["materials"][plain[0]["primitive"]["material"]]
    assert material["pbrMetallicRoughness"]["baseColorFactor"] == [1.0, 0.0, 0.0, 1.0]


def test_the_photo_theme_is_preferred():
    item = quad(UVS["whole"], Texture("other.png"))
    other = item.geometries[0].textures.pop("rgbTexture")
    item.textures.append(Texture("photo.png"))
    item.geometries[0].textures = {"winter": other, "rgbTexture": Texturing(np.ones(1, np.int32), other.uv)}
    asked = []
    schema = Schema.from_objects("buildings", [item])
    build_content([item], lambda p: p, schema, image_loader=lambda t: asked.append(t.uri))
    assert asked == ["photo.png"]


def test_without_textures_no_image_is_asked_for():
    asked = []
    item = quad(UVS["whole"], Texture("a.png"))
    schema = Schema.from_objects("buildings", [item])
    options = ContentOptions(textures="none")
    build_content([item], lambda p: p, schema, options, image_loader=lambda t: asked.append(t.uri))
    assert asked == []


def test_a_real_textured_file_is_textured_nearly_everywhere(data):
    reader = open_model(data / "citygml/plateau-textured/data/53392633_bldg_6697_2_op.gml")
    objects = [item for batch in reader.batches() for item in batch]
    middle = np.mean([item.bounds().mean(axis=0) for item in objects], axis=0)

    schema = Schema.from_objects("buildings", objects)
    to_local = lambda p: (p - middle) * [91000, 111000, 1]  # noqa: E731
    content = build_content(objects, to_local, schema, image_loader=lambda t: Path(t.path).read_bytes())
    assert content.findings == []
    counts = {"TEXCOORD_0" in p: len(p["indices"]) // 3 for p in Unpacked(content.glb).primitives}
    assert counts[True] > 0.9 * content.triangles


boxes = st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 30), st.integers(1, 30))


@settings(max_examples=80, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=25))
def test_merged_rectangles_hold_their_boxes_and_do_not_overlap(parts):
    given_boxes = np.array([(x, y, min(x + w, 100), min(y + h, 100)) for x, y, w, h in parts])
    rects, place = merge(given_boxes, 100, 100)
    for box, number in zip(given_boxes, place, strict=True):
        rect = rects[number]
        assert rect.left <= box[0] < box[2] <= rect.right
        assert rect.top <= box[1] < box[3] <= rect.bottom
    assert_apart(rects)


def assert_apart(rects):
    sheet = np.zeros((400, 400), int)
    for rect in rects:
        sheet[rect.top : rect.bottom, rect.left : rect.right] += 1
    assert sheet.max() <= 1


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=40))
def test_packed_parts_fit_and_do_not_overlap_with_their_padding(sizes):
    rects, width, height = pack(sizes, 400, 2)
    assert len(rects) == len(sizes)
    assert width <= 400
    assert height <= 400
    padded = [Rect(r.left - 2, r.top - 2, r.right + 2, r.bottom + 2) for r in rects]
    assert min(min(r.left, r.top) for r in padded) >= 0
    assert max(r.right for r in padded) <= width
    assert max(r.bottom for r in padded) <= height
    assert_apart(padded)


def test_more_parts_than_a_page_has_pixels_for_take_several_pages():
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    images, objects = {}, []
    for k in range(200):  # on 64 x 64 pixels, with edges against bleeding, there is room for 163
        images[f"{k}.png"] = encoded(Image.new("RGB", (8, 8), (k, 255 - k, 90)))
        objects.append(quad(corners, Texture(f"{k}.png", f"{k}.png"), f"q{k}"))
    content = build(objects, images, texture_size=64)
    assert content.findings == []
    painted = Painted(content.glb)
    assert len(painted.primitives) > 1
    seen = {}
    for made in painted.primitives:
        _, pixels = painted.image(made)
        assert max(pixels.shape[:2]) <= 64
        for row in np.unique(made["_FEATURE_ID_0"]).tolist():
            u, v = made["TEXCOORD_0"][made["_FEATURE_ID_0"] == row].mean(axis=0)
            seen[row] = pixels[int(v * pixels.shape[0]), int(u * pixels.shape[1])]
    assert len(seen) == 200
    for row, (red, green, _, _) in seen.items():
        assert red == pytest.approx(row, abs=30)
        assert green == pytest.approx(255 - row, abs=30)


def test_a_part_that_no_page_has_room_for_is_none():
    assert pack([(9, 9)], 4, 2) is None
