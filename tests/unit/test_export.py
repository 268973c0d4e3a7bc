"""Exporting a city: files beside it, layers, coordinate systems, and nothing half done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from PIL import Image

from citygml.gml import GmlReader
from citygml.reading import open_model
from tests.unit.models import city, write
from twin.errors import TwinError
from twin.export import export_city
from twin.ingest import AddOptions, add_files
from twin.store.records import StoredObject

BOXES = {"a": (0.0, 0.0, 6.0), "b": (30.0, 5.0, 9.0)}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Two boxes, one with attributes of every kind of value."""
    told = {
        "a": {"name": "가온", "storeysAboveGround": 3, "area": 80.5, "area_uom": "m2", "tags": ["x", "y"]}
    }
    add_files(tmp_path / "x.twin", [write(tmp_path / "in.json", city(BOXES, attributes=told))])
    return tmp_path / "x.twin"


@pytest.fixture
def textured(tmp_path: Path) -> Path:
    """One box whose roof bears an image, in a folder of two images of the same name."""
    document = city({"a": BOXES["a"], "b": BOXES["b"]})
    for number, colour in enumerate(((200, 0, 0), (0, 0, 200))):
        (tmp_path / f"in{number}").mkdir()
        Image.new("RGB", (4, 4), colour).save(tmp_path / f"in{number}" / "roof.png")
    document["appearance"] = {
        "textures": [{"type": "PNG", "image": f"in{n}/roof.png"} for n in range(2)],
        "vertices-texture": [[0, 0], [1, 0], [1, 1], [0, 1]],
    }
    for number, item in enumerate(document["CityObjects"].values()):
        values: list[Any] = [[[None]] for _ in range(6)]
        values[1] = [[number, 0, 1, 2, 3]]
        item["geometry"][0]["texture"] = {"photo": {"values": [values]}}
    add_files(tmp_path / "x.twin", [write(tmp_path / "in.json", document)])
    return tmp_path / "x.twin"


@pytest.mark.parametrize("format", ["cityjson", "cityjsonseq", "citygml", "citygml3"])
def test_textures_lie_beside_the_file_under_names_of_their_own(
    textured: Path, format: Any, tmp_path: Path
) -> None:
    output = tmp_path / "out" / f"model.{format}"
    output.parent.mkdir()
    assert export_city(textured, output, format).findings == []
    files = sorted(p.relative_to(output.parent).as_posix() for p in output.parent.rglob("*") if p.is_file())
    assert files == [f"model.{format}", "model_appearance/roof.png", "model_appearance/roof_2.png"]
    colours = {}
    for batch in open_model(output).batches():
        for item in batch:
            (texture,) = item.textures
            assert texture.path is not None
            colours[item.id] = Image.open(texture.path).getpixel((0, 0))
    assert colours == {"a": (200, 0, 0), "b": (0, 0, 200)}


@pytest.mark.parametrize("crs", ["EPSG:6697", "EPSG:5187+5193", "EPSG:3068"])
def test_coordinates_come_back_in_their_order(crs: str, tmp_path: Path) -> None:
    """6697 has latitude first, 3068 north first, and the place of the boxes is nowhere near the latter."""
    document = city(BOXES, crs=crs)
    if crs == "EPSG:6697":
        document["transform"] = {"scale": [1e-9, 1e-9, 1e-3], "translate": [139.0, 35.0, 0.0]}
    add_files(tmp_path / "x.twin", [write(tmp_path / "in.json", document)])
    export_city(tmp_path / "x.twin", tmp_path / "out.gml", "citygml")
    bounds = [
        {o.id: o.bounds() for batch in open_model(tmp_path / name).batches() for o in batch}
        for name in ("in.json", "out.gml")
    ]
    for id, box in bounds[0].items():
        np.testing.assert_allclose(bounds[1][id], box, atol=1e-8)


def test_a_local_city_stays_local(tmp_path: Path) -> None:
    source = write(tmp_path / "in.json", city(BOXES, crs=None))
    add_files(tmp_path / "x.twin", [source], AddOptions(crs="local", anchor=(129.0, 35.0, 0.0)))
    export_city(tmp_path / "x.twin", tmp_path / "out.gml", "citygml3")
    assert GmlReader(tmp_path / "out.gml").info.srs_name == "local"


