"""Write the monthly normals of weather files as the table that `analysis.weather.normals` reads.

    python -m tools.climate_normals FILE... > analysis/data/energy/climate_normals.csv

FILE: EPW (plain or compressed) or METPV of whole years.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np

from analysis.weather import Weather, read_epw, read_metpv
from analysis.weather.normals import COLUMNS

SOURCES = {
    "TMYx": "monthly means of the typical year {file}, climate.onebuilding.org, of NCEI ISD and ERA5",
    "METPV": "monthly means of the mean year {file} of NEDO's METPV-20",
}


def months(weather: Weather) -> list[dict[str, float]]:
    """The numbers of each month."""
    from pvlib.irradiance import get_extra_radiation

    month = np.asarray(weather.times.month)[::24]
    temperature = weather.temp_air.reshape(-1, 24)
    light = weather.ghi.reshape(-1, 24).sum(axis=1)
    sun = weather.sun
    extra = np.asarray(get_extra_radiation(weather.times)) * sun.cos_zenith * sun.share
    clearness = light / extra.reshape(-1, 24).sum(axis=1)
    found = []
    for number in range(1, 13):
        days = month == number
        hours = np.repeat(days, 24)
        means = temperature[days].mean(axis=1)
        found.append(
            {
                "month": number,
                "temperature": round(float(means.mean()), 2),
                "temperature_range": round(float(np.ptp(temperature[days].mean(axis=0))), 2),
                "temperature_sd": round(float(means.std()), 2),
                "humidity": round(float(weather.relative_humidity[hours].mean()), 1),
                "wind": round(float(weather.wind_speed[hours].mean()), 2),
                "irradiation": round(float(light[days].mean()) / 1000, 3),
                "correlation": round(float(np.corrcoef(means, clearness[days])[0, 1]), 2),
            }
        )
    return found


def main() -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    for path in map(Path, sys.argv[1:]):
        weather = read_metpv(path) if path.suffix == ".csv" else read_epw(path)
        kind = "METPV" if path.suffix == ".csv" else "TMYx"
        offset = weather.times[0].utcoffset()
        assert offset is not None
        fixed = {
            "station": re.split(r"[ .(]", weather.source.removeprefix("METPV "))[0].title(),
            "latitude": round(weather.place.latitude, 4),
            "longitude": round(weather.place.longitude, 4),
            "altitude": weather.place.altitude,
            "utc_offset": offset.total_seconds() / 3600,
            "source": SOURCES[kind].format(file=path.name.removesuffix(".gz")),
        }
        for numbers in months(weather):
            row = fixed | {name: "" if np.isnan(value) else value for name, value in numbers.items()}
            table.writerow(row[name] for name in COLUMNS)


if __name__ == "__main__":
    main()
