"""Names of coordinate systems, their axis order, and the way to the globe and into local frames."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citygml.crs import (
    Crs,
    Georeference,
    choose_heights,
    ecef_to_geographic,
    frame_matrix,
    geographic_to_ecef,
    parse,
    plausible,
    resolve,
    resolve_axis_order,
)
from citygml.errors import UnknownCrs

# srsName -> canonical name, order declared, horizontal and vertical EPSG code.
NAMES = [
    ("urn:ogc:def:crs:EPSG::25832", "EPSG:25832", False, 25832, None),
    ("urn:ogc:def:crs:EPSG:6.12:31466", "EPSG:31466", True, 31466, None),
    ("urn:ogc:def:crs:EPSG::5187", "EPSG:5187", True, 5187, None),
    ("http://www.opengis.net/def/crs/EPSG/0/6697", "EPSG:6697", True, 6668, 6695),
    ("https://www.opengis.net/def/crs/EPSG/0/7415", "EPSG:7415", False, 28992, 5709),
    ("http://www.opengis.net/def/crs/EPSG/0/10169", "EPSG:10169", True, 6676, 6695),
    ("http://www.opengis.net/gml/srs/epsg.xml#25833", "EPSG:25833", False, 25833, None),
    ("http://www.opengis.net/gml/srs/epsg.xml#31467", "EPSG:31467", False, 31467, None),
    ("EPSG:5187", "EPSG:5187", False, 5187, None),
    ("5187", "EPSG:5187", False, 5187, None),
    ("epsg:26910", "EPSG:26910", False, 26910, None),
    ("EPSG:5187+5193", "EPSG:5187+5193", False, 5187, 5193),
    ("urn:ogc:def:crs,crs:EPSG:6.12:25833,crs:EPSG:6.12:5783", "EPSG:25833+5783", False, 25833, 5783),
    ("urn:ogc:def:crs,crs:EPSG:6.12:3068,crs:EPSG:6.12:5783", "EPSG:3068+5783", True, 3068, 5783),
    ("urn:ogc:def:crs,crs:EPSG::25832,crs:EPSG::5783", "EPSG:25832+5783", False, 25832, 5783),
    ("urn:ogc:def:crs:EPSG:25832, crs:EPSG:5783", "EPSG:25832+5783", False, 25832, 5783),
    ("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016", "EPSG:25832+7837", False, 25832, 7837),
    ("urn:adv:crs:ETRS89_UTM32*DE_DHHN92_NH", "EPSG:25832+5783", False, 25832, 5783),
    ("urn:adv:crs:ETRS89_UTM33*DE_DHHN2016_NH", "EPSG:25833+7837", False, 25833, 7837),
    ("urn:adv:crs:DE_DHDN_3GK4*DE_DHHN92_NH", "EPSG:31468+5783", False, 31468, 5783),
    (
        "http://www.opengis.net/def/crs-compound?1=http://www.opengis.net/def/crs/EPSG/0/5186"
        "&2=http://www.opengis.net/def/crs/EPSG/0/5193",
        "EPSG:5186+5193",
        True,
        5186,
        5193,
    ),
    ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84", False, None, None),
    ("urn:ogc:def:crs:EPSG::4979", "EPSG:4979", True, 4326, None),
]


@pytest.mark.parametrize(("srs_name", "name", "swap", "horizontal", "vertical"), NAMES)
def test_every_form_of_srs_name(
    srs_name: str, name: str, swap: bool, horizontal: int | None, vertical: int | None
) -> None:
    crs = parse(srs_name)
    assert (crs.name, crs.swap_axes) == (name, swap)
    assert (crs.horizontal_epsg, crs.vertical_epsg) == (horizontal, vertical)
    assert not crs.is_local
    again = parse(crs.urn())
    assert again.name == crs.name and again.same_horizontal(crs)


@pytest.mark.parametrize("srs_name", ["local", "#local-CRS-1", "urn:ogc:def:crs:local:CRS:1"])
def test_local_systems_have_no_place(srs_name: str) -> None:
    crs = parse(srs_name)
    assert crs.is_local and crs.name == "local" and crs.pyproj is None
    assert parse(crs.urn()) == crs
    assert not crs.same_horizontal(parse("EPSG:5187"))


def test_wkt_and_engineering_wkt() -> None:
    wkt = pyproj.CRS.from_epsg(5179).to_wkt()
    assert parse(wkt).name == "EPSG:5179"
    assert parse(pyproj.CRS("EPSG:5187+5193").to_wkt()).name == "EPSG:5187+5193"
    assert parse(wkt).swap_axes and parse(wkt).same_horizontal(parse("EPSG:5179"))
    engineering = 'ENGCRS["site",EDATUM["site"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],UNIT["m",1]]'
    assert parse(engineering).is_local


@pytest.mark.parametrize(
    "srs_name",
    ["", "  ", "EPSG:999999", "Gauss", "urn:adv:crs:DE_XX*NH", "EPSG:5193", "EPSG:4978", "EPSG:5187+5186"],
)
def test_unknown_names_give_one_line_with_what_to_do(srs_name: str) -> None:
    with pytest.raises(UnknownCrs) as raised:
        parse(srs_name)
    assert "\n" not in str(raised.value) and ("--crs" in str(raised.value) or "vertical" in str(raised.value))


def test_parsing_twice_is_the_same_object_and_import_is_free_of_pyproj() -> None:
    assert parse("EPSG:5187") is parse("EPSG:5187")
    code = "import sys, citygml.crs; sys.exit('pyproj' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_same_horizontal_whatever_the_heights() -> None:
    assert parse("EPSG:5187").same_horizontal(parse("EPSG:5187+5193"))
    assert parse("EPSG:6697").same_horizontal(parse("EPSG:6668"))
    assert parse("EPSG:4979").same_horizontal(parse("EPSG:4326"))
    assert not parse("EPSG:5187").same_horizontal(parse("EPSG:5186"))


# (srsName, coordinates as a file writes them, is the first of them the north)
ORDERS = [
    ("http://www.opengis.net/def/crs/EPSG/0/6697", (35.67, 139.71), True),
    ("EPSG:6668", (36.08, 140.11), True),  # PLATEAU writes latitude first under the short form too
    ("urn:ogc:def:crs:EPSG::4979", (-77.10, 38.79), False),  # Washington, longitude first: a wrong file
    ("EPSG:4979", (34.743, 137.451), True),
    ("http://www.opengis.net/def/crs/EPSG/0/10169", (157512.6, 21178.0), True),
    ("urn:ogc:def:crs:EPSG:6.12:31466", (2523800.0, 5705800.0), False),
    ("urn:ogc:def:crs:EPSG:6.12:31466", (5705800.0, 2523800.0), True),
    ("urn:ogc:def:crs:EPSG::5187", (195000.0, 284000.0), False),
    ("urn:ogc:def:crs:EPSG::5187", (284000.0, 195000.0), True),
    ("EPSG:5187", (284000.0, 195000.0), True),
    ("urn:ogc:def:crs:EPSG::5186", (433000.0, 205000.0), True),
    ("urn:ogc:def:crs,crs:EPSG:6.12:31466,crs:EPSG:6.12:5783", (-45.0, -20.0), False),  # drawn about 0, 0
    ("http://www.opengis.net/def/crs/EPSG/0/6697", (0.5, 0.5), True),
    ("urn:ogc:def:crs:EPSG::25832", (458868.0, 5438343.0), False),
    ("urn:ogc:def:crs:EPSG::25832", (5438343.0, 458868.0), True),
    ("https://www.opengis.net/def/crs/EPSG/0/2326", (820000.0, 836000.0), True),
]


@pytest.mark.parametrize(("srs_name", "point", "swap"), ORDERS)
def test_axis_order_follows_the_data_where_only_one_order_fits(
    srs_name: str, point: tuple[float, float], swap: bool
) -> None:
    assert resolve_axis_order(parse(srs_name), [point]) is swap


def test_declared_order_holds_without_usable_coordinates() -> None:
    crs = parse("urn:ogc:def:crs:EPSG::5187")
    assert resolve_axis_order(crs, [(np.nan, np.nan)]) is True
    assert resolve_axis_order(crs, np.empty((0, 3))) is True


def test_zone_before_the_easting_is_another_crs() -> None:
    crs = resolve(parse("urn:adv:crs:ETRS89_UTM32*DE_DHHN92_NH"), [(32280928.2, 5657501.7, 40.0)])
    assert crs.name == "EPSG:4647+5783" and not crs.swap_axes
    plain = resolve(parse("urn:adv:crs:ETRS89_UTM32*DE_DHHN92_NH"), [(280928.2, 5657501.7, 40.0)])
    assert plain.name == "EPSG:25832+5783"


def test_implausible_coordinates_are_noticed() -> None:
    assert plausible(parse("EPSG:5187"), [(195000, 284000)])
    assert not plausible(parse("EPSG:4326"), [(4490655.5, 5322005.3)])
    assert plausible(parse("local"), [(1e9, 1e9)])


def _declarations(data: Path) -> list[tuple[Path, str, np.ndarray]]:
    """(file, srsName, corners) of the first envelope of every CityGML file."""
    found = []
    envelope = re.compile(
        r"<gml:Envelope[^>]*srsName=\"([^\"]+)\"[^>]*>\s*<gml:lowerCorner[^>]*>([^<]+)</gml:lowerCorner>\s*"
        r"<gml:upperCorner[^>]*>([^<]+)<"
    )
    for path in sorted((data / "citygml").rglob("*.gml")):
        with path.open(encoding="utf-8", errors="replace") as file:
            match = envelope.search(file.read(16384))
        if match:
            corners = np.array([[float(v) for v in match[i].split()[:2]] for i in (2, 3)])
            found.append((path, match[1], corners))
    return found


def test_every_srs_name_in_the_data_is_understood_and_its_data_lie_in_its_area(data: Path) -> None:
    declarations = _declarations(data)
    assert len(declarations) > 100
    outside = set()
    for path, srs_name, corners in declarations:
        crs = resolve(parse(srs_name), corners)
        points = corners[:, ::-1] if crs.swap_axes else corners
        if not plausible(crs, points):
            outside.add(path.name)
    assert outside == {
        "Appearance_TexCoord-Example.gml",  # metres about 0, 0
        "49300002_fld_6697_l1_op.gml",  # degrees about 0, 0
        "49300003_fld_6697_l1_op.gml",
    }


def _georeference(name: str, low: tuple[float, ...], high: tuple[float, ...]) -> Georeference:
    crs = parse(name)
    return Georeference(crs, choose_heights(crs, [low, high]))


KOREA = ((195000.0, 280000.0, -5.0), (197000.0, 282000.0, 120.0))


def test_ecef_agrees_with_proj() -> None:
    llh = np.array([[128.94, 35.16, 30.0], [-77.0, 38.8, 120.0], [0.0, -89.9, -50.0], [179.99, 0.0, 9000.0]])
    to_ecef = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    np.testing.assert_allclose(geographic_to_ecef(llh), np.column_stack(to_ecef.transform(*llh.T)), atol=1e-6)
    np.testing.assert_allclose(ecef_to_geographic(geographic_to_ecef(llh)), llh, atol=1e-6)


def test_local_frame_is_east_north_up_and_exact() -> None:
    georeference = _georeference("EPSG:5187+5193", *KOREA)
    center = np.array([196000.0, 281000.0, 40.0])
    frame = georeference.local_frame(center)
    np.testing.assert_allclose(frame.to_local(center[None]), [[0, 0, 0]], atol=1e-6)
    rotation = frame.matrix[:3, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    offsets = np.array([[100.0, 0, 0], [0, 100.0, 0], [0, 0, 100.0]])
    local = frame.to_local(center + offsets)
    # The central meridian of the East Belt is 129 E: grid north differs from true north by 0.03 degrees
    # here, the scale of the projection by less than 1e-6, and 100 m bend 0.8 mm below the horizon.
    np.testing.assert_allclose(local, offsets, atol=0.1)
    xyz = center + np.random.default_rng(1).uniform(-500, 500, (50, 3)) * [1, 1, 0.1]
    np.testing.assert_allclose(frame.to_ecef(frame.to_local(xyz)), georeference.to_ecef(xyz), atol=1e-6)


BOXES = {
    "EPSG:5187+5193": KOREA,
    "EPSG:25832+7837": ((280000.0, 5657000.0, 0.0), (283000.0, 5660000.0, 300.0)),
    "EPSG:6697": ((139.70, 35.60, -10.0), (139.73, 35.62, 250.0)),
    "EPSG:7415": ((84000.0, 446000.0, -5.0), (86000.0, 448000.0, 100.0)),
    "OGC:CRS84h": ((126.9, 37.5, 0.0), (126.93, 37.53, 500.0)),
}


@pytest.mark.parametrize("name", BOXES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_fitted_frame_is_within_a_millimetre(name: str, seed: int) -> None:
    low, high = np.array(BOXES[name])
    georeference = _georeference(name, tuple(low), tuple(high))
    random = np.random.default_rng(seed)
    a, b = low + random.random((2, 3)) * (high - low)
    low, high = np.minimum(a, b), np.maximum(a, b)
    frame = georeference.fitted_frame(low, high)
    assert frame.fit is not None and frame.residual < 1e-3
    xyz = low + random.random((300, 3)) * (high - low)
    exact = georeference.local_frame((low + high) / 2)
    np.testing.assert_array_equal(frame.matrix, exact.matrix)
    assert np.abs(frame.to_local(xyz) - exact.to_local(xyz)).max() < 1e-3


def test_fitted_frame_falls_back_to_the_exact_one() -> None:
    georeference = _georeference("EPSG:5187+5193", *KOREA)
    low, high = np.array([100000.0, 200000.0, 0.0]), np.array([300000.0, 500000.0, 10.0])
    assert georeference.fitted_frame(low, high).fit is None
    small = georeference.fitted_frame(*KOREA)
    far = np.array([[250000.0, 400000.0, 10.0]])
    np.testing.assert_array_equal(
        small.to_local(far), georeference.local_frame(np.mean(KOREA, axis=0)).to_local(far)
    )


def test_local_model_stands_at_its_anchor() -> None:
    local = parse("local")
    heights = choose_heights(local, np.zeros((2, 3)))
    assert heights.method == "local"
    with pytest.raises(UnknownCrs, match="--anchor"):
        Georeference(local, heights)
    georeference = Georeference(local, heights, (128.9, 35.1, 12.0))
    np.testing.assert_allclose(georeference.to_geographic([[0, 0, 5.0]]), [[128.9, 35.1, 17.0]], atol=1e-8)
    xyz = np.array([[10.0, -20.0, 3.0]])
    expected = (frame_matrix([128.9, 35.1, 12.0]) @ [10.0, -20.0, 3.0, 1.0])[:3]
    np.testing.assert_allclose(georeference.to_ecef(xyz)[0], expected, atol=1e-6)
    np.testing.assert_allclose(georeference.from_geographic(georeference.to_geographic(xyz)), xyz, atol=1e-6)


@pytest.mark.parametrize("name", BOXES)
def test_there_and_back(name: str) -> None:
    low, high = np.array(BOXES[name])
    georeference = pickle.loads(pickle.dumps(_georeference(name, tuple(low), tuple(high))))
    xyz = low + np.random.default_rng(2).random((100, 3)) * (high - low)
    back = georeference.from_geographic(georeference.to_geographic(xyz))
    # Amersfoort reaches WGS 84 by a Helmert transformation of 2D points, closing to a millimetre.
    metre = 1e-5 if parse(name).is_geographic else 1.0
    np.testing.assert_allclose(back, xyz, atol=1e-3 * metre)


def test_positions_keep_their_datum_shift() -> None:
    # Without its grid PROJ would offer a ballpark step first, 110 m off. The origin of RD in WGS 84 is
    # 52.15517440 N, 5.38720621 E (F. Schreutelkamp, G. Strang van Hees, 2001, Geodesia 43).
    georeference = _georeference("EPSG:7415", (154000, 462000, 0), (156000, 464000, 10))
    lon, lat, _ = georeference.to_geographic([[155000.0, 463000.0, 0.0]])[0]
    assert abs(lat - 52.15517440) * 111_200 < 1
    assert abs(lon - 5.38720621) * 68_300 < 1


def test_crs_is_hashable_and_small() -> None:
    assert len({parse("EPSG:5187"), parse("urn:ogc:def:crs:EPSG::5187"), parse("EPSG:5187")}) == 2
    assert isinstance(pickle.loads(pickle.dumps(parse("EPSG:5187+5193"))), Crs)
