"""What augmented reality needs of a city: small scenes, occluders and tilesets around a position."""
