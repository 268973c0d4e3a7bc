"""The meters of a city beside a run: what they read, how far it is from that, and calibration to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.energy.zones import Zones
from analysis.errors import AnalysisError
from analysis.progress import Progress, part

if TYPE_CHECKING:
    from analysis.energy.measured import Calibration
    from analysis.energy.measured.compare import Targets
    from analysis.energy.run.compute import Options
    from analysis.energy.run.study import EnergyStudy

CHOICES = {
    "compare": ("비교", "compared with the simulation"),
    "calibrate": ("보정", "used to calibrate the simulation"),
    "none": ("쓰지 않음", "left alone"),
}
"""What is done with the buildings' meters, with Korean and English titles."""


@dataclass
class Metered:
    """zones: all, with the factors of calibration where there was any. of: by building and commodity, for
    JSON: months measured and simulated [kWh], CV(RMSE) and NMBE of ASHRAE guideline 14 [1], and whether they
    are within its limits. calibrated: factors by building. doubts: what looks wrong, for JSON."""

    zones: Zones
    of: dict[str, dict[str, Any]] = field(default_factory=dict)
    calibrated: dict[str, dict[str, Any]] = field(default_factory=dict)
    doubts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any] | None:
        """Counts and medians over meters; None where none can be compared."""
        told = [one for commodities in self.of.values() for one in commodities.values()]
        known = [one for one in told if one["cv_rmse"] is not None]
        if not told:
            return None
        return {
            "buildings": len(self.of),
            "meters": len(told),
            "cv_rmse": float(np.median([one["cv_rmse"] for one in known])) if known else None,
            "nmbe": float(np.median([one["nmbe"] for one in known])) if known else None,
            "meets": sum(bool(one["meets"]) for one in known),
            "calibrated": len(self.calibrated),
        }


def metered(folder: Path, study: EnergyStudy, options: Options, how: str, progress: Progress) -> Metered:
    """how: one of `CHOICES`. The quick method finds the factors of calibration, that of the options makes the
    comparison. Meters of buildings that the study does not have, or has otherwise than they stand, are left
    alone."""
    from analysis.energy.measured import (
        agreements,
        calibrate,
        meters,
        outdoor_temperatures,
        predictor,
        targets,
        trusted,
    )

    zones, weather = study.zones, study.weather
    found = Metered(zones)
    if how == "none":
        return found
    try:
        read = meters(folder, timezone=zones.place.timezone)
    except AnalysisError as error:
        found.notes.append(f"meters are not compared: {error}")
        return found
    known = set(zones.building) - study.touched
    planned = [id for id in read.building if id in study.touched]
    if planned:
        found.notes.append(f"the meters of {len(planned):,} buildings that the scenario changes are not used")
    rows = np.flatnonzero(np.isin(np.array(zones.building, object), sorted(known & set(read.building))))
    if not len(rows):
        found.notes += [f"meter left out: {why}" for why in read.left_out]
        return found
    progress(0.0, f"meters of {len(read.building):,} buildings")
    end = read.times[-1] + read.times.freq if read.times.freq is not None else read.times[-1]
    goal = _of(targets(read, weather, outdoor_temperatures(folder, read.times[0], end)), known)
    chosen = zones.some(rows)
    compare = predictor(weather, options.factors, method=options.method)
    goal, doubts = trusted(goal, compare(chosen), chosen.building)
    found.doubts += [
        {
            "building": d.building,
            "zone": d.building,
            "figure": f"meter_{d.commodity}",
            "value": d.doubt.value if np.isfinite(d.doubt.value) else None,
            "severity": d.doubt.severity,
            "text": dict(d.doubt.text),
        }
        for d in doubts
    ]
    found.notes += goal.notes
    if how == "calibrate" and any(np.isfinite(months).any() for months in goal.months.values()):
        fitted = calibrate(
            zones,
            goal.building,
            goal.months,
            predictor(weather, options.factors, method="5r1c"),
            progress=part(progress, 0.1, 0.8),
        )
        found.calibrated = _factors(fitted)
        found.notes += fitted.notes
        found.zones = fitted.zones
        chosen = fitted.zones.some(rows)
    progress(0.8, "comparing with the meters")
    read_again = compare(chosen)
    near = agreements(goal, read_again, chosen.building)
    place = {id: k for k, id in enumerate(goal.building)}
    owner = np.array([place[id] for id in chosen.building])
    for commodity, months in goal.months.items():
        simulated = np.zeros((len(goal.building), 12))
        if commodity in read_again:
            np.add.at(simulated, owner, read_again[commodity])
        for k in np.flatnonzero(np.isfinite(months).any(axis=1)).tolist():
            one = near.get(goal.building[k], {}).get(commodity)
            found.of.setdefault(goal.building[k], {})[str(commodity)] = {
                "monthly": [None if np.isnan(v) else float(v) for v in months[k]],
                "simulated": simulated[k].tolist(),
                "cv_rmse": None if one is None else one.cv_rmse,
                "nmbe": None if one is None else one.nmbe,
                "meets": None if one is None else one.calibrated,
                "normalised": bool(goal.normalised[commodity][k]),
            }
    return found


def _of(goal: Targets, known: set[str]) -> Targets:
    """Of some buildings alone."""
    rows = [k for k, id in enumerate(goal.building) if id in known]
    return replace(
        goal,
        building=[goal.building[k] for k in rows],
        months={commodity: months[rows] for commodity, months in goal.months.items()},
        normalised={commodity: [done[k] for k in rows] for commodity, done in goal.normalised.items()},
    )


def _factors(fitted: Calibration) -> dict[str, dict[str, Any]]:
    return {
        id: {
            name: {"value": float(values[k]), "identified": bool(fitted.identified[name][k])}
            for name, values in fitted.factors.items()
        }
        for k, id in enumerate(fitted.building)
    }
