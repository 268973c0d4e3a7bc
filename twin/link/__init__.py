"""What ties readings to the city: Things and the objects that they stand in, sensors as people see them,
sums over buildings and blocks, and time series that came inside city models."""

from __future__ import annotations

from twin.store import City

LAYER, CLASS = "other", "Dynamizer"
"""Where the dynamizers of CityGML 3.0 are kept."""


def has_dynamizers(city: City) -> bool:
    """Whether the city has any; cheap."""
    query = "SELECT 1 FROM object WHERE layer = ? AND class = ? AND valid_to IS NULL LIMIT 1"
    return city.connection.execute(query, (LAYER, CLASS)).fetchone() is not None
