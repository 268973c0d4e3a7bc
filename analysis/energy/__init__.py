"""What energy buildings need, hour by hour, and what a district can make of its own."""

from analysis.energy.simulate import simulate

__all__ = ["simulate"]
