"""Files that clients hand in as inputs: what is taken, how much, by whom, and that a run can use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import httpx
import pytest
from fastapi.testclient import TestClient

from analysis import models
from api.app import create_app
from api.settings import Settings
from tests.integration.live_server import serving
from tests.models import ENTRY
from twin.runs import open_runs
from twin.store import create_city
from twin.tokens import create

TIFF = b"II*\0" + bytes(40)
DRAINS = "[TITLE]\n; a file of drains\n[JUNCTIONS]\nA 0\n[TIMESERIES]\nq 0:00 1\n"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs") / "x.twin"
    create_city(folder, crs="EPSG:5187+5193").close()
    return folder


@pytest.fixture(scope="module")
def client(city: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=city, mqtt="off", upload_limit=8000, uploads_limit=40_000)
    with pytest.MonkeyPatch.context() as patch, serving(create_app(settings)) as address:
        patch.setitem(models.ENTRIES, "tiny", ENTRY)
        with httpx.Client(base_url=address, timeout=60) as client:
            yield client


def test_a_file_is_kept_by_its_content_and_used_by_a_run(client: httpx.Client, city: Path) -> None:
    first = client.put("/inputs/비 표.csv", content=b"time,rain\n0,1\n")
    assert first.status_code == 201
    kept = first.json()
    assert kept["bytes"] == 14
    assert kept["reference"] == f"inputs/비_표-{kept['digest'][:8]}.csv"
    assert (city / kept["reference"]).read_bytes() == b"time,rain\n0,1\n"
    assert client.put("/inputs/비 표.csv", content=b"time,rain\n0,1\n").json() == kept
    other = client.put("/inputs/비 표.csv", content=b"time,rain\n0,2\n").json()
    assert other["reference"] != kept["reference"]
    run = client.post(
        "/processes/tiny/execution",
        json={"inputs": {"table": {"href": kept["reference"]}}, "response": "document"},
    )
    assert run.status_code == 200


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("rain.vrt", b"<VRTDataset/>", "files that end in .tif"),
        ("rain.tif", b"<VRTDataset/>", "not that of a .tif file"),
        ("rain.csv", b"  <VRTDataset/>", "not that of a .csv file"),
        ("rain.csv", b"a\0b", "not that of a .csv file"),
        ("rain.nc", TIFF, "not that of a .nc file"),
        ("rain.h5", b"", "not that of a .h5 file"),
        ("a.inp", b"[FILES]\nSAVE RAINFALL /tmp/x\n", "names other files"),
        ("a.inp", b"[TIMESERIES]\nq file /etc/passwd\n", "names other files"),
        ("a.inp", b"words alone", "a.inp: has no [SECTION]"),
        ("noending", b"x", "files that end in .tif"),
    ],
)
def test_what_is_not_what_it_says_is_refused(
    client: httpx.Client, city: Path, name: str, content: bytes, why: str
) -> None:
    before = sorted((city / "inputs").rglob("*")) if (city / "inputs").exists() else []
    answer = client.put(f"/inputs/{name}", content=content)
    assert answer.status_code == 400
    assert why in answer.json()["detail"]
    assert sorted((city / "inputs").rglob("*")) == before


@pytest.mark.parametrize("how", ["link", "external", "virtual"])
def test_hdf5_with_data_in_other_files_is_refused(client: httpx.Client, tmp_path: Path, how: str) -> None:
    path = tmp_path / "radar.h5"
    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(path, "w", libver="latest") as file:
        file["own"] = [1.0, 2.0]
        if how == "link":
            file["dataset1"] = h5py.ExternalLink("other.h5", "/data")
        elif how == "external":
            file.create_dataset("data", (10,), "f8", external=[(str(tmp_path / "secret"), 0, 80)])
        else:
            layout = h5py.VirtualLayout((2,), "f8")
            layout[:] = h5py.VirtualSource("other.h5", "data", (2,))
            file.create_virtual_dataset("data", layout)
    answer = client.put("/inputs/radar.h5", content=path.read_bytes())
    assert answer.status_code == 400
    assert "in other files" in answer.json()["detail"]


def test_a_failed_run_names_files_as_the_client_knows_them(client: httpx.Client, city: Path) -> None:
    table = client.put("/inputs/rain.csv", content=b"time\n0\n").json()["reference"]
    asked = {"inputs": {"table": table, "ending": "bad table"}}
    failed = client.post("/processes/tiny/execution", json=asked)
    assert failed.status_code == 422
    assert failed.json()["detail"] == f"the run failed: {table}: lacks the column 'rain'"
    job = client.get("/jobs").json()["jobs"][0]
    assert job["message"] == f"{table}: lacks the column 'rain'"
    for address in (f"/jobs/{job['jobID']}", f"/jobs/{job['jobID']}/results"):
        assert table in client.get(address).text and str(city) not in client.get(address).text
    with open_runs(city) as runs:
        assert runs.get(job["jobID"]).message == f"{city / table}: lacks the column 'rain'"


def test_a_city_that_is_not_there_is_named_without_its_path(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Settings(city=tmp_path / "none.twin", mqtt="off"))
    for address in ("/city", "/health", "/ar/assets"):
        refused = TestClient(app).get(address)
        assert refused.status_code == 503
        assert refused.json()["detail"].startswith("none.twin: no city here")
    assert str(tmp_path / "none.twin") in caplog.text


def test_hdf5_of_its_own_is_taken_and_a_broken_one_refused(client: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "own.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["data"] = [1.0]
    assert client.put("/inputs/own.h5", content=path.read_bytes()).status_code == 201
    broken = client.put("/inputs/own.h5", content=path.read_bytes()[:60])
    assert broken.status_code == 400
    assert broken.json()["detail"].startswith("own.h5: it cannot be read as HDF5")
    assert ".part" not in broken.json()["detail"]


def test_names_stay_below_inputs(client: httpx.Client, city: Path) -> None:
    for name in ("..%5C..%5Ctwin.csv", ".hidden.csv", "a%00b.csv", "x" * 200 + ".csv"):
        reference = client.put(f"/inputs/{name}", content=b"1\n").json()["reference"]
        path = (city / reference).resolve()
        assert path.parent == (city / "inputs").resolve()
        assert path.is_file() and not path.name.startswith(".") and len(path.name) < 100
    assert client.put("/inputs/../twin.csv", content=b"1\n").status_code in (404, 405)


def test_drains_without_files_of_their_own_are_taken(client: httpx.Client) -> None:
    assert client.put("/inputs/drains.inp", content=DRAINS.encode()).status_code == 201


def test_files_are_limited_each_and_in_all(client: httpx.Client, city: Path) -> None:
    too_large = client.put("/inputs/a.tif", content=TIFF + bytes(9000))
    assert too_large.status_code == 413
    assert too_large.json()["detail"] == "a.tif: a file may have 8,000 bytes"
    answers = [client.put("/inputs/a.tif", content=TIFF + bytes([n]) * 7900) for n in range(6)]
    assert [answer.status_code for answer in answers][-1] == 507
    assert "have files removed from it" in answers[-1].json()["detail"]
    assert not list((city / "inputs").glob("*.part"))
    assert sum(path.stat().st_size for path in (city / "inputs").iterdir()) <= 40_000


def test_only_who_may_start_runs_hands_in_files(tmp_path: Path) -> None:
    create_city(tmp_path / "x.twin", crs="EPSG:5187+5193").close()
    app = create_app(Settings(city=tmp_path / "x.twin", mqtt="off", public_run=False))
    reader, runner = (create(tmp_path / "x.twin", [scope], scope) for scope in ("sta:read", "run"))
    with serving(app) as address, httpx.Client(base_url=address, timeout=60) as client:
        tried = [
            client.put("/inputs/a.csv", content=b"1\n", headers=headers).status_code
            for headers in ({}, *({"Authorization": f"Bearer {token}"} for token in (reader, runner)))
        ]
    assert tried == [401, 403, 201]
