"""Whatever the model holds comes back from CityJSON and CityJSONSeq (hypothesis)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citygml.cityjson import write_cityjson, write_cityjsonseq
from citygml.classes import CITY_OBJECTS, SURFACES
from citygml.model import CityObject, Code, Geometry, Material, Measure, Surface, Uri
from tests.unit.cityjson_models import area, canonical, read

SUFFIXES = ("_uom", "_codeSpace", "_codeName", "_valueType")
SOLIDS = ("Solid", "MultiSolid", "CompositeSolid")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
date_like = st.dates().map(date.isoformat)
keys = texts.filter(lambda t: bool(t) and not t.endswith(SUFFIXES))
numbers = st.floats(allow_nan=False, allow_infinity=False)
measures = st.builds(Measure, numbers, texts)
uris = texts.map(Uri)
codes = st.builds(Code, texts, st.none() | texts, st.none() | texts)
plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | texts | date_like | st.dates()
scalars = plain | measures | codes | uris
values: Any = st.recursive(
    scalars | st.lists(measures, max_size=3) | st.lists(codes, max_size=3) | st.lists(plain, max_size=3),
    lambda inner: st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
attributes = st.dictionaries(keys, values, max_size=4)
materials = st.builds(Material, st.none() | texts.filter(bool), transparency=st.none() | st.floats(0, 1))


def _uris(value: Any) -> list[str]:
    """Every URI in the attributes; a `Uri` equals the plain string, so that == does not tell them apart."""
    if isinstance(value, Uri):
        return [str(value)]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [uri for item in inner for uri in _uris(item)]


@st.composite
def geometries(draw: Any, surfaces: int, materials: int) -> Geometry:
    kind = draw(st.sampled_from(["MultiPoint", "MultiCurve", "MultiSurface", "CompositeSurface", *SOLIDS]))
    count = draw(st.integers(1, 5))
    lengths = (
        [1] * count if kind == "MultiPoint" else draw(st.lists(st.integers(3, 5), min_size=count, max_size=8))
    )
    total = sum(lengths)
    millimetres = st.tuples(*[st.integers(-(10**9), 10**9)] * 3)
    vertices = draw(st.lists(millimetres, min_size=total, max_size=total, unique=True))
    rings = np.cumsum([0, *lengths]).astype(np.int32)
    polygons = _cuts(draw, len(lengths)) if kind not in ("MultiPoint", "MultiCurve") else _each(len(lengths))
    p = len(polygons) - 1
    shells = _cuts(draw, p) if kind in SOLIDS else None
    solids = None if shells is None else _cuts(draw, len(shells) - 1)
    if shells is not None and kind == "Solid":
        solids = np.array([0, len(shells) - 1], np.int32)
    geometry = Geometry(
        kind,
        draw(st.sampled_from(["0", "1", "2.2", "3", "4"])),
        np.array(vertices) / 1000.0,
        rings,
        polygons,
        shells,
        solids,
    )
    geometry.role = draw(st.sampled_from([kind, "FootPrint", "TIN"]))
    if surfaces:
        semantics = np.array(draw(st.lists(st.integers(-1, surfaces - 1), min_size=p, max_size=p)), np.int32)
        geometry.semantics = semantics if (semantics >= 0).any() else None
    if materials and kind not in ("MultiPoint", "MultiCurve"):
        chosen = draw(st.lists(st.integers(-1, materials - 1), min_size=p, max_size=p))
        geometry.materials = {draw(texts): np.array(chosen, np.int32)}
    return geometry


def _each(count: int) -> Any:
    return np.arange(count + 1, dtype=np.int32)


def _cuts(draw: Any, count: int) -> Any:
    """Offsets that cut `count` things into one or more runs."""
    inner = draw(st.sets(st.integers(1, count - 1), max_size=count - 1)) if count > 1 else set()
    return np.array([0, *sorted(inner), count], np.int32)


@st.composite
def models(draw: Any) -> list[CityObject]:
    objects: list[CityObject] = []
    classes = [c.name for c in CITY_OBJECTS if c.name != "CityObjectGroup"] + ["uro:Own", "+Noise"]
    surface_classes = [s.name for s in SURFACES] + ["uro:Part", "+Patio"]
    for number in range(draw(st.integers(1, 4))):
        surfaces = [
            Surface(draw(st.sampled_from(surface_classes)), f"s{i}", {}, draw(st.integers(-1, i - 1)))
            for i in range(draw(st.integers(0, 3)))
        ]
        palette = draw(st.lists(materials, max_size=2))
        shapes = geometries(len(surfaces), len(palette))
        objects.append(
            CityObject(
                f"id-{number}",
                draw(st.sampled_from(classes)),
                # Depth first, as a sequence wants it: a child of the object before or of its parent.
                parent=draw(st.sampled_from([None, objects[-1].id])) if objects else None,
                attributes=draw(attributes),
                geometries=draw(st.lists(shapes, max_size=2)),
                surfaces=surfaces,
                materials=palette,
                addresses=draw(
                    st.lists(
                        st.dictionaries(st.sampled_from(["country", "text"]), texts, min_size=1), max_size=1
                    )
                ),
                relations=draw(st.lists(st.tuples(texts, texts), max_size=1)),
            )
        )
    members = draw(
        st.lists(st.tuples(st.sampled_from([o.id for o in objects]), st.none() | texts), max_size=2)
    )
    return [*objects, CityObject("group", "CityObjectGroup", members=members)]


@pytest.mark.parametrize("write", [write_cityjson, write_cityjsonseq])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(objects=models())
def test_round_trip(objects: list[CityObject], write: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    target: Path = tmp_path_factory.getbasetemp() / "round-trip.city.json"
    findings = write(objects, target, crs="local")
    assert {f.code for f in findings} <= {"bad-semantics"}
    reader, same = read(target)
    assert not reader.gathered.findings
    assert [item.id for item in same] == [item.id for item in objects]
    for before, after in zip(objects, same, strict=True):
        forms = [canonical(before, 3), canonical(after, 3)]
        for form in forms:
            form["geometries"].sort(key=str)
        assert forms[0] == forms[1]
        assert _uris(before.attributes) == _uris(after.attributes)
        total = sum(area(g) for g in before.geometries)
        assert sum(area(g) for g in after.geometries) == pytest.approx(total, rel=1e-6, abs=1e-3)
