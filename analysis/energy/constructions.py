"""What a building's envelope is made of: opaque constructions by their layers, and glazing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from analysis.errors import AnalysisError

INSIDE_RESISTANCE = 0.13
"""[m²K/W] Horizontal heat flow (ISO 6946:2017, table 7)."""
OUTSIDE_RESISTANCE = 0.04
"""[m²K/W] (ISO 6946:2017, table 7)."""


Mass = Literal["very light", "light", "medium", "heavy", "very heavy"]
Insulation = Literal["outside", "inside", "both", "even"]
"""Where the insulation of a construction lies; "both": mass on both sides of it, "even": no layer of its
own."""

AREAL_CAPACITY: dict[Mass, float] = {
    "very light": 50e3,
    "light": 75e3,
    "medium": 110e3,
    "heavy": 175e3,
    "very heavy": 250e3,
}
"""[J/(m²K)] of an opaque element by its class (ISO 52016-1:2017, table B.14)."""
_SOLID = (1.3, 2000.0, 1000.0)
"""Conductivity, density and specific heat of what carries the mass: medium concrete (ISO 10456:2007, table 3,
between 1800 and 2000 kg/m³)."""
_FOAM = 0.035
"""[W/(m K)] Of the insulation, without mass; it decides nothing but a thickness."""


@dataclass(frozen=True)
class Layer:
    """thickness [m], conductivity [W/(m K)], density [kg/m³], specific_heat [J/(kg K)]; a density of 0 is a
    resistance alone."""

    thickness: float
    conductivity: float
    density: float = 0.0
    specific_heat: float = 0.0

    @property
    def resistance(self) -> float:
        """[m²K/W]"""
        return self.thickness / self.conductivity

    @property
    def capacity(self) -> float:
        """[J/(m²K)]"""
        return self.thickness * self.density * self.specific_heat


@dataclass(frozen=True, kw_only=True)
class Opaque:
    """layers from the outside to the inside. solar_absorptance, emissivity: of the outside;
    inside_absorptance: of the inside, for sunlight [1]. source: where the figures come from."""

    name: str
    layers: tuple[Layer, ...]
    solar_absorptance: float = 0.6
    emissivity: float = 0.9
    inside_absorptance: float = 0.6
    source: str = ""

    @classmethod
    def of_u(
        cls,
        name: str,
        u_value: float,
        mass: Mass = "medium",
        insulation: Insulation = "outside",
        *,
        solar_absorptance: float = 0.6,
        source: str = "",
    ) -> Opaque:
        """A construction of which no more is known than its U-value [W/(m²K)], how heavy it is and where the
        insulation lies: exactly that U-value and the areal heat capacity of the class.

        Raises AnalysisError for a U-value that is not positive, or more than surfaces alone let through.
        """
        resistance = 1.0 / u_value - INSIDE_RESISTANCE - OUTSIDE_RESISTANCE if u_value > 0 else 0.0
        if not resistance > 0:
            most = 1.0 / (INSIDE_RESISTANCE + OUTSIDE_RESISTANCE)
            raise AnalysisError(
                f"{name}: a U-value of {u_value:g} W/(m²K) is none of an opaque construction; give one above"
                f" 0 and below {most:.2f}"
            )
        conductivity, density, heat = _SOLID
        thickness = AREAL_CAPACITY[mass] / (density * heat)
        solid = min(thickness / conductivity, resistance)
        if insulation == "even":
            solid = resistance
        massive = Layer(thickness, thickness / solid, density, heat)
        left = resistance - solid
        insulating = (Layer(left * _FOAM, _FOAM),) if left > 0 else ()
        half = Layer(thickness / 2, massive.conductivity, density, heat)
        layers = {
            "outside": (*insulating, massive),
            "inside": (massive, *insulating),
            "both": (half, *insulating, half),
            "even": (massive,),
        }[insulation]
        return cls(name=name, layers=layers, solar_absorptance=solar_absorptance, source=source)

    @cached_property
    def resistance(self) -> float:
        """Of the layers alone [m²K/W]."""
        return sum(layer.resistance for layer in self.layers)

    @cached_property
    def capacity(self) -> float:
        """Of the layers [J/(m²K)]."""
        return sum(layer.capacity for layer in self.layers)

    @property
    def u_value(self) -> float:
        """[W/(m²K)] with the surface resistances of ISO 6946 for horizontal flow."""
        return 1.0 / (self.resistance + INSIDE_RESISTANCE + OUTSIDE_RESISTANCE)


@dataclass(frozen=True, kw_only=True)
class Glazing:
    """Of a whole window: u_value [W/(m²K)], g_value: total solar transmittance at normal incidence [1], of
    the glass; panes: how many, which decides how it falls with the angle; frame_share of the area [1].
    shade_factor: what a movable blind lets through [1], closed while more than shade_above [W/m²] falls on
    the window."""

    name: str
    u_value: float
    g_value: float
    panes: int = 2
    frame_share: float = 0.0
    emissivity: float = 0.84
    shade_factor: float = 1.0
    shade_above: float = float("inf")
    source: str = ""


Construction = Opaque | Glazing
