"""One written form of every answer, for all surfaces: how it is written, read back, and described."""
