"""Carries out the Dockerfile without Docker, then runs the result as docker-compose.yml would, on a real Neo4j.

Every RUN and COPY happens as it is written, below a folder of its own in place of `/`. What comes out is run as the
unprivileged user of the image, with the variables of the image and of the Compose file and no others: schema, first
key, start, health, a memory added and found, the stop signal.

Usage: python tools/check_image.py [--python INTERPRETER]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.compose import service  # noqa: E402 - found by the line above
from tools.dockerfile import Stage, Step, is_sent, stages  # noqa: E402
from tools.neo4j_server import Options, start  # noqa: E402

_OURS = re.compile(r"(?<![\w./])/(src|opt|dist|data)\b")
_PORT = "7470"
_START_S = 120


class Failed(Exception):
    """Something is not as the image promises."""


@dataclass(frozen=True, slots=True)
class Made:
    """The image's file system, below a folder.

    Attributes:
        root: The folder.
        python: The interpreter that stands for the base image's.
    """

    root: Path
    python: Path

    def moved(self, text: str) -> str:
        """Text with the image's own paths as they are here."""
        return _OURS.sub(lambda found: f"{self.root}/{found[1]}", text)

    def build(self, stage: Stage) -> None:
        """Carry out a stage."""
        folder, variables = self.root, dict[str, str]()
        for step in stage.steps:
            if step.name == "WORKDIR":
                folder = Path(self.moved(step.value))
                folder.mkdir(parents=True, exist_ok=True)
            elif step.name == "ENV":
                variables |= {name: self.moved(value) for name, value in step.pairs.items()}
            elif step.name == "COPY":
                self._copy(step, folder)
            elif step.name == "RUN":
                _say(f"RUN {step.value}")
                path = f"{self.root}/base:{os.environ['PATH']}"
                inherited = {name: value for name, value in os.environ.items() if not name.startswith("GRAPHMEM_")}
                environment = {**inherited, **variables, "PATH": path}
                subprocess.run(["/bin/sh", "-c", self._mine(step.value)], cwd=folder, env=environment, check=True)

    def _mine(self, command: str) -> str:
        """Who is not root owns what he makes."""
        moved = self.moved(command)
        return moved if os.geteuid() == 0 else re.sub(r"-[og] \d+", "", moved)

    def _copy(self, step: Step, folder: Path) -> None:
        *sources, target = step.words
        if sources[0].startswith("--from="):
            if sources[1] != target:
                raise Failed(f"{step.value}: an environment cannot be moved")
            return
        for source in sources:
            if not is_sent(source):
                raise Failed(f"COPY {source}: .dockerignore keeps it out")
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, folder / target, ignore=ignored, dirs_exist_ok=True)
            else:
                (folder / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, folder / target)


@contextmanager
def made(python: Path) -> Iterator[Made]:
    """The image, carried out; thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="graphmem-image-") as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "base").mkdir()
        shim = root / "base" / "python"
        shim.write_text(f'#!/bin/sh\nexec {python} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)
        image = Made(root, python)
        for stage in stages():
            image.build(stage)
        yield image


@dataclass(frozen=True, slots=True)
class Container:
    """The image as the Compose file runs its service.

    Attributes:
        variables: All that a process sees.
    """

    image: Made
    stage: Stage
    service: Mapping[str, Any]
    variables: Mapping[str, str]

    def command(self, *words: str) -> list[str]:
        """As `docker compose run api WORDS` starts it; without words, as `up` does."""
        entry = self.stage.all("ENTRYPOINT")[-1].words
        return self.found([*entry, *(words or self.service["command"])])

    def found(self, words: Sequence[str]) -> list[str]:
        """A command with its program looked up on the image's path."""
        program = shutil.which(words[0], path=self.variables["PATH"])
        if program is None:
            raise Failed(f"{words[0]} is not on the path of the image")
        return [program, *words[1:]]

    def start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        """A process of the image's user."""
        user, _, group = self.stage.all("USER")[-1].value.partition(":")
        who: dict[str, Any] = {} if os.geteuid() else {"user": int(user), "group": int(group), "extra_groups": []}
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        folder = Path(self.image.moved(self.stage.all("WORKDIR")[-1].value))
        return subprocess.Popen(words, cwd=folder, env=dict(self.variables), **pipes, **who)

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code and both outputs of `docker compose run --rm api WORDS`."""
        _say(f"docker compose run --rm api {' '.join(words)}")
        with self.start(self.command(*words)) as process:
            out, err = process.communicate(timeout=_START_S)
        return process.returncode, out, err


def main() -> int:
    """0 if the image does what it is for; else 1, with the reason on standard error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path, help="an interpreter that every user of this machine may run")
    python = parser.parse_args().python or _interpreter()
    try:
        with made(python) as image, start(Options(heap="512m", is_quick=True)) as neo4j:
            secret = neo4j.password or ""
            api = service("api", {"GRAPHMEM_NEO4J_PASSWORD": secret})
            place = neo4j.url.replace("bolt://", "neo4j://")
            given = {**api["environment"], "GRAPHMEM_URL": place}
            stage = stages()[-1]
            own = {name: image.moved(value) for name, value in stage.environment().items()}
            _try_out(Container(image, stage, api, {**own, **given}), secret)
    except Failed as problem:
        print(f"failed: {problem}", file=sys.stderr)
        return 1
    _say("the image does what it is for")
    return 0


