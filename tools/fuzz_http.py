"""Schemathesis against the HTTP surface: requests made from the OpenAPI, every check, on a store of its own.

Usage: python -m tools.fuzz_http [--seconds 60]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSION = "4.32.5"
# A body that its schema allows may still make no sense, and `If-Match` may name another state.
CONFIG = '[checks]\npositive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 412, 422]\n'
# Without a model there is nothing to renew (501); a ledger is no JSON; to be ready is about the store.
LEFT_OUT = ("reindex", "restore")
PERMISSIONS = ("read", "write", "review", "admin")


def main() -> int:
    """Run it; the exit status says whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "st.toml").write_text(CONFIG, encoding="utf-8")
        key = _key(place)
        with _served(place) as url:
            return subprocess.run(_command(url, key, seconds), cwd=place, check=False).returncode


def _command(url: str, key: str, seconds: int) -> list[str]:
    left_out = [word for name in LEFT_OUT for word in ("--exclude-operation-id", name)]
    tool = [sys.executable, "-m", "uv", "tool", "run", "--from", f"schemathesis=={VERSION}", "schemathesis"]
    budget = ["--max-time", str(seconds), "--checks", "all", "--continue-on-failure"]
    login = ["-H", f"Authorization: Bearer {key}"]
    return [*tool, "--config-file", "st.toml", "run", f"{url}/openapi.json", *login, *budget, *left_out]


def _key(place: Path) -> str:
    _graphmem(place, "init", ".")
    permissions = [word for one in PERMISSIONS for word in ("--permission", one)]
    made = _graphmem(place, "key", "create", "fuzz", "--json", *permissions)
    return str(json.loads(made)["key"])


def _graphmem(place: Path, *words: str) -> str:
    command = [sys.executable, "-m", "graphmem.cli", *words]
    done = subprocess.run(command, cwd=place, env=_environment(), capture_output=True, text=True, check=True)
    return done.stdout


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "GRAPHMEM_EMBEDDINGS": "off"}


@contextmanager
def _served(place: Path) -> Iterator[str]:
    log = place / "server.log"
    command = [sys.executable, "-m", "graphmem.cli", "serve", "--port", "0"]
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(command, cwd=place, env=_environment(), stderr=file) as server,
    ):
        try:
            while not (found := [line for line in log.read_text().splitlines() if "Uvicorn running on" in line]):
                if server.poll() is not None:
                    sys.exit(log.read_text())
                time.sleep(0.1)
            yield json.loads(found[0])["event"].split()[3]
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
