"""The folder of corpora that benchmarks read: `GRAPHMEM_DATA`, or `shared/data` beside the project."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the folder; it may not exist."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    return Path(os.environ.get("GRAPHMEM_DATA", str(beside)))
