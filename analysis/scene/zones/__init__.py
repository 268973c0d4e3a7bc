"""Thermal zones of a city: what encloses each building, what it shares with others, and what stands around.

`envelopes` makes `analysis.energy.envelope.Envelopes` of a city, `envelopes_of_surfaces` of surfaces that
need not be in a store. docs/energy-zones.md says what is taken from what.
"""

from analysis.scene.zones.city import BY, By, envelopes
from analysis.scene.zones.plan import envelopes_of_surfaces

__all__ = ["BY", "By", "envelopes", "envelopes_of_surfaces"]
