"""Real data sets from file to tiles: every object is drawn once, where and as large as its source says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from citygml.model import Float64
from tests.conftest import DATA
from tests.gltf_validator import validate
from tests.integration.drawn import Shape, distances, expected, leaves
from tests.integration.samples import first_buildings
from tiles.build import LayerReport, TileOptions, build
from tiles.check import check_tileset
from tiles.read import read_glb
from twin.ingest import AddOptions, add_files
from twin.store import open_city
from twin.synth import make_district

ANCHOR = (129.0756, 35.1796, 40.0)
SAMPLE = "sample district"
PLATEAU = "citygml/plateau-feature-types"


@dataclass(frozen=True)
class DataSet:
    """layers: those that have something to draw. crs: where the files name none or a local one.
    textures: whether there are images. findings: codes of what cannot be drawn."""

    path: str
    layers: tuple[str, ...]
    crs: str | None = None
    textures: bool = False
    findings: tuple[str, ...] = ()


DATA_SETS = [
    DataSet("citygml/plateau-textured", ("buildings",), textures=True),
    DataSet("citygml/ingolstadt-lod3/4018194", ("buildings",), textures=True),
    DataSet("citygml/ingolstadt-lod3/4018197", ("buildings",), textures=True),
    DataSet("citygml/citygml4j/input/datasets/lod3_building_v2.gml", ("buildings",), textures=True),
    DataSet("citygml/citygml4j/input/datasets/lod4_building_v2.gml", ("buildings", "relief")),
    DataSet("cityjson/DenHaag_01.json", ("buildings", "relief"), crs="EPSG:28992"),
    DataSet("cityjson/3-20-DELFSHAVEN.json", ("buildings",)),
    DataSet(f"{PLATEAU}/hodokyo_51324378_brid_6697.gml", ("bridges",)),
    DataSet(f"{PLATEAU}/54401018_tran_6697_op.gml", ("roads",)),
    DataSet(f"{PLATEAU}/52385628_veg_6697_op.gml", ("vegetation",)),
    DataSet(f"{PLATEAU}/52384698_frn_6697_op.gml", ("furniture",)),
    DataSet(f"{PLATEAU}/08EE751_unf_10169_lv_op.gml", ("utilities",)),
    DataSet("citygml/plateau-gis-converter/numazu-shi/udx/luse/523836_luse_6668_op.gml", ("landuse",)),
    DataSet("citygml/nrw-aachen", ("buildings",)),
    DataSet("citygml/potsdam-lod1", ("buildings",)),
    DataSet("citygml/utility-network-nanaimo", ("buildings", "utilities")),
    DataSet("indoorgml/pnu-201/FJK-Haus_IndoorGML_withEXR-corrected_1_0_3.gml", ("indoor",), crs="local"),
    DataSet(
        SAMPLE,
        ("bridges", "buildings", "furniture", "landuse", "roads", "utilities", "vegetation", "water"),
    ),
    DataSet("ifc/Ifc4_WallElementedCase.ifc", ("buildings",), crs="local"),
]


@dataclass(slots=True)
class Tiled:
    """One data set after `twin add` and `twin tile`."""

    set: DataSet
    folder: Path
    reports: dict[str, LayerReport]
    drawn: dict[str, dict[str, Shape]]
    expected: dict[str, dict[str, Shape]]

    def tileset(self, layer: str) -> Path:
        return self.folder / "tiles" / layer / "tileset.json"


@pytest.fixture(scope="module", params=DATA_SETS, ids=lambda s: s.path.rsplit("/", 1)[-1])
def tiled(
    request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tiled]:
    chosen: DataSet = request.param
    folder = tmp_path_factory.mktemp("set")
    source = data / chosen.path
    if source.name == "DenHaag_01.json":
        source = first_buildings(source, folder, 200)
    if chosen.path == SAMPLE:
        source = folder / "sample"
        make_district(source, buildings=20)
        (source / "terrain.tif").unlink()
    anchor = ANCHOR if chosen.crs == "local" else None
    city = folder / "x.twin"
    add_files(city, [source], AddOptions(crs=chosen.crs, anchor=anchor, workers=1))
    with open_city(city) as opened:
        layers = [layer.name for layer in opened.layers()]
    reports = {report.layer: report for report in build(city, layers, TileOptions(workers=1))}
    wanted = {layer: expected(city, layer) for layer in layers}
    tiled = Tiled(chosen, city, reports, {}, {layer: shapes for layer, shapes in wanted.items() if shapes})
    for layer in tiled.expected:
        tiled.drawn[layer] = leaves(tiled.tileset(layer))
    yield tiled


def test_the_leaves_hold_every_object_that_has_geometry_once(tiled: Tiled) -> None:
    assert set(tiled.expected) == set(tiled.set.layers)
    for layer, shapes in tiled.expected.items():
        report = check_tileset(tiled.tileset(layer), schemas=DATA / "schemas" / "3d-tiles-1.1")
        assert report.faults == []
        assert report.leaf_ids == set(shapes)
        assert set(tiled.drawn[layer]) == set(shapes)
    for layer in tiled.reports.keys() - tiled.expected.keys():
        assert not tiled.tileset(layer).exists()


def test_triangles_have_the_area_of_the_polygons(tiled: Tiled) -> None:
    for layer, shapes in tiled.expected.items():
        area = sum(shape.area for shape in shapes.values())
        drawn = sum(shape.area for shape in tiled.drawn[layer].values())
        assert abs(drawn - area) <= 1e-3 * area
        assert tuple(f.code for f in tiled.reports[layer].findings) == tiled.set.findings


def test_positions_are_within_two_centimetres_of_pyproj(tiled: Tiled) -> None:
    for layer, shapes in tiled.expected.items():
        drawn = tiled.drawn[layer]
        source, decoded = _points(shapes, list(shapes)), _points(drawn, list(shapes))
        assert len(decoded)
        assert distances(decoded, source).max() < 0.02
        # corners on a straight edge and polygons without area need not be drawn
        assert np.mean(distances(source, decoded) < 0.02) > 0.99


def test_the_validator_of_gltf_has_no_errors(tiled: Tiled) -> None:
    contents = sorted((tiled.folder / "tiles").rglob("*.glb"))
    assert contents
    assert [line for report in validate(contents) for line in report if line.startswith("error")] == []
    images = sum(len(read_glb(path.read_bytes()).json.get("images", ())) for path in contents)
    assert (images > 0) == tiled.set.textures


def _points(shapes: dict[str, Shape], ids: list[str]) -> Float64:
    return np.concatenate([shapes[id].positions() for id in ids])
