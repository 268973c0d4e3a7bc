"""Radar rain: three kinds of files, reflectivity, sequences, and the grid of a flood run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.scene.grid import Grid
from analysis.warning.planes import between, to_degrees
from analysis.warning.radar import RadarField, read, read_all, sequence
from analysis.warning.rain_grid import areal, at_points, onto_grid, rainfall
from analysis.warning.reflectivity import CONVECTIVE, MARSHALL_PALMER
from citygml.crs import parse
from tests.unit.warning_models import (
    CELL,
    NORTH,
    PROJDEF,
    START,
    STEP,
    TRANSFORM,
    WEST,
    packed,
    rain_at,
    shower,
    write_odim,
)

MICROS = round(START.timestamp() * 1e6)


def test_marshall_palmer_and_convective_in_numbers() -> None:
    # 10 lg(200 x 10^1.6) = 39.01 dBZ for 10 mm/h; 10 lg(300 x 10^1.4) = 38.77 dBZ
    assert MARSHALL_PALMER.rate(39.0103)[()] == pytest.approx(10.0, rel=1e-4)
    assert CONVECTIVE.rate(38.7712)[()] == pytest.approx(10.0, rel=1e-4)
    # the hail ceiling of 53 dBZ is 103.8 mm/h (Fulton et al. 1998)
    assert CONVECTIVE.rate(60.0)[()] == pytest.approx(103.8, abs=0.1)
    assert MARSHALL_PALMER.rate([-np.inf, np.nan]).tolist()[0] == 0.0


@given(st.floats(0.1, 200.0))
def test_reflectivity_and_back(rate: float) -> None:
    assert MARSHALL_PALMER.rate(MARSHALL_PALMER.reflectivity(rate))[()] == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize("corner", ["UL", "LL"])
def test_odim_rain_rate(tmp_path: Path, corner: str) -> None:
    raw = packed(rain_at(0.0))
    raw[:4] = 65535
    (field,) = read(write_odim(tmp_path / "rain.h5", raw, START, corner=corner))
    assert field.quantity == "rate" and field.time == MICROS
    assert np.isnan(field.values[:4]).all() and not np.isnan(field.values[4:]).any()
    assert np.allclose(field.values[4:], rain_at(0.0)[4:], atol=0.051)
    assert field.values[-1, -1] == 0.0  # undetect is no rain
    assert field.transform.almost_equals(TRANSFORM, 0.01)


def test_odim_reflectivity_becomes_rain(tmp_path: Path) -> None:
    rate = rain_at(0.0)
    dbz = MARSHALL_PALMER.reflectivity(np.maximum(rate, 0.01))
    raw = np.where(rate < 0.1, 0, np.round((dbz + 32.0) / 0.5)).astype(np.uint16)
    path = write_odim(tmp_path / "z.h5", raw, START, quantity="DBZH", gain=0.5, offset=-32.0)
    (field,) = read(path)
    assert field.values.min() == -np.inf
    told = field.rate().values
    wet = rate >= 1.0
    # half a step of 0.5 dB is 10^(0.025/1.6) of the rain: 3.7 %
    assert np.abs(told[wet] / rate[wet] - 1).max() < 0.038
    assert (told[rate < 0.1] == 0.0).all()


def test_odim_amount_needs_and_has_its_period(tmp_path: Path) -> None:
    raw = packed(rain_at(0.0) / 6)
    (field,) = read(write_odim(tmp_path / "a.h5", raw, START + STEP, quantity="ACRR", start=START))
    assert field.period_s == 600.0
    assert np.allclose(field.rate().values, rain_at(0.0), atol=0.31)


def test_odim_refusals_name_file_and_reason(tmp_path: Path) -> None:
    raw = packed(rain_at(0.0))
    with pytest.raises(AnalysisError, match=r"scan\.h5: an ODIM object PVOL"):
        read(write_odim(tmp_path / "scan.h5", raw, START, kind="PVOL"))
    with pytest.raises(AnalysisError, match=r"v\.h5: no data of the quantity"):
        read(write_odim(tmp_path / "v.h5", raw, START, quantity="VRADH"))
    (tmp_path / "text.h5").write_text("no radar")
    with pytest.raises(AnalysisError, match=r"text\.h5: neither GeoTIFF, NetCDF nor HDF5"):
        read(tmp_path / "text.h5")


def test_geotiff_by_unit_and_time(tmp_path: Path) -> None:
    import rasterio
    from rasterio.crs import CRS

    def write(name: str, unit: str | None) -> Path:
        rain = rain_at(0.0)
        profile = {"driver": "GTiff", "count": 1, "height": rain.shape[0], "width": rain.shape[1]}
        with rasterio.open(
            tmp_path / name, "w", dtype="float32", crs=CRS.from_string(PROJDEF), transform=TRANSFORM,
            nodata=-1.0, **profile,
        ) as file:  # fmt: skip
            rain[0] = -1.0
            file.write(rain, 1)
            if unit:
                file.units = (unit,)
        return tmp_path / name

    (field,) = read(write("rain_202607150900.tif", "mm/h"))
    assert field.time == MICROS and np.isnan(field.values[0]).all()
    assert np.array_equal(field.values[1:], rain_at(0.0)[1:])
    with pytest.raises(AnalysisError, match=r"bare_202607150900\.tif: the unit of the rain is missing"):
        read(write("bare_202607150900.tif", None))
    with pytest.raises(AnalysisError, match=r"rain\.tif: .*time"):
        read(write("rain.tif", "mm/h"))
    with pytest.raises(AnalysisError, match=r"'furlong'"):
        read(write("odd_202607150900.tif", "furlong"))


def test_netcdf_with_time_and_rows_from_the_south(tmp_path: Path) -> None:
    import xarray

    fields = [rain_at(600.0 * k) for k in range(3)]
    rows, columns = fields[0].shape
    times = np.array([np.datetime64(MICROS + k * 600_000_000, "us") for k in range(3)]).astype(
        "datetime64[ns]"
    )
    about = {"units": "kg m-2 s-1", "grid_mapping": "crs"}
    dataset = xarray.Dataset(
        {
            "rr": (("time", "y", "x"), np.stack(fields)[:, ::-1] / 3600.0, about),
            "crs": ((), 0, {"crs_wkt": parse(PROJDEF).pyproj.to_wkt()}),
            "quality": (("time", "y", "x"), np.ones((3, rows, columns)), {"units": "1"}),
        },
        coords={
            "time": times,
            "y": NORTH - (np.arange(rows)[::-1] + 0.5) * CELL,
            "x": WEST + (np.arange(columns) + 0.5) * CELL,
        },
    )  # fmt: skip
    dataset.to_netcdf(tmp_path / "rain.nc", engine="h5netcdf")
    rain = read_all([tmp_path / "rain.nc"])
    assert rain.times.tolist() == [MICROS + k * 600_000_000 for k in range(3)]
    assert np.allclose(rain.rates, np.stack(fields), rtol=1e-5, atol=1e-5)
    assert rain.transform.almost_equals(TRANSFORM, 1e-6)
    dataset = dataset.drop_vars("crs")
    dataset.to_netcdf(tmp_path / "nowhere.nc", engine="h5netcdf")
    with pytest.raises(AnalysisError, match=r"nowhere\.nc: no coordinate system"):
        read(tmp_path / "nowhere.nc")


def _field(minutes: int, **more) -> RadarField:
    time = MICROS + minutes * 60_000_000
    return RadarField(rain_at(0.0), "rate", time, TRANSFORM, parse(PROJDEF), source=f"{minutes} min", **more)


def test_a_gap_or_two_fields_of_one_time_are_refused() -> None:
    with pytest.raises(
        AnalysisError, match="a gap between 2026-07-15 09:20:00 UTC and 2026-07-15 09:50:00 UTC"
    ):
        sequence([_field(m) for m in (0, 10, 20, 50, 60)])
    with pytest.raises(AnalysisError, match="two radar fields of 2026-07-15 09:10:00 UTC"):
        sequence([_field(m) for m in (0, 10, 10)])
    with pytest.raises(AnalysisError, match="at least two"):
        sequence([_field(0)])


def test_amount_of_steady_rain() -> None:
    rain = shower(7, velocity=(0.0, 0.0))
    assert np.allclose(rain.amount(), rain_at(0.0), rtol=1e-5)  # an hour of it


def _grid(cell: float = 10.0) -> Grid:
    """In the middle of the radar's picture, in the zone of Busan."""
    east, north = between(parse(PROJDEF), parse("EPSG:5187"), np.array([[-14_000.0, 4000.0]]))[0]
    return Grid(float(east), float(north), cell, 150, 200, "EPSG:5187")


