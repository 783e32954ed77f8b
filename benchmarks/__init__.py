"""Measures of graphmem, each one command; results are data in `results/`."""
