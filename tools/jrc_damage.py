"""Write the JRC's figures that CityTwin ships: depth-damage curves and construction costs by country.

    python -m tools.jrc_damage JRC_base_damage_values.csv analysis/data

Source: J. Huizinga, H. de Moel, W. Szewczyk (2017), Global flood depth-damage functions: Methodology and the
database with guidelines, EUR 28552 EN, Joint Research Centre, doi:10.2760/16510, JRC105688. The report
allows reuse with acknowledgement of the source, its meaning not distorted. The curves are the mean damage
functions of the continents to three decimals, transcribed from CLIMADA's copy of them (its Asia agrees with a
second transcription); costs are read from the table of base values (EUR of 2010).
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

DEPTHS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0)
CURVES = {
    "residential": {
        "Africa": "0 .220 .378 .531 .636 .817 .903 .957 1",
        "Asia": "0 .327 .494 .617 .721 .870 .931 .984 1",
        "Europe": "0 .250 .400 .500 .600 .750 .850 .950 1",
        "North America": ".202 .443 .583 .683 .784 .854 .924 .959 1",
        "Oceania": "0 .475 .640 .715 .788 .929 .967 .983 1",
        "Central and South America": "0 .491 .711 .842 .949 .984 1 1 1",
    },
    "commercial": {
        "Asia": "0 .377 .538 .659 .763 .883 .942 .981 1",
        "Europe": "0 .150 .300 .450 .550 .750 .900 1 1",
        "North America": ".018 .239 .374 .466 .552 .687 .822 .908 1",
        "Oceania": "0 .239 .481 .674 .865 1 1 1 1",
        "Central and South America": "0 .611 .840 .924 .992 1 1 1 1",
    },
    "industrial": {
        "Africa": "0 .063 .247 .403 .494 .685 .919 1 1",
        "Asia": "0 .283 .482 .629 .717 .857 .909 .955 1",
        "Europe": "0 .150 .270 .400 .520 .700 .850 1 1",
        "North America": ".026 .323 .511 .637 .740 .860 .937 .980 1",
        "Central and South America": "0 .667 .889 .947 1 1 1 1 1",
    },
    "transport": {
        "Asia": "0 .358 .572 .733 .847 1 1 1 1",
        "Europe": "0 .317 .542 .702 .832 1 1 1 1",
        "Central and South America": "0 .088 .175 .596 .842 1 1 1 1",
    },
    "infrastructure": {
        "Asia": "0 .214 .373 .604 .710 .808 .887 .969 1",
        "Europe": "0 .250 .420 .550 .650 .800 .900 1 1",
    },
    "agriculture": {
        "Africa": "0 .243 .472 .741 .917 1 1 1 1",
        "Asia": "0 .135 .370 .524 .558 .660 .834 .988 1",
        "Europe": "0 .300 .550 .650 .750 .850 .950 1 1",
        "North America": ".019 .268 .474 .551 .602 .760 .874 .954 1",
    },
}
CONTINENTS = {
    "Africa": """
        DZA AGO BEN BWA BFA BDI CPV CMR CAF TCD COM COD COG CIV DJI EGY GNQ ERI ETH GAB GMB GHA GIN
        GNB KEN LSO LBR LBY MDG MWI MLI MRT MUS MAR MOZ NAM NER NGA RWA STP SEN SYC SLE SOM ZAF SSD
        SDN SWZ TZA TGO TUN UGA ZMB ZWE
    """,
    "Asia": """
        AFG ARM AZE BHR BGD BTN BRN KHM CHN CYP GEO HKG IND IDN IRN IRQ ISR JPN JOR KAZ PRK KOR KWT
        KGZ LAO LBN MAC MYS MDV MNG MMR NPL OMN PAK PHL QAT SAU SGP LKA SYR TJK THA TLS TUR TKM ARE
        UZB VNM WBK YEM
    """,
    "Europe": """
        ALB AUT BLR BEL BIH BGR HRV CZE DNK EST FIN FRA DEU GRC HUN ISL IRL ITA KOS LVA LTU LUX MKD
        MLT MDA MCO MNE NLD NOR POL PRT ROU RUS SCG SVK SVN ESP SWE CHE UKR GBR
    """,
    "North America": "BMU CAN USA",
    "Oceania": "AUS FJI KIR MHL FSM NZL PLW WSM SLB TON TUV VUT PNG",
    "Central and South America": """
        ARG ABW ATG BHS BRB BLZ BOL BRA CHL COL CRI CUB DMA DOM ECU SLV GRD GTM GUY HTI HND JAM KNA
        LCA MEX NIC PAN PER PRI PRY SUR TTO URY VCT VEN
    """,
}
"""By the regions of the UN (M49); the JRC takes Latin America and the Caribbean as one."""
SOURCE = "JRC105688"


def main(base_values: Path, folder: Path) -> None:
    with (folder / "jrc_depth_damage.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("region", "sector", "depth_m", "fraction", "source"))
        for sector, regions in CURVES.items():
            for region, text in regions.items():
                for depth, fraction in zip(DEPTHS, text.split(), strict=True):
                    writer.writerow((region, sector, f"{depth:g}", f"{float(fraction):g}", SOURCE))
    region_of = {code: region for region, codes in CONTINENTS.items() for code in codes.split()}
    with (
        base_values.open(encoding="utf-8-sig", newline="") as source,
        (folder / "jrc_construction_cost.csv").open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        head = (
            "country",
            "name",
            "region",
            "residential",
            "commercial",
            "industrial",
            "currency",
            "price_year",
        )
        writer.writerow((*head, "gdp_per_capita_usd", "source"))
        for name, code, *costs, gdp in list(csv.reader(source))[1:]:
            if code and gdp and all(float(cost) > 0 for cost in costs):
                row = (code, name, region_of[code], *(f"{float(cost):.2f}" for cost in costs), "EUR", 2010)
                writer.writerow((*row, f"{float(gdp):.2f}", SOURCE))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
