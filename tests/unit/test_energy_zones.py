"""Some of the zones of a city, as zones of their own."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from analysis.energy.zones import Elements, Zones
from tests.energy_zones import box_zones


@pytest.fixture
def zones() -> Zones:
    """Three zones of 6, 8 and 7 elements that all differ."""
    parts = [
        box_zones(1, windows={}),
        box_zones(1, windows={0.0: 1.0, 180.0: 2.0}, width=9.0),
        box_zones(1, depth=5.0),
    ]
    counts = [len(p.elements) for p in parts]
    elements = Elements(
        **{
            f.name: np.concatenate([getattr(p.elements, f.name) for p in parts])
            for f in fields(Elements)
            if f.name != "horizon"
        },
        horizon=np.arange(sum(counts) * 4, dtype=np.float32).reshape(-1, 4),
    )
    sizes = {"floor_area": np.array([48.0, 54.0, 40.0]), "outer_volume": np.array([150.0, 170.0, 130.0])}
    made = box_zones(3, infiltration=0.5, **sizes)
    return replace(
        made,
        elements=elements,
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        origins={"year": np.array([0, 1, 2], np.int8)},
    )


def test_each_zone_takes_its_own_elements_along(zones: Zones) -> None:
    found = zones.some([2, 0])
    assert found.ids == ["zone-2", "zone-0"] and found.building == ["building-2", "building-0"]
    assert found.first.tolist() == [0, 7, 13] and found.first.dtype == np.int32
    rows = [*range(14, 21), *range(6)]
    for f in fields(Elements):
        assert np.array_equal(getattr(found.elements, f.name), getattr(zones.elements, f.name)[rows]), f.name
    assert found.floor_area.tolist() == [40.0, 48.0]
    assert found.outer_volume is not None and found.outer_volume.tolist() == [130.0, 150.0]
    assert found.origins["year"].tolist() == [2, 0]
    assert found.constructions is zones.constructions


def test_all_in_their_order_are_the_same_zones_and_none_are_none(zones: Zones) -> None:
    same = zones.some(np.arange(3))
    for f in fields(Zones):
        before, after = getattr(zones, f.name), getattr(same, f.name)
        if isinstance(before, np.ndarray):
            assert np.array_equal(before, after, equal_nan=before.dtype.kind == "f"), f.name
    assert len(zones.some([])) == 0 and len(zones.some([]).elements) == 0


def test_one_zone_may_be_there_several_times(zones: Zones) -> None:
    found = zones.some([1, 1])
    assert len(found) == 2 and found.first.tolist() == [0, 8, 16]
    assert np.array_equal(found.elements.area[:8], found.elements.area[8:])
