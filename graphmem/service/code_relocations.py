"""Follows the symbols and files that the memories of a repository are about, and records where they went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from graphmem.answers import Card, Listing, Written
from graphmem.deferred_dataclass import dataclass
from graphmem.instants import to_micros
from graphmem.model import AnchorKind, Scope
from graphmem.repository.mainline_history import MainlineHistory, without_second
from graphmem.repository.path_names import path_of_text, text_of_path
from graphmem.repository.relocations import MAX_RELOCATIONS, Relocation
from graphmem.repository.symbol_names import SymbolTarget, symbol_targets
from graphmem.repository.symbol_places import first_segment, last_lineage
from graphmem.service.context import Write
from graphmem.service.local_notes import LocalNotes
from graphmem.service.mainline_ingestion import FollowReport, Readable, recorded_mainline
from graphmem.service.shared_memories import shared_cards, without_sources
from graphmem.store import Filter, Page

if TYPE_CHECKING:
    from graphmem.sources.git.code_history import GitCodeHistory

_GLOB = frozenset("*?[")
#: Symbols and files that are followed in a run; the others follow in the next.
_MOST_FOLLOWED = 5_000
_NOTE = "followed"


class FollowedMemory(Readable, Protocol):
    """An opened memory whose symbols and files are followed."""

    def list(self, where: Filter | None = None, *, scope: Scope | None = None, page: Page | None = None) -> Listing:
        """See `ReadVerbs.list`."""
        ...

    def record_relocations(self, relocations: Sequence[Relocation], *, write: Write | None = None) -> Written:
        """See `ReadingVerbs.record_relocations`."""
        ...


@dataclass(frozen=True, slots=True)
class _Followed:
    """The followed target: a file from a commit on, or with a name a symbol in it."""

    path: str
    name: str
    position: int


def follow_code(
    memory: FollowedMemory, root: Path, *, notes: LocalNotes | None = None, write: Write | None = None
) -> FollowReport:
    """Follow the symbols and files that the shared memories of a repository are about, and record new relocations.

    The mainline must have been read before. Code is read, and only where it is is recorded.

    Args:
        memory: The memory; its repository is that of the scope.
        root: A folder of the repository.
        notes: The notes of this machine, with the last commit for each followed target; without them all are followed
            again.
        write: Scope (only its repository counts), actor and reason.

    Raises:
        GitFailure: Git could not read the repository.
    """
    given = write or Write()
    home = given.scope or memory.scope
    scope = Scope(home.tenant, home.repo)
    history = recorded_mainline(memory, scope)
    wanted = sorted(_wanted(shared_cards(memory, scope), history, scope), key=lambda each: (each.path, each.name))
    if not wanted:
        return FollowReport()
    from graphmem.sources.git.code_history import recorded_code_history

    code = recorded_code_history(root, history)
    noted = {} if notes is None else dict(notes.values.get(_NOTE) or {})
    due = _due(wanted, noted, code, history)[:_MOST_FOLLOWED]
    found, unparsed = _found(due, code, history)
    fresh = [each for each in found if each not in history.relocations.get(each.key, ())]
    change = None
    for start in range(0, len(fresh), MAX_RELOCATIONS):
        by = replace(given, scope=scope, source=given.source or "git")
        change = memory.record_relocations(fresh[start : start + MAX_RELOCATIONS], write=by).change.seq
    if notes is not None:
        late = {_key(each, history) for each in wanted} - {_key(each, history) for each in due} - noted.keys()
        notes.values[_NOTE] = {key: history.shas[-1] for each in wanted if (key := _key(each, history)) not in late}
        notes.save()
    symbols = sum(bool(each.name) for each in due)
    return FollowReport(symbols, len(due) - symbols, tuple(fresh), tuple(sorted(unparsed)), change)


def _due(
    wanted: Sequence[_Followed], noted: Mapping[str, str], code: GitCodeHistory, history: MainlineHistory
) -> list[_Followed]:
    """Return the targets that were not followed yet, and those that a commit touched since they were followed."""
    fresh: list[_Followed] = []
    paths: dict[_Followed, set[str]] = {}
    since = len(history.shas) - 1
    for each in wanted:
        position = history.position_of(noted.get(_key(each, history), ""))
        if position is None:
            fresh.append(each)
        else:
            paths[each] = set(_paths(each, history))
            since = min(since, position)
    all_paths = {path for listed in paths.values() for path in listed}
    is_new = since < len(history.shas) - 1 and all_paths
    touched = {edit.path for edit in code.edits_of(all_paths, since)} if is_new else set()
    return [*fresh, *(each for each, listed in paths.items() if listed & touched)]


def _paths(followed: _Followed, history: MainlineHistory) -> Iterator[str]:
    """Yield the paths of the file that last contained a followed target."""
    segment = history.segment_at(followed.path, followed.position)
    if segment is not None:
        start_us = history.times_us[followed.position]
        lineage = last_lineage(history, segment, followed.name, start_us) if followed.name else segment.lineage
        yield from (path_of_text(row.path) for row in history.life(lineage))


def _key(followed: _Followed, history: MainlineHistory) -> str:
    return f"{history.shas[followed.position]} {followed.path}#{followed.name}"


def _wanted(cards: Iterable[Card], history: MainlineHistory, scope: Scope) -> set[_Followed]:
    """Return the symbols and files of memories that the mainline has or had, each from the start of its memory on."""
    found: set[_Followed] = set()
    for card in cards if history.shas else ():
        anchors = [
            each for each in without_sources(card.statement).anchors if each.repo is None or each.repo == scope.repo
        ]
        start = (card.holding[0].start if card.holding else None) or card.recorded_at
        start_us = without_second(to_micros(start))
        files = [each.name for each in anchors if each.kind is AnchorKind.FILE and not _GLOB & set(each.name)]
        for target in (SymbolTarget(path, "") for path in files):
            found.update(_bound(history, [target], start_us))
        for anchor in anchors:
            if anchor.kind is AnchorKind.SYMBOL:
                found.update(_bound(history, symbol_targets(anchor.name, files), start_us))
    return found


def _bound(history: MainlineHistory, targets: Iterable[SymbolTarget], start_us: int) -> Iterator[_Followed]:
    """Yield the first target whose file the mainline has or had, from the commit at which the memory starts on."""
    for target in targets:
        segment = first_segment(history, target, start_us)
        if segment is not None:
            position = max(history.position_at(start_us), segment.start)
            yield _Followed(segment.path, target.name, position)
            return


def _found(
    due: Sequence[_Followed], code: GitCodeHistory, history: MainlineHistory
) -> tuple[list[Relocation], set[str]]:
    """Return the relocations of the followed targets, in the order of their commits, and files that do not parse."""
    from graphmem.symbols.split_files import split_files
    from graphmem.symbols.trail import SymbolFollower

    follower = SymbolFollower(code)
    symbols = [each for each in due if each.name]
    if symbols:
        follower.load({each.path for each in symbols}, min(each.position for each in symbols))
    found: dict[Relocation, None] = {}
    unparsed: set[str] = set()
    for each in symbols:
        trail = follower.follow(each.path, each.name, each.position)
        found.update(dict.fromkeys(map(_storable, trail.relocations)))
        unparsed |= {trail.unparsed} if trail.unparsed else set()
    files = [each for each in due if not each.name]
    if files:
        lineages = {bound for each in files if (bound := _lineage(history, each)) is not None}
        parts = split_files(code, lineages, min(each.position for each in files))
        found.update(dict.fromkeys(map(_storable, parts)))
    order = {sha: position for position, sha in enumerate(history.shas)}
    return sorted(found, key=lambda relocation: order.get(relocation.commit, 0)), unparsed


def _lineage(history: MainlineHistory, followed: _Followed) -> int | None:
    segment = history.segment_at(followed.path, followed.position)
    return None if segment is None else segment.lineage


def _storable(relocation: Relocation) -> Relocation:
    """Return a relocation with paths as the ledger has them."""
    path, new_path = text_of_path(relocation.path), text_of_path(relocation.new_path)
    if (path, new_path) == (relocation.path, relocation.new_path):
        return relocation
    return replace(relocation, path=path, new_path=new_path)
