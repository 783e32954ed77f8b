"""Finding a Java that a release runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.neo4j_server.releases import CannotStart, Release

# Where package managers of Debian, Fedora and macOS, and SDKMAN, put what they install.
_WELL_KNOWN = (
    "/usr/lib/jvm/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/.sdkman/candidates/java/*",
)
_VERSION = re.compile(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)')


@dataclass(frozen=True, slots=True)
class Java:
    """An installed Java: its folder and its major version."""

    home: Path
    major: int

    @property
    def program(self) -> Path:
        """The executable."""
        return self.home / "bin" / "java"


def find_java(release: Release) -> Java:
    """The first Java that the release runs on: from the environment, the path, or a well-known place.

    Raises:
        CannotStart: There is none, or `GRAPHMEM_JAVA<major>_HOME` names something else.
    """
    named = next(filter(None, map(_named, release.javas)), None)
    if named is not None:
        return named
    found = sorted(set(_installed()), key=lambda java: (java.major, java.home))
    for major in release.javas:
        for java in found:
            if java.major == major:
                return java
    raise CannotStart(_refusal(release, found))


def _named(major: int) -> Java | None:
    setting = f"GRAPHMEM_JAVA{major}_HOME"
    value = os.environ.get(setting)
    if not value:
        return None
    java = _java_at(Path(value))
    if java is None or java.major != major:
        what = "no Java" if java is None else f"Java {java.major}"
        raise CannotStart(
            f"{setting} is {value!r}, where {what} is; set it to the folder of a Java {major} or unset it"
        )
    return java


def _installed() -> Iterator[Java]:
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    if (program := shutil.which("java")) is not None:
        homes.append(Path(program).resolve().parent.parent)
    for pattern in _WELL_KNOWN:
        place = Path(pattern).expanduser()
        homes += Path(place.anchor).glob(str(place.relative_to(place.anchor)))
    for home in homes:
        java = _java_at(home.resolve())
        if java is not None:
            yield java


def _java_at(home: Path) -> Java | None:
    if not (home / "bin" / "java").is_file():
        return None
    note = home / "release"
    said = note.read_text(encoding="utf-8", errors="replace") if note.is_file() else ""
    match = _VERSION.search(said) or _VERSION.search(_asked(home / "bin" / "java"))
    return None if match is None else Java(home, int(match[1]))


def _asked(program: Path) -> str:
    done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=30, check=False)
    return done.stderr


def _refusal(release: Release, found: list[Java]) -> str:
    first, *others = release.javas
    wanted = " or ".join(map(str, (first, *others)))
    there = ", ".join(f"Java {java.major} in {java.home}" for java in found) or "no Java"
    return (
        f"Neo4j {release.version} needs Java {wanted}; found {there}. Install a Java {first} runtime, "
        f"or set GRAPHMEM_JAVA{first}_HOME or JAVA_HOME to the folder of one."
    )
