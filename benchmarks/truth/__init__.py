"""How often graphmem tells what holds, on real corpora with known answers: `python -m benchmarks.truth [DATA]`."""
