"""The town with itzi: local inertia, float32, OpenMP."""

import json
import sys
import time
from datetime import datetime, timedelta

import numpy as np
from itzi.const import TemporalType
from itzi.data_containers import SimulationConfig, SurfaceFlowParameters
from itzi.providers.domain_data import DomainData
from itzi.providers.memory_input import MemoryRasterInputProvider
from itzi.providers.memory_output import MemoryRasterOutputProvider, MemoryVectorOutputProvider
from itzi.simulation_builder import SimulationBuilder

town = np.load(sys.argv[1])
ground, built, duration = town["ground"], town["built"], float(sys.argv[2])
rows, cols = ground.shape
start = datetime(2000, 1, 1)
stop = start + timedelta(seconds=duration)
domain = DomainData(north=rows, south=0, east=cols, west=0, rows=rows, cols=cols, crs_wkt="")
config = SimulationConfig(
    start_time=start,
    end_time=stop,
    record_step=timedelta(seconds=duration),
    temporal_type=TemporalType.RELATIVE,
    input_map_names={},
    output_map_names={"water_depth": "depth"},
    surface_flow_parameters=SurfaceFlowParameters(max_error=1e9),
)
inputs = {"dem": ground, "friction": np.full_like(ground, 0.035), "rain": np.full_like(ground, 100.0)}
provider = MemoryRasterInputProvider(
    {
        "domain_data": domain,
        "simulation_start_time": start,
        "simulation_end_time": stop,
        "static_arrays": {name: array.astype(np.float32) for name, array in inputs.items()},
    }
)
builder = SimulationBuilder(config, built, np.float32).with_input_provider(provider)
builder.with_raster_output_provider(MemoryRasterOutputProvider({"out_map_names": config.output_map_names}))
run = builder.with_vector_output_provider(MemoryVectorOutputProvider({})).build()
run.initialize()
run.update()
steps = 0
began = time.perf_counter()
while run.sim_time < stop:
    run.update()
    steps += 1
seconds = time.perf_counter() - began
depth = np.asarray(run.get_array("water_depth"), dtype=np.float64)
rain = 100 / 3.6e6 * duration * float((~built).sum())
error = abs(float(np.nansum(depth[~built])) - rain) / rain
print(json.dumps({"updates": steps * ground.size, "seconds": seconds, "steps": steps, "mass_error": error}))
