"""The authors of a mainline's commits, as hashes of their addresses after `.mailmap`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from graphmem.repository.authors import UNKNOWN, AuthorRows
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.path_names import text_of_path
from graphmem.sources.git.lineages import Lineages
from graphmem.sources.git.mailmap import MAILMAP, MAX_BYTES, Mailmap, Person
from graphmem.sources.git.mainline import MainlineCommit
from graphmem.sources.git.runner import GitFailure, git_stream

_LOG = (
    *("log", "--no-walk=unsorted", "--ignore-missing", "--no-show-signature"),
    *("--format=%H%x00%P%x00%an%x00%ae%x00", "--stdin"),
)
_AT_ONCE = 20_000
_HASH_CHARS = 16


class CommitHead(NamedTuple):
    """The parents and the author of a commit, as the commit has them."""

    parents: tuple[str, ...]
    person: Person


class CommitAuthors:
    """The authors of the commits that are being read, and the files that the commits modify.

    The author of a merge is that of the last commit that it brought.

    Args:
        root: A folder of the repository.
        line: Hashes of the mainline's commits in order; `.mailmap` of the last of them counts.
        history: The result of earlier readings.
        fork: Position of the first commit that is new.
        most: The most commits that are noted between two calls of `rows`.
    """

    def __init__(self, root: Path, line: Sequence[str], history: MainlineHistory, fork: int, most: int) -> None:
        self._root = root
        self._line = line
        self._history = history
        self._fork = fork
        self._edits: dict[int, list[int]] = {}
        self._heads: dict[str, CommitHead] = {}
        self._is_mailmap_touched = False
        is_complete = history.authors.has_all
        self._edit_start = fork if is_complete else 0
        self._start = self._edit_start
        self._mailmap: Mailmap | None = None
        self._mark = history.authors.mailmap
        #: Whether `.mailmap` is that of the last reading unless a commit that is being read changes it.
        self._continues = is_complete and fork == len(history.shas) and len(line) - fork <= most
        if not self._continues:
            self._read_mailmap()

    @property
    def is_needed(self) -> bool:
        """True if commits that were read before are read again for their authors."""
        return self._start < self._fork

    @property
    def lacks_edits(self) -> bool:
        """True if the changes of commits that were read before are needed: `note_earlier` takes them."""
        return self._edit_start < self._fork

    def note_earlier(self, commits: Iterable[MainlineCommit]) -> None:
        """Take the files that commits before the first new one modified."""
        for commit in commits:
            if commit.position >= self._fork:
                return
            for change in commit.raw.changes:
                if change.status in "MT":
                    segment = self._history.segment_at(text_of_path(change.path), commit.position)
                    if segment is not None:
                        self._edits.setdefault(commit.position, []).append(segment.number)

    def note(self, commit: MainlineCommit) -> None:
        """Take the author of a new commit; a commit that is read again has no effect."""
        if commit.position >= self._fork:
            raw = commit.raw
            self._heads[raw.sha] = CommitHead(raw.parents, Person(_plain(raw.name), _plain(raw.email)))
            self._is_mailmap_touched |= any(MAILMAP in {change.path, change.old_path} for change in raw.changes)

    def rows(self, end: int, lineages: Lineages | None = None) -> AuthorRows:
        """Return the authors of the commits up to a position that were not returned before.

        Args:
            end: The position after the last of the commits.
            lineages: The lineages that read them; what they noted as edited is taken.
        """
        for position, number in lineages.take_edited() if lineages is not None else ():
            if position >= self._fork:
                self._edits.setdefault(position, []).append(number)
        people = self._people(end)
        index: dict[str, int] = {}
        of = [UNKNOWN if person is None else index.setdefault(_address_hash(person), len(index)) for person in people]
        edits = tuple(tuple(self._edits.pop(position, ())) for position in range(self._edit_start, end))
        rows = AuthorRows(self._start, self._mark, tuple(index), tuple(of), self._edit_start, edits)
        self._start = self._edit_start = end
        return rows

    def _people(self, end: int) -> list[Person | None]:
        """Return the authors of the commits from the first that was not returned up to a position."""
        shas = self._line[self._start : end]
        if self._continues and shas and (self._mark or self._is_mailmap_touched or len(self._heads) < len(shas)):
            self._read_mailmap()
            shas = self._line[self._start : end]
        people = people_of(self._root, shas, self._mailmap or Mailmap(), self._heads) if shas else []
        self._heads = {}
        return people

    def _read_mailmap(self) -> None:
        """Read `.mailmap`; if it is another than before, the authors of all commits are read again."""
        text = mailmap_of(self._root, self._line[-1])
        mark = hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARS] if text else ""
        self._mailmap = Mailmap(text)
        self._start = self._start if mark == self._mark else 0
        self._mark = mark


def _plain(text: str) -> str:
    """Return a text of a log with a replacement character for each byte that is not UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def people_of(
    root: Path, shas: Sequence[str], mailmap: Mailmap, known: Mapping[str, CommitHead] = MappingProxyType({})
) -> list[Person | None]:
    """Return the author of each commit after `.mailmap`; of a merge, that of the last commit that it brought.

    None stands for commits that git lacks.

    Args:
        root: A folder of the repository.
        shas: The commits.
        mailmap: The entries of `.mailmap`.
        known: Commits that need not be read again.
    """
    heads = {**_heads(root, [sha for sha in shas if sha not in known]), **known}
    brought = _heads(root, [head.parents[1] for sha in shas if (head := heads.get(sha)) and len(head.parents) > 1])
    found: list[Person | None] = []
    for sha in shas:
        head = heads.get(sha)
        if head is not None and len(head.parents) > 1:
            head = brought.get(head.parents[1], head)
        found.append(None if head is None else mailmap.person(*head.person))
    return found


def mailmap_of(root: Path, commit: str) -> str:
    """Return the text of `.mailmap` in a commit; empty if there is none, or if it is too large."""
    read = b""
    try:
        for chunk in git_stream(root, ("cat-file", "blob", "--end-of-options", f"{commit}:{MAILMAP}")):
            read += chunk
            if len(read) > MAX_BYTES:
                return ""
    except GitFailure:
        return ""
    return read.decode("utf-8", "replace")


def _heads(root: Path, shas: Sequence[str]) -> dict[str, CommitHead]:
    """Return the head of each commit that git has."""
    made: dict[str, CommitHead] = {}
    for start in range(0, len(shas), _AT_ONCE):
        sent = "".join(f"{sha}\n" for sha in shas[start : start + _AT_ONCE]).encode("ascii")
        try:
            text = b"".join(git_stream(root, _LOG, sent=sent)).decode("utf-8", "replace")
        except GitFailure:
            continue
        words = text.split("\0")
        for sha, parents, name, email in zip(*(words[at:-1:4] for at in range(4)), strict=True):
            made[sha.lstrip("\n")] = CommitHead(tuple(parents.split()), Person(name, email))
    return made


def _address_hash(person: Person) -> str:
    """Return a hash without a key, which the ledger replaces: it never has an address or a name."""
    return hashlib.sha256((person.email or f"\0{person.name}").casefold().encode("utf-8", "replace")).hexdigest()


def names_of_commits(root: Path, shas: Sequence[str]) -> dict[str, str]:
    """Return the author's name of each commit that the repository in a folder has, after `.mailmap` of `HEAD`."""
    people = people_of(root, shas, Mailmap(mailmap_of(root, "HEAD")))
    return {sha: person.name for sha, person in zip(shas, people, strict=True) if person is not None and person.name}
