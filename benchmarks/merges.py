"""How surely merges are recognised: side branches of real repositories, merged again in the usual ways.

python -m benchmarks.merges FOLDER...     a table for each repository; FOLDER is a clone, bare or not; it is only read

The truth is made: the second parents of merge commits on the main line are branches. Each is merged once more, in a
copy, as a squash and as a rebase of its commits; what was edited meanwhile, was picked in part, or is not merged yet
must not be found. A merge whose lines are of neither side was edited by hand: it may stay open, and is counted apart.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graphmem.sources.git.mainline import find_mainline
from graphmem.sources.git.merges import MainlinePatches, Merge, MergeFinder, mainline_patches

MOST_BRANCHES = 100
#: Words of a line of `rev-list --parents` for a merge of two, and of a line of `diff-tree`.
WITH_TWO_PARENTS, RAW_FIELDS = 3, 5
MUST_BE_FOUND = ("merge commit", "squash", "squash, undone", "rebase", "squash, by hand")
MUST_NOT = ("not merged yet", "squash, edited", "rebase, edited", "rebase, a part")


def main() -> None:
    """Print a table for each repository."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--branches", type=int, default=MOST_BRANCHES)
    parser.add_argument("--show", action="store_true", help="print each case that is not as it must be")
    asked = parser.parse_args()
    for folder in asked.folders:
        print_table(folder, asked.branches, is_shown=asked.show)


