"""The command line under which hosts start graphmem: absolute, so that no PATH is needed."""

from __future__ import annotations

import shlex
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from graphmem.config import Settings
from graphmem.errors import Unsupported

#: Folders in the path of an environment that uv or pipx removes when it likes.
_TEMPORARY = frozenset({"archive-v0", "builds-v0", "environments-v2"})
_EXTRAS = {"sentence-transformers": "sentence_transformers"}


def program_words() -> list[str]:
    """Return the words that start this installation of graphmem, the first an absolute path.

    Raises:
        Unsupported: The installation is in a cache that is cleaned.
    """
    scripts = Path(sysconfig.get_path("scripts"))
    if _TEMPORARY & set(scripts.parts):
        raise Unsupported(
            f"graphmem runs from a cache that is cleaned ({str(scripts)!r}), so hosts would lose it; run:"
            " uv tool install graphmem, then graphmem install again"
        )
    script = scripts / ("graphmem.exe" if sys.platform == "win32" else "graphmem")
    if script.is_file():
        return [str(script)]
    # -P: files of the current folder must not take the place of modules.
    return [sys.executable, "-P", "-m", "graphmem.cli"]


def command_line(words: list[str]) -> str:
    """Return the words as a line for a shell."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def refuse_missing_extra(settings: Settings) -> None:
    """Refuse settings that need an extra that is not installed: the entry would start a program that fails.

    Raises:
        Unsupported: An extra is missing; the message names it.
    """
    module = _EXTRAS.get(settings.embeddings)
    if module is not None and find_spec(module) is None:
        raise Unsupported(
            f"GRAPHMEM_EMBEDDINGS={settings.embeddings} needs an extra that is not installed; run:"
            f" pip install 'graphmem[{settings.embeddings}]'"
        )
