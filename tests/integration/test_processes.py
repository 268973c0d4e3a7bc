"""OGC API - Processes over HTTP: describe, execute and wait or not, follow, fetch, dismiss."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import rasterio
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from analysis import models
from tests.integration.processes import ASYNC, EXECUTION, PATIENCE_S, follow, is_problem
from tests.models import ENTRY, TINY
from twin.runs import open_runs


@pytest.fixture
def client(processes: tuple[str, Path]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=processes[0], timeout=PATIENCE_S) as client:
        yield client


def test_the_landing_page_and_the_conformance_name_processes(client: httpx.Client) -> None:
    links = {
        x["rel"]: x["href"] for x in client.get("/", headers={"accept": "application/json"}).json()["links"]
    }
    assert client.get(links["http://www.opengis.net/def/rel/ogc/1.0/processes"]).status_code == 200
    assert client.get(links["http://www.opengis.net/def/rel/ogc/1.0/job-list"]).status_code == 200
    classes = client.get("/conformance").json()["conformsTo"]
    base = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
    assert {f"{base}/core", f"{base}/job-list", f"{base}/dismiss"} <= set(classes)


def test_a_process_says_what_it_takes_with_units_in_both_languages(client: httpx.Client) -> None:
    listed = client.get("/processes").json()["processes"]
    assert [p["id"] for p in listed] == list(models.ENTRIES)
    summary = next(p for p in listed if p["id"] == "tiny")
    links = {link["rel"]: link["href"] for link in summary["links"]}
    described = client.get(links["self"]).json()
    assert links["http://www.opengis.net/def/rel/ogc/1.0/execute"].endswith(EXECUTION)
    assert described["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]
    rain = described["inputs"]["rain"]
    assert (rain["title"], rain["schema"]["x-ogc-unit"], rain["schema"]["default"]) == ("Rain", "mm", 10.0)
    assert described["outputs"]["depth"]["schema"]["x-ogc-unit"] == "mm"
    for parameter in described["inputs"].values():
        jsonschema.Draft202012Validator.check_schema(parameter["schema"])
    korean = client.get("/processes/tiny", headers={"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"})
    assert korean.headers["content-language"] == "ko"
    assert korean.json()["inputs"]["rain"]["title"] == "강우량"
    english = client.get("/processes/tiny", headers={"Accept-Language": "fr, en;q=0.5, ko;q=0.1, de;q=x"})
    assert english.json()["title"] == "Tiny model"


def test_a_client_is_told_how_long_a_run_would_take(client: httpx.Client) -> None:
    told = client.post("/processes/tiny/estimate", json={"inputs": {"rain": 3}})
    assert told.status_code == 200
    assert told.json()["seconds"] > 0
    assert set(told.json()) == {"seconds", "memory", "available", "runs"}
    refused = client.post("/processes/tiny/estimate", json={"inputs": {"rain": -1}})
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("rain: -1 is less than the minimum of 0")


def test_choices_have_titles_in_the_readers_language(client: httpx.Client) -> None:
    for lang, title in (("en", "blown up"), ("ko", "발산")):
        described = client.get("/processes/tiny", headers={"Accept-Language": lang}).json()
        schema = described["inputs"]["ending"]["schema"]
        assert schema["x-enum-titles"]["blown up"] == title
        assert list(schema["x-enum-titles"]) == schema["enum"]


def test_processes_come_in_pages(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        monkeypatch.setitem(models.ENTRIES, f"tiny{n}", ENTRY)
    seen, address = 0, "/processes?limit=1"
    while address:
        page = client.get(address).json()
        assert len(page["processes"]) == 1
        seen += 1
        address = next((x["href"] for x in page["links"] if x["rel"] == "next"), "")
    assert seen == len(models.ENTRIES)


def test_the_client_waits_for_a_quick_process(client: httpx.Client) -> None:
    """Without a preference a process that can do both is executed synchronously (18-062r2, 7.11.2.3)."""
    body = {"inputs": {"rain": 7}, "response": "document"}
    answer = client.post(EXECUTION, json=body)
    assert answer.status_code == 200
    document = answer.json()
    assert document["summary"]["value"]["mean"] == pytest.approx(7, abs=1e-3)
    assert document["summary"]["value"]["units"] == {"mean": "mm"}
    link = document["depth"]
    assert (link["type"], link["x-unit"]) == (TINY.outputs[0].type, "mm")
    with rasterio.MemoryFile(client.get(link["href"]).content) as memory, memory.open() as file:
        assert file.tags()["run"] == link["href"].split("/")[-2]
        assert file.crs.to_epsg() == 5187


def test_a_job_is_followed_to_its_results(client: httpx.Client) -> None:
    body = {"inputs": {"rain": 8, "steps": 20, "pause": 0.1}, "response": "document"}
    answer = client.post(EXECUTION, json=body, headers=ASYNC)
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "respond-async"
    accepted = answer.json()
    assert (accepted["status"], accepted["processID"], accepted["type"]) == ("accepted", "tiny", "process")
    early = client.get(answer.headers["location"] + "/results")
    assert "its results come when it has ended" in is_problem(early, 404, "result-not-ready")
    status = follow(client, answer.headers["location"])
    assert (status["status"], status["progress"], status["jobID"]) == ("successful", 100, accepted["jobID"])
    assert status["created"] <= status["started"] <= status["finished"] <= status["updated"]
    results = next(x for x in status["links"] if x["rel"].endswith("/results"))["href"]
    assert set(client.get(results).json()) == {"depth", "depths", "buildings", "summary"}
    again = client.post(EXECUTION, json=body, headers=ASYNC)
    assert (again.status_code, again.json()["jobID"]) == (201, accepted["jobID"])
    assert again.json()["status"] == "successful"
    anew = client.post(EXECUTION, json=body, headers={**ASYNC, "Cache-Control": "no-cache"})
    assert anew.json()["jobID"] != accepted["jobID"]
    client.delete(anew.headers["location"])


def test_who_waits_too_long_is_told_to_come_back(client: httpx.Client) -> None:
    body = {"inputs": {"ending": "hang"}}
    answer = client.post(EXECUTION, json=body, headers={"Prefer": "wait=1"})
    assert answer.status_code == 201
    assert client.delete(answer.headers["location"]).json()["status"] == "dismissed"


def test_a_long_process_is_asynchronous_unless_the_client_waits(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(models.ENTRIES, "tiny", "tests.models:LONG")
    assert client.get("/processes/tiny").json()["jobControlOptions"] == ["async-execute", "dismiss"]
    answer = client.post(EXECUTION, json={"inputs": {"rain": 70}})
    assert answer.status_code == 201
    assert follow(client, answer.headers["location"])["status"] == "successful"
    answer = client.post(
        EXECUTION, json={"inputs": {"rain": 71}}, headers={"Prefer": "respond-sync, wait=50"}
    )
    assert answer.status_code == 200


def test_one_raw_output_is_the_answer_itself(client: httpx.Client) -> None:
    body: dict[str, Any] = {"inputs": {"rain": 9}, "outputs": {"depth": {}}}
    answer = client.post(EXECUTION, json=body)
    assert answer.headers["content-type"] == TINY.outputs[0].type
    with rasterio.MemoryFile(answer.content) as memory, memory.open() as file:
        assert file.units == ("mm",)
    body["outputs"]["depth"]["transmissionMode"] = "reference"
    answer = client.post(EXECUTION, json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(next(iter(answer.links.values()))["url"]).status_code == 200


def test_several_raw_outputs_come_in_parts(client: httpx.Client) -> None:
    body = {"inputs": {"rain": 9}, "outputs": {"summary": {}, "depth": {"transmissionMode": "reference"}}}
    answer = client.post(EXECUTION, json=body)
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + answer.content)
    parts = {part["Content-ID"]: part for part in message.iter_parts()}  # type: ignore[attr-defined]
    assert set(parts) == {"<summary>", "<depth>"}
    summary = json.loads(parts["<summary>"].get_payload(decode=True))
    assert summary["mean"] == pytest.approx(9, abs=1e-3)
    assert client.get(parts["<depth>"]["Content-Location"]).status_code == 200


def test_a_document_holds_values_when_they_are_asked_for(client: httpx.Client) -> None:
    outputs = {"depth": {"transmissionMode": "value"}, "summary": {"transmissionMode": "reference"}}
    body = {"inputs": {"rain": 9}, "outputs": outputs, "response": "document"}
    document = client.post(EXECUTION, json=body).json()
    assert set(document) == {"depth", "summary"}
    with rasterio.MemoryFile(base64.b64decode(document["depth"]["value"])) as memory, memory.open() as file:
        assert file.count == 1
    assert client.get(document["summary"]["href"]).json()["mean"] == pytest.approx(9, abs=1e-3)


def test_results_are_files_with_ranges_and_etags(client: httpx.Client, processes: tuple[str, Path]) -> None:
    document = client.post(EXECUTION, json={"inputs": {}, "response": "document"}).json()
    address = document["depths"]["href"]
    whole = client.get(address)
    assert whole.headers["content-type"] == "application/netcdf"
    part = client.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    same = client.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert same.status_code == 304
    working = processes[1] / "runs" / ".x.part"
    working.mkdir()
    (working / "depth.tif").write_text("half")
    assert client.get("/runs/.x.part/depth.tif").status_code == 404


def test_inputs_may_be_wrapped_as_the_standard_allows(
    client: httpx.Client, processes: tuple[str, Path]
) -> None:
    (processes[1] / "inputs").mkdir(exist_ok=True)
    (processes[1] / "inputs" / "rain.csv").write_text("1")
    area = {"type": "Point", "coordinates": [129, 35]}
    inputs = {
        "rain": {"value": 4},
        "gauges": [{"value": 1}, 2],
        "area": {"value": area, "mediaType": "application/geo+json"},
        "box": {"bbox": [128, 35, 129, 36], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
        "table": {"href": "inputs/rain.csv"},
        "options": {"value": {"a": 1}},
    }
    answer = client.post(EXECUTION, json={"inputs": inputs}, headers=ASYNC)
    assert answer.status_code == 201, answer.text
    with open_runs(processes[1]) as runs:
        kept = runs.get(answer.json()["jobID"]).inputs
    assert (kept["rain"], kept["gauges"], kept["area"], kept["options"]) == (4, [1, 2], area, {"a": 1})
    assert kept["box"] == [128, 35, 129, 36]
    assert kept["table"].endswith("inputs/rain.csv")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the body is an object"),
        ({"inputs": []}, None),
        ({"inputs": [1]}, "inputs: an object"),
        ({"inputs": {"rain": "much"}}, r"rain: 'much' is not of type 'number' [mm]"),
        ({"inputs": {"snow": 1}}, "tiny has no input 'snow'"),
        ({"inputs": {"rain": {"href": "http://example.org"}}}, "nothing is fetched"),
        ({"inputs": {"table": {"href": "/etc/passwd"}}}, "there is no file '/etc/passwd'"),
        ({"inputs": {"table": "access.db"}}, "there is no file 'access.db'"),
        ({"inputs": {"box": {"bbox": [0, 0, 1, 1], "crs": "EPSG:5187"}}}, "CRS84"),
        ({"outputs": {"speed": {}}}, "tiny has no output 'speed'"),
        ({"outputs": {"depth": 1}}, "outputs.depth: an object"),
        ({"outputs": {"depth": {"transmissionMode": "mail"}}}, "value or reference"),
        ({"outputs": {"depth": {"format": {"mediaType": "image/png"}}}}, "it comes as image/tiff"),
        ({"response": "both"}, "raw or document"),
        ({"seed": "1"}, "seed"),
        ({"subscriber": {"successUri": "http://example.org"}}, "callbacks are not offered"),
    ],
)
def test_a_request_that_means_nothing_is_refused_in_one_line(
    client: httpx.Client, body: Any, message: str | None
) -> None:
    answer = client.post(EXECUTION, json=body, headers=ASYNC)
    if message is None:
        assert answer.status_code == 201
    else:
        assert message in is_problem(answer, 400)


@pytest.mark.parametrize("content", [b"", b"{", b'{"inputs": {"rain": NaN}}', b"[" * 100_000, b'"\xff"'])
def test_what_is_not_json_is_refused(client: httpx.Client, content: bytes) -> None:
    assert "not JSON" in is_problem(client.post(EXECUTION, content=content), 400)


def test_what_there_is_not_is_a_problem_of_the_standard(client: httpx.Client) -> None:
    for answer in (client.get("/processes/nix"), client.post("/processes/nix/execution", json={})):
        assert "no model 'nix'" in is_problem(answer, 404, "no-such-process")
    for answer in (client.get("/jobs/nix"), client.get("/jobs/nix/results"), client.delete("/jobs/nix")):
        assert "no run 'nix'" in is_problem(answer, 404, "no-such-job")
    assert client.get("/runs/nix/depth.tif").status_code == 404


def test_a_failed_run_gives_its_reason_instead_of_results(client: httpx.Client) -> None:
    waited = client.post(EXECUTION, json={"inputs": {"ending": "refused"}})
    assert is_problem(waited, 422) == "the run failed: rain: there is a gap in it"
    job = client.post(EXECUTION, json={"inputs": {"ending": "refused"}}, headers=ASYNC).headers["location"]
    assert follow(client, job)["message"] == "rain: there is a gap in it"
    assert is_problem(client.get(f"{job}/results"), 422)


def test_a_dismissed_job_stops_and_its_results_are_gone(
    client: httpx.Client, processes: tuple[str, Path]
) -> None:
    hanging = client.post(EXECUTION, json={"inputs": {"ending": "hang"}}, headers=ASYNC).headers["location"]
    assert client.delete(hanging).json()["status"] == "dismissed"
    assert is_problem(client.get(f"{hanging}/results"), 410)
    done = client.post(EXECUTION, json={"inputs": {"rain": 99}}, headers=ASYNC).headers["location"]
    assert follow(client, done)["status"] == "successful"
    folder = processes[1] / "runs" / done.rpartition("/")[2]
    assert folder.is_dir()
    assert client.delete(done).json()["status"] == "dismissed"
    assert not folder.exists()
    assert is_problem(client.get(f"{done}/results"), 410)


def test_jobs_are_listed_by_what_one_asks(client: httpx.Client) -> None:
    for n in range(3):
        location = client.post(EXECUTION, json={"inputs": {"rain": 200 + n}}, headers=ASYNC).headers[
            "location"
        ]
        follow(client, location)
    middle = client.get(client.get("/jobs?limit=2").json()["jobs"][1]["links"][0]["href"]).json()

    def ids(**query: Any) -> list[str]:
        return [job["jobID"] for job in client.get("/jobs", params=query).json()["jobs"]]

    assert middle["jobID"] in ids(status="successful", processID="tiny", type="process")
    assert ids(processID="other") == ids(type="other") == ids(minDuration=3600) == []
    assert middle["jobID"] in ids(status=["successful", "failed"], maxDuration=3600)
    assert middle["jobID"] not in ids(status="failed")
    assert middle["jobID"] in ids(datetime=f"{middle['created']}/..", limit=1000)
    assert ids(datetime="../2020-01-01T00:00:00Z") == []
    page = client.get("/jobs?limit=2").json()
    following = next(x["href"] for x in page["links"] if x["rel"] == "next")
    assert not {j["jobID"] for j in page["jobs"]} & {j["jobID"] for j in client.get(following).json()["jobs"]}
    for wrong in ("status=done", "limit=0", "datetime=yesterday", "minDuration=-1"):
        assert client.get(f"/jobs?{wrong}").status_code == 400


@pytest.mark.parametrize("mode", GenerationMode)
def test_no_request_breaks_the_server(processes: tuple[str, Path], mode: GenerationMode) -> None:
    """The operations that need a process or a job are tried with ones that are there."""
    address = processes[0]
    job = httpx.post(address + EXECUTION, json={}, headers=ASYNC).json()["jobID"]
    broken: dict[str, str] = {}
    seen: set[int] = set()

    def attempt(case: Any) -> None:
        if case.path_parameters and mode is GenerationMode.POSITIVE:
            case.path_parameters.update(name="tiny", id=job)
        headers = ASYNC if case.method != "DELETE" else {"Origin": "null"}  # refused, so that the job stays
        answer = case.call(headers=headers, timeout=30)
        seen.add(answer.status_code)
        if answer.status_code >= 500:
            broken.setdefault(f"{case.method} {case.path}", case.as_curl_command()[:600])

    tried = 0
    for found in schemathesis.openapi.from_url(f"{address}/openapi.json").get_all_operations():
        operation = found.ok()
        if operation.path.startswith(("/processes", "/jobs")):
            tried += 1
            few = settings(
                max_examples=12,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            with suppress(Unsatisfiable):
                few(given(operation.as_strategy(generation_mode=mode))(attempt))()
    assert broken == {}
    assert tried == 8
    assert seen & {200, 201} if mode is GenerationMode.POSITIVE else seen & {400, 404, 422}, seen
