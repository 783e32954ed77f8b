"""The comparison of declared supersessions and links with the recorded ones: it plans edits and applies none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from graphmem.deferred_dataclass import replace
from graphmem.model import FOREVER, Link, Revoke, Supersede, SupersessionKind
from graphmem.rows import EdgeRow
from graphmem.sources.comparison import least_trusted, start_of
from graphmem.sources.edits import Edit, EditKind
from graphmem.sources.existing_memories import ExistingMemories
from graphmem.sources.observations import DeclaredLink, Replacement
from graphmem.temporal import View

Pair = tuple[str, str]


def supersession_edits(
    replacements: Iterable[Replacement], existing: ExistingMemories, ids: Mapping[str, str]
) -> Iterator[Edit]:
    """An edit for each declared supersession that is not recorded.

    Several successors of a memory are first recorded together, as a split; each by itself if that is refused.

    Args:
        replacements: Both ends have an id, and not the same one.
        existing: The memories at both ends.
        ids: The id of each source key.
    """
    for group in _groups(list(replacements)):
        edit = _edit(group, existing, ids)
        if edit is not None and len(group) > 1:
            singles = (_edit([replacement], existing, ids) for replacement in group)
            edit = replace(edit, fallback=tuple(single for single in singles if single is not None))
        if edit is not None:
            yield edit


def revocation_edits(
    existing: ExistingMemories, memory_ids: set[str], declared: set[Pair], ingested: Mapping[int, bool]
) -> Iterator[Edit]:
    """An edit for each entry that recorded supersessions which no source declares any more.

    Args:
        existing: The memories.
        memory_ids: Both ends of the supersession must be among these: their sources were read.
        declared: Pairs (old, new) that the sources declare.
        ingested: Whether the entry at a ledger position was written by an ingestion; entries of others stay.
    """
    view = existing.view
    for seq, pairs in undeclared(existing, memory_ids, declared).items():
        if ingested.get(seq):
            yield Edit(
                operations=(Revoke(seq),),
                speaker=least_trusted(view, [new for _, new in pairs]),
                path=pairs[0][0],
                outcome=EditKind.UNLINKED,
                ids=tuple(pairs),
            )


def undeclared(existing: ExistingMemories, memory_ids: set[str], declared: set[Pair]) -> dict[int, list[Pair]]:
    """The supersessions (old, new) that no source declares, by ledger position."""
    result: dict[int, list[Pair]] = defaultdict(list)
    for old in sorted(memory_ids):
        for edge in existing.view.edges_out(old):
            if edge.new in memory_ids and (old, edge.new) not in declared and not _is_rewording(existing, edge):
                result[edge.stamp.seq].append((old, edge.new))
    return result


def link_edits(relations: Iterable[DeclaredLink], existing: ExistingMemories, ids: Mapping[str, str]) -> Iterator[Edit]:
    """An edit for each typed link that is not recorded; a link with an unknown end is left out."""
    for relation in dict.fromkeys(relations):
        source, target = ids.get(relation.source), ids.get(relation.target)
        if source is None or target is None:
            continue
        recorded = {(row.source, row.target, row.kind) for row in existing.view.links(source)}
        if (source, target, relation.kind) not in recorded:
            yield Edit(
                operations=(Link(source, target, relation.kind),),
                speaker=least_trusted(existing.view, [source]),
                path=relation.path,
                outcome=EditKind.RELATED,
                ids=((source, target),),
            )


def _edit(group: Sequence[Replacement], existing: ExistingMemories, ids: Mapping[str, str]) -> Edit | None:
    """The edit of the successors of one memory that are not recorded; None if all are."""
    first, view = group[0], existing.view
    old, news = ids[first.old], tuple(ids[replacement.new] for replacement in group)
    recorded = {existing.key_or_id(edge.new) for edge in view.edges_out(old) if edge.kind is first.kind}
    missing = tuple(
        ids[replacement.new] for replacement in group if not {replacement.new, ids[replacement.new]} & recorded
    )
    if not missing:
        return None
    moment = max(_time_of(group, news, view), start_of(view, old))
    supersession = Supersede(
        old=(old,),
        new=missing,
        at=moment,
        until=first.until if first.until is not None and first.until > moment else None,
        kind=first.kind,
        part=first.part if first.kind is SupersessionKind.AMENDMENT else None,
    )
    lines = [line for replacement in group for _, line in replacement.evidence]
    return Edit(
        operations=(supersession,),
        speaker=least_trusted(view, news),
        path=first.evidence[0][0] if first.evidence else first.new,
        outcome=EditKind.LINKED,
        ids=tuple((old, new) for new in missing),
        reason=" | ".join(dict.fromkeys(lines)),
    )


def _groups(replacements: list[Replacement]) -> Iterator[list[Replacement]]:
    """Replacements in order of time; several permanent ones of one memory form a group.

    A successor that another successor of the same memory supersedes is not part of the group: its replacement ends when
    the other begins.
    """
    pairs = {(item.old, item.new) for item in replacements if item.kind is SupersessionKind.UPDATE}
    by_old: dict[str, list[Replacement]] = defaultdict(list)
    for replacement in sorted(replacements, key=lambda item: (item.at is None, item.at or FOREVER, item.old, item.new)):
        if replacement.kind is SupersessionKind.AMENDMENT or replacement.until is not None:
            yield [replacement]
        else:
            by_old[replacement.old].append(replacement)
    for group in by_old.values():
        followed = [item for item in group if any((item.new, rival.new) in pairs for rival in group)]
        lasting = [item for item in group if item not in followed]
        for replacement in followed:
            later = [rival for rival in group if (replacement.new, rival.new) in pairs and rival.at is not None]
            yield [replace(replacement, until=min((item.at for item in later if item.at is not None), default=None))]
        if lasting:
            yield lasting


def _time_of(group: Sequence[Replacement], news: Iterable[str], view: View) -> datetime:
    dates = [replacement.at for replacement in group if replacement.at is not None]
    return min(dates) if dates else min(start_of(view, new) for new in news)


def _is_rewording(existing: ExistingMemories, edge: EdgeRow) -> bool:
    """True if both ends are words of one statement, or an end is not visible."""
    if existing.view.memory(edge.old) is None or existing.view.memory(edge.new) is None:
        return True
    return existing.keys.get(edge.old) == existing.keys.get(edge.new)
