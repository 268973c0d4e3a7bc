"""What a flood costs: depth-damage curves, buildings by use and floor area, people exposed, roads cut.

`exposure` makes the table of what stands there, `depth_at_buildings` reads depths from a raster, `assess`
gives damage by building, block and in all; `roads_cut` the roads under water. `city_damage` does it all for
a city.
"""

from analysis.damage.assess import Assessment, assess, summary
from analysis.damage.city import CityDamage, city_damage
from analysis.damage.curves import Curve, damage_curves
from analysis.damage.depth import depth_at_buildings
from analysis.damage.exposure import Occupancy, exposure
from analysis.damage.roads import roads_cut
from analysis.damage.uses import UseTable, use_table
from analysis.damage.values import Costs, Prices, Vulnerability, construction_costs

__all__ = [
    "Assessment",
    "CityDamage",
    "Costs",
    "Curve",
    "Occupancy",
    "Prices",
    "UseTable",
    "Vulnerability",
    "assess",
    "city_damage",
    "construction_costs",
    "damage_curves",
    "depth_at_buildings",
    "exposure",
    "roads_cut",
    "summary",
    "use_table",
]
