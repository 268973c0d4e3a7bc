"""OGC SensorThings API 1.1 (18-088) over HTTP: URLs and bodies to what the store understands, and back."""
