"""The sun over a city: where it shines, how much, whose daylight a plan takes, and what it yields.

A `SunScene` (a height field, and the real surfaces where they are known) is asked at `Targets`: the cells of
the ground, points on roofs and on facades. Times are aware; angles are in degrees. Kernels are compiled on
first use and kept on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.sun.exposure import buried, remarks, shadow_mask, sunlight, sunlit, sunlit_hours
from analysis.sun.openness import horizons, sky_view_factor
from analysis.sun.position import SunPath
from analysis.sun.scene import Horizon, Kind, Place, SunScene, Surfaces
from analysis.sun.targets import Patches, Targets, facade_targets, ground_targets, joined, roof_targets

if TYPE_CHECKING:
    from analysis.sun.power.irradiation import Irradiation, irradiance

__all__ = [
    "Horizon",
    "Irradiation",
    "Kind",
    "Patches",
    "Place",
    "SunPath",
    "SunScene",
    "Surfaces",
    "Targets",
    "buried",
    "facade_targets",
    "ground_targets",
    "horizons",
    "irradiance",
    "joined",
    "remarks",
    "roof_targets",
    "shadow_mask",
    "sky_view_factor",
    "sunlight",
    "sunlit",
    "sunlit_hours",
]


def __getattr__(name: str) -> Any:
    """The functions whose modules need numba, which takes a second to import."""
    if name in ("Irradiation", "irradiance"):
        from analysis.sun.power import irradiation

        return getattr(irradiation, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
