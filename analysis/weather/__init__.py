"""Weather by the hour, for the sun and for energy: from EPW and METPV files, sensors, or a clear sky."""

from analysis.weather.clear_sky import clear_sky
from analysis.weather.epw import read_epw
from analysis.weather.metpv import read_metpv
from analysis.weather.model import ALBEDO, Weather
from analysis.weather.sensors import from_sensors

__all__ = ["ALBEDO", "Weather", "clear_sky", "from_sensors", "read_epw", "read_metpv"]
