"""Scenarios: the city as it would be. Each is an overlay of added, changed and removed objects; the city
below it stays as it is.

    with open_city(folder) as city:
        scenarios = Scenarios(city)
        plan = scenarios.create("tower")
        scenarios.put(plan.id, [planned_building(city, outline, 60.0)])
        scenarios.remove(plan.id, ["old-building"])
"""

from twin.scenario.making import objects_of_file, planned_building
from twin.scenario.meshes import placed_mesh
from twin.scenario.overlay import Scenario, Scenarios

__all__ = ["Scenario", "Scenarios", "objects_of_file", "placed_mesh", "planned_building"]
