"""Checks that a wheel is fit to be published: all is in it and nothing else, its metadata are complete.

With --release also what only whoever publishes it can see to: a project address, links that work outside the
repository, and a dated heading in the changelog (docs/release.md).

Usage: python tools/check_wheel.py WHEEL [--release]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path

from markdown_it import MarkdownIt
from packaging.metadata import Metadata
from trove_classifiers import classifiers

ROOT = Path(__file__).resolve().parent.parent
_WANTED = ("Name", "Version", "Summary", "Author", "License-Expression", "License-File", "Keywords", "Requires-Python")
_ENTRY = "graphmem = graphmem.cli:main"
_HEADING = re.compile(r"^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)
_UNRELEASED = "Unreleased"


def main() -> int:
    """0 if the wheel is whole, 1 with what is wrong on stderr."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--release", action="store_true", help="also what must be so before it is published")
    given = parser.parse_args()
    found = [*problems(given.wheel), *(release_problems(given.wheel) if given.release else ())]
    for problem in found:
        print(problem, file=sys.stderr)
    with zipfile.ZipFile(given.wheel) as wheel:
        print(f"{len(wheel.namelist())} files in {given.wheel.name}, {len(found)} problems")
    return 1 if found else 0


def problems(path: Path) -> Iterator[str]:
    """What is missing from a wheel, superfluous in it, or wrong."""
    text = _metadata(path)
    told = message_from_string(text)
    yield from _files_amiss(path)
    yield from _metadata_amiss(told)
    yield from _format_amiss(text)
    yield from _readme_amiss(told.get_payload())
    yield from _version_amiss(told["Version"])
    yield from _program_amiss(path, told["Version"])


def release_problems(path: Path) -> Iterator[str]:
    """What is still to be done before a wheel is published."""
    told = message_from_string(_metadata(path))
    if not told.get_all("Project-URL"):
        yield "metadata: no address of the project (project.urls in pyproject.toml)"
    for link in links(told.get_payload()):
        if "://" not in link and not link.startswith("#"):
            yield f"README: the link to {link} leads nowhere outside the repository"
    with zipfile.ZipFile(path) as wheel:
        if "graphmem/_site/index.html" not in wheel.namelist():
            yield "missing from the wheel: the documentation, which `make docs` builds"
    newest = _HEADING.search(_changelog())
    if newest is None or newest[1] != told["Version"] or newest[2] is None:
        yield f"CHANGELOG.md: the newest heading is not '## [{told['Version']}] - DATE'"


def links(markdown: object) -> list[str]:
    """Targets of all links and pictures of a page, in order."""
    inline = [token for token in MarkdownIt().enable("table").parse(str(markdown)) if token.type == "inline"]
    children = [child for token in inline for child in token.children or ()]
    return [str(child.attrs[name]) for child in children for name in ("href", "src") if name in child.attrs]


def _metadata(path: Path) -> str:
    with zipfile.ZipFile(path) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return wheel.read(name).decode()


def _files_amiss(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as wheel:
        present = {name for name in wheel.namelist() if not name.endswith("/")}
        entries = [wheel.read(name).decode() for name in present if name.endswith(".dist-info/entry_points.txt")]
    package = {f"graphmem/{path}" for path in _files(ROOT / "graphmem")}
    schema = {f"graphmem/_schema/{path}" for path in _files(ROOT / "schema")}
    metadata = {name for name in present if ".dist-info/" in name}
    for name in sorted((package | schema | {"graphmem/py.typed"}) - present):
        yield f"missing from the wheel: {name}"
    for name in sorted(present - package - schema - metadata):
        yield f"should not be in the wheel: {name}"
    if not any(name.endswith("licenses/LICENSE") for name in metadata):
        yield "missing from the wheel: LICENSE"
    if not any(_ENTRY in text.splitlines() for text in entries):
        yield f"missing from the wheel: the program, {_ENTRY!r}"


def _files(folder: Path) -> list[str]:
    every = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(folder).as_posix() for path in every]


def _metadata_amiss(told: Message) -> Iterator[str]:
    for name in _WANTED:
        if not told.get(name, "").strip():
            yield f"metadata: no {name}"
    known = told.get_all("Classifier", [])
    for one in known:
        if one not in classifiers:
            yield f"metadata: no such classifier: {one!r}"
    python = told.get("Requires-Python", "")
    if not any(one == f"Programming Language :: Python :: {python.removeprefix('>=')}" for one in known):
        yield f"metadata: no classifier for Python {python}, the oldest that is supported"
    if any(one.startswith("License ::") for one in known):
        yield "metadata: a license classifier beside License-Expression, which indexes refuse"


def _format_amiss(text: str) -> Iterator[str]:
    """What an index would not read."""
    try:
        Metadata.from_email(text.encode(), validate=True)
    except ExceptionGroup as group:
        yield from (f"metadata: {problem}" for problem in group.exceptions)


def _readme_amiss(readme: object) -> Iterator[str]:
    """It is the README as it stands, and shows as a page."""
    if str(readme).strip() != (ROOT / "README.md").read_text(encoding="utf-8").strip():
        yield "metadata: the description is not README.md"
    shown = MarkdownIt().enable("table").render(str(readme))
    for tag in ("<h1>", "<table>", '<code class="language-python">'):
        if tag not in shown:
            yield f"README: renders without {tag}"
    if str(readme).count("\n```") % 2:
        yield "README: a block of code is not closed"


def _version_amiss(version: str) -> Iterator[str]:
    """The wheel's is that of the newest heading of the changelog, unless changes since then are not released."""
    newest = _HEADING.search(_changelog())
    if newest is None or newest[1] not in {version, _UNRELEASED}:
        yield f"CHANGELOG.md: the newest heading is {newest[1] if newest else 'missing'}, the wheel is {version}"


def _changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _program_amiss(path: Path, version: str) -> Iterator[str]:
    """The program starts from the wheel itself and knows its release."""
    start = f"import sys; sys.path.insert(0, {str(path.resolve())!r}); from graphmem.cli import main; main()"
    command = [sys.executable, "-I", "-c", start, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stdout.strip() != f"graphmem {version}":
        said = (done.stdout + done.stderr).strip().splitlines()
        yield f"graphmem --version says {said[-1] if said else 'nothing'!r}, the wheel is {version}"


if __name__ == "__main__":
    raise SystemExit(main())
