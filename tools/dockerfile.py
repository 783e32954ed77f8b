"""The Dockerfile as a list of stages, each a list of instructions with their arguments."""

from __future__ import annotations

import io
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from dockerfile_parse import DockerfileParser

PATH = Path(__file__).resolve().parent.parent / "Dockerfile"
IGNORED = PATH.with_name(".dockerignore")

_COMMAND = re.compile(r"\bCMD\s+(\[.*\])\s*$")


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction; continued lines are one."""

    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """The arguments, of the form in brackets too."""
        return json.loads(self.value) if self.value.startswith("[") else shlex.split(self.value)

    @property
    def pairs(self) -> dict[str, str]:
        """The variables of an `ENV`."""
        return dict(word.split("=", 1) for word in self.words)


@dataclass(frozen=True, slots=True)
class Stage:
    """What is built on one base image."""

    base: str
    name: str
    steps: tuple[Step, ...]

    def all(self, name: str) -> list[Step]:
        """The instructions of a name, in order."""
        return [step for step in self.steps if step.name == name]

    def environment(self) -> dict[str, str]:
        """What all `ENV` set together."""
        return {name: value for step in self.all("ENV") for name, value in step.pairs.items()}

    def health_command(self) -> list[str]:
        """The words of `HEALTHCHECK`."""
        found = _COMMAND.search(self.all("HEALTHCHECK")[-1].value)
        words: list[str] = json.loads(found[1]) if found else []
        return words


def stages() -> list[Stage]:
    """Every stage in order."""
    found: list[tuple[str, list[Step]]] = []
    for one in DockerfileParser(fileobj=io.BytesIO(PATH.read_bytes())).structure:
        if one["instruction"] == "FROM":
            found.append((one["value"], []))
        elif one["instruction"] != "COMMENT":
            found[-1][1].append(Step(one["instruction"], one["value"]))
    return [Stage(*_named(origin), tuple(steps)) for origin, steps in found]


def is_sent(path: str) -> bool:
    """Whether `.dockerignore` lets a file into what is sent to the builder: its last pattern that fits decides."""
    sent = True
    for line in IGNORED.read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        first = path.split("/", maxsplit=1)[0]
        is_anywhere = pattern.startswith("**/") and pattern[3:] in path.split("/")
        fits = pattern in {"*", first} or is_anywhere
        if line and not line.startswith("#") and fits:
            sent = line.startswith("!")
    return sent


def _named(origin: str) -> tuple[str, str]:
    base, _, name = origin.partition(" AS ")
    return base, name
