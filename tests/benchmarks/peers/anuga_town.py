"""The town with ANUGA: second order in space on triangles, one for each cell, float64, OpenMP.

Its buildings are 10 m high, and rain runs off them.
"""

import contextlib
import json
import sys
import tempfile
import time

import anuga
import numpy as np

town = np.load(sys.argv[1])
ground, built, duration = town["ground"].astype(float), town["built"], float(sys.argv[2])
rows, cols = ground.shape
with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as folder:
    domain = anuga.rectangular_cross_domain(cols // 2, rows // 2, len1=float(cols), len2=float(rows))
    domain.set_name("town")
    domain.set_datadir(folder)
    domain.store = False
    domain.set_flow_algorithm("DE0")
    domain.set_quantities_to_be_stored(None)

    def of_cell(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.clip(rows - 1 - y.astype(int), 0, rows - 1), np.clip(x.astype(int), 0, cols - 1)

    raised = ground + 10.0 * built
    domain.set_quantity("elevation", lambda x, y: raised[of_cell(x, y)], location="centroids")
    domain.set_quantity("friction", 0.035)
    domain.set_quantity("stage", expression="elevation")
    wall = anuga.Reflective_boundary(domain)
    domain.set_boundary(dict.fromkeys(("left", "right", "top", "bottom"), wall))
    anuga.Rate_operator(domain, rate=100 / 3.6e6)
    first = min(5.0, duration / 10)
    for _ in domain.evolve(yieldstep=first, duration=first):
        pass
    steps, began = 0, time.perf_counter()
    for _ in domain.evolve(yieldstep=duration - first, duration=duration - first):
        steps += domain.number_of_steps
    seconds = time.perf_counter() - began
    water = domain.get_water_volume()
rain = 100 / 3.6e6 * duration * ground.size
print(
    json.dumps(
        {
            "updates": steps * domain.number_of_triangles,
            "seconds": seconds,
            "steps": steps,
            "mass_error": abs(float(water) - rain) / rain,
        }
    )
)
