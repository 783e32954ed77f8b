"""Search: embedding backends, candidate retrieval, resolution to memories in force, ranking and explanations."""