def print_table(folder: Path, most: int, *, is_shown: bool) -> None:
    """Of how many branches each way of merging was found, and of how many that must not be found one was."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Copy(folder, Path(temporary))
        start = time.perf_counter()
        line, patches = copy.line, mainline_patches(copy.root, copy.tip)
        print(
            f"{folder.name if folder.name != 'repo' else folder.parent.name}: {len(line)} commits of the main line,",
            end=" ",
        )
        print(f"{len(patches.patches)} patches in {time.perf_counter() - start:.1f} s")
        tried, right, elapsed = Counter[str](), Counter[str](), 0.0
        for case in copy.cases(patches, most):
            begun = time.perf_counter()
            found = MergeFinder(copy.root, case.tip, case.patches).merge_of(case.head)
            elapsed += time.perf_counter() - begun
            tried[case.name] += 1
            right[case.name] += case.is_answered_by(found)
            if is_shown and not case.is_answered_by(found):
                print("   ", case.name, case.head, found)
        for name in (*MUST_BE_FOUND, *MUST_NOT):
            print(f"  {name:16}{right[name]:5} of {tried[name]:4} right")
        print(f"  {elapsed / max(sum(tried.values()), 1) * 1000:.0f} ms a branch")


@dataclass(frozen=True, slots=True)
class Case:
    """A branch, a main line, and what must be found: the commit that merged it, or nothing."""

    name: str
    head: str
    tip: str
    patches: MainlinePatches
    commit: str | None = None
    reverted_by: str | None = None

    def is_answered_by(self, found: Merge | None) -> bool:
        """Whether the answer is right."""
        if found is None or self.commit is None:
            return found is None and self.commit is None
        return found.commit == self.commit and self.reverted_by in (None, found.reverted_by)


class Copy:
    """A bare copy of a repository that shares its objects; commits are made in it without a work tree."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        self.root = temporary / "copy"
        self.root.mkdir()
        self.git("init", "--quiet", "--bare", ".")
        objects = (folder / ".git" if (folder / ".git").is_dir() else folder) / "objects"
        (self.root / "objects" / "info" / "alternates").write_text(f"{objects.resolve()}\n", encoding="utf-8")
        mainline = find_mainline(folder)
        self.tip, self.line = mainline.tip, mainline.shas
        self.index = temporary / "index"

    def git(self, *words: str, sent: bytes = b"") -> str:
        """Run git in the copy, with an index of its own."""
        named = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        dated = {"GIT_AUTHOR_DATE": "@1700000000 +0000", "GIT_COMMITTER_DATE": "@1700000000 +0000"}
        apart = {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_INDEX_FILE": str(self.root.parent / "index"),
        }
        environment = {**os.environ, **named, **dated, **apart}
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=environment, input=sent, capture_output=True, check=True
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def cases(self, patches: MainlinePatches, most: int) -> Iterator[Case]:
        """Every case of some branches, spread over the whole main line."""
        before = {patch.commit: index for index, patch in enumerate(patches.patches)}
        counted = self.git("rev-list", "--first-parent", "--merges", "--reverse", "--parents", self.tip).splitlines()
        merges = [words for words in map(str.split, counted) if len(words) == WITH_TWO_PARENTS]
        for merge, parent, head in merges[:: max(len(merges) // most, 1)][:most]:
            if self._is_on(head, parent) or merge not in before:
                continue
            yield Case("merge commit", head, self.tip, patches, self._first_with(head), None)
            part = MainlinePatches(patches.patches[: before[merge]])
            yield Case("not merged yet", head, parent, part)
            yield from self._squashes(merge, parent, head, part)
            yield from self._rebases(parent, head, part)

    def _is_on(self, commit: str, tip: str) -> bool:
        return commit in self.git("merge-base", "--all", commit, tip).split()

    def _first_with(self, head: str) -> str:
        """The first commit of the main line that contains a head, by bisection."""
        low, high = 0, len(self.line) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._is_on(head, self.line[middle]) else (middle + 1, high)
        return self.line[low]

    def _squashes(self, merge: str, parent: str, head: str, part: MainlinePatches) -> Iterator[Case]:
        squash = self._commit(self.git("rev-parse", f"{merge}^{{tree}}"), parent)
        known = part.plus(mainline_patches(self.root, squash, after=parent))
        # Lines that differ from both sides were written while merging.
        if self.git("diff-tree", "--cc", "--no-commit-id", merge):
            yield Case("squash, by hand", head, squash, known, squash)
            return
        yield Case("squash", head, squash, known, squash)
        undone = self._commit(self.git("rev-parse", f"{parent}^{{tree}}"), squash)
        yield Case(
            "squash, undone",
            head,
            undone,
            known.plus(mainline_patches(self.root, undone, after=squash)),
            squash,
            undone,
        )
        edited = self._edited(merge, parent)
        if edited is not None:
            yield Case("squash, edited", head, edited, part.plus(mainline_patches(self.root, edited, after=parent)))

    def _rebases(self, parent: str, head: str, part: MainlinePatches) -> Iterator[Case]:
        own = self.git("rev-list", "--reverse", "--topo-order", head, f"^{parent}").split()
        if self.git("rev-list", "--merges", head, f"^{parent}") or not own:
            return
        tips = [parent]
        for commit in own:
            try:
                tips.append(self._picked(commit, tips[-1]))
            except subprocess.CalledProcessError:
                return  # a conflict: nobody can rebase this without edits
        yield Case("rebase", head, tips[-1], part.plus(mainline_patches(self.root, tips[-1], after=parent)), tips[-1])
        if len(own) > 1:
            yield Case("rebase, a part", head, tips[-2], part.plus(mainline_patches(self.root, tips[-2], after=parent)))
        edited = self._edited(tips[-1], tips[-2])
        if edited is not None:
            yield Case("rebase, edited", head, edited, part.plus(mainline_patches(self.root, edited, after=parent)))

    def _picked(self, commit: str, onto: str) -> str:
        self.git("read-tree", onto)
        patch = self.git("diff-tree", "-p", "--binary", "--full-index", f"{commit}^", commit)
        if patch:
            self.git("apply", "--cached", "--whitespace=nowarn", sent=f"{patch}\n".encode("utf-8", "surrogateescape"))
        return self._commit(self.git("write-tree"), onto)

    def _edited(self, commit: str, parent: str) -> str | None:
        """The commit with another line in one of the files that it changed."""
        for row in self.git("diff-tree", "-r", "-z", "--no-renames", parent, commit).removeprefix(":").split("\0:"):
            fields, _, path = row.rstrip("\0").partition("\0")
            words = fields.split(" ")
            if len(words) == RAW_FIELDS and words[1] == "100644":
                text = subprocess.run(
                    ["git", "cat-file", "blob", words[3]], cwd=self.root, capture_output=True, check=True
                ).stdout
                blob = self.git("hash-object", "-w", "--stdin", sent=text + b"edited while it was merged\n")
                self.git("read-tree", commit)
                self.git("update-index", "--cacheinfo", f"100644,{blob},{path}")
                return self._commit(self.git("write-tree"), parent)
        return None

    def _commit(self, tree: str, parent: str) -> str:
        return self.git("commit-tree", "-p", parent, "-m", "made", tree)


if __name__ == "__main__":
    main()
