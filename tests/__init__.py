"""Tests of graphmem; `tests.oracle` and friends are importable from every file."""
