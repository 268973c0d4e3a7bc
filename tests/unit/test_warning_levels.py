"""Levels of warning, and their way into the alerts of the city."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.errors import AnalysisError
from analysis.scene.grid import Grid
from analysis.warning.area import Basin
from analysis.warning.basins import delineate, polygons
from analysis.warning.handover import EXPECTED_DEPTH, publish, rules, stations
from analysis.warning.levels import KOREAN, UNKNOWN, Levels, table, zone_depth
from twin.alerts import records
from twin.alerts.engine import AlertEngine
from twin.observations.store import open_observations

T = 1_790_000_000
S = 1_000_000


def test_korean_bands() -> None:
    told = KOREAN.of([0.0, 0.49, 0.5, 0.99, 1.0, 1.99, 2.0, 4.9, 5.0, np.nan])
    assert told.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, UNKNOWN]
    with pytest.raises(AnalysisError, match="increasing"):
        Levels((0.5, 0.3), (("a", "a"), ("b", "b")))


def test_a_share_of_the_cells_speaks_for_a_zone() -> None:
    zones = np.repeat([[1], [2], [0]], 20, axis=1)
    depth = np.zeros((3, 20))
    depth[0, 0] = 3.0  # one cell of twenty
    depth[1, :2] = 3.0
    depth[2] = 9.0
    assert zone_depth(depth, zones, 3, 0.05).tolist()[:2] == [0.0, 3.0]
    assert zone_depth(depth, zones, 3, 0.0).tolist()[:2] == [3.0, 3.0]
    assert np.isnan(zone_depth(depth, zones, 3)[2])
    depth[1] = np.nan
    assert np.isnan(zone_depth(depth, zones, 2)[1])


@given(hnp.arrays(np.float64, (8, 9), elements=st.floats(0, 5)), st.integers(0, 2**32 - 1))
def test_zone_depth_is_the_deepest_of_each_zone(depth, seed) -> None:
    zones = np.random.default_rng(seed).integers(0, 5, depth.shape)
    told = zone_depth(depth, zones, 4, 0.0)
    for n in range(1, 5):
        inside = depth[zones == n]
        assert np.isnan(told[n - 1]) if not len(inside) else told[n - 1] == inside.max()


def test_table_names_levels() -> None:
    frame = table(np.array([0.2, 1.2, np.nan]), KOREAN, ["a", "b", "c"])
    assert frame["level"].tolist() == [0, 2, -1]
    assert frame["name_ko"].tolist() == ["없음", "주의", "모름"]
    assert frame["name_en"].tolist() == ["None", "Caution", "Unknown"]


def test_expected_depths_raise_and_clear_alerts(tmp_path: Path) -> None:
    r, c = np.mgrid[:60, :42]
    ground = np.abs(c % 21 - 10) * 0.5 + (60 - r) * 0.1
    basins = delineate(ground, 10.0, area=100_000.0)
    frame = polygons(basins, Grid(200_000.0, 300_000.0, 10.0, 60, 42, "EPSG:5187")).to_crs(4326)
    points = [(p.x, p.y) for p in frame.representative_point()]
    places = stations([Basin(n, float(basins.areas[n - 1]), None, at) for n, at in enumerate(points, 1)])
    assert [p.name for p in places] == ["Sub-basin 1", "Sub-basin 2"]
    assert len({p.key for p in places}) == 2
    assert all(128 < p.longitude < 130 for p in places)
    with pytest.raises(AnalysisError, match="no place on the globe"):
        stations([Basin(1, 100.0, None, None)])
    with open_observations(tmp_path) as obs:
        now = [T]
        engine = AlertEngine(obs, tmp_path, clock=lambda: now[0], ticks=lambda: now[0])
        for rule in rules(KOREAN):
            engine.set_rule(rule)

        def issue(minute: int, depths: list[float]) -> dict[str, str]:
            """Names of the rules with open alerts -> severity, after a forecast of six hours."""
            now[0] = T + minute * 60
            told = publish(obs, places, depths, now[0] * S, (now[0] + 6 * 3600) * S)
            assert told.stored == np.isfinite(depths).sum()
            engine.step()
            with obs.connection() as connection:
                return {a["rule"]: a["severity"] for a in records.list_alerts(connection, "raised")}

        assert issue(0, [0.1, 0.2]) == {}
        assert issue(10, [1.3, 0.2]) == {"flood-expected-1": "info", "flood-expected-2": "warning"}
        assert issue(20, [0.97, np.nan]) == {"flood-expected-1": "info", "flood-expected-2": "warning"}
        assert issue(30, [0.6, 0.1]) == {"flood-expected-1": "info"}
        assert issue(40, [2.5, 0.0])["flood-expected-3"] == "critical"
        assert issue(50, [0.0, 0.0]) == {}
        with obs.connection() as connection:
            things = connection.execute("SELECT count(*) FROM things").fetchone()[0]
        assert things == 2


def test_rules_are_of_the_property_that_is_published() -> None:
    made = rules(KOREAN)
    assert [r.condition.value for r in made] == [0.5, 1.0, 2.0, 5.0]
    assert [r.condition.clear for r in made] == [0.45, 0.95, 1.95, 4.95]
    assert all(r.select is not None and r.select.property == EXPECTED_DEPTH.name for r in made)
    assert [r.severity for r in made] == ["info", "warning", "critical", "critical"]
