"""What the embedded store must survive: `python -m benchmarks.torture`; `tests/torture/` holds short runs."""
