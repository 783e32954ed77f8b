"""Schemathesis against the HTTP surface: requests made from the OpenAPI, every check, on a store of its own.

Usage: python -m tools.fuzz_http PROGRAM [--seconds 60] [--cases 10000] [--seed 1]

Each round has a seed of its own and a fresh store, and takes so many seconds; with --cases there are rounds until so
many cases were sent. What a round was is printed when it ends: --seed goes on from there, or repeats what failed.
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
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parent.parent
# A body that its schema allows may still make no sense, and `If-Match` may name another state.
CONFIG = '[checks]\npositive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 412, 422]\n'
# Without a model there is nothing to renew (501); a ledger is no JSON; to be ready is about the store.
LEFT_OUT = ("reindex", "restore")
PERMISSIONS = ("read", "write", "review", "admin")
# A busy machine takes a while to describe every route for the first time.
PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of Schemathesis did."""

    code: int
    cases: int


def main() -> int:
    """Run it; the exit status says whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path, help="schemathesis")
    parser.add_argument("--seconds", type=int, default=60, help="for one round")
    parser.add_argument("--cases", type=int, default=1, help="at least so many, in as many rounds as that takes")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    asked = parser.parse_args()
    done, seed = 0, asked.seed
    while done < asked.cases:
        found = fuzz(asked.program.absolute(), asked.seconds, seed)
        done += found.cases
        print(f"seed {seed}: {found.cases:,} cases, {done:,} in all", flush=True)
        if found.code or not found.cases:
            return found.code or 1
        seed += 1
    return 0


def fuzz(program: Path, seconds: int, seed: int) -> Round:
    """One round."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "st.toml").write_text(CONFIG, encoding="utf-8")
        key = _key(place)
        with _served(place) as url:
            urlopen(f"{url}/openapi.json", timeout=PATIENCE_S).close()  # noqa: S310 - of the server just started
            code = subprocess.run(
                [str(program), *_arguments(url, key, seconds, seed)], cwd=place, check=False
            ).returncode
        return Round(code, _cases(place / "report.json"))


def _cases(report: Path) -> int:
    """How many requests Schemathesis made up and sent; none if it did not get so far as to report."""
    if not report.exists():
        return 0
    count: int = json.loads(report.read_text(encoding="utf-8"))["test_cases"]["generated"]
    return count


def _arguments(url: str, key: str, seconds: int, seed: int) -> list[str]:
    left_out = [word for name in LEFT_OUT for word in ("--exclude-operation-id", name)]
    budget = ["--max-time", str(seconds), "--seed", str(seed), "--request-timeout", str(PATIENCE_S)]
    checks = ["--checks", "all", "--continue-on-failure", "--report-json-path", "report.json"]
    login = ["-H", f"Authorization: Bearer {key}"]
    return ["--config-file", "st.toml", "run", f"{url}/openapi.json", *login, *budget, *checks, *left_out]


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
            while not (found := [line for line in log.read_text().splitlines() if line.startswith("listening on ")]):
                if server.poll() is not None:
                    sys.exit(log.read_text())
                time.sleep(0.1)
            yield found[0].split()[2].rstrip(",")
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
