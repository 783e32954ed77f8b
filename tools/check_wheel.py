"""Checks that a wheel carries what is not code, and nothing that is not part of the package.

Usage: python tools/check_wheel.py WHEEL
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """0 if the wheel is whole, 1 with what is missing or superfluous on stderr."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        present = {name for name in wheel.namelist() if not name.endswith("/")}
    package = {f"graphmem/{path}" for path in _files(ROOT / "graphmem")}
    schema = {f"graphmem/_schema/{path}" for path in _files(ROOT / "schema")}
    expected = package | schema
    metadata = {name for name in present if ".dist-info/" in name}
    missing = sorted(expected - present) + ["py.typed"] * ("graphmem/py.typed" not in present)
    superfluous = sorted(present - expected - metadata)
    for name in missing:
        print(f"missing from the wheel: {name}", file=sys.stderr)
    for name in superfluous:
        print(f"should not be in the wheel: {name}", file=sys.stderr)
    if not any(name.endswith("licenses/LICENSE") for name in metadata):
        missing.append("LICENSE")
        print("missing from the wheel: LICENSE", file=sys.stderr)
    print(f"{len(present)} files in {Path(sys.argv[1]).name}, {len(schema)} of them schema")
    return 1 if missing or superfluous else 0


def _files(folder: Path) -> list[str]:
    every = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(folder).as_posix() for path in every]


if __name__ == "__main__":
    raise SystemExit(main())
