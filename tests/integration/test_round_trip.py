"""CityGML -> store -> CityJSON -> store -> CityGML -> store: what every object is stays what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from tests.integration.comparison import differences, stored
from tests.integration.samples import first_buildings
from twin.export import Format, export_city
from twin.ingest import AddOptions, add_files

Version = Literal["citygml", "citygml3"]
G4J = "citygml/citygml4j/input/datasets"
OGC = "citygml/ogc-citygml-3.0/Examples"
ETS = "citygml/ets-citygml-2.0/main/resources/org/opengis/cite/citygml20/xsd/opengis/citygml/examples/2.0"
PLATEAU = "citygml/plateau-feature-types"

GENERIC_IN_3 = {"type", "attributes.class", "attributes.members", "attributes.parent", "parent", "links"}


@dataclass(frozen=True)
class Case:
    """A file, the CityGML that it goes back to, and what docs/formats.md says is not the same there.

    crs: where the file names none. differs: names of differences. lost: codes of findings of writing.
    only: the ids that differ, where it is not all.
    """

    path: str
    version: Version = "citygml"
    crs: str | None = None
    differs: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    only: str | tuple[str, ...] = ""

    def explains(self, id: str, what: str) -> bool:
        renamed = self.version == "citygml3" and what in RENAMED_IN_3
        return renamed or (what in self.differs and id.startswith(self.only))


YEARS = {f"attributes.{kind}Of{what}" for kind in ("year", "date") for what in ("Construction", "Demolition")}
HEIGHTS = {"attributes.measuredHeight", "attributes.height"}
RENAMED_IN_3 = {*YEARS, *HEIGHTS, "attributes.externalReferences"}
"""3.0 has no height, year or reference by name, but records that say the same."""

CASES = [
    Case("citygml/nrw-aachen"),
    Case("citygml/potsdam-lod1", lost=frozenset({"id-not-ncname"})),
    Case(f"{G4J}/lod2_buildings_v3.gml", "citygml3"),
    Case(f"{G4J}/lod3_building_v2.gml"),
    Case(f"{G4J}/lod4_building_v2.gml"),
    Case("citygml/plateau-textured"),
    Case("citygml/ingolstadt-lod3/4018194/4018194.xml", lost=frozenset({"id-not-ncname"})),
    Case("citygml/ingolstadt-lod3/4018197/4018197.xml", "citygml3", lost=frozenset({"id-not-ncname"})),
    Case(f"{ETS}/building/Building_LOD4-EPSG25832.gml"),
    # 3.0 has no roof edge: it is a RoofSurface with LoD0 geometry
    Case(
        f"{ETS}/building/Building_LOD0-EPSG25832.gml",
        "citygml3",
        differs=frozenset({"surfaces", "areas.0"}),
    ),
    Case(f"{ETS}/building/Building_LOD1-LocalEngineeringCRS.gml"),
    Case(f"{OGC}/Building/BuildingUnits_Storeys_xlink.gml", "citygml3"),
    Case(f"{OGC}/Building/Building_CityGML3.0_LOD2_with_several_attributes.gml", "citygml3"),
    Case(
        f"{OGC}/Transportation/Basic examples/Road_over_Bridge_CityGML3.0_LOD2_with_CityObjectRelations.gml",
        "citygml3",
        crs="local",
    ),
    # versions are written as generic spaces with their members as attributes
    Case(
        f"{OGC}/Versioning/Basic examples/historicalSuccession_CityGML_3.0_LOD2_Versioning.gml",
        "citygml3",
        differs=frozenset(GENERIC_IN_3),
        lost=frozenset({"class-not-in-version"}),
        only=("LYON_1ER_snapshot", "historicalSuccession"),
    ),
    Case(f"{PLATEAU}/52385628_veg_6697_op.gml"),
    Case(f"{PLATEAU}/52384698_frn_6697_op.gml"),
    # the bridge has a LoD0 geometry by its ADE; CityGML 2.0 has no LoD0 of bridges, LoD1 is next
    Case(
        f"{PLATEAU}/hodokyo_51324378_brid_6697.gml",
        differs=frozenset({"areas.0", "areas.1"}),
        lost=frozenset({"lod-changed"}),
    ),
    # CityGML wants a LoD of terrain as an attribute
    Case("cityjson/DenHaag_01.json", crs="EPSG:28992", differs=frozenset({"attributes.lod"}), only="tin_"),
]


def passed_on(folder: Path, format: Format, target: Path) -> list[str]:
    """Export a city and read the file into another; the codes of what could not be written."""
    output = target.with_suffix(".json" if format == "cityjson" else ".gml")
    done = export_city(folder, output, format)
    add_files(target, [output])
    assert done.objects > 0
    return [f.code for f in done.findings]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path.rsplit("/", 1)[-1])
def test_round_trip(case: Case, data: Path, tmp_path: Path) -> None:
    source = data / case.path
    if source.suffix == ".json":
        source = first_buildings(source, tmp_path)
    add_files(tmp_path / "a.twin", [source], AddOptions(crs=case.crs, workers=1))
    before = stored(tmp_path / "a.twin")
    assert len(before) > 0

    lost = passed_on(tmp_path / "a.twin", "cityjson", tmp_path / "b.twin")
    assert lost == []
    between = stored(tmp_path / "b.twin")
    assert differences(before, between) == []

    lost = passed_on(tmp_path / "b.twin", case.version, tmp_path / "c.twin")
    assert set(lost) == case.lost
    after = stored(tmp_path / "c.twin")
    assert differences(between, after, case.explains) == []
