"""Retrofits: measures on zones, what they save and cost, and which of them reach a goal.

measures = read_measures()
package = chosen(measures, ["wall_insulation", "windows_triple", "pv"])
found = retrofit(zones, package, evaluator(weather, factors), read_costs("DEU"))
found.after.self_sufficiency, found.payback
"""

from analysis.energy.retrofit.apply import applied
from analysis.energy.retrofit.assess import Item, Retrofit, ranking, retrofit
from analysis.energy.retrofit.curve import Curve, Reached, Step, curve, reach, to_grade
from analysis.energy.retrofit.economics import Cost, Investment, investment, read_costs
from analysis.energy.retrofit.evaluate import evaluator
from analysis.energy.retrofit.figures import Evaluate, Figures
from analysis.energy.retrofit.measures import Measure, Package, chosen, read_measures, read_packages

__all__ = [
    "Cost",
    "Curve",
    "Evaluate",
    "Figures",
    "Investment",
    "Item",
    "Measure",
    "Package",
    "Reached",
    "Retrofit",
    "Step",
    "applied",
    "chosen",
    "curve",
    "evaluator",
    "investment",
    "ranking",
    "reach",
    "read_costs",
    "read_measures",
    "read_packages",
    "retrofit",
    "to_grade",
]
