"""The model `sun`: a city's day and year in the sun, as `twin run sun` and the API give it."""
