"""From terms about one point to expressions about many points at once."""
