"""Hours of every building in one NetCDF file, written portion by portion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Result
from analysis.energy.run.compute import Computed
from analysis.energy.run.groups import CELLS
from analysis.energy.zones import Int32

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.energy.run.study import EnergyStudy

VARIABLES = {"heating": "W", "cooling": "W", "electricity": "W", "pv": "W", "net": "W", "temperature": "degC"}
"""Useful heat and cold, electricity used, photovoltaic power, what meters show (below 0 to the grid), and
operative temperatures, of a building's zones by floor area. Runs with fuel cells have their power, too."""


class HourFile:
    """The output `hours` of a run: variables (building, time)."""

    def __init__(self, context: Context, study: EnergyStudy, cells: bool) -> None:
        """cells: whether there are fuel cells."""
        import h5netcdf
        import h5py

        self._context = context
        self._file = h5netcdf.File(context.path("hours.nc"), "w")
        file, times = self._file, study.weather.times
        file.attrs.update({"Conventions": "CF-1.10", **context.about.texts()})
        file.dimensions = {"building": len(study.buildings), "time": len(times)}
        time = file.create_variable(
            "time", ("time",), np.float64, data=np.arange(len(times)) * study.weather.step
        )
        time.attrs["units"] = f"seconds since {times[0].isoformat()}"
        ids = np.array(study.buildings, object)
        file.create_variable("id", ("building",), h5py.string_dtype(), data=ids)
        for name, unit in (VARIABLES | ({CELLS: "W"} if cells else {})).items():
            variable = file.create_variable(
                name,
                ("building", "time"),
                np.float32,
                fillvalue=np.nan,
                chunks=(1, len(times)),
                compression="gzip",
                compression_opts=1,
                shuffle=True,
            )
            variable.attrs["units"] = unit

    def write(self, buildings: Int32, hours: Mapping[str, Any]) -> None:
        """`building_hours` of the buildings with these numbers."""
        for name, values in hours.items():
            variable = self._file.variables[name]
            for row, b in enumerate(buildings.tolist()):
                variable[b] = values[row]

    def close(self) -> None:
        self._file.close()

    def result(self) -> Result:
        """Once all is written and the file is closed."""
        return self._context.file("hours", "hours.nc")


def building_hours(made: Computed) -> dict[str, Any]:
    """(b, n) by the names of `VARIABLES`, and of fuel cells where there are some."""
    result = made.result
    assert result.heating is not None and result.cooling is not None and result.temperature is not None
    area = result.zones.floor_area.astype(np.float32)
    whole = np.maximum(made.summed(result.zones.floor_area), 1e-9)[:, None]
    cells = None if made.own is None else made.own.cells
    return ({} if cells is None else {CELLS: cells.electricity.astype(np.float32)}) | {
        "heating": made.hours(result.heating),
        "cooling": made.hours(result.cooling),
        "electricity": made.electricity,
        "pv": np.zeros_like(made.electricity) if made.pv is None else made.pv.power,
        "net": made.net.astype(np.float32),
        "temperature": (made.hours(result.temperature * area[:, None]) / whole).astype(np.float32),
    }
