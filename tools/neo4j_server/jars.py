"""Fetching a server's jars through Maven, once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools.neo4j_server.releases import CannotStart, Release

CACHE = Path(__file__).resolve().parent.parent.parent / ".neo4j"
_STATED_LINES = 15

Say = Callable[[str], None]


def jars_of(release: Release, say: Say) -> Path:
    """The folder of a release's jars, fetched if they are not there; complete or absent, whoever else fetches.

    Raises:
        CannotStart: There is no Maven, or it could not fetch them.
    """
    digest = hashlib.sha256(release.pom.read_bytes()).hexdigest()[:8]
    folder = CACHE / "jars" / f"{release.version}-{digest}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".fetching-", dir=folder.parent))
    try:
        say(f"Fetching Neo4j {release.version} (once; about 150 MB)")
        _run_maven(release, draft)
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _run_maven(release: Release, folder: Path) -> None:
    program = shutil.which("mvn")
    if program is None:
        raise CannotStart(f"fetching Neo4j {release.version} needs Maven: install it, so that mvn is on the path")
    # Checksums that do not match fail the build instead of a warning.
    command = [program, "--batch-mode", "--strict-checksums", "--file", str(release.pom)]
    command += ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DincludeTypes=jar"]
    command += [f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join(line for line in done.stdout.splitlines() if line.startswith("[ERROR]"))
        reason = "\n".join((said or done.stdout + done.stderr).splitlines()[:_STATED_LINES])
        raise CannotStart(f"Maven could not fetch Neo4j {release.version}:\n{reason}")
