"""The graph of a memory in forms that other programs read."""
