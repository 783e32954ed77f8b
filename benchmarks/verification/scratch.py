"""Commits on top of a repository, written without a work tree."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_DAY_S = 86_400
_START_S = 1_735_689_600


class ScratchRepository:
    """A bare repository that shares the objects of another, or has its own."""

    def __init__(self, root: Path, origin: Path | None = None) -> None:
        self.root = root
        self.days = 0
        if origin is None:
            subprocess.run(["git", "init", "--quiet", "--bare", str(root)], check=True)
            self.start_s = _START_S
        else:
            words = ["git", "clone", "--quiet", "--bare", "--shared", str(origin), str(root)]
            subprocess.run(words, check=True)
            self.start_s = int(self.git("log", "-1", "--format=%ct", "HEAD"))
            self.git("read-tree", "HEAD")

    def git(self, *words: str, sent: bytes = b"") -> str:
        """The output of a git command in the repository."""
        moment = f"@{self.start_s + self.days * _DAY_S if self.days else 0} +0000"
        named = {
            f"GIT_{role}_{part}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
        }
        dated = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        environment = {**os.environ, **named, **dated, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        command = ["git", *words]
        done = subprocess.run(command, cwd=self.root, env=environment, input=sent, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, files: Mapping[str, bytes | None]) -> str:
        """Write, or for None remove, files and commit a day later; returns the hash."""
        self.days += 1
        blobs = {
            path: self.git("hash-object", "-w", "--stdin", sent=text)
            for path, text in files.items()
            if text is not None
        }
        return self.commit_blobs({path: blobs.get(path) for path in files})

    def commit_blobs(self, blobs: Mapping[str, str | None]) -> str:
        """Set paths to contents by their hashes, or remove them, and commit; returns the hash."""
        lines = [f"0 {'0' * 40}\t{path}" if blob is None else f"100644 {blob}\t{path}" for path, blob in blobs.items()]
        self.git(
            "update-index",
            "--index-info",
            sent="".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"),
        )
        tree = self.git("write-tree", "--missing-ok")
        try:
            parent = ("-p", self.git("rev-parse", "--verify", "HEAD"))
        except subprocess.CalledProcessError:
            parent = ()  # type: ignore[assignment]
        made = self.git("commit-tree", tree, *parent, "-m", "change")
        self.git("update-ref", "HEAD", made)
        return made
