"""Meters of buildings: what they read, beside what is simulated, and what their peers use.

read = meters(folder, timezone="Asia/Seoul")
predict = predictor(weather, factors)
goal, doubts = trusted(targets(read, weather), predict(zones), zones.building)
fitted = calibrate(zones, goal.building, goal.months, predict)
"""

from analysis.energy.measured.agreement import LIMITS, Agreement, agreement
from analysis.energy.measured.calibrate import BOUNDS, FACTORS, Calibration, calibrate, with_factors
from analysis.energy.measured.compare import (
    MeterDoubt,
    Targets,
    agreements,
    predictor,
    read_by_meters,
    targets,
    trusted,
)
from analysis.energy.measured.meters import Meter, Meters, meters
from analysis.energy.measured.normalise import Fit, degree_days, fit
from analysis.energy.measured.outdoor import Outdoor, of_weather, outdoor_temperatures
from analysis.energy.measured.peers import Group, Peers, peers
from analysis.energy.measured.units import CARRIERS, GAS_HEATING_VALUE, Commodity

__all__ = [
    "BOUNDS",
    "CARRIERS",
    "FACTORS",
    "GAS_HEATING_VALUE",
    "LIMITS",
    "Agreement",
    "Calibration",
    "Commodity",
    "Fit",
    "Group",
    "Meter",
    "MeterDoubt",
    "Meters",
    "Outdoor",
    "Peers",
    "Targets",
    "agreement",
    "agreements",
    "calibrate",
    "degree_days",
    "fit",
    "meters",
    "of_weather",
    "outdoor_temperatures",
    "peers",
    "predictor",
    "read_by_meters",
    "targets",
    "trusted",
    "with_factors",
]
