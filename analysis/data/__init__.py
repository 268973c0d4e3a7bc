"""Tables of published numbers, each row with its source."""
