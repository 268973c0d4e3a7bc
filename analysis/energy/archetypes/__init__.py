"""What buildings are made of and used for, where nobody measured it: archetypes by place, age, kind and use.

`read_book` reads the tables that come with CityTwin and a city's own over them; `zones_of` makes the zones of
a simulation of the envelopes of a city's buildings. docs/archetypes.md describes the tables.
"""

from analysis.energy.archetypes.book import Book, Era, Given, Region, UseKind, WindowShares, read_book
from analysis.energy.archetypes.build import zones_of

__all__ = ["Book", "Era", "Given", "Region", "UseKind", "WindowShares", "read_book", "zones_of"]
