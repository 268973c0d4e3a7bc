"""The model `energy`: what a city's buildings need and make in a year, by `twin run energy` and the API."""
