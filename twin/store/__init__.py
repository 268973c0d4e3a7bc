"""The city's store: one interface, SQLite by default (`twin.store.sqlite`).

A city is a folder. `twin.db` in it is the truth; `tiles/`, `runs/` and `rasters/` beside it are derived
or copied files.
"""

from twin.store.making import create_city, remove_empty_city
from twin.store.sqlite import City, open_city

__all__ = ["City", "create_city", "open_city", "remove_empty_city"]
