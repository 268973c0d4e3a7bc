"""Heights: the EGM96 grid against published values, and which way each vertical datum takes."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citygml import geoid
from citygml.crs import Georeference, choose_heights, parse
from citygml.errors import UnknownCrs
from citygml.geoid import undulation

# NGA's test points for its EGM96 program F477 (input.dat, output.dat): latitude, longitude, undulation [m].
NGA_POINTS = [
    (38.6281550, 269.7791550, -31.628),
    (-14.6212170, 305.0211140, -2.969),
    (46.8743190, 102.4487290, -43.575),
    (-23.6174460, 133.8747120, 15.871),
    (38.6254730, 359.9995000, 50.066),
    (-0.4667440, 0.0023000, 17.329),
]


def test_undulation_at_published_points() -> None:
    latitude, longitude, expected = np.array(NGA_POINTS).T
    np.testing.assert_allclose(undulation(longitude, latitude), expected, atol=0.01)
    # Timbuktu, from the manual of GeographicLib's GeoidEval with its 5' grid and cubic interpolation.
    timbuktu = undulation(-(3 + 0 / 60 + 34 / 3600), 16 + 46 / 60 + 33 / 3600)
    assert timbuktu == pytest.approx(28.7068, abs=0.01)


def test_undulation_at_the_nodes_of_the_15_minute_grid_of_nga(data: Path) -> None:
    import rasterio

    with rasterio.open(data / "geoid" / "grids" / "us_nga_egm96_15.tif") as grid:
        expected = grid.read(1).ravel()
        rows, columns = np.mgrid[0 : grid.height, 0 : grid.width]
        longitude, latitude = rasterio.transform.xy(grid.transform, rows.ravel(), columns.ravel())
    difference = undulation(longitude, latitude) - expected
    assert np.abs(difference).max() < 0.01
    assert np.abs(difference).mean() < 0.005


@given(st.floats(-720, 720), st.floats(-90, 90))
def test_undulation_is_bounded_and_wraps(longitude: float, latitude: float) -> None:
    value = undulation(longitude, latitude)
    assert -107.1 < value < 85.5  # the extremes of EGM96, south of India and at New Guinea
    assert undulation(longitude + 360, latitude) == pytest.approx(value, abs=1e-6)


def test_undulation_is_continuous_over_the_antimeridian_and_one_value_at_a_pole() -> None:
    latitude = np.linspace(-89, 89, 200)
    np.testing.assert_allclose(undulation(180 - 1e-9, latitude), undulation(-180 + 1e-9, latitude), atol=1e-5)
    assert np.ptp(undulation(np.linspace(-180, 180, 37), np.full(37, 90.0))) < 1e-6
    assert np.isnan(undulation(np.nan, 10.0))


def test_bands_of_the_grid_meet_without_a_step_and_only_those_asked_for_are_read() -> None:
    with (files("citygml") / "data" / "egm96-5.npz").open("rb") as file, np.load(file) as stored:
        assert [stored[name].shape for name in stored.files] == [(63, 4323)] * 36
    geoid._band.cache_clear()
    undulation([128.9, 126.9], [35.1, 37.5])
    assert geoid._band.cache_info().currsize == 1  # Busan and Seoul
    for number in range(35):
        np.testing.assert_array_equal(geoid._band(number)[60:], geoid._band(number + 1)[:3])
    edges, longitude = np.arange(-85.0, 90.0, 5.0), np.linspace(-180, 180, 25)[:, None]
    below, above = undulation(longitude, np.nextafter(edges, -90)), undulation(longitude, edges)
    np.testing.assert_allclose(below, above, atol=1e-6)


def test_korean_heights_use_egm96_by_name_and_say_so() -> None:
    crs = parse("EPSG:5187+5193")
    heights = choose_heights(crs, [(195000, 280000), (197000, 282000)])
    assert (heights.method, heights.name) == ("egm96", "EGM96")
    assert "KVD1964" in heights.note and "KNGeoid" in heights.note and "--geoid" in heights.note
    lon, lat, h = Georeference(crs, heights).to_geographic([[196000.0, 281000.0, 3.0]])[0]
    assert h == pytest.approx(3.0 + float(undulation(lon, lat)), abs=1e-6)
    assert 28 < h - 3 < 30  # the geoid lies some 29 m above the ellipsoid at Busan


def test_undeclared_and_ellipsoidal_heights() -> None:
    bounds = [(195000, 280000, 0), (197000, 282000, 100)]
    undeclared = choose_heights(parse("EPSG:5187"), bounds)
    assert undeclared.method == "egm96" and "declares no vertical datum" in undeclared.note
    crs = parse("EPSG:4979")
    ellipsoidal = choose_heights(crs, [(128, 35, 0), (129, 36, 9)])
    assert ellipsoidal.method == "ellipsoidal"
    np.testing.assert_allclose(
        Georeference(crs, ellipsoidal).to_geographic([[128.5, 35.5, 42.0]]), [[128.5, 35.5, 42.0]], atol=1e-9
    )


SWISS = "ch_swisstopo_chgeo2004_ETRS89_LN02.tif"
# CRS, bounds, grid, and how much higher it puts the middle of the bounds than EGM96 does [m], measured.
GRIDS = [
    ("EPSG:25832+7837", [(280000, 5657000), (281000, 5658000)], "de_bkg_gcg2016.tif", -0.41),
    ("EPSG:25833+5783", [(367174, 5808056), (368174, 5809056)], "de_bkg_gcg2016.tif", -0.14),
    ("EPSG:7415", [(84000, 446000), (85000, 448000)], "nl_nsgi_nlgeo2018.tif", 0.04),
    ("EPSG:6697", [(139.70, 35.60), (139.72, 35.62)], "jp_gsi_gsigeo2011.tif", 0.23),
    (
        "EPSG:2056+5728",
        [(2600000, 1200000), (2601000, 1201000)],
        "ch_swisstopo_chgeo2004_ETRS89_LN02.tif",
        None,
    ),
]


@pytest.mark.parametrize(("name", "bounds", "grid", "difference"), GRIDS)
def test_a_given_grid_is_used_and_named(
    data: Path, name: str, bounds: list[tuple[float, float]], grid: str, difference: float | None
) -> None:
    import rasterio

    crs = parse(name)
    path = data / "geoid" / "grids" / grid
    heights = choose_heights(crs, bounds, grid=path)
    assert (heights.method, heights.name) == ("user-grid", grid) and grid in heights.note
    middle = [[*np.mean(bounds, axis=0), 10.0]]
    lon, lat, h = Georeference(crs, heights).to_geographic(middle)[0]
    with rasterio.open(path) as opened:
        row, column = opened.index(lon, lat)
        nodes = opened.read(1)[row - 1 : row + 2, column - 1 : column + 2]
    assert nodes.min() - 1e-3 <= h - 10.0 <= nodes.max() + 1e-3
    egm96 = Georeference(crs, choose_heights(crs, bounds)).to_geographic(middle)[0, 2]
    if difference is not None:
        assert h - egm96 == pytest.approx(difference, abs=0.01)


def test_a_grid_elsewhere_or_no_grid_is_refused(data: Path, tmp_path: Path) -> None:
    crs, bounds = parse("EPSG:5187+5193"), [(195000, 280000), (197000, 282000)]
    with pytest.raises(UnknownCrs, match="does not cover"):
        choose_heights(crs, bounds, grid=data / "geoid" / "grids" / "de_bkg_gcg2016.tif")
    with pytest.raises(UnknownCrs, match="no such geoid grid"):
        choose_heights(crs, bounds, grid=tmp_path / "absent.tif")
    (tmp_path / "text.tif").write_text("not a grid")
    with pytest.raises(UnknownCrs, match="not a geoid grid"):
        choose_heights(crs, bounds, grid=tmp_path / "text.tif")


def test_a_path_with_spaces_is_fine(data: Path, tmp_path: Path) -> None:
    grid = tmp_path / "my geoid.tif"
    grid.symlink_to(data / "geoid" / "grids" / "us_nga_egm96_15.tif")
    crs, bounds = parse("EPSG:5187+5193"), [(195000, 280000), (197000, 282000)]
    given_grid = Georeference(crs, choose_heights(crs, bounds, grid=grid))
    built_in = Georeference(crs, choose_heights(crs, bounds))
    points = [[196000.0, 281000.0, 3.0]]
    # Bilinear over 15' against cubic over 5'.
    assert abs(given_grid.to_geographic(points)[0, 2] - built_in.to_geographic(points)[0, 2]) < 0.3


def test_a_grid_that_proj_finds_is_preferred(data: Path) -> None:
    code = (
        "import numpy as np\n"
        "from citygml.crs import *\n"
        "crs = parse('EPSG:25832+7837'); bounds = [(280000, 5657000), (281000, 5658000)]\n"
        "heights = choose_heights(crs, bounds)\n"
        "llh = Georeference(crs, heights).to_geographic([[280500.0, 5657500.0, 40.0]])[0]\n"
        "print(heights.method, heights.name, repr(float(llh[2])))\n"
    )
    grids = data / "geoid" / "grids"
    environment = {**os.environ, "PROJ_DATA": str(grids)}
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout
    method, name, height = output.split()
    assert (method, name) == ("grid", "de_bkg_gcg2016.tif")
    crs = parse("EPSG:25832+7837")
    user = choose_heights(crs, [(280000, 5657000), (281000, 5658000)], grid=grids / "de_bkg_gcg2016.tif")
    expected = Georeference(crs, user).to_geographic([[280500.0, 5657500.0, 40.0]])[0, 2]
    assert float(height) == pytest.approx(expected, abs=1e-6)


def test_the_note_is_one_sentence_for_people() -> None:
    for name in ("EPSG:5187+5193", "EPSG:25832+7837", "EPSG:25833+5783", "EPSG:26910", "EPSG:4979"):
        low = [(128, 35), (129, 36)] if parse(name).is_geographic else [(400000, 5500000), (401000, 5501000)]
        bounds = [(195000, 280000), (197000, 282000)] if "5187" in name else low
        note = choose_heights(parse(name), bounds).note
        assert note.endswith((".", "FILE.")) and "\n" not in note and 20 < len(note) < 240
