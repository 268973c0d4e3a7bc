"""The envelopes of buildings that are surfaces alone, such as those of a scenario or of a planned
building."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np

from analysis.energy.envelope import Envelopes
from analysis.errors import AnalysisError
from analysis.scene.zones import attributes as about
from analysis.scene.zones.area import joined, zones_of_area
from analysis.scene.zones.build import Owners
from analysis.scene.zones.city import notes_of
from analysis.scene.zones.faces import faces_of_surfaces
from analysis.scene.zones.figures import Known
from analysis.sun.scene import Place, SunScene, Surfaces
from citygml.model import Attributes


def envelopes_of_surfaces(
    surfaces: Surfaces,
    place: Place,
    *,
    attributes: Mapping[str, Attributes] | None = None,
    only: Collection[str] | None = None,
    storeys: bool = False,
    scene: SunScene | None = None,
    crs: str = "",
) -> Envelopes:
    """The thermal envelopes of the buildings of `surfaces`, each one zone, or one for each storey.

    attributes: of buildings by id, as far as they are known. only: ids of the buildings that become zones;
    the others are neighbours. scene: what stands around, in the same coordinates; None for an open sky. crs:
    name of the coordinate system that the surfaces, and so the centres of zones, are in. Raises AnalysisError
    where no building has a volume.
    """
    wanted = [only is None or id in only for id in surfaces.buildings]
    known = []
    for id, chosen in zip(surfaces.buildings, wanted, strict=True):
        if chosen:
            known.append(Known(id, id, about.flattened((attributes or {}).get(id, {}))))
    own = np.cumsum(wanted) - 1
    beside = len(known) + np.cumsum(~np.array(wanted, bool)) - 1
    zone = np.where(wanted, own, beside).astype(np.int32)
    building = np.arange(len(wanted), dtype=np.int32)
    counts: Counter[str] = Counter()
    owners = Owners(zone, building, len(known))
    faces = faces_of_surfaces(surfaces)
    area = zones_of_area(faces, owners, known, storeys, place.convergence, counts, scene is not None)
    found = joined([area], place, crs, notes_of(counts))
    if not len(found.envelopes):
        raise AnalysisError("no building has a volume: its surfaces must enclose one")
    if scene is None:
        return found.envelopes
    from analysis.scene.zones.shade import shaded_in

    return shaded_in(scene, found.envelopes, found.points)
