"""Smaller models made of real ones, so that tests stay quick."""

from __future__ import annotations

import json
from pathlib import Path


def first_buildings(path: Path, folder: Path, count: int = 40) -> Path:
    """The first buildings of a CityJSON file with their parts, and its terrain, as a file in `folder`."""
    document = json.loads(path.read_bytes())
    objects = document["CityObjects"]
    roots = [id for id, o in objects.items() if "parents" not in o and o["type"] == "Building"][:count]
    chosen = [id for id, o in objects.items() if id in roots or set(o.get("parents", ())) & {*roots}]
    chosen += [id for id, o in objects.items() if o["type"] == "TINRelief"]
    document["CityObjects"] = {id: objects[id] for id in chosen}
    target = folder / path.name
    target.write_text(json.dumps(document))
    return target