def test_only_the_layers_that_are_named(plain: Path, tmp_path: Path) -> None:
    document = city({"c": (0.0, 60.0, 2.0)})
    document["CityObjects"]["c"]["type"] = "CityFurniture"
    add_files(plain, [write(tmp_path / "more.json", document)])
    assert export_city(plain, tmp_path / "all.json", "cityjson").objects == 3
    assert export_city(plain, tmp_path / "some.json", "cityjson", ["furniture"]).objects == 1
    assert set(json.loads((tmp_path / "some.json").read_bytes())["CityObjects"]) == {"c"}


def test_a_part_in_another_layer_than_its_whole_goes_with_its_layer(tmp_path: Path) -> None:
    document = city({"a": (0.0, 0.0, 9.0), "bench": (2.0, 2.0, 1.0)})
    document["CityObjects"]["bench"] |= {"type": "CityFurniture", "parents": ["a"]}
    document["CityObjects"]["a"]["children"] = ["bench"]
    add_files(tmp_path / "x.twin", [write(tmp_path / "in.json", document)])
    for layers, ids in (((), {"a", "bench"}), (("furniture",), {"bench"}), (("buildings",), {"a"})):
        export_city(tmp_path / "x.twin", tmp_path / "out.json", "cityjson", layers)
        assert set(json.loads((tmp_path / "out.json").read_bytes())["CityObjects"]) == ids


def test_an_unknown_layer_or_folder_is_refused(plain: Path, tmp_path: Path) -> None:
    with pytest.raises(TwinError, match=r"no layer 'castles'.*buildings"):
        export_city(plain, tmp_path / "out.json", "cityjson", ["castles"])
    with pytest.raises(TwinError, match="there is no folder"):
        export_city(plain, tmp_path / "nowhere" / "out.json", "cityjson")
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("format", ["cityjson", "cityjsonseq", "citygml", "gpkg"])
def test_an_error_leaves_the_older_file_as_it_was(
    textured: Path, format: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out" / "model.x"
    output.parent.mkdir()
    output.write_text("older")
    decode, calls = StoredObject.decode, []

    def broken(self: Any, *args: Any, **more: Any) -> Any:
        calls.append(self.id)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return decode(self, *args, **more)

    monkeypatch.setattr(StoredObject, "decode", broken)
    with pytest.raises(KeyboardInterrupt):
        export_city(textured, output, format)
    assert [p.name for p in output.parent.iterdir()] == ["model.x"]
    assert output.read_text() == "older"


def test_geopackage_has_outlines_and_flat_attributes(plain: Path, tmp_path: Path) -> None:
    assert export_city(plain, tmp_path / "out.gpkg", "gpkg").objects == 2
    frame = geopandas.read_file(tmp_path / "out.gpkg", layer="buildings").set_index("id")
    assert frame.crs.to_epsg() == 5187
    assert frame.geometry.area.tolist() == pytest.approx([80.0, 80.0])
    assert frame.loc["a", "name"] == "가온"
    assert frame.loc["a", "storeysAboveGround"] == 3
    assert frame.loc["a", "area [m2]"] == 80.5
    assert json.loads(frame.loc["a", "tags"]) == ["x", "y"]
    assert np.isnan(frame.loc["b", "area [m2]"])


def test_geopackage_tells_columns_of_the_same_name_apart(tmp_path: Path) -> None:
    told = {"class": "hall", "fid": 7, "geom": "round", "Note": "x", "note": "y", "id": "own"}
    add_files(tmp_path / "x.twin", [write(tmp_path / "in.json", city(BOXES, attributes={"a": told}))])
    export_city(tmp_path / "x.twin", tmp_path / "out.gpkg", "gpkg")
    row = geopandas.read_file(tmp_path / "out.gpkg", layer="buildings").set_index("id").loc["a"]
    assert row["class"] == "Building"
    assert row[["class_2", "fid_2", "geom_2", "Note", "note_2", "id_2"]].tolist() == list(told.values())
