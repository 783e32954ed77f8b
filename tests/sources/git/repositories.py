"""Repositories that tests make."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_NOON_S = 1_700_000_000
_DAY_S = 86_400


@dataclass
class Repository:
    """A repository whose commits are a day apart.

    Attributes:
        days: Days of the commits so far.
    """

    root: Path
    days: int = field(default=0)

    @classmethod
    def made(cls, root: Path) -> Repository:
        """A new repository without a commit."""
        root.mkdir(parents=True)
        made = cls(root)
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    def git(self, *words: str, at_s: int | None = None, text: str | None = None) -> str:
        """Run git; at a time in seconds since 1970, for a commit."""
        moment = f"@{_NOON_S if at_s is None else at_s} +0000"
        named = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        dated = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", *words],
            cwd=self.root,
            env={**os.environ, **named, **dated, **settings},
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, **files: str) -> None:
        """Write files; `__` in a name stands for a slash, `_dot_` for a dot."""
        for name, text in files.items():
            path = self.root / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def commit(self, at_s: int | None = None) -> str:
        """Commit all that changed, a day after the commit before it; returns its hash."""
        self.days += 1
        self.git("add", "--all")
        self.git(
            "commit", "--quiet", "--allow-empty", "--message=change",
            at_s=_NOON_S + self.days * _DAY_S if at_s is None else at_s,
        )  # fmt: skip
        return self.git("rev-parse", "HEAD")


def body(seed: str, lines: int = 30) -> str:
    """A text of so many lines, all of them its own."""
    return "".join(f"{seed} says line number {number} of this file\n" for number in range(lines))
