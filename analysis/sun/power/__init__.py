"""The energy of the sun: irradiation with obstruction, usable roofs, modules, and glare."""
