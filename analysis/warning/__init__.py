"""Flood warning: radar rain, its next hours, expected depths, levels of warning, ways out, calibration.

radar -> gauges -> nowcast -> rain_grid          rain on the grid of the flood model
basins                                           drainage sub-basins of the terrain
library -> surrogate                             flood runs made beforehand, and answers within a second
levels -> handover                               warning levels, and readings that the alert rules judge
routes                                           ways to safety that keep out of deep water
calibration                                      parameters that fit measured levels
"""
