"""Follows symbols along a mainline: through renamed files, into other files, and under other names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import field

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.symbols.candidates import Candidate, matches
from graphmem.symbols.code_changes import CodeChanges, CommittedEdit, FilePeriod
from graphmem.symbols.definitions import UNPARSED, Definition
from graphmem.symbols.source_file import SourceFile, family, source_file

#: The most moves of a symbol; only an artificial mainline has more.
_MOST_MOVES = 100
#: The most files of a commit that are read, and the most bytes of their contents that are cached.
_MOST_FILES = 400
_MOST_BYTES = 64 << 20
#: Versions of a file that are read together.
_AT_ONCE = 50
#: Bytes that are parsed in all; later files count as unparsable.
_MOST_PARSED_BYTES = 1 << 28
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """A file as a commit left it; `blob` is empty where the commit removed it."""

    position: int
    path: str
    blob: str


@dataclass(frozen=True, slots=True)
class SymbolPosition:
    """A symbol from a commit on: its file, its dotted name, and its text there.

    Attributes:
        position: Position of the commit.
        definition: The definition as the commit left it.
    """

    position: int
    path: str
    name: str
    definition: Definition


@dataclass(slots=True)
class SymbolTrail:
    """A symbol along a mainline.

    Attributes:
        steps: Its positions, from the first commit of the search that defines it; empty if no commit does.
        relocations: The commits that moved it, and the commit that removed it.
        unparsed: The last version of its file, if that does not parse and may define it.
    """

    steps: list[SymbolPosition] = field(default_factory=list)
    relocations: list[Relocation] = field(default_factory=list)
    unparsed: str = ""

    @property
    def is_gone(self) -> bool:
        """Return True if the last commit that moved the symbol removed it."""
        return bool(self.relocations) and self.relocations[-1].basis in {RelocationBasis.GONE, RelocationBasis.SIMILAR}

    @property
    def proposals(self) -> list[Relocation]:
        """The definitions that it may have become."""
        last = self.relocations[-1] if self.relocations else None
        similar = [each for each in self.relocations if each.basis is RelocationBasis.SIMILAR]
        return [each for each in similar if last is not None and each.key == last.key]

    def at(self, position: int) -> SymbolPosition | None:
        """Return the symbol's position at a commit; the first position for earlier commits, None if it has none."""
        found = self.steps[0] if self.steps else None
        for step in self.steps:
            if step.position <= position:
                found = step
        return found


