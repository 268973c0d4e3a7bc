"""Programs that `tests.benchmarks.flood_peers` runs in environments of their own, one for each peer.

Each takes a file of `ground` [m] and `built` (as `numpy.savez` writes it), and the seconds of a rain of
100 mm/h over cells of 1 m with closed edges. It says in one line of JSON: updates (cells or triangles times
steps), wall seconds of the steps, steps, and mass_error, the share of its water that it made or lost.
"""
