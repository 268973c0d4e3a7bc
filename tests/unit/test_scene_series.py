"""Readings of a datastream over long times: as many as there are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analysis.scene import series
from tests.unit.observation_models import EPOCH, SECOND, make, world

TIMES = [0, 1, 2, 2, 2, 2, 2, 3, 5, 8, 9, 9]


@pytest.mark.parametrize("part", [1, 2, 3, 4, 5, 12, 13])
def test_readings_that_are_fetched_in_parts_are_all_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(series, "_PART", part)
    with world(tmp_path) as observations:
        for value, second in enumerate(TIMES):
            time = datetime.fromtimestamp(EPOCH / SECOND + second, UTC).isoformat()
            make(observations, "Datastreams(1)/Observations", {"phenomenonTime": time, "result": value})
        (stream,) = series.streams(observations, "level")
        times, values = series.readings(observations, stream, EPOCH, EPOCH + 60 * SECOND)
        assert times.tolist() == [0, 1, 2, 3, 5, 8, 9]
        assert values.tolist() == [0, 1, 6, 7, 8, 9, 11], "of several at one time the last"
        nothing, _ = series.readings(observations, stream, EPOCH + 60 * SECOND, EPOCH + 61 * SECOND)
        assert nothing.dtype == np.float64 and not len(nothing)
