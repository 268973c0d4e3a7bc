"""Simulations over the city (flood, sun, energy), as numerics on arrays."""
