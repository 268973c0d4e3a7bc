"""The boxes that the benchmark hands to EnergyPlus are those that are simulated here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.energy_peers import Box, epjson, read_monthly
from tests.energy_zones import box_zones, plain_use

WINDOWS = {0.0: 3.0, 90.0: 2.0, 180.0: 6.0, 270.0: 2.0}


def model(**others: Any) -> dict[str, dict[str, Any]]:
    return epjson(Box("box", box_zones(**others), Path("year.epw")))


def polygon(surface: dict[str, Any]) -> Any:
    """(n, 3) vertices."""
    if "vertices" in surface:
        return np.array(
            [[point[f"vertex_{axis}_coordinate"] for axis in "xyz"] for point in surface["vertices"]], float
        )
    count = range(1, surface["number_of_vertices"] + 1)
    return np.array([[surface[f"vertex_{k}_{axis}_coordinate"] for axis in "xyz"] for k in count])


def area_vector(points: Any) -> Any:
    """Outward if the vertices run counterclockwise as seen from outside."""
    return 0.5 * np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)


def test_surfaces_close_and_face_as_their_names_say() -> None:
    found = model(windows=WINDOWS)
    walls = {name: area_vector(polygon(s)) for name, s in found["BuildingSurface:Detailed"].items()}
    assert np.sum(list(walls.values()), axis=0) == pytest.approx(np.zeros(3), abs=1e-9)
    for azimuth in (0, 90, 180, 270):
        outward = np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth)), 0.0])
        gross = (8.0 if azimuth in (0, 180) else 6.0) * 2.7
        assert walls[f"wall {azimuth}"] == pytest.approx(outward * gross, abs=1e-9)
        window = polygon(found["FenestrationSurface:Detailed"][f"window {azimuth}"])
        assert area_vector(window) == pytest.approx(outward * WINDOWS[azimuth], abs=1e-9)
        inside = polygon(found["BuildingSurface:Detailed"][f"wall {azimuth}"])
        assert (window >= inside.min(axis=0) - 1e-9).all()
        assert (window <= inside.max(axis=0) + 1e-9).all()
    assert walls["Roof"] == pytest.approx([0, 0, 48.0])
    assert walls["Floor"] == pytest.approx([0, 0, -48.0])


def test_layers_gains_air_and_set_points_are_those_of_the_zone() -> None:
    hour = np.tile(np.arange(24.0), 7)
    use = plain_use(people=3.0, appliances=4.0, heating_set=np.where(hour < 6, np.nan, 20.0))
    found = model(use=use, infiltration=0.7, ground_temperature=np.arange(12.0), shared=(90.0,))
    assert found["OtherEquipment"]["gains"]["design_level"] == 48.0
    schedules = found["Schedule:Compact"]
    values = [row["field"] for row in schedules["heating set"]["data"][2:]]
    assert values[0::2][5:7] == ["Until: 06:00", "Until: 07:00"]
    assert values[1::2] == [-60.0] * 6 + [20.0] * 18
    assert values[1::2] != [row["field"] for row in schedules["cooling set"]["data"][3::2]]
    assert schedules["gains"]["data"][3] == {"field": 7.0}
    assert found["ZoneInfiltration:DesignFlowRate"]["leaks"]["air_changes_per_hour"] == 0.7
    ground = found["Site:GroundTemperature:BuildingSurface"]["ground"]
    assert ground["december_ground_temperature"] == 11.0
    walls = found["BuildingSurface:Detailed"]
    assert walls["wall 90"]["outside_boundary_condition"] == "Adiabatic"
    assert walls["Floor"]["outside_boundary_condition"] == "Ground"
    wall = found["Construction"][walls["wall 0"]["construction_name"]]
    thicknesses = [found["Material"][name]["thickness"] for name in wall.values()]
    assert thicknesses == [0.09, 0.08, 0.15]  # from the outside to the inside


def test_weeks_whose_days_differ_are_not_written_wrongly() -> None:
    gains = np.arange(168.0)
    with pytest.raises(ValueError, match="gains: only weeks of equal days"):
        model(use=plain_use(people=gains))


def test_monthly_energy_is_read_of_its_output(tmp_path: Path) -> None:
    lines = [
        "Program Version,EnergyPlus",
        "4,9,Monthly Data Report",
        "31,11,BOX,Zone Air System Sensible Heating Energy [J] !Monthly",
        "32,11,BOX,Zone Air System Sensible Cooling Energy [J] !Monthly",
        "End of Data Dictionary",
        "4,31, 1",
        "31,7200000.0,1.0,1,1",
        "32,0.0,0.0,1,1",
        "31,3600000.0,1.0,1,1",
        "32,1800000.0,0.0,1,1",
        "End of Data",
    ]
    path = tmp_path / "eplusout.eso"
    path.write_text("\n".join(lines))
    found = read_monthly(path)
    assert found["heating"].tolist() == [2.0, 1.0]
    assert found["cooling"].tolist() == [0.0, 0.5]
