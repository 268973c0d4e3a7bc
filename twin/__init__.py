"""The city as it stands, stood and would stand: objects, layers, rasters, sources, in one store."""