def _try_out(container: Container, secret: str) -> None:
    """What a newcomer does, in order."""
    for words in (("schema", "apply"), ("schema", "status", "--json")):
        _expect(container.run(*words), 0)
    _expect(container.run(*container.service["command"]), 2, "graphmem key create")
    key = json.loads(_expect(container.run("key", "create", "me", "--json"), 0))["key"]
    port = _free_port()
    served = [word.replace("0.0.0.0", "127.0.0.1") for word in container.command()]  # noqa: S104 - this machine alone
    with container.start([*served, "--port", str(port)]) as process:
        try:
            _await_health(container, process, port)
            _use(port, key)
            _expect(container.run("doctor"), 0)
            process.send_signal(getattr(signal, container.stage.all("STOPSIGNAL")[-1].value))
            _, logged = process.communicate(timeout=float(container.service["stop_grace_period"].rstrip("s")))
        finally:
            process.kill()
    if process.returncode or key in logged or secret in logged:
        raise Failed(f"it ended with {process.returncode}, or its log tells a secret")
    left = sorted(file.name for file in Path(container.image.moved("/data")).iterdir())
    _say(f"stopped in order; /data holds {', '.join(left)}")


def _await_health(container: Container, process: subprocess.Popen[str], port: int) -> None:
    words = container.found([word.replace(_PORT, str(port)) for word in container.service["healthcheck"]["test"][1:]])
    deadline = time.monotonic() + _START_S
    while True:
        with container.start(words) as asked:
            asked.communicate()
        if asked.returncode == 0:
            _say("healthy")
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failed("it never became healthy")
        time.sleep(0.2)


def _use(port: int, key: str) -> None:
    """A memory goes in and is found."""
    _ask(port, key, "/v1/memories", {"statement": {"title": "Logs are lines of JSON"}})
    hits = _ask(port, key, "/v1/search", {"query": "log format"})["hits"]
    if [hit["card"]["title"] for hit in hits] != ["Logs are lines of JSON"]:
        raise Failed(f"search found {hits}")
    _say("a memory was added and found")


def _ask(port: int, key: str, path: str, body: object) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        told: dict[str, Any] = json.load(answer)
    return told


def _expect(done: tuple[int, str, str], code: int, words: str = "") -> str:
    if done[0] != code or words not in done[2]:
        raise Failed(f"expected exit code {code} and {words!r}, got {done}")
    return done[1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _interpreter() -> Path:
    """This one, if its files can be read by everybody, else the system's."""
    mine = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]  # noqa: SLF001 - behind a venv
    closed = [folder for folder in mine.parents if not folder.stat().st_mode & 0o001]
    return Path("/usr/bin/python3") if closed and os.geteuid() == 0 else mine


def _say(text: str) -> None:
    print(re.sub(r"\s+", " ", text), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
