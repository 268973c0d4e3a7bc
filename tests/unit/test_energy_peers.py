"""A building among those of its use."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.energy.measured.peers import LEAST, peers


def test_percentiles_are_those_among_the_others_of_the_use() -> None:
    energy = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 900.0, 1.0])
    found = peers(energy, np.ones(7), ["office"] * 5 + ["shop"] * 2)
    assert found.percentile[:5] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    assert np.isnan(found.percentile[5:]).all(), "two shops are no peers"
    office = found.groups["office"]
    assert office.n == 5 and office.quantiles is not None
    assert office.quantiles == pytest.approx((14.0, 20.0, 30.0, 40.0, 46.0))
    assert found.groups["shop"].n == 2 and found.groups["shop"].quantiles is None


def test_it_is_by_floor_area_and_ties_count_half() -> None:
    area = np.array([1.0, 2.0, 4.0, 1.0, 1.0])
    found = peers(np.array([5.0, 10.0, 20.0, 5.0, 9.0]), area, ["home"] * LEAST)
    assert found.per_area.tolist() == [5.0, 5.0, 5.0, 5.0, 9.0]
    assert found.percentile == pytest.approx([0.375] * 4 + [1.0])


def test_what_is_not_known_is_nobodys_peer() -> None:
    energy = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan, 7.0])
    found = peers(energy, np.array([1.0] * 6 + [0.0]), ["home"] * 7)
    assert found.groups["home"].n == 5 and np.isnan(found.percentile[5:]).all()
    assert found.percentile[:5] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
