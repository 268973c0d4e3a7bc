"""Rain and water levels from readings: units, gaps, means and fields; rain from files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray
from hypothesis import given
from hypothesis import strategies as st
from rasterio.transform import from_origin

from analysis.errors import AnalysisError
from analysis.flood.inputs import MM_PER_HOUR
from analysis.scene import Grid, Plane, rain_from_file, rain_from_sensors, stage, streams
from analysis.scene.series import step_means
from analysis.warning.planes import between, cells
from citygml.crs import Georeference, choose_heights, parse
from tests.unit import warning_models
from tests.unit.observation_models import EPOCH, SECOND, datastream, location, make, thing
from twin.observations.store import Observations, open_observations

HOUR = 3600
GRID = Grid(193_000.0, 281_800.0, 10.0, 20, 30, "EPSG:5187")
CRS = parse("EPSG:5187")
PLACE = Georeference(CRS, choose_heights(CRS, np.array([[193_000, 281_600, 0], [193_300, 281_800, 0]])))
PLANE = Plane("EPSG:5187", PLACE)


def station(
    observations: Observations,
    name: str,
    observed: str,
    unit: str,
    readings: list[tuple[float, float]],
    at: tuple[float, float] = (193_150.0, 281_700.0),
    **properties: Any,
) -> None:
    """readings: (seconds since EPOCH, value)."""
    longitude, latitude, _ = PLACE.to_geographic([[*at, 0.0]])[0].tolist()
    stream = datastream(
        f"{name} {observed}",
        unitOfMeasurement={"name": unit, "symbol": unit, "definition": ""},
        ObservedProperty={"name": observed, "description": "", "definition": f"urn:{observed}"},
    )
    body = thing(
        name, Locations=[location(name, longitude, latitude)], Datastreams=[stream], properties=properties
    )
    make(observations, "Things", body)
    id = streams(observations, observed)[-1].id
    for seconds, value in readings:
        time = datetime.fromtimestamp(EPOCH / 1e6 + seconds, UTC).isoformat().replace("+00:00", "Z")
        make(observations, f"Datastreams({id})/Observations", {"phenomenonTime": time, "result": value})


@pytest.fixture
def observations(tmp_path: Path):
    with open_observations(tmp_path) as opened:
        yield opened


def rain(observations: Observations, hours: float = 1.0, **more):
    return rain_from_sensors(observations, EPOCH, EPOCH + int(hours * HOUR) * SECOND, **more)


def test_an_intensity_holds_until_the_next_reading(observations: Observations) -> None:
    station(
        observations,
        "a",
        "rain intensity",
        "mm/h",
        [(0, 6), (600, 12), (1200, 0), (1800, 3), (2400, 0), (3000, 0)],
    )
    found = rain(observations, step=1200.0)
    assert found.time.tolist() == [0, 1200, 2400, 3600]
    assert found.intensity * 3.6e6 == pytest.approx([9.0, 1.5, 0.0])
    assert found.amount == pytest.approx(3.5e-3)  # (6 + 12 + 0 + 3) mm/h for 600 s each
    assert found.gaps == []
    assert len(found.rainfall.time) == 4


def test_an_amount_fell_since_the_reading_before(observations: Observations) -> None:
    station(
        observations,
        "a",
        "rainfall",
        "mm",
        [(0, 9), (600, 1), (1200, 2), (1800, 0), (2400, 0), (3000, 0), (3600, 4)],
    )
    found = rain(observations, step=600.0)
    assert found.intensity * 600 * 1000 == pytest.approx([1, 2, 0, 0, 0, 4])
    assert found.amount == pytest.approx(7e-3)


def test_stations_are_averaged_over_those_that_read(observations: Observations) -> None:
    station(observations, "a", "rain intensity", "mm/h", [(t, 10) for t in range(0, 3601, 600)])
    station(observations, "b", "rain intensity", "mm/h", [(t, 30) for t in range(0, 1201, 600)])
    found = rain(observations, step=600.0)
    assert found.intensity * 3.6e6 == pytest.approx([20, 20, 20, 10, 10, 10])


def test_a_gap_is_refused_or_dry_and_stated(observations: Observations) -> None:
    readings = [(t, 10) for t in range(0, 3601, 300) if not 1500 <= t <= 2400]
    station(observations, "a", "rain intensity", "mm/h", readings)
    with pytest.raises(
        AnalysisError, match=r"has a gap from 2023-11-14T22:43:20Z to 2023-11-14T22:58:20Z; .*gaps=fill"
    ):
        rain(observations, step=300.0)
    found = rain(observations, step=300.0, gaps="fill")
    assert found.gaps == [(1800.0, 2700.0)]
    assert found.amount == pytest.approx(10e-3 * 0.75)


def test_what_cannot_be_rain_is_refused(observations: Observations) -> None:
    with pytest.raises(AnalysisError, match="nothing in the city observes rain intensity or rainfall"):
        rain(observations)
    station(observations, "a", "rain intensity", "dBZ", [(0, 1)])
    with pytest.raises(AnalysisError, match=r"a rain intensity .* has the unit 'dBZ'; use mm/h"):
        rain(observations)


def test_negative_rain_is_refused(observations: Observations) -> None:
    station(observations, "a", "rain intensity", "mm/h", [(0, 1), (600, -2)])
    with pytest.raises(AnalysisError, match="negative rain, -2"):
        rain(observations)


def test_a_field_is_the_station_at_the_station_and_the_mean_between(observations: Observations) -> None:
    every = range(0, 3601, 600)
    station(observations, "a", "rain intensity", "mm/h", [(t, 10) for t in every], at=(193_005.0, 281_705.0))
    station(observations, "b", "rain intensity", "mm/h", [(t, 30) for t in every], at=(193_295.0, 281_705.0))
    found = rain(observations, spatial="idw", grid=GRID, plane=PLANE)
    assert found.intensity.shape == (6, 20, 30)
    row = found.intensity[0, 9] * 3.6e6
    assert row[0] == pytest.approx(10, abs=0.01)
    assert row[-1] == pytest.approx(30, abs=0.01)
    assert row[14:16].mean() == pytest.approx(20, abs=0.01)
    assert (np.diff(row) > 0).all()


def test_a_stage_is_in_metres_over_the_gauge_zero(observations: Observations) -> None:
    station(observations, "g", "water level", "cm", [(0, 100), (600, 150), (1200, 120), (3000, 110)])
    (stream,) = streams(observations, "water level")
    with pytest.raises(AnalysisError, match="has a gap from"):
        stage(observations, stream, EPOCH, EPOCH + 3600 * SECOND, zero=2.0)
    found = stage(observations, stream, EPOCH, EPOCH + 3600 * SECOND, zero=2.0, gaps="fill")
    assert found.time.tolist() == [0, 600, 1200, 3000]
    assert found.level == pytest.approx([3.0, 3.5, 3.2, 3.1])
    assert found.gaps == [(1200.0, 3000.0)]


@given(
    st.lists(st.tuples(st.floats(1, 100), st.floats(0, 50), st.booleans()), min_size=1, max_size=20),
    st.integers(1, 9),
)
def test_steps_keep_what_fell(parts: list[tuple[float, float, bool]], n: int) -> None:
    ends = np.cumsum([p[0] for p in parts])
    starts = ends - [p[0] for p in parts]
    known = np.array([p[2] for p in parts])
    rates = np.array([p[1] for p in parts])
    edges = np.linspace(0, ends[-1], n + 1)
    means, share = step_means(starts[known], ends[known], rates[known], edges)
    fell = float(np.nansum(means * share * np.diff(edges)))
    assert fell == pytest.approx(float(((ends - starts) * rates)[known].sum()), rel=1e-9, abs=1e-6)


def raster(path: Path, bands: np.ndarray, times: list[str] | None = None, unit: str | None = "mm/h") -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=bands.shape[2], height=bands.shape[1], count=len(bands),
        dtype="float32", nodata=-1, crs="EPSG:5187", transform=from_origin(192_900, 281_900, 100, 100),
    ) as dataset:  # fmt: skip
        dataset.write(bands.astype(np.float32))
        for band, time in enumerate(times or [], 1):
            dataset.update_tags(band, time=time)
        if unit:
            dataset.units = (unit,) * len(bands)
    return path


BANDS = np.stack([np.full((4, 5), 36.0), np.full((4, 5), 72.0)])
TIMES = ["2026-07-01T00:00:00", "2026-07-01T00:10:00"]
LATE = [*TIMES, "2026-07-01T00:20:00", "2026-07-01T00:50:00"]


def test_a_geotiff_of_steps(tmp_path: Path) -> None:
    found = rain_from_file(raster(tmp_path / "r.tif", BANDS, TIMES), GRID)
    assert found.time.tolist() == [0, 600, 1200]
    assert found.intensity.shape == (2, 20, 30)
    assert found.intensity[:, 5, 5] == pytest.approx([1e-5, 2e-5])
    assert found.amount == pytest.approx(0.018)


def test_files_of_one_step_each_have_their_time_in_the_name(tmp_path: Path) -> None:
    paths = [raster(tmp_path / f"rain_2026070100{m}.tif", BANDS[:1], unit="mm") for m in ("10", "00", "20")]
    found = rain_from_file(paths, GRID, label="end", start=datetime(2026, 6, 30, 23, 50))
    assert found.time.tolist() == [0, 600, 1200, 1800]
    assert found.amount == pytest.approx(3 * 0.036)


def test_missing_steps_values_and_units_of_a_file(tmp_path: Path) -> None:
    late = raster(tmp_path / "late.tif", np.concatenate([BANDS, BANDS]), LATE)
    with pytest.raises(
        AnalysisError, match=r"late\.tif has a gap from 2026-07-01T00:30:00Z to 2026-07-01T00:50:00Z"
    ):
        rain_from_file(late, GRID)
    bare = raster(tmp_path / "bare.tif", BANDS, TIMES, unit=None)
    with pytest.raises(AnalysisError, match=r"bare\.tif: the unit of the rain is missing"):
        rain_from_file(bare, GRID)
    assert rain_from_file(bare, GRID, unit="mm/h").amount == pytest.approx(0.018)
    with pytest.raises(AnalysisError, match="the time of band 1; give the interval"):
        rain_from_file(raster(tmp_path / "timeless.tif", BANDS), GRID)
    holed = BANDS.copy()
    holed[0, :, :2] = -1
    with pytest.raises(
        AnalysisError, match=r"8\.3% of the grid's cells and steps have no rain value; gaps=fill"
    ):
        rain_from_file(raster(tmp_path / "holed.tif", holed, TIMES), GRID)
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(AnalysisError, match=r"text\.tif: neither GeoTIFF, NetCDF nor HDF5"):
        rain_from_file(tmp_path / "text.tif", GRID)


def test_a_netcdf_in_degrees(tmp_path: Path) -> None:
    times = np.array(TIMES, "datetime64[ns]")
    lat, lon = np.linspace(35.10, 35.20, 11), np.linspace(128.85, 129.0, 16)
    values = np.broadcast_to(np.array([1.0, 2.0])[:, None, None] * 1e-2, (2, 11, 16)).astype(np.float32)
    dataset = xarray.Dataset(
        {"rainfall_flux": (("time", "lat", "lon"), values, {"units": "kg m-2 s-1"})},
        {"time": times, "lat": lat, "lon": lon},
    )
    dataset.to_netcdf(tmp_path / "r.nc", engine="scipy")
    found = rain_from_file(tmp_path / "r.nc", GRID)
    assert found.intensity[:, 3, 4] == pytest.approx([1e-5, 2e-5], rel=1e-4)
    with pytest.raises(AnalysisError, match=r"there is no variable 'x'; there are rainfall_flux"):
        rain_from_file(tmp_path / "r.nc", GRID, variable="x")


def test_radar_files_are_rain_of_a_run_too(tmp_path: Path) -> None:
    """Two composites of a radar, on the grid where the radar lies around it."""
    for minutes in (0, 10):
        field = warning_models.rain_at(minutes * 60.0, width=20_000.0)
        when = warning_models.START + timedelta(minutes=minutes)
        warning_models.write_odim(tmp_path / f"{minutes:02}.h5", warning_models.packed(field), when)
    found = rain_from_file([tmp_path / "10.h5", tmp_path / "00.h5"], GRID)
    assert found.time.tolist() == [0, 600, 1200]
    middle = np.array([[(GRID.bounds[0] + GRID.bounds[2]) / 2, (GRID.bounds[1] + GRID.bounds[3]) / 2]])
    at = between(parse(GRID.crs), parse(warning_models.PROJDEF), middle)
    row, column = (int(v[0]) for v in cells(warning_models.TRANSFORM, at))
    for step, minutes in enumerate((0, 10)):
        truth = warning_models.rain_at(minutes * 60.0, width=20_000.0)[row, column] / MM_PER_HOUR
        assert found.intensity[step, 10, 15] == pytest.approx(truth, rel=0.05)
