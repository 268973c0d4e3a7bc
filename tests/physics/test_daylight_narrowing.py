"""Verdicts that hang on seconds: points in doubt are followed alone, with the answer of the whole field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.sun.daylight import Assessment, Rule, assess, dwelling_targets, find_rule, judge
from analysis.sun.engine import local
from analysis.sun.scene import SunScene
from tests.sun_scenes import boxes

KOREA = find_rule("korea")


@pytest.fixture(scope="module")
def quarter() -> SunScene:
    return boxes(4, 4, spacing=24.0)


def in_doubt(scene: SunScene) -> Rule:
    """The rule with limits that many of the scene's dwellings meet or miss by less than two minutes."""
    targets, dwellings = dwelling_targets(scene)
    values = assess(scene, targets, KOREA, year=2026, dwellings=dwellings, engine="sweep").before.values
    hours = [float(np.median(each[(each > 0.5) & (each < 5.5)])) for each in values]
    criteria = tuple(replace(c, hours=h) for c, h in zip(KOREA.criteria, hours, strict=True))
    return replace(KOREA, criteria=criteria)


def wooded(scene: SunScene) -> SunScene:
    canopy = np.full(scene.shape, np.nan, np.float32)
    canopy[::12, ::12] = scene.terrain[::12, ::12] + 7.0
    trunk = np.where(np.isnan(canopy), np.nan, canopy - 5.0).astype(np.float32)
    return replace(scene, canopy=canopy, trunk=trunk, transmissivity=0.03)


def judged(scene: SunScene, rule: Rule, engine: str) -> Assessment:
    targets, dwellings = dwelling_targets(scene)
    return assess(scene, targets, rule, year=2026, dwellings=dwellings, engine=engine)


@pytest.mark.parametrize(("engine", "trees"), [("sweep", False), ("sweep", True), ("rays", False)])
def test_the_points_in_doubt_get_the_verdict_of_the_whole_field(
    quarter: SunScene, engine: str, trees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = wooded(quarter) if trees else quarter
    rule = in_doubt(scene)
    asked: list[int] = []
    follow = local.lit_at

    def counted(*given: object, **more: object) -> object:
        asked.append(int(np.asarray(given[3]).sum()))
        return follow(*given, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(local, "lit_at", counted)
        followed = judged(scene, rule, engine)
    points = len(followed.targets)
    assert len(asked) > 4 and sum(asked) < 100 * points  # of 480 samples of each point, and the halvings

    monkeypatch.setattr(judge, "_FOLLOWED", np.inf)
    monkeypatch.setattr(judge, "_light_where", lambda *given: None)
    swept = judged(scene, rule, engine)
    assert np.array_equal(followed.before.values, swept.before.values)
    assert np.array_equal(followed.before.passes, swept.before.passes)
    assert 0 < followed.before.passes.sum() < points
