"""Weather by the hour, for the sun and for energy: of EPW and METPV files, sensors, normals, a clear sky."""

from analysis.weather.checks import fit_for_energy
from analysis.weather.clear_sky import clear_sky
from analysis.weather.epw import read_epw
from analysis.weather.metpv import read_metpv
from analysis.weather.model import ALBEDO, Weather
from analysis.weather.normals import from_normals
from analysis.weather.sensors import from_sensors

__all__ = [
    "ALBEDO",
    "Weather",
    "clear_sky",
    "fit_for_energy",
    "from_normals",
    "from_sensors",
    "read_epw",
    "read_metpv",
]
