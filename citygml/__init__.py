"""City models: reading and writing them, the geometry of their surfaces, their coordinate systems.

Knows nothing of storage, tiles or HTTP. Start at `citygml.reading.open_model` and `citygml.model`.
"""
