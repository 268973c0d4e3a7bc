"""Stations of the Environment Agency: a folder of its files in, their readings out by $filter."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.command_line import twin
from tests.integration.sensorthings_server import served


def test_stations_in_and_out(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rivers.twin"
    for known in (0, 1):
        done = twin("add", folder, data / "iot" / "defra", "--json")
        assert done.returncode == 0, done.stderr
        readings = json.loads(done.stdout)["readings"]
        # 3 stations of one river, two of them there twice; 3 alone; forecasts of 181 and 850 values
        assert readings["added"] + readings["known"] == 5 + 3 + 181 + 850
        assert readings["added"] == (0 if known else 5 - 2 + 3 + 181 + 850)
    with served(folder) as server:
        found = server.get(
            "/Things",
            filter="startswith(name,'Grants') and properties/kind eq 'stream-level'",
            expand="Locations,Datastreams($expand=ObservedProperty,Observations)",
        )["value"]
        assert found[0]["Locations"][0]["location"]["coordinates"] == [-0.60409807, 51.34453211]
        (stream,) = found[0]["Datastreams"]
        assert stream["ObservedProperty"]["name"] == "water level"
        assert [o["result"] for o in stream["Observations"]] == [0.365]
        near = server.get(
            "/Locations", filter="st_within(location,geography'POLYGON((-4 53,-3 53,-3 54,-4 54,-4 53))')"
        )["value"]
        assert [place["name"] for place in near] == ["Davis Road"]
        high = server.get(
            "/Observations",
            filter="Datastream/Thing/name eq 'Waterhall' and result gt 0.2"
            " and phenomenonTime lt 2020-04-28T00:00:00Z",
            count="true",
            top="0",
        )["@iot.count"]
    document = json.loads((data / "iot" / "defra" / "fakeStationForecastData.json").read_text())
    values = document["SetofValues"][0]["Value"]
    assert high == sum(float(v["_"]) > 0.2 and v["$"]["date"] < "2020-04-28" for v in values) > 0
