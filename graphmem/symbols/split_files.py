"""Finds the commits that took lines out of files and put them into others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.symbols.code_changes import CodeChanges, CommittedEdit, FilePeriod
from graphmem.symbols.file_parts import LEAST_LINES, FileContents, file_parts, telling_lines

_PERCENT = 100
#: Commits whose contents are in memory together, files of a commit that are read, and the sum of their sizes.
_AT_ONCE = 20
_EDITS_AT_ONCE = 100
_MOST_FILES = 400
_MOST_BYTES = 64 << 20


def split_files(changes: CodeChanges, files: Collection[int], after: int) -> Iterator[Relocation]:
    """Yield the relocations of files' lines by the commits after a position.

    Args:
        changes: The repository.
        files: Numbers of the files' lineages.
        after: Position of a commit.

    Returns:
        A relocation for each file that has lines of another, in the order of the commits.
    """
    periods = [period for number in sorted(files) for period in changes.lineage(number)]
    edits = changes.edits_of({period.path for period in periods}, after)
    of_path: dict[str, list[FilePeriod]] = {}
    for period in periods:
        of_path.setdefault(period.path, []).append(period)
    cuts = [each for each in edits if each.old_blob and any(_is_of(period, each) for period in of_path[each.path])]
    wanted: dict[int, set[str]] = {}
    for start in range(0, len(cuts), _EDITS_AT_ONCE):
        for edit in _shrinking(changes, cuts[start : start + _EDITS_AT_ONCE]):
            wanted.setdefault(edit.position, set()).add(edit.path)
    positions = sorted(wanted)
    for start in range(0, len(positions), _AT_ONCE):
        part = positions[start : start + _AT_ONCE]
        for position, listed in sorted(changes.edits_at(part).items()):
            if _is_split(listed, wanted[position]):
                yield from _relocations(changes, position, listed, wanted[position])


def _shrinking(changes: CodeChanges, edits: Sequence[CommittedEdit]) -> Iterator[CommittedEdit]:
    """Yield the changes that took enough lines out of a file."""
    texts = changes.texts({blob for edit in edits for blob in (edit.old_blob, edit.blob) if blob})
    for edit in edits:
        lost = telling_lines(texts.get(edit.old_blob, b"")) - telling_lines(texts.get(edit.blob, b""))
        if lost.total() >= LEAST_LINES:
            yield edit


def _is_of(period: FilePeriod, edit: CommittedEdit) -> bool:
    """Return True if a file had a path before a commit."""
    return period.start < edit.position and (period.end is None or edit.position <= period.end)


def _is_split(edits: Sequence[CommittedEdit], paths: Collection[str]) -> bool:
    """Return True if a commit can have moved lines out of files: it adds files, or deletes any of `paths`."""
    return any(not edit.old_blob for edit in edits) or any(not edit.blob and edit.old_path in paths for edit in edits)


def _relocations(
    changes: CodeChanges, position: int, edits: Sequence[CommittedEdit], paths: Collection[str]
) -> Iterator[Relocation]:
    few = sorted(edits, key=lambda edit: (edit.old_path not in paths, bool(edit.old_blob), edit.path))[:_MOST_FILES]
    texts = changes.texts({blob for edit in few for blob in (edit.old_blob, edit.blob) if blob})
    if sum(map(len, texts.values())) > _MOST_BYTES:
        return
    files = [
        FileContents(
            edit.old_path,
            edit.path,
            texts.get(edit.old_blob, b"") if edit.old_blob else None,
            texts.get(edit.blob, b"") if edit.blob else None,
        )
        for edit in few
    ]
    commit = changes.commit_at(position)
    for path, parts in sorted(file_parts(files, paths).items()):
        for part in parts:
            share = round(part.share * _PERCENT)
            yield Relocation(commit, path, RelocationBasis.LINES, new_path=part.path, similarity=share)
