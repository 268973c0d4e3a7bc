"""The sun over a city: where it shines, how much, whose daylight a plan takes, and what it yields."""
