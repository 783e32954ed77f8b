"""Commands and dependencies of memories in the manifests of a repository, now and before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.code_verdict import CodeStatus
from graphmem.verification.code_history import CodeHistory
from graphmem.verification.manifests import declares, defines, manifest_test
from graphmem.verification.references import CodeReference
from graphmem.verification.verdicts import CodeEvidence, CodeFinding, ReferenceKind
from graphmem.verification.watches import name_watch

_MOST_VERSIONS = 100

#: The line at which a text (of a path) has a command or a dependency; None if it does not.
Finder = Callable[[str, str], int | None]


@dataclass(slots=True)
class ManifestSearch:
    """Searches for commands and dependencies in the manifests of a repository, whose contents are read once."""

    history: CodeHistory
    _paths: dict[str | None, tuple[str, ...]] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    def finding(self, reference: CodeReference, since: int) -> CodeFinding:
        """The finding for a command or a dependency.

        Args:
            reference: A command or a dependency.
            since: Position of the commit at which the memory was recorded.
        """
        paths = self._manifests(reference)
        if reference.kind is ReferenceKind.COMMAND:
            finders: list[Finder] = [lambda path, text: defines(path, text, reference.target)]
        else:
            finders = [_declaration(name) for name in dependency_names(reference.target)]
        for finder in finders:
            if evidence := self._now(paths, finder):
                path = (evidence.path,)
                return CodeFinding(reference.kind, reference.target, CodeStatus.VERIFIED, "is there", (evidence,), path)
        for finder in finders:
            if lost := self._before(paths, finder, since):
                return CodeFinding(reference.kind, reference.target, CodeStatus.BROKEN, "was removed", lost)
        reason = "was never there since it was recorded"
        return CodeFinding(reference.kind, reference.target, CodeStatus.UNDECIDED, reason)

    def watches(self, reference: CodeReference) -> Iterator[str]:
        """Watches for the manifests that can have a command or a dependency."""
        yield from (name_watch(path) for path in self._manifests(reference))
        if reference.kind is ReferenceKind.COMMAND:
            yield from (f"*/{name}" for name in ("Makefile", "package.json", "justfile", "tox.ini", "pyproject.toml"))

    def _manifests(self, reference: CodeReference) -> tuple[str, ...]:
        """Paths of the manifests that can have a command or a dependency, those nearest to the root first."""
        command = reference.target if reference.kind is ReferenceKind.COMMAND else None
        key = None if command is None else command.rpartition(" ")[0]
        if key not in self._paths:
            is_selected = manifest_test(command)
            selected = (path for path in self.history.manifests() if is_selected(path.rpartition("/")[2]))
            self._paths[key] = tuple(sorted(selected, key=lambda path: (path.count("/"), path)))
        return self._paths[key]

    def _now(self, paths: Iterable[str], finder: Finder) -> CodeEvidence | None:
        blobs = {path: blob for path in paths if (blob := self.history.blob(path)) is not None}
        self._read(blobs.values())
        for path, blob in blobs.items():
            if (line := finder(path, self._texts.get(blob, ""))) is not None:
                commit = None if self.history.is_uncommitted(path) else self.history.commit
                return CodeEvidence(commit, path, ((line, line),))
        return None

    def _before(self, paths: Iterable[str], finder: Finder, since: int) -> tuple[CodeEvidence, ...]:
        """The last version since a position that had it, and the commit that removed it; empty if there is none."""
        versions = {path: self._versions(path, since) for path in paths}
        self._read(blob for listed in versions.values() for _, blob in listed)
        for path, listed in versions.items():
            following: int | None = None
            for position, blob in reversed(listed):
                if (line := finder(path, self._texts.get(blob, ""))) is not None:
                    commit = None if following is None else self.history.commit_at(following)
                    return CodeEvidence(self.history.commit_at(position), path, ((line, line),)), CodeEvidence(
                        commit, path
                    )
                following = position
        return ()

    def _versions(self, path: str, since: int) -> list[tuple[int, str]]:
        """The version of a manifest at a position and those after it; of many, the last."""
        versions = self.history.versions(path)
        start = bisect_right([position for position, _ in versions], since)
        return list(versions[max(start - 1, 0) :][-_MOST_VERSIONS:])

    def _read(self, blobs: Iterable[str]) -> None:
        wanted = {blob for blob in blobs if blob and blob not in self._texts}
        if wanted:
            texts = self.history.texts(wanted)
            self._texts |= {blob: texts.get(blob, b"").decode("utf-8", "replace") for blob in wanted}


def dependency_names(target: str) -> tuple[str, ...]:
    """The names that the rest of a subject can mean, the longest first.

    `python.httpx` is `python.httpx` or `httpx`, `maven.org.example:core` may also be `core`.
    """
    parts = target.split(".")
    names = [".".join(parts[start:]) for start in range(min(len(parts), 2))]
    return tuple(filter(None, (*names, *(target.rpartition(":")[2:] if ":" in target else ()))))


def _declaration(name: str) -> Finder:
    return lambda _path, text: declares(text, name)
