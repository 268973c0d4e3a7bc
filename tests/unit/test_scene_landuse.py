"""Land use on the grid: which kind of ground, and its numbers against their sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.scene import landuse_table, make_grid, plane_of, soil_textures
from analysis.scene.landuse import landuse
from analysis.scene.outlines import Outline, areas
from citygml.model import Code
from twin.ingest import add_files
from twin.store import open_city

TABLE = landuse_table()


def outline(**attributes) -> Outline:
    return Outline("x", "LandUse", None, 0.0, 0.0, attributes)


@pytest.mark.parametrize(
    ("code", "layer", "kind"),
    [
        (
            Code("1000", "codelists/LandUse_class.xml", "단독주택용지 (Detached housing)"),
            "landuse",
            "housing",
        ),
        (Code("1080", "codelists/LandUse_class.xml", "농경지 (Farmland)"), "landuse", "farmland"),
        (Code("1070", "codelists/LandUse_class.xml", "제방 (Levee)"), "landuse", "levee"),
        (Code("201", "../../codelists/Common_landUseType.xml", "田"), "landuse", "paddy"),
        (Code("217", "../../codelists/Common_landUseType.xml"), "landuse", "park"),
        (
            Code("1220", "codelists/AuxiliaryTrafficArea_function.xml", "가로녹지 (Planted verge)"),
            "roads",
            "park",
        ),
        (Code("1", "codelists/TrafficArea_function.xml", "차도 (Carriageway)"), "roads", "paved"),
        (Code("x", None, "주차장 (Parking)"), "landuse", "parking"),
        (Code("x", None, None), "landuse", "other"),
        (Code("x", None, None), "water", "water"),
    ],
)
def test_kinds_are_told_by_code_word_and_layer(code: Code, layer: str, kind: str) -> None:
    assert TABLE.keys[TABLE.of(outline(function=code), layer)] == kind


def test_numbers_are_those_of_the_sources() -> None:
    """Chow (1959), table 5-6, normal values; NRCS (1986) TR-55, table 2-2a, groups A to D."""
    by_key = {g.key: g for g in TABLE.grounds}
    assert by_key["park"].manning == 0.030
    assert by_key["forest"].manning == 0.100
    assert by_key["farmland"].manning == 0.035
    assert by_key["paved"].manning == 0.016
    assert by_key["park"].curve_numbers == (39, 61, 74, 80)
    assert by_key["commercial"].curve_numbers == (89, 92, 94, 95)
    assert by_key["industrial"].curve_numbers == (81, 88, 91, 93)
    assert by_key["housing"].curve_numbers == (77, 85, 90, 92)
    assert by_key["roof"].curve_numbers == (98, 98, 98, 98)
    for ground in TABLE.grounds:
        low, high = ground.range
        assert low <= ground.manning <= high
        assert list(ground.curve_numbers) == sorted(ground.curve_numbers)
        assert all(ground.sources)


def test_built_up_ground_is_weighted_by_its_impervious_share() -> None:
    for key in ("industrial", "commercial", "public", "housing"):
        ground = TABLE.grounds[TABLE.index(key)]
        assert ground.manning == pytest.approx(
            ground.impervious * 0.016 + (1 - ground.impervious) * 0.030, abs=6e-4
        )


def test_soils_are_those_of_rawls_and_others() -> None:
    """Rawls, Brakensiek and Miller (1983), table 2: effective porosity, cm, cm/h."""
    soils = soil_textures()
    assert len(soils) == 11
    assert soils["sand"] == pytest.approx((0.417, 0.0495, 0.1178 / 3600))
    assert soils["clay"] == pytest.approx((0.385, 0.3163, 0.0003 / 3600))


def test_infiltration_leaves_out_the_impervious_share() -> None:
    classes = np.array([[TABLE.index("park"), TABLE.index("paved"), TABLE.index("housing")]], np.int16)
    found = TABLE.green_ampt(classes, "loam", saturation=0.25)
    full = 0.0034 / 3600
    assert found.conductivity == pytest.approx(np.array([[full, 0.0, 0.35 * full]]), rel=1e-5, abs=1e-15)
    assert found.deficit == pytest.approx(0.434 * 0.75)
    assert TABLE.curve_number(classes, "B").number.tolist() == [[61, 98, 85]]
    groups = np.array([[0, 1, 3]])
    assert TABLE.curve_number(classes, groups).number.tolist() == [[39, 98, 92]]
    with pytest.raises(AnalysisError, match="no soil texture 'mud'"):
        TABLE.green_ampt(classes, "mud")
    with pytest.raises(AnalysisError, match="saturation must be from 0 to 1"):
        TABLE.green_ampt(classes, "loam", 1.5)


def test_a_citys_own_table(tmp_path: Path) -> None:
    head = "key,layer,words,codes,manning,cn_a,cn_b,cn_c,cn_d,impervious\n"
    own = tmp_path / "own.csv"
    own.write_text(
        head + "rice,,논,List:7,0.09,50,60,70,80,0\nroof,,,,0.02,98,98,98,98,1\nother,,,,0.03,1,1,1,1,0\n"
    )
    table = landuse_table(own)
    assert table.keys[table.of(outline(usage=Code("7", "x/List.xml")), "landuse")] == "rice"
    own.write_text(head + "roof,,,,-0.02,98,98,98,98,1\n")
    with pytest.raises(AnalysisError, match=r"own\.csv, row 2: manning must be from 0\.005 to 1, not -0\.02"):
        landuse_table(own)
    own.write_text(head + "roof,,,,0.02,98,98,98,98,1\n")
    with pytest.raises(AnalysisError, match="no row 'other'"):
        landuse_table(own)
    own.write_text("key,words\n")
    with pytest.raises(AnalysisError, match="lacks the column layer, codes"):
        landuse_table(own)


def test_numazu_covers_what_its_parcels_cover(data: Path, tmp_path: Path) -> None:
    """PLATEAU's land use of Numazu: areas on the grid against those of the polygons."""
    add_files(
        tmp_path / "x.twin",
        [data / "citygml/plateau-gis-converter/numazu-shi/udx/luse/523836_luse_6668_op.gml"],
    )
    with open_city(tmp_path / "x.twin") as opened:
        plane = plane_of(opened)
        grid = make_grid(opened, plane, 10.0)
        classes = landuse(opened, grid, plane, TABLE)
        parcels = list(areas(opened, plane, "landuse", grid.bounds))
    assert plane.crs == "EPSG:32654"
    assert len(parcels) == 225
    expected = dict.fromkeys(TABLE.keys, 0.0)
    for parcel in parcels:
        expected[TABLE.keys[TABLE.of(parcel, "landuse")]] += parcel.area
    assert expected["forest"] > 0 and expected["paved"] > 0 and expected["other"] == 0
    for key, area in expected.items():
        if key != "other":
            assert (classes == TABLE.index(key)).sum() * 100.0 == pytest.approx(area, rel=0.05, abs=3000)
