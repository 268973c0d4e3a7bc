"""What is written as CityGML reads back the same: real files in both versions, and attributes of any kind."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citygml.gml import GmlReader
from citygml.gml_writer import write_citygml
from citygml.model import CityObject, Code, Measure, Uri
from tests.unit.gml_writer_models import VERSIONS, Version, area, read, write_and_read


def named(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes under the names of CityGML 3.0 where the versions differ; Codes by code."""
    found = dict(attributes)
    for name in ("yearOfConstruction", "yearOfDemolition"):
        if name in found:
            found[f"date{name[4:]}"] = date(found.pop(name), 1, 1)
    if "measuredHeight" in found:
        found["height"] = {
            "highReference": "highestRoofEdge",
            "lowReference": "lowestGroundPoint",
            "status": "measured",
            "value": found.pop("measuredHeight"),
        }
    for reference in found.get("externalReferences", []):
        if "name" in reference or "uri" in reference:
            reference["targetResource"] = reference.pop("name", None) or reference.pop("uri")
    return found


def bare(value: Any) -> Any:
    """Code lists by code alone: 2.0 has no generic attribute for a code."""
    if isinstance(value, Code):
        return value.code
    if isinstance(value, dict):
        return {k: bare(v) for k, v in value.items()}
    return [bare(v) for v in value] if isinstance(value, list) else value


def summary(obj: CityObject, version: Version, source: Version) -> dict[str, Any]:
    """What must survive. From 2.0 to 3.0 LoD 4 becomes 3 and the role of a geometry may change."""
    moved = source != version
    geometries = sorted(
        (
            g.type,
            min(g.lod, "3") if moved else g.lod,
            "" if moved else g.role,
            g.polygon_count,
            round(area(g), 6),
            [] if g.semantics is None else g.semantics.tolist(),
        )
        for g in obj.geometries
    )
    attributes = named(obj.attributes)
    return {
        "type": obj.type,
        "parent": obj.parent,
        "attributes": attributes if version == "3.0" else bare(attributes),
        "geometries": geometries,
        "surfaces": [(s.type, s.id, bare(s.attributes), s.parent) for s in obj.surfaces],
        "implicit": [(i.template, i.lod, i.matrix.tolist(), i.anchor.tolist()) for i in obj.implicit],
        "addresses": obj.addresses,
        "members": obj.members,
        "relations": obj.relations,
        "textures": [(t.wrap, t.type) for t in obj.textures],
        "materials": obj.materials,
        "themes": [sorted({**g.textures, **g.materials}) for g in obj.geometries],
    }


ETS = "ets-citygml-2.0/main/resources/org/opengis/cite/citygml20/xsd/opengis/citygml/examples/2.0"
CITYGML4J = "citygml4j/input/datasets"
SAME: list[tuple[str, Version]] = [
    ("nrw-aachen/LoD2_32_280_5657_1_NW.gml", "2.0"),
    (f"{CITYGML4J}/lod2_buildings_v3.gml", "3.0"),
    (f"{CITYGML4J}/lod3_building_v2.gml", "2.0"),
    (f"{CITYGML4J}/lod4_building_v2.gml", "2.0"),
    ("plateau-textured/data/53392633_bldg_6697_2_op.gml", "2.0"),
    (f"{ETS}/building/Building_LOD0-EPSG25832.gml", "2.0"),
    (f"{ETS}/building/Building_LOD1-EPSG25832.gml", "2.0"),
    (f"{ETS}/building/Building_LOD3-EPSG25832.gml", "2.0"),
    (f"{ETS}/building/Building_LOD4-EPSG25832.gml", "2.0"),
    (f"{ETS}/appearance/Appearance_TexCoord-Example.gml", "2.0"),
    ("ogc-citygml-3.0/Examples/Building/Building_CityGML3.0_LOD2_with_several_attributes.gml", "3.0"),
    ("ogc-citygml-3.0/Examples/Building/BuildingUnits_Storeys_xlink.gml", "3.0"),
]


def round_trip(source: Path, path: Path, version: Version) -> tuple[GmlReader, list[Any], list[Any]]:
    reader, before = read(source)
    findings = write_citygml(
        before,
        path,
        version=version,
        srs_name=reader.info.srs_name or "local",
        templates=reader.gathered.templates,
        swap_axes="6697" in (reader.info.srs_name or ""),
    )
    assert not [f for f in findings if f.code == "geometry-not-written"]
    return reader, before, read(path)[1]


@pytest.mark.parametrize(("file", "version"), SAME, ids=[Path(f).stem for f, _ in SAME])
def test_round_trip_in_the_same_version(data: Path, tmp_path: Path, file: str, version: Version) -> None:
    _, before, after = round_trip(data / "citygml" / file, tmp_path / "out.gml", version)
    assert [o.id for o in after] == [o.id for o in before]
    for old, new in zip(before, after, strict=True):
        assert summary(new, version, version) == summary(old, version, version), old.id


@pytest.mark.parametrize(
    "file",
    [f for f, v in SAME if v == "2.0" and "LOD0" not in f and "plateau" not in f and "TexCoord" not in f],
    ids=lambda f: Path(f).stem,
)
def test_the_same_objects_in_the_next_version(data: Path, tmp_path: Path, file: str) -> None:
    _, before, after = round_trip(data / "citygml" / file, tmp_path / "out.gml", "3.0")
    for old, new in zip(before, after, strict=True):
        assert summary(new, "3.0", "2.0") == summary(old, "3.0", "2.0"), old.id


@pytest.mark.parametrize("name", ["4018106", "4018207"])
def test_ingolstadt_keeps_textures_and_openings(data: Path, tmp_path: Path, name: str) -> None:
    source = data / f"citygml/ingolstadt-lod3/{name}/{name}.xml"
    for version in VERSIONS:
        path = tmp_path / version / "out.gml"
        path.parent.mkdir()
        _, before, after = round_trip(source, path, version)
        for old, new in zip(before, after, strict=True):
            assert [g.type for g in new.geometries] == [g.type for g in old.geometries]
            assert [s.parent for s in new.surfaces] == [s.parent for s in old.surfaces]
            assert sum(area(g) for g in new.geometries) == pytest.approx(
                sum(area(g) for g in old.geometries), abs=1e-6
            )
            assert all(t.path and Path(t.path).is_relative_to(path.parent) for t in new.textures if t.path)
            assert any(t.path for t in new.textures) or not old.textures
            assert [bool(t.path) for t in new.textures] == [bool(t.path) for t in old.textures]


_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20)
_SCALAR = (
    _TEXT
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.dates()
    | st.builds(Measure, st.floats(allow_nan=False), st.sampled_from(["m", "kWh/a", "°C"]))
    | st.builds(Uri, st.just("http://example.org/?a=1&b=2"))
)
_NAME = st.text("abcdefgXYZ_한글", min_size=1, max_size=8).map(lambda s: f"x{s}")
_VALUE = st.recursive(
    _SCALAR, lambda inner: st.dictionaries(_NAME, inner, min_size=1, max_size=3), max_leaves=6
)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attributes=st.dictionaries(_NAME, _VALUE | st.lists(_SCALAR, min_size=2, max_size=3), max_size=5))
def test_generic_attributes_keep_type_and_unit(
    tmp_path: Path, version: Version, attributes: dict[str, Any]
) -> None:
    obj = CityObject("o", "CityFurniture", attributes=attributes)
    (after,) = write_and_read([obj], tmp_path / "out.gml", version)
    assert after.attributes == attributes
    assert str(after.attributes) == str(attributes)
