"""The quick hourly method: the network of five resistances and one capacity of ISO 13790:2008."""

from analysis.energy.quick.network import Network, Sunny
from analysis.energy.quick.run import quick

__all__ = ["Network", "Sunny", "quick"]
