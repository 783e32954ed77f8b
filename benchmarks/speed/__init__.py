"""How fast the embedded store is through the public service: `python -m benchmarks.speed`."""
