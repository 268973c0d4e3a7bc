"""Two ways to the same answer: a sweep over the height field, and rays against the real surfaces."""