def test_rain_on_the_flood_grid_is_the_shower_there() -> None:
    grid, rain = _grid(), shower(2)
    got = onto_grid(rain, grid)
    xy = between(parse("EPSG:5187"), parse(PROJDEF), grid.centres())
    x, y = xy.T
    truth = 60.0 * np.exp(-((x + 15_000) ** 2 + (y - 5000) ** 2) / (2 * 6000.0**2))
    # linear between cells of 500 m: an error of h² f'' / 8 in x and y, 60 * 500² / 6000² / 4 = 0.10 mm/h
    assert np.abs(got[0].ravel() - truth).max() < 0.11
    assert areal(rain, grid)[0] == pytest.approx(truth.mean(), abs=0.11)


def test_rainfall_for_a_run_and_blind_cells() -> None:
    grid, rain = _grid(), shower(3)
    made = rainfall(rain, grid)
    assert list(made.time) == [0.0, 600.0, 1200.0, 1800.0]
    assert made.intensity.max() * 3.6e6 == pytest.approx(onto_grid(rain, grid).max())
    far = Grid(grid.west + 200_000, grid.north, 10.0, 20, 20, "EPSG:5187")
    with pytest.raises(AnalysisError, match=r"does not see 100\.0 %"):
        rainfall(rain, far)
    assert (rainfall(rain, far, unseen=3.6).intensity == np.float32(1e-6)).all()


def test_at_points_takes_degrees_and_says_nan_outside() -> None:
    rain = shower(2)
    degrees = to_degrees(parse(PROJDEF), np.array([[-15_000.0 + 1, 5000.0 + 1], [500_000.0, 0.0]]))
    inside, outside = at_points(rain.rates[0], TRANSFORM, parse(PROJDEF), degrees, parse("EPSG:4326"))
    assert inside == pytest.approx(60.0, abs=0.2) and np.isnan(outside)
