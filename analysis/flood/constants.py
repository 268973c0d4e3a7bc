"""Numbers that more than one module of the flood model uses."""

GRAVITY = 9.81
"""Acceleration of gravity [m/s²], the value that SWASHES uses."""

BLOCKED = 1e6
"""Bed level [m over the datum of the run] that stands for a cell without water, such as a building."""
