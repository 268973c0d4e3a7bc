"""Two years of Seoul's air by CSV: in by the command line; out of a running server by $filter, as a chart and
as a field."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import httpx
import numpy as np
import pytest
import rasterio
from PIL import Image

from analysis.field import surface
from api.app import create_app
from api.sensorthings.app import PREFIX
from api.settings import Settings
from tests.integration.command_line import twin
from tests.integration.sensorthings_server import Server, running

STATIONS = Path(__file__).with_name("seoul_stations.csv")
ROWS = 18_300 + 18_250  # 50 stations on 366 and 365 days
DAY = "2021-03-11"
"""A day of haze."""


@pytest.fixture(scope="module")
def files(data: Path) -> list[Path]:
    return [data / "iot" / "seoul-air" / f"{year}.csv" for year in (2020, 2021)]


@pytest.fixture(scope="module")
def rows(files: list[Path]) -> list[dict[str, str]]:
    """The files read by another hand."""
    texts = (path.read_text(encoding="cp949").splitlines() for path in files)
    return list(chain.from_iterable(csv.DictReader(text) for text in texts))


@pytest.fixture(scope="module")
def city(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seoul") / "seoul.twin"
    done = twin("add", folder, *files, "--stations", STATIONS, "--timezone", "Asia/Seoul")
    assert done.returncode == 0, done.stderr
    assert "2 files of readings: 215,295 added" in done.stdout
    assert "25 stations have no place" in done.stdout
    return folder


@pytest.fixture(scope="module")
def server(city: Path) -> Iterator[Server]:
    """The whole server, read without a token."""
    app = create_app(Settings(city=city, mqtt="off", sensor_layer_seconds=0))
    with running(app) as address, httpx.Client(base_url=f"{address}{PREFIX}", timeout=60) as client:
        yield Server(f"{address}{PREFIX}", "", city, client, app)


def _ask(server: Server, path: str, **options: object) -> httpx.Response:
    """An answer of what is beside SensorThings."""
    answer = server.client.get(_at(server, path), params=options)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text[:500]
    return answer


def _cells(rows: list[dict[str, str]]) -> int:
    return sum(cell != "" for row in rows for title, cell in row.items() if not title.startswith("측정"))


def test_every_cell_is_an_observation(rows: list[dict[str, str]], server: Server) -> None:
    assert len(rows) == ROWS
    assert server.get("/Observations", count="true", top="0")["@iot.count"] == _cells(rows) == 215_295
    assert server.get("/Things", count="true", top="0")["@iot.count"] == 50
    assert server.get("/Datastreams", count="true", top="0")["@iot.count"] == 300
    assert {p["name"] for p in server.get("/ObservedProperties")["value"]} == {
        "PM10", "PM2.5", "NO2", "O3", "CO", "SO2",
    }  # fmt: skip


def test_the_same_files_again_add_nothing(city: Path, files: list[Path]) -> None:
    done = twin("add", city, *files, "--timezone", "Asia/Seoul", "--json")
    readings = json.loads(done.stdout)["readings"]
    assert (readings["added"], readings["known"], readings["datastreams"]) == (0, 215_295, 0)
    assert readings["bad"] == 0 and readings["empty"] == ROWS * 6 - 215_295


@pytest.mark.parametrize("station", ["강남구", "강남대로", "중랑구"])
@pytest.mark.parametrize(("name", "title"), [("PM2.5", "초미세먼지(㎍/㎥)"), ("CO", "일산화탄소농도(ppm)")])
def test_a_filter_finds_what_the_file_says(
    rows: list[dict[str, str]], server: Server, station: str, name: str, title: str
) -> None:
    start = datetime(2020, 2, 28, 15, tzinfo=UTC)  # the 29th in Korea
    end = start + timedelta(days=30)
    found = server.get(
        "/Observations",
        filter=f"Datastream/Thing/name eq '{station}' and Datastream/ObservedProperty/name eq '{name}'"
        f" and phenomenonTime ge {start.isoformat()[:19]}Z and phenomenonTime lt {end.isoformat()[:19]}Z",
        orderby="phenomenonTime asc",
        top="100",
    )["value"]
    days = [(start + timedelta(days=n, hours=9)).strftime("%Y%m%d") for n in range(30)]
    column = next(t for t in rows[0] if t.startswith(title.partition("(")[0]))
    said = {row["측정일시"]: row[column] for row in rows if row["측정소명"] == station}
    assert [o["result"] for o in found] == [float(said[day]) for day in days if said.get(day)]
    assert found[0]["phenomenonTime"] == "2020-02-28T15:00:00Z"


def test_the_worst_days_of_a_district(rows: list[dict[str, str]], server: Server) -> None:
    found = server.get(
        "/Datastreams",
        filter="Thing/name eq '종로구' and ObservedProperty/name eq 'PM10'",
        expand="Observations($orderby=result desc;$top=3),Thing($expand=Locations)",
    )["value"]
    column = next(title for title in rows[0] if title.startswith("미세먼지"))
    said = sorted((float(r[column]) for r in rows if r["측정소명"] == "종로구" and r[column]), reverse=True)
    assert [o["result"] for o in found[0]["Observations"]] == said[:3]
    place = found[0]["Thing"]["Locations"][0]["location"]
    assert place == {"type": "Point", "coordinates": [127.0051, 37.5720]}


def test_a_chart_of_two_years(rows: list[dict[str, str]], server: Server) -> None:
    """Two stations in one chart: every day as it is, and with few points the least and greatest of them."""
    stations = ["강남구", "중랑구"]
    column = next(title for title in rows[0] if title.startswith("오존"))
    ids, said = [], []
    for name in stations:
        chosen = f"Thing/name eq '{name}' and ObservedProperty/name eq 'O3'"
        ids.append(server.get("/Datastreams", filter=chosen)["value"][0]["@iot.id"])
        mine = sorted((r["측정일시"], float(r[column])) for r in rows if r["측정소명"] == name and r[column])
        said.append([value for _, value in mine])
    span = {
        "datastream": ",".join(map(str, ids)),
        "from": "2019-12-31T15:00:00Z",
        "to": "2021-12-31T15:00:00Z",
    }
    raw = _ask(server, "/series", **span, step="raw", max_points=2000).json()["series"]
    assert [series["values"] for series in raw] == said
    assert raw[0]["times"][0] == datetime(2019, 12, 31, 15, tzinfo=UTC).timestamp() * 1000
    few = _ask(server, "/series", **span, max_points=100).json()["series"]
    for series, values in zip(few, said, strict=True):
        assert len(series["times"]) <= 100
        assert (min(series["minimum"]), max(series["maximum"])) == (min(values), max(values))
    lines = _ask(server, "/series", **span, step="raw", max_points=2000, format="csv").text.splitlines()
    assert len(lines) == 1 + sum(map(len, said))


def test_a_field_of_one_day(server: Server) -> None:
    """Kriged from the district stations: exact at each, within what was read between them, and one that is
    left out is estimated better than by the mean of the others."""
    start = (datetime.fromisoformat(f"{DAY}T00:00:00+09:00")).astimezone(UTC)
    streams = server.get(
        "/Datastreams",
        filter="ObservedProperty/name eq 'PM2.5'",
        expand=f"Thing($expand=Locations),Observations($filter=phenomenonTime eq {start.isoformat()[:19]}Z)",
        top="100",
    )["value"]
    located = [s for s in streams if s["Thing"]["Locations"] and s["Observations"]]
    assert len(located) == 25
    degrees = np.array([s["Thing"]["Locations"][0]["location"]["coordinates"] for s in located])
    values = np.array([s["Observations"][0]["result"] for s in located])
    places = (degrees - degrees.mean(axis=0)) * [111_320 * np.cos(np.radians(37.55)), 111_320]
    field = surface(places, values, "kriging")
    estimate, _ = field.at(places)
    np.testing.assert_allclose(estimate, values, atol=1e-3)
    middle, unsure = field.at(places.mean(axis=0, keepdims=True))
    assert values.min() <= middle[0] <= values.max() and unsure[0] > 0
    assert field.errors.rmse < field.errors.baseline
    asked = {"property": "PM2.5", "time": start.isoformat(), "method": "kriging", "size": 64}
    told = _ask(server, "/fields", **asked).json()
    assert (told["stations"], told["unit"]) == (25, "µg/m³")
    assert told["errors"]["rmse"] == pytest.approx(field.errors.rmse, rel=0.05)  # of other metres to a degree
    assert (
        values.min() <= told["minimum"] < told["maximum"] <= values.max() and told["uncertainty_maximum"] > 0
    )
    for part in ("image", "uncertainty_image"):
        picture = Image.open(io.BytesIO(server.client.get(_at(server, told[part])).content))
        assert picture.size == (told["width"], told["height"])
    with rasterio.open(io.BytesIO(_ask(server, "/fields/field.tif", **asked).content)) as tif:
        band = tif.read(1, masked=True)
        (middle,) = tif.sample([tuple(degrees.mean(axis=0))])
        assert float(band.min()) == pytest.approx(told["minimum"], rel=1e-3)
        assert told["minimum"] <= middle[0] <= told["maximum"]


def _at(server: Server, path: str) -> str:
    return server.url.removesuffix(PREFIX) + path
