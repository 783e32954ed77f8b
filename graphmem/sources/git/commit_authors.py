"""The authors of a mainline's commits, as hashes of their addresses after `.mailmap`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

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


class CommitAuthors:
    """The authors of the commits that are being read, and the files that the commits modify.

    The author of a merge is that of the last commit that it brought.

    Args:
        root: A folder of the repository.
        line: Hashes of the mainline's commits in order; `.mailmap` of the last of them counts.
        history: The result of earlier readings.
        fork: Position of the first commit that is new.
    """

    def __init__(self, root: Path, line: Sequence[str], history: MainlineHistory, fork: int) -> None:
        self._root = root
        self._line = line
        self._history = history
        text = mailmap_of(root, line[-1])
        self._mailmap = Mailmap(text)
        self._mark = hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARS] if text else ""
        is_complete = history.authors.has_all
        self._start = fork if is_complete and history.authors.mailmap == self._mark else 0
        self._edit_start = fork if is_complete else 0
        self._fork = fork
        self._edits: dict[int, list[int]] = {}

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

    def rows(self, end: int, lineages: Lineages | None = None) -> AuthorRows:
        """Return the authors of the commits up to a position that were not returned before.

        Args:
            end: The position after the last of the commits.
            lineages: The lineages that read them; what they noted as edited is taken.
        """
        for position, number in lineages.take_edited() if lineages is not None else ():
            if position >= self._fork:
                self._edits.setdefault(position, []).append(number)
        people = people_of(self._root, self._line[self._start : end], self._mailmap)
        index: dict[str, int] = {}
        of = [UNKNOWN if person is None else index.setdefault(_address_hash(person), len(index)) for person in people]
        edits = tuple(tuple(self._edits.pop(position, ())) for position in range(self._edit_start, end))
        rows = AuthorRows(self._start, self._mark, tuple(index), tuple(of), self._edit_start, edits)
        self._start = self._edit_start = end
        return rows


def people_of(root: Path, shas: Sequence[str], mailmap: Mailmap) -> list[Person | None]:
    """Return the author of each commit after `.mailmap`; of a merge, that of the last commit that it brought.

    None stands for commits that git lacks.
    """
    heads = _heads(root, shas)
    merged = [parents[1] for parents, _ in heads.values() if len(parents) > 1]
    brought = _heads(root, merged)
    found: list[Person | None] = []
    for sha in shas:
        parents, person = heads.get(sha, ((), None))
        if len(parents) > 1 and parents[1] in brought:
            person = brought[parents[1]][1]
        found.append(None if person is None else mailmap.person(*person))
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


def _heads(root: Path, shas: Sequence[str]) -> dict[str, tuple[tuple[str, ...], Person]]:
    """Return the parents and the author of each commit that git has."""
    made: dict[str, tuple[tuple[str, ...], Person]] = {}
    for start in range(0, len(shas), _AT_ONCE):
        sent = "".join(f"{sha}\n" for sha in shas[start : start + _AT_ONCE]).encode("ascii")
        try:
            text = b"".join(git_stream(root, _LOG, sent=sent)).decode("utf-8", "replace")
        except GitFailure:
            continue
        words = text.split("\0")
        for sha, parents, name, email in zip(*(words[at:-1:4] for at in range(4)), strict=True):
            made[sha.lstrip("\n")] = tuple(parents.split()), Person(name, email)
    return made


def _address_hash(person: Person) -> str:
    """Return a hash without a key, which the ledger replaces: it never has an address or a name."""
    return hashlib.sha256((person.email or f"\0{person.name}").casefold().encode("utf-8", "replace")).hexdigest()


def names_of_commits(root: Path, shas: Sequence[str]) -> dict[str, str]:
    """Return the author's name of each commit that the repository in a folder has, after `.mailmap` of `HEAD`."""
    people = people_of(root, shas, Mailmap(mailmap_of(root, "HEAD")))
    return {sha: person.name for sha, person in zip(shas, people, strict=True) if person is not None and person.name}
