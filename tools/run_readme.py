"""Runs the code blocks of a Markdown file in order, as a reader would, and compares what they print.

- A ```python block runs in one namespace shared by all of them; a ```text block right after it is what it prints.
- In a ```console block every line that starts with `$ ` is a command; the lines below it are what it prints.
- Expected output may leave things out: `...` within a line stands for anything, a line of only `...` for any lines.
- Other blocks (```sh, ```toml, ...) are for reading.

Everything runs in one new, empty folder, with the programs beside this interpreter first on the path.

Usage: python tools/run_readme.py README.md [MORE.md ...]
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 120
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text, the line (from 1) on which the text starts."""

    language: str
    text: str
    line: int
    follows_directly: bool


class Mismatch(Exception):
    """A block failed, or printed something else than the page says."""


def blocks(markdown: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found: list[Block] = []
    end = 0
    for match in _FENCE.finditer(markdown):
        line = markdown.count("\n", 0, match.start(2)) + 1
        is_next = not markdown[end : match.start()].strip()
        found.append(Block(match[1], match[2], line, follows_directly=is_next))
        end = match.end()
    return found


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the output that the page shows for it."""
    command, shown = None, list[str]()
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command, "\n".join(shown)
            command, shown = line[2:], []
        elif command is not None and command.endswith("\\"):
            command = command[:-1] + line.strip()
        else:
            shown.append(line)
    if command is not None:
        yield command, "\n".join(shown)


def agrees(printed: str, shown: str) -> bool:
    """Whether `printed` is what `shown` says, `...` standing for anything; spaces at line ends do not count."""
    lines = [line.rstrip() for line in shown.strip().splitlines()]
    parts = [r"(?:[^\n]*\n)*?" if line == "..." else _line_pattern(line) + r"\n" for line in lines]
    text = "".join(line.rstrip() + "\n" for line in printed.strip().splitlines())
    return re.fullmatch("".join(parts), text) is not None


def run_page(path: Path, folder: Path) -> int:
    """Number of blocks run, all as the page says.

    Raises:
        Mismatch: At the first block that fails or prints something else; names the page's line.
    """
    environment = _environment(folder)
    namespace: dict[str, object] = {"__name__": "__main__"}
    pending: tuple[Block, str] | None = None
    ran = 0
    for block in blocks(path.read_text(encoding="utf-8")):
        where = f"{path.name}:{block.line}"
        if block.language == "text" and pending is not None and block.follows_directly:
            _compare(where, pending[1], block.text)
        pending = None
        if block.language == "python":
            pending = block, _run_python(block, path.name, namespace)
            ran += 1
        elif block.language == "console":
            _run_console(block, where, environment, folder)
            ran += 1
    return ran


def main() -> int:
    """0 if every page says what happens, 1 if one does not or has nothing to run."""
    pages = [Path(name).resolve() for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        os.environ.update(_environment(folder))
        os.chdir(folder)
        try:
            counts = [run_page(page, folder) for page in pages]
        except Mismatch as mismatch:
            print(mismatch, file=sys.stderr)
            return 1
        finally:
            os.chdir(folder.parent)
    for page, count in zip(pages, counts, strict=True):
        print(f"{page.name}: {count} blocks run, all as shown")
    return 0 if pages and all(counts) else 1


def _line_pattern(line: str) -> str:
    return "[^\n]*".join(re.escape(part) for part in line.split("..."))


def _environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GRAPHMEM_")}
    path = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", "")))
    return {**kept, "PATH": path, "HOME": str(folder), "NO_COLOR": "1", "COLUMNS": "100", "TZ": "UTC"}


def _run_python(block: Block, page: str, namespace: dict[str, object]) -> str:
    # Padding makes a traceback name the page's own line.
    code = compile("\n" * (block.line - 1) + block.text, page, "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)  # noqa: S102 - the page is this project's own
    return printed.getvalue()


def _run_console(block: Block, where: str, environment: dict[str, str], folder: Path) -> None:
    for command, shown in commands(block):
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise Mismatch(f"{where}: `{command}` exited with {done.returncode}:\n{done.stdout}")
        _compare(f"{where}: `{command}`", done.stdout, shown)


def _compare(where: str, printed: str, shown: str) -> None:
    if shown.strip() and not agrees(printed, shown):
        raise Mismatch(f"{where} printed\n\n{printed}\nand the page shows\n\n{shown}")


if __name__ == "__main__":
    raise SystemExit(main())
