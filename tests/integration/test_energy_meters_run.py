"""`twin run energy` beside meters: buildings are calibrated as they stand, and get measures after that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.energy.run.kept import read_kept
from tests.integration.energy_city import BUSAN, Found, street
from tests.unit.sensor_models import add, datastreams_of, read, thing
from twin.observations.store import open_observations

QUICK: dict[str, Any] = {"method": "5r1c", "shading": False, "pv": False}


def test_measures_save_on_what_meters_read(tmp_path: Path, data: Path) -> None:
    folder = street(tmp_path)
    given = QUICK | {"weather": str(data.joinpath(*BUSAN))}
    plain = Found(folder, meters="none", **given).table("buildings").set_index("id")
    times = pd.date_range("2024-01-01", "2025-01-01", freq="MS", tz="Asia/Seoul")
    days = np.diff(times.tz_convert("UTC").to_julian_date().to_numpy())
    with open_observations(folder) as observations:
        held = {"objectId": "pair-1", "reading": "interval"}
        made = add(observations, thing("pair-1", properties=held, observed="전력량", unit="kWh"))
        (stream,) = datastreams_of(observations, made)
        monthly = plain.at["pair-1", "final_electricity"] * days / days.sum()
        read(observations, stream, [int(t.timestamp()) for t in times], [*monthly.tolist(), 0.0])
    found = {
        (measures, meters): Found(folder, measures=measures, meters=meters, **given)
        for measures in (None, "led")
        for meters in ("none", "calibrate")
    }
    used = {
        key: run.table("buildings").set_index("id").at["pair-1", "final_electricity"]
        for key, run in found.items()
    }
    saved = used[None, "none"] - used["led", "none"]
    assert saved > 0.05 * used[None, "none"]
    assert used[None, "calibrate"] - used["led", "calibrate"] == pytest.approx(saved, rel=0.3)
    # the meters are compared with the building that they are in
    before, after = (found[measures, "calibrate"].summary["measured"] for measures in (None, "led"))
    assert after["nmbe"] == pytest.approx(before["nmbe"], abs=1e-9)
    factors = [
        read_kept(found[measures, "calibrate"].path("zones")).zones.gain_factor for measures in (None, "led")
    ]
    np.testing.assert_allclose(factors[0], factors[1])
