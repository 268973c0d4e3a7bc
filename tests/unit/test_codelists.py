"""Code lists: the names of codes, and which files a data set may reach."""

from __future__ import annotations

from pathlib import Path

from citygml.codelists import CodeLists, dataset_root, resolve_beside
from citygml.gml import GmlReader
from citygml.model import Code
from tests.unit.gml_models import building, document, member, read

DICTIONARY = """<?xml version="1.0"?><gml:Dictionary xmlns:gml="http://www.opengis.net/gml" gml:id="d">
<gml:name>list</gml:name><gml:dictionaryEntry><gml:Definition gml:id="i1">
<gml:description>住宅</gml:description>
<gml:name>411</gml:name></gml:Definition></gml:dictionaryEntry></gml:Dictionary>"""


def test_codes_get_their_names_from_the_list_beside_the_data(tmp_path: Path) -> None:
    lists = tmp_path / "codelists"
    lists.mkdir()
    (lists / "usage.xml").write_text(DICTIONARY)
    space = "../../codelists/usage.xml"

    def usage(code: str, space: str = space) -> str:
        return f'<bldg:usage codeSpace="{space}">{code}</bldg:usage>'

    text = document(
        member(
            building(usage("411"), "a"),
            building(usage("999"), "b"),
            building(usage("1", "../../codelists/none.xml"), "c"),
            building(usage("1", "http://example.org/list.xml"), "d"),
        )
    )
    objects, reader = read(tmp_path, text, name="udx/bldg/city.gml")
    assert [o.attributes["usage"] for o in objects] == [
        Code("411", space, "住宅"),
        Code("999", space),
        Code("1", "../../codelists/none.xml"),
        Code("1", "http://example.org/list.xml"),
    ]
    assert [(f.code, f.object_id) for f in reader.gathered.findings] == [
        ("unknown-code", "b"),
        ("missing-codelist", "c"),
    ]


def test_paths_stay_inside_the_data_set(tmp_path: Path) -> None:
    outside = tmp_path / "secret.xml"
    outside.write_text(DICTIONARY)
    root = tmp_path / "city"
    (root / "udx" / "bldg").mkdir(parents=True)
    (root / "codelists").mkdir()
    (root / "codelists" / "a b.xml").write_text(DICTIONARY)
    (root / "codelists" / "link.xml").symlink_to(outside)
    file = root / "udx" / "bldg" / "x.gml"
    file.touch()
    assert dataset_root(file) == root.resolve()
    assert resolve_beside(file, "../../codelists/a%20b.xml") == (root / "codelists" / "a b.xml").resolve()
    assert resolve_beside(file, "..\\..\\codelists\\a b.xml") is not None
    (root / "codelists" / "self.xml").symlink_to("self.xml")
    odd = ["", "a%00.xml", "a\0.xml", "//[x.xml", "http://[/x.xml", "a" * 5000, "../../codelists/self.xml"]
    links = ["../../../secret.xml", str(outside), f"file://{outside}", "../../codelists/link.xml"]
    for escape in links + odd:
        assert resolve_beside(file, escape) is None
    assert CodeLists(file).names("../../../secret.xml") is None
    assert CodeLists(file).names("//[x.xml") is None


def test_a_real_code_list(data: Path) -> None:
    path = data / "citygml/plateau-gis-converter/kawasaki-shi/udx/urf/533915_urf_6668_yoto_op.gml"
    first = next(iter(GmlReader(path).batches()))[0]
    function = first.attributes["function"]
    assert isinstance(function, Code)
    assert (function.code, function.name) == ("13", "工業専用地域")
