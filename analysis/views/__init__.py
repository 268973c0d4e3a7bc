"""Lines of sight over the city: what is seen from where, and what stands in the way of a beam."""
