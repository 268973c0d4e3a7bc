"""Long work on the sun tells how far it is between its passes and batches, and stops where it is told to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.errors import Cancelled
from analysis.sun import SunScene, Targets, facade_targets, roof_targets
from analysis.sun.power import direct, irradiation, roofs
from analysis.sun.power.irradiation import hourly, irradiance
from analysis.sun.power.pv import roof_potential
from analysis.sun.power.roofs import usable_roof
from analysis.sun.power.surroundings import DIRECTIONS
from analysis.sun.targets import joined
from analysis.weather import Weather, clear_sky
from tests.sun_scenes import SEOUL, boxes


@pytest.fixture(scope="module")
def scene() -> SunScene:
    return boxes(3, 3)


@pytest.fixture(scope="module")
def points(scene: SunScene) -> Targets:
    return joined(roof_targets(scene, 4.0), facade_targets(scene, 4.0))


@pytest.fixture(scope="module")
def days() -> Weather:
    return clear_sky(SEOUL, pd.date_range("2026-06-01 00:30", periods=48, freq="h", tz="Asia/Seoul"))


Work = Callable[[Callable[[float, str], None]], object]


def told(work: Work) -> list[float]:
    shares: list[float] = []
    work(lambda share, _: shares.append(share))
    return shares


def test_messages_come_between_passes_and_batches(
    scene: SunScene, points: Targets, days: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "_BEAMS", 100 * len(days))
    monkeypatch.setattr(roofs, "_TOLD", 2)
    whole = irradiance(scene, days, points)
    works: dict[str, tuple[Work, int]] = {
        "irradiance": (
            lambda p: irradiance(scene, days, points, progress=p),
            DIRECTIONS + len(points) // 200,
        ),
        "hourly": (lambda p: hourly(scene, days, points, progress=p), DIRECTIONS + len(points) // 200),
        "roofs": (lambda p: usable_roof(scene, points, progress=p), 4),
        "modules": (lambda p: roof_potential(scene, days, points, progress=p), DIRECTIONS),
    }
    for name, (work, least) in works.items():
        shares = told(work)
        assert len(shares) >= least, name
        assert all(0 <= a <= 1 for a in shares) and shares == sorted(shares), name

        def stop(share: float, _: str, half: float = shares[len(shares) // 2]) -> None:
            if share >= half:
                raise Cancelled

        with pytest.raises(Cancelled):
            work(stop)
    # the sums do not depend on how they are divided
    monkeypatch.setattr(irradiation, "_BATCH", 77)
    assert np.array_equal(irradiance(scene, days, points).onto, whole.onto)
