"""What a building's envelope is made of: opaque constructions by their layers, and glazing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

INSIDE_RESISTANCE = 0.13
"""[m²K/W] Horizontal heat flow (ISO 6946:2017, table 7)."""
OUTSIDE_RESISTANCE = 0.04
"""[m²K/W] (ISO 6946:2017, table 7)."""


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

    @cached_property
    def resistance(self) -> float:
        """Of the layers alone [m²K/W]."""
        return sum(layer.resistance for layer in self.layers)

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