class SymbolFollower:
    """Follows symbols in a repository; contents and changes are read once for all of them.

    Args:
        changes: The repository.
    """

    def __init__(self, changes: CodeChanges) -> None:
        self._changes = changes
        self._edits: dict[str, tuple[int, list[CommittedEdit]]] = {}
        self._texts: dict[str, bytes] = {}
        self._files: dict[tuple[str, str], SourceFile] = {}
        self._commits: dict[int, Sequence[CommittedEdit] | None] = {}
        self._parsed_bytes = 0

    def load(self, paths: Collection[str], after: int) -> None:
        """Read the changes of files by the commits after a position together."""
        wanted = {path for path in paths if path not in self._edits or self._edits[path][0] > after}
        found: dict[str, list[CommittedEdit]] = {path: [] for path in wanted}
        for edit in self._changes.edits_of(wanted, after) if wanted else ():
            if edit.path in found:
                found[edit.path].append(edit)
        self._edits.update((path, (after, edits)) for path, edits in found.items())

    def follow(self, path: str, name: str, position: int) -> SymbolTrail:
        """Return the trail of a symbol from a commit on.

        Args:
            path: Its file at that commit, or the file's path when it appears later.
            name: Its dotted name in the file.
            position: Position of the commit.
        """
        trail = SymbolTrail()
        period = _period_at(self._changes.periods(path), position)
        if period is None:
            return trail
        start = max(position, period.start)
        blob = self._changes.blobs_at([(start, path)]).get((start, path), "")
        first = CommittedFile(start, path, blob)
        for _ in range(_MOST_MOVES):
            moved = self._follow_in(trail, period, first, name)
            if moved is None:
                break
            period, first, name = moved
        return trail

    def _follow_in(
        self, trail: SymbolTrail, period: FilePeriod, first: CommittedFile, name: str
    ) -> tuple[FilePeriod, CommittedFile, str] | None:
        """Follow a symbol in a file; return its position in the next file, None if it moved to no other file."""
        present = self._arrived(trail, first, name)
        is_lost = False
        for version in self._versions(period, first.position):
            text = self._text(version.blob)
            if present is not None and text is not None and not is_lost and _is_kept(present.definition, text):
                trail.unparsed = ""
                present = self._moved_along(trail, present, version)
                continue
            word = name.rpartition(".")[2].encode()
            file = None if text is None or word not in text else self._file(version.path, version.blob, text)
            found = None if file is None else file.named(name)
            if found is not None:
                if is_lost:
                    trail.relocations.append(self._relocation(version, name, RelocationBasis.NAME, version.path, name))
                present, is_lost, trail.unparsed = self._place(trail, version, name, found), False, ""
            elif present is not None and not is_lost:
                if (file is not None and not file.lacks(name)) or (text is None and version.blob):
                    trail.unparsed = version.path
                    continue
                trail.unparsed, is_lost = "", True
                if (further := self._lose(trail, present, version)) is not None or trail.unparsed:
                    return further
        return None

    def _arrived(self, trail: SymbolTrail, version: CommittedFile, name: str) -> SymbolPosition | None:
        text = self._text(version.blob)
        found = None if text is None else self._file(version.path, version.blob, text).named(name)
        return None if found is None else self._place(trail, version, name, found)

    def _place(self, trail: SymbolTrail, version: CommittedFile, name: str, found: Definition) -> SymbolPosition:
        made = SymbolPosition(version.position, version.path, name, found)
        trail.steps.append(made)
        return made

    def _moved_along(self, trail: SymbolTrail, present: SymbolPosition, version: CommittedFile) -> SymbolPosition:
        """Return the symbol in a version that has its text unchanged; add a step only if the file's path differs."""
        if present.path == version.path:
            return present
        return self._place(trail, version, present.name, present.definition)

    def _lose(
        self, trail: SymbolTrail, present: SymbolPosition, version: CommittedFile
    ) -> tuple[FilePeriod, CommittedFile, str] | None:
        """Look for a lost symbol in the files of the commit; return its next position, None if it is not certain."""
        edits = self._edits_at(version.position)
        if edits is None:
            trail.unparsed = version.path
            return None
        found = matches(present.definition, present.path, self._candidates(present, edits))
        for match in found:
            path, name = match.candidate.path, match.candidate.definition.name
            percent = round(match.similarity * _PERCENT)
            relocation = Relocation(
                self._changes.commit_at(version.position), present.path, match.basis, present.name, path, name, percent
            )
            trail.relocations.append(relocation)
            if match.basis is not RelocationBasis.SIMILAR:
                period = _period_at(self._changes.periods(path), version.position)
                if period is None:
                    return None
                blob = self._changes.blobs_at([(version.position, path)]).get((version.position, path), "")
                return period, CommittedFile(version.position, path, blob), name
        if not found:
            commit = self._changes.commit_at(version.position)
            trail.relocations.append(Relocation(commit, present.path, RelocationBasis.GONE, present.name))
        return None

    def _relocation(
        self, version: CommittedFile, name: str, basis: RelocationBasis, new_path: str, new_name: str
    ) -> Relocation:
        commit = self._changes.commit_at(version.position)
        return Relocation(commit, version.path, basis, name, new_path, new_name)

    # ---- definitions that a commit added

    def _candidates(self, lost: SymbolPosition, changed: Sequence[CommittedEdit]) -> Iterator[Candidate]:
        """Yield the definitions that the files of a commit have and did not have before."""
        edits = [edit for edit in changed if edit.blob and family(edit.path) == family(lost.path)]
        edits.sort(key=lambda edit: (edit.path != lost.path, edit.path))
        edits = edits[:_MOST_FILES]
        for start in range(0, len(edits), _AT_ONCE):
            part = edits[start : start + _AT_ONCE]
            self._read([blob for edit in part for blob in (edit.blob, edit.old_blob)])
            for edit in part:
                if (text := self._text(edit.blob)) is not None:
                    yield from self._new_in(edit, lost, text, self._text(edit.old_blob) or b"")

    def _new_in(self, edit: CommittedEdit, lost: SymbolPosition, text: bytes, before: bytes) -> Iterator[Candidate]:
        new = self._file(edit.path, edit.blob, text)
        old = self._file(edit.old_path, edit.old_blob, before)
        listed: Iterable[Definition] = () if new.definitions is None else new.definitions.listed
        if new.definitions is None and (found := new.named(lost.name)) is not None:
            listed = (found,)
        names = set() if old.definitions is None else {each.name for each in old.definitions.listed}
        for each in listed:
            is_old = each.name in names or (old.definitions is None and old.named(each.name) is not None)
            if not is_old:
                yield Candidate(edit.path, each)

    def _edits_at(self, position: int) -> Sequence[CommittedEdit] | None:
        """Return the changes of a commit; None if they cannot be read, or are very many."""
        if position not in self._commits:
            self._commits[position] = self._changes.edits_at([position]).get(position)
        return self._commits[position]

    # ---- versions of a file

    def _versions(self, period: FilePeriod, after: int) -> Iterator[CommittedFile]:
        """Yield the versions of a file after a commit, under all paths that it has from then on."""
        life = sorted(self._changes.lineage(period.lineage), key=lambda each: each.start)
        self.load({each.path for each in life}, after)
        here: FilePeriod | None = period
        while here is not None:
            end = here.end
            edits = [each for each in self._edits[here.path][1] if after < each.position < (end or each.position + 1)]
            for index, edit in enumerate(edits):
                if index % _AT_ONCE == 0:
                    self._read([each.blob for each in edits[index : index + _AT_ONCE]])
                yield CommittedFile(edit.position, here.path, edit.blob)
            if here.end is None:
                return
            following = _next_period(life, here)
            if following is None or following.start > here.end:
                yield CommittedFile(here.end, here.path, "")
            if following is not None:
                after = max(following.start, here.end)
                found = self._changes.blobs_at([(after, following.path)])
                yield CommittedFile(after, following.path, found.get((after, following.path), ""))
            here = following

    def _read(self, blobs: Collection[str]) -> None:
        """Read contents that are needed next; those that were read before are kept while they are few."""
        missing = {blob for blob in blobs if blob} - self._texts.keys()
        if sum(map(len, self._texts.values())) > _MOST_BYTES:
            self._texts.clear()
            self._files.clear()
            missing = {blob for blob in blobs if blob}
        self._texts.update(self._changes.texts(missing) if missing else {})

    def _text(self, blob: str) -> bytes | None:
        if blob and blob not in self._texts:
            self._read([blob])
        return self._texts.get(blob)

    def _file(self, path: str, blob: str, text: bytes) -> SourceFile:
        key = path, blob
        if key not in self._files:
            self._parsed_bytes += len(text)
            is_parsed = self._parsed_bytes <= _MOST_PARSED_BYTES
            self._files[key] = source_file(path, text) if is_parsed else SourceFile(path, text, UNPARSED)
        return self._files[key]


def _period_at(periods: Sequence[FilePeriod], position: int) -> FilePeriod | None:
    """Return the period that covers a commit, else the next period; None if there is none."""
    later = [each for each in periods if each.end is None or each.end > position]
    return min(later, key=lambda each: each.start, default=None)


def _next_period(life: Sequence[FilePeriod], period: FilePeriod) -> FilePeriod | None:
    """Return the period after another: the period that covers its end, else the next to start."""
    assert period.end is not None, "an open period has no next one"  # noqa: S101
    end = period.end
    there = [each for each in life if each is not period and each.start <= end and (each.end is None or each.end > end)]
    if there:
        return max(there, key=lambda each: each.start)
    return min((each for each in life if each.start > end), key=lambda each: each.start, default=None)


def _is_kept(definition: Definition, text: bytes) -> bool:
    """Return True if a version of a file has a definition unchanged, with the first lines of those around it."""
    return definition.text in text and all(head in text for head in definition.heads)
