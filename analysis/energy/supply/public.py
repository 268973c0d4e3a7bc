"""Lamps along streets and in parks: on while the sun is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.energy.zones import Float64
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.weather import Weather


def lamps(weather: Weather, count: float, watts: float) -> Float64:
    """(n,) power [W] of so many lamps of so many watts in the intervals of a weather, each interval by the
    share of it in which the sun is below the horizon. Raises AnalysisError for negative numbers."""
    if not (count >= 0 and watts >= 0):
        raise AnalysisError("the number of lamps and their watts must not be negative")
    dark: Float64 = 1.0 - weather.sun.share
    return dark * count * watts
