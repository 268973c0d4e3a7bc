"""The city as input of simulations: arrays on a grid with an affine transform and a coordinate system.

`flood_scene` puts together what a flood run needs; `rain_from_sensors` and `rain_from_file` make its rain,
`stage` and `gauges` the levels of streams in time. Terrain and outlines are read and written in bands of
rows, so that the arrays of a scene are what it costs.
"""

from analysis.scene.flood import FloodScene, flood_scene
from analysis.scene.grid import Bounds, Grid, Plane, make_grid, plane_of
from analysis.scene.landuse import LanduseTable, landuse_table, soil_textures
from analysis.scene.rain import Rain, rain_from_sensors
from analysis.scene.rain_file import rain_from_file
from analysis.scene.series import Stage, Stream, stage, streams
from analysis.scene.water import Water, WaterGauge, gauges, stage_boundaries, water_bodies

__all__ = [
    "Bounds",
    "FloodScene",
    "Grid",
    "LanduseTable",
    "Plane",
    "Rain",
    "Stage",
    "Stream",
    "Water",
    "WaterGauge",
    "flood_scene",
    "gauges",
    "landuse_table",
    "make_grid",
    "plane_of",
    "rain_from_file",
    "rain_from_sensors",
    "soil_textures",
    "stage",
    "stage_boundaries",
    "streams",
    "water_bodies",
]
