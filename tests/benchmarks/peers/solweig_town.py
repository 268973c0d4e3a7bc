"""The town with solweig: a day of shadow masks, and the sky-view factor."""

import json
import sys
import time

import numpy as np
import solweig.rustalgos as rust

town = np.load(sys.argv[1])
heights, cell, suns = town["heights"], float(town["cell"]), town["suns"]
highest = float(np.ptp(heights))


def day() -> float:
    began = time.perf_counter()
    for azimuth, elevation in suns:
        rust.shadowing.calculate_shadows_wall_ht_25(float(azimuth), float(elevation), cell, highest, heights)
    return time.perf_counter() - began


days = []
for switch in (rust.shadowing.enable_gpu, rust.shadowing.disable_gpu):
    switch()
    days.append(day())
none = np.zeros_like(heights)
began = time.perf_counter()
rust.skyview.calculate_svf(heights, none, none, cell, False, highest)
sky = time.perf_counter() - began
print(json.dumps({"day": min(days), "sky": sky}))
