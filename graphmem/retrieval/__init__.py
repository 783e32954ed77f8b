"""Search: embedding backends, candidates, resolution to what holds."""
