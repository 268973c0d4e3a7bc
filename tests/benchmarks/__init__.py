"""Measurements of time and memory: `make bench`. Ratios within one run, since machines differ."""
