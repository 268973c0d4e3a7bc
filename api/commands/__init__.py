"""The commands of `twin`, by subject. Each module has `register(app)`."""
