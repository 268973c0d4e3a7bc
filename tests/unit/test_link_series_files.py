"""Time series in files beside a CityGML 3.0 model: read where they were added, never from elsewhere."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_link_dynamizers import COMPOSITE, EXAMPLES, INLINE, rows, with_data
from twin.errors import QueryError
from twin.ingest import AddOptions, add_files
from twin.link.series_files import SeriesReader
from twin.observations.store import open_observations
from twin.observations.times import format_instant

DYNAMIZER = "roofsurface1_Dynamizer"
TABLE = "timestamp,temperature\n2025-08-27T06:58:22.758Z,19.8\n2025-08-27T07:03:28.020Z,20.0\n"
TVP = """<tsml:TimeseriesTVP xmlns:tsml="http://www.opengis.net/tsml/1.0" gml:id="{id}"
 xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<tsml:metadata><tsml:TimeseriesMetadata>{metadata}</tsml:TimeseriesMetadata></tsml:metadata>
<tsml:defaultPointMetadata><tsml:PointMetadata><tsml:uom code="Cel"/></tsml:PointMetadata>
</tsml:defaultPointMetadata>{points}</tsml:TimeseriesTVP>"""


def atom(kind: str, location: str, **more: object) -> str:
    """The dynamicData of a series in a file, with its properties in the order of the schema."""
    given = {"observationProperty": "use", "uom": "kWh", "fileLocation": location, **more}
    inside = "".join(f"<dyn:{name}>{value}</dyn:{name}>" for name, value in given.items())
    return f"<dyn:dynamicData><dyn:{kind}>{inside}</dyn:{kind}></dyn:dynamicData>"


def table(location: str = "use.csv", **more: object) -> str:
    return atom("TabulatedFileTimeseries", location, fileType="CSV", **more)


def standard(location: str = "use.xml") -> str:
    return atom("StandardFileTimeseries", location, fileType="TimeseriesML")


def tvp(*pairs: tuple[str, str], id: str = "a", metadata: str = "") -> str:
    points = "".join(
        f"<tsml:point><tsml:MeasurementTVP>{f'<tsml:time>{time}</tsml:time>' if time else ''}"
        f"{value if value.startswith('<') else f'<tsml:value>{value}</tsml:value>'}"
        "</tsml:MeasurementTVP></tsml:point>"
        for time, value in pairs
    )
    return TVP.format(id=id, metadata=metadata, points=points)


class Model:
    """A folder with a model whose dynamizer holds what is given, and files beside it."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder / "delivery"
        self.folder.mkdir()
        self.city = folder / "x.twin"
        self._source = data / EXAMPLES / INLINE

    def says(self, text: str, at: str = "m.gml") -> Path:
        path = self.folder / at
        path.parent.mkdir(exist_ok=True)
        return with_data(path, self._source, text)

    def has(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def add(self, path: Path | None = None, timezone: str = "UTC") -> list[str]:
        """Add what there is; the notes of it, but for that on heights."""
        options = AddOptions(crs="EPSG:31468", timezone=timezone)
        notes = add_files(self.city, [path or self.folder], options).notes
        return [note for note in notes if "EGM96" not in note]

    def stored(self) -> list[tuple[str, str | None, Any]]:
        with open_observations(self.city) as obs:
            found: list[Any] = rows(obs, "SELECT time, time_end, result FROM observations ORDER BY time")
        return [(format_instant(t), None if e is None else format_instant(e), r) for t, e, r in found]

    def values(self) -> list[Any]:
        return [reading[2] for reading in self.stored()]


@pytest.fixture
def model(tmp_path: Path, data: Path) -> Model:
    return Model(tmp_path, data)


def test_a_table_in_the_folder_that_is_added(model: Model) -> None:
    model.says(table("../data/t.csv", numberOfHeaderLines=1, fieldSeparator=",", decimalSymbol=".",
                     timeColumnName="timestamp", valueColumnName="temperature"), at="gml/m.gml")  # fmt: skip
    model.has("data/t.csv", TABLE)
    assert model.add() == []
    with open_observations(model.city) as obs:
        assert rows(obs, "SELECT count(*) FROM things") == [(1,)], "the table is not also that of a station"
    assert model.stored() == [
        ("2025-08-27T06:58:22.758Z", None, 19.8),
        ("2025-08-27T07:03:28.020Z", None, 20.0),
    ]


def test_columns_by_number_german_decimals_and_an_id(model: Model) -> None:
    model.says(table(numberOfHeaderLines=2, fieldSeparator=";", decimalSymbol=",", idColumnNo=1, idValue="07",
                     timeColumnNo=2, valueColumnNo=3))  # fmt: skip
    model.has(
        "use.csv", "Verbrauch\nZähler;Zeit;kWh\n07;2020-03;1,5\n08;2020-03;9\n07;2020-04;2,25\n".encode()
    )
    assert model.add() == []
    assert model.stored() == [
        ("2020-03-01T00:00:00Z", "2020-04-01T00:00:00Z", 1.5),
        ("2020-04-01T00:00:00Z", "2020-05-01T00:00:00Z", 2.25),
    ]


@pytest.mark.parametrize(
    ("says", "content", "values"),
    [
        ({"timeColumnNo": 0, "valueColumnNo": 1}, "2020-01-01T00:00:00Z,4\n", [4.0]),
        ({"fieldSeparator": None, "valueType": "int"}, "2020-01-01T00:00:00Z\t4\n", [4]),
        ({"fieldSeparator": None}, "2020-01-01T00:00:00Z   4\n", [4.0]),
        ({"valueType": "string"}, "2020-01-01T00:00:00Z,open\n", ["open"]),
        ({}, "2020-01-01T00:00:00Z,open\n", ["open"]),
        ({"valueType": "bool"}, "2020-01-01T00:00:00Z,true\n", [True]),
        ({}, '\ufeff"2020-01-01T00:00:00Z","4"\n', [4.0]),
    ],
)
def test_forms_of_tables(tmp_path: Path, says: dict[str, object], content: str, values: list[Any]) -> None:
    path = tmp_path / "use.csv"
    path.write_text(content)
    found = [reading[2] for reading in SeriesReader().read(says, path).readings]
    assert found == values and list(map(type, found)) == list(map(type, values))


def test_times_without_a_zone_are_of_the_zone_given(model: Model) -> None:
    model.says(table())
    model.has("use.csv", "2020-01-01 09:00,1\n")
    model.add(timezone="Asia/Seoul")
    assert model.stored() == [("2020-01-01T00:00:00Z", None, 1.0)]


def test_rows_that_cannot_be_read_are_told_and_the_others_stored(model: Model) -> None:
    model.says(table(valueType="double"))
    model.has("use.csv", "2020-01-01T00:00:00Z,1\nsoon,2\n2020-13,2\n2020-01-01T02:00:00Z,x\n2020-01-02,\n")
    (note,) = model.add()
    assert note == f"{DYNAMIZER}: 3 rows of 'use.csv' could not be read, such as 'soon', '2'"
    assert model.values() == [1.0]


def test_time_value_pairs(model: Model) -> None:
    model.says(standard())
    nil = '<tsml:value xsi:nil="true"/>'
    model.has(
        "use.xml", tvp(("2019-01-01T00:00:00+01:00", "1.5"), ("2019-02", "2"), ("2019-03-01T00:00:00Z", nil))
    )
    assert model.add() == []
    assert model.stored() == [
        ("2018-12-31T23:00:00Z", None, 1.5),
        ("2019-02-01T00:00:00Z", "2019-03-01T00:00:00Z", 2.0),
    ]


def test_equidistant_pairs_count_those_without_a_value(model: Model) -> None:
    model.says(standard())
    spacing = "<tsml:baseTime>2019-01-01T00:00:00Z</tsml:baseTime><tsml:spacing>PT15M</tsml:spacing>"
    nil = '<tsml:value xsi:nil="true"/>'
    model.has("use.xml", tvp(("", "1"), ("", nil), ("", "3"), metadata=spacing))
    assert model.add() == []
    assert [(time[11:16], value) for time, _, value in model.stored()] == [("00:00", 1.0), ("00:30", 3.0)]


def test_a_list_of_times_and_one_of_quantities(model: Model) -> None:
    model.says(standard())
    model.has("use.xml", """<tsml:TimeseriesDomainRange xmlns:tsml="http://www.opengis.net/tsml/1.0"
      xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="a"><gml:domainSet><tsml:TimePositionList>
      2019-01-01T00:00:00Z 2019-01-01T01:00:00Z 2019-01-01T02:00:00Z</tsml:TimePositionList></gml:domainSet>
      <gml:rangeSet><gml:QuantityList uom="kWh">1 missing 3</gml:QuantityList></gml:rangeSet>
      </tsml:TimeseriesDomainRange>""")  # fmt: skip
    assert model.add() == []
    assert model.values() == [1.0, 3.0]


def test_observations_of_o_and_m(model: Model) -> None:
    model.says(standard())
    instant = "<gml:TimeInstant><gml:timePosition>2019-01-01T00:00:00Z</gml:timePosition></gml:TimeInstant>"
    period = ("<gml:TimePeriod><gml:beginPosition>2019-01-01T01:00:00Z</gml:beginPosition>"
              "<gml:endPosition>2019-01-01T02:00:00Z</gml:endPosition></gml:TimePeriod>")  # fmt: skip
    one = ("<om:OM_Observation><om:phenomenonTime>{}</om:phenomenonTime>"
           '<om:result uom="kWh">{}</om:result></om:OM_Observation>')  # fmt: skip
    model.has("use.xml", '<c xmlns:om="http://www.opengis.net/om/2.0" xmlns:gml="http://www.opengis.net/gml/3.2">'
              + one.format(instant, 4.5) + one.format(period, 5) + "</c>")  # fmt: skip
    assert model.add() == []
    assert model.stored() == [
        ("2019-01-01T00:00:00Z", None, 4.5),
        ("2019-01-01T01:00:00Z", "2019-01-01T02:00:00Z", 5.0),
    ]


def test_one_of_several_series_by_its_id(model: Model) -> None:
    both = tvp(("2019-01-01T00:00:00Z", "1")) + tvp(("2019-01-01T00:00:00Z", "2"), id="b")
    model.has("use.xml", f"<all>{both}</all>")
    model.says(standard())
    (note,) = model.add()
    assert "it holds 2 series; name one by its gml:id, as in use.xml#a" in note
    model.says(standard("use.xml#b"))
    assert model.add() == []
    assert model.values() == [2.0]


def test_a_composite_of_a_file_and_a_series_in_the_model(model: Model) -> None:
    text = COMPOSITE.replace("<dyn:repetitions>3", "<dyn:repetitions>1")
    inside = table().removeprefix("<dyn:dynamicData>").removesuffix("</dyn:dynamicData>")
    component = (
        "<dyn:component><dyn:TimeseriesComponent><dyn:repetitions>2</dyn:repetitions><dyn:timeseries>"
        f"{inside}</dyn:timeseries></dyn:TimeseriesComponent></dyn:component>"
    )
    end = "</dyn:CompositeTimeseries>"
    model.says(text.replace(end, component + end))
    model.has("use.csv", "2021-01-01T00:00:00Z,7\n2021-01-01T01:00:00Z,8\n")
    assert model.add() == []
    assert model.values() == [1, 2, 7.0, 7.0, 8.0]  # the repetition's first falls on the last before it


@pytest.mark.parametrize("where", ["../secret.csv", "/etc/hostname", "file:///etc/hostname", "link.csv"])
def test_a_file_outside_of_what_was_added_is_not_read(model: Model, where: str) -> None:
    (model.folder.parent / "secret.csv").write_text("2020-01-01T00:00:00Z,1\n")
    (model.folder / "link.csv").symlink_to(model.folder.parent / "secret.csv")
    model.says(table(where))
    (note,) = model.add(model.folder / "m.gml")
    assert note.startswith(f"{DYNAMIZER}: the time series in {where!r} is not read: ")
    assert model.values() == []


def test_nothing_is_fetched(model: Model) -> None:
    model.says(table("http://127.0.0.1:9/use.csv"))
    (note,) = model.add()
    assert note.endswith("only files are, and nothing is fetched; put it beside the model and name its path")


@pytest.mark.parametrize(
    ("says", "content", "message"),
    [
        ({"idColumnNo": 1, "idValue": "x"}, "a,2020-01-01T00:00:00Z,1\n", "no row in it has the id 'x'"),
        ({"valueColumnNo": 5}, "2020-01-01T00:00:00Z,1\n", "it has 2 columns, not a column 5"),
        ({"valueColumnName": "kW"}, TABLE, "it has no column 'kW' (timestamp, temperature)"),
        (
            {"valueColumnName": "kW", "numberOfHeaderLines": 0},
            TABLE,
            "it has no column 'kW' (no header line)",
        ),
        ({"valueColumnNo": "two"}, TABLE, "valueColumnNo 'two' is no whole number"),
        ({"valueType": "geometry"}, TABLE, "values of the type 'geometry' are not readings"),
        ({"fieldSeparator": "::"}, TABLE, "a field separator of several symbols, '::', is not read"),
        ({}, "a,b\nc,d\n", "no row in it has a time and a value that can be read"),
        ({}, "2020-01-01T00:00:00Z\n", "it has 1 columns, and none for the values"),
        ({}, "", "no row is in it"),
        ({}, b"\xff\xfe\x00\x00", "it is not text in UTF-8 or CP949"),
        ({"fileType": "XLSX"}, "PK", "workbooks are not read; save it as CSV"),
        ({}, "<a><b></a>", "it is not well-formed XML: "),
        ({}, "<a/>", "no time series of TimeseriesML or O&M is in it"),
        ({}, tvp(("", "1")), "a time-value pair in it has no time"),
        ({}, tvp(("2019", "high")), "'high' in it is no number"),
        ({"@type": "StandardFileTimeseries", "fileType": {"code": "NetCDF"}}, "CDF", "NetCDF is not read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, says: dict[str, object], content: str | bytes, message: str
) -> None:
    path = tmp_path / "use.dat"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(QueryError, match=re.escape(message)):
        SeriesReader().read(says, path)


def test_a_model_goes_in_without_a_file_that_is_not_there(model: Model) -> None:
    model.says(table())
    (note,) = model.add()
    assert note == (
        f"{DYNAMIZER}: the time series in 'use.csv' is not read:"
        " there is no such file in what was added with m.gml"
    )
    with open_observations(model.city) as obs:
        assert rows(obs, "SELECT count FROM datastreams") == [(0,)]
    model.has("use.csv", "2020-01-01T00:00:00Z,1\n")
    assert model.add() == [], "the file is read though the model is as it was"
    assert model.values() == [1.0]


def test_entities_in_a_file_are_not_resolved(model: Model) -> None:
    (model.folder.parent / "secret.txt").write_text("41")
    entity = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(model.folder.parent / "secret.txt").as_uri()}">]>'
    model.says(standard())
    model.has("use.xml", entity + tvp(("2019-01-01T00:00:00Z", "&x;")))
    model.add()
    assert model.values() == []


def test_a_file_in_an_archive_and_a_second_delivery(model: Model, tmp_path: Path) -> None:
    archive = tmp_path / "delivery.zip"

    def pack(*names: str) -> Path:
        with zipfile.ZipFile(archive, "w") as packed:
            for name in names:
                packed.write(model.folder / name, name)
        return archive

    model.says(table())
    model.has("use.csv", "2020-01-01T00:00:00Z,1\n")
    assert model.add(pack("m.gml", "use.csv")) == []
    assert model.values() == [1.0]
    with open_observations(model.city) as obs:
        things = rows(obs, "SELECT id FROM things")
    model.add(archive)
    with open_observations(model.city) as obs:
        assert rows(obs, "SELECT id FROM things") == things, "what is as it was is not made again"
    model.add(pack("m.gml"))
    assert model.values() == [1.0], "without the file the readings stay"
    model.has("use.csv", "2020-01-01T00:00:00Z,1\n2020-01-02T00:00:00Z,2\n")
    model.add(pack("m.gml", "use.csv"))
    assert model.values() == [1.0, 2.0]
