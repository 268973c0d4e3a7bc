"""Readings and the sensors that make them: the entities of SensorThings, kept beside the city."""
