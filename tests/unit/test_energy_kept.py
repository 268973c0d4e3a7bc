"""What a run simulated comes back from its file as it was."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.energy.constructions import Glazing
from analysis.energy.run.kept import Kept, read_kept, write_kept
from analysis.energy.zones import Shade
from analysis.errors import AnalysisError
from analysis.results import About
from analysis.weather import read_epw
from tests.energy_zones import box_zones, plain_use


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit, arrays, NaN and all."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, float) and np.isnan(one):
        return bool(np.isnan(other))
    return bool(one == other)


def test_zones_and_weather_come_back_as_they_were(tmp_path: Path, data: Path) -> None:
    use = plain_use(people=3.0)
    use.heating_set[:8] = np.nan  # off by night
    zones = box_zones(
        3,
        windows={180.0: 6.0},
        use=use,
        glass=Glazing(name="유리", u_value=1.2, g_value=0.5, shade_factor=0.3, shade_above=300.0),
        shade=Shade(3.0, 2.0, depth=1.0),
    )
    elements = replace(zones.elements, horizon=np.full((len(zones.elements), 8), 5.5, np.float32))
    zones = replace(
        zones,
        elements=elements,
        origins={"year": np.array([0, 1, 3], np.int8)},
        ground_temperature=np.linspace(0.0, 11.0, 12),
        outer_volume=np.array([150.0, 160.0, 170.0]),
        notes=["층수를 모름"],
    )
    (path, *_) = sorted((data / "weather").glob("*Busan*.epw*"))
    weather = read_epw(path)
    kept = Kept(
        zones=zones, weather=weather, blocks=dict.fromkeys(zones.building, "a"), extra={"method": "5r1c"}
    )
    file = tmp_path / "zones.nc"
    write_kept(file, kept, About("r1", "energy", "1"))
    back = read_kept(file)
    assert same(asdict(back.zones), asdict(zones))
    assert same(back.zones.constructions, zones.constructions)
    assert back.weather.times.equals(weather.times)
    assert same(
        {k: v for k, v in asdict(back.weather).items() if k != "times"},
        {k: v for k, v in asdict(weather).items() if k != "times"},
    )
    assert (back.blocks, back.extra) == (kept.blocks, kept.extra)


def test_a_file_of_another_version_is_refused_in_one_line(tmp_path: Path, data: Path) -> None:
    import h5netcdf

    (path, *_) = sorted((data / "weather").glob("*Busan*.epw*"))
    kept = Kept(zones=box_zones(1), weather=read_epw(path), blocks={"b0": "a"})
    for name, change in (("uses", '[{"id": "castle"}]'), ("constructions", '[{"name": "wall"}]')):
        file = tmp_path / f"{name}.nc"
        write_kept(file, kept, About("r1", "energy", "1"))
        with h5netcdf.File(file, "a") as held:
            held.attrs[name] = change
        with pytest.raises(AnalysisError, match=r"not the zones of an energy run of this version"):
            read_kept(file)


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "zones.nc"
    file.write_bytes(b"no netCDF")
    with pytest.raises(AnalysisError, match=r"^zones\.nc: these are not the zones of an energy run"):
        read_kept(file)
