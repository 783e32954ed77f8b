"""Supersessions between records, with their times and evidence, from the declarations of all records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Status, SupersessionKind
from graphmem.sources.decisions.catalogue import Catalogue, Unclear
from graphmem.sources.decisions.declarations import Declaration
from graphmem.sources.decisions.records import Record
from graphmem.sources.observations import Problem, Replacement

_ACCEPTED = frozenset({Status.ACTIVE, Status.ENDED})

Pair = tuple[str, str]
#: A record that names more others than this is a list of records.
MAX_DECLARATIONS = 300


@dataclass(slots=True)
class _PairClaim:
    """All declarations of both sides about a pair of records."""

    old: Record
    new: Record
    by_old: list[Declaration] = field(default_factory=list)
    by_new: list[Declaration] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """The old side's field or status decides, unless the new side's claims a part; otherwise any claim to all."""
        explicit = [entry for entry in self.by_old if entry.is_explicit]
        claimed = [entry for entry in self.by_new if entry.is_explicit]
        if claimed and not any(entry.relation.is_full for entry in claimed):
            return False
        return any(entry.relation.is_full for entry in explicit or [*self.by_old, *self.by_new])

    @property
    def pair(self) -> Pair:
        return self.old.path, self.new.path


@dataclass(frozen=True, slots=True)
class Takeovers:
    """Every replacement and amendment, and the claims that were not taken over, with the reason."""

    replacements: tuple[Replacement, ...]
    problems: tuple[Problem, ...]


def take_overs(records: Sequence[Record], catalogue: Catalogue, starts: Mapping[str, datetime]) -> Takeovers:
    """The supersessions between some records.

    Args:
        records: All records of a reading.
        catalogue: The same records by their names.
        starts: By path, when each record came into force, else when it was written. Records without a date may be
            missing: their updates are dated by the other side or not at all.
    """
    problems: list[Problem] = []
    claims = _claims(records, catalogue, problems)
    by_old: defaultdict[str, list[_PairClaim]] = defaultdict(list)
    for claim in claims.values():
        by_old[claim.old.path].append(claim)
    accepted = [claim for claim in claims.values() if not _is_overruled(claim, by_old, problems)]
    full = _without_cycles([claim for claim in accepted if claim.is_full], set(), problems)
    partial = _without_cycles(
        [claim for claim in accepted if not claim.is_full], {claim.pair for claim in full}, problems
    )
    updates = _bounded([_replacement(claim, starts) for claim in full], full)
    amendments = [_replacement(claim, starts) for claim in partial]
    ordered = sorted([*updates, *amendments], key=lambda result: (result.old, result.new))
    return Takeovers(tuple(ordered), tuple(problems))


def _claims(records: Iterable[Record], catalogue: Catalogue, problems: list[Problem]) -> dict[Pair, _PairClaim]:
    claims: dict[Pair, _PairClaim] = {}
    for record in records:
        if len(record.declarations) > MAX_DECLARATIONS:
            reason = f"declares {len(record.declarations)} relations; only the first {MAX_DECLARATIONS} are read"
            problems.append(Problem(record.path, record.line, reason))
        for declaration in record.declarations[:MAX_DECLARATIONS]:
            result = catalogue.find(declaration.relation.target, record)
            if not isinstance(result, Record):
                problems += _unresolved(result, declaration, record)
            elif result.path != record.path:
                old, new = (result, record) if declaration.relation.replaces else (record, result)
                claim = claims.setdefault((old.path, new.path), _PairClaim(old, new))
                (claim.by_new if declaration.relation.replaces else claim.by_old).append(declaration)
    return claims


def _unresolved(result: Unclear | None, declaration: Declaration, record: Record) -> list[Problem]:
    relation = declaration.relation
    verb = "takes over from" if relation.replaces else "is replaced by"
    if result is not None:
        paths = ", ".join(candidate.path for candidate in result.candidates[:5])
        return [
            Problem(
                record.path,
                declaration.line,
                f"{verb} {relation.target.text!r}, which could be any of {paths}: link the file",
            )
        ]
    if declaration.is_explicit and relation.is_full:
        return [
            Problem(
                record.path, declaration.line, f"{verb} {relation.target.text!r}, which is none of the records read"
            )
        ]
    return []


def _is_overruled(claim: _PairClaim, by_old: Mapping[str, list[_PairClaim]], problems: list[Problem]) -> bool:
    """True if a claim of the new side alone does not count: the old side contradicts it, or the new is not accepted."""
    if claim.by_old:
        return False
    line = claim.by_new[0].line
    if claim.new.life.entries and claim.new.life.status in {Status.REJECTED, Status.DEFERRED}:
        word = claim.new.life.entries[0].word
        problems.append(
            Problem(claim.new.path, line, f"claims to take over from {claim.old.path}, but is itself {word!r}: ignored")
        )
        return True
    named = {rival.new.path for rival in by_old[claim.old.path] if rival.by_old and rival.is_full}
    if not claim.is_full or not named or _leads_to(claim.new.path, named, by_old):
        return False
    successors = ", ".join(sorted(named))
    problems.append(
        Problem(
            claim.new.path,
            line,
            f"claims to take over from {claim.old.path}, which names {successors} instead: ignored",
        )
    )
    return True


def _leads_to(start: str, goals: set[str], by_old: Mapping[str, list[_PairClaim]]) -> bool:
    """True if a record of `goals` replaced `start` in turn: the old record then names the end of the chain."""
    seen, waiting = {start}, [start]
    while waiting:
        current = waiting.pop()
        following = {claim.new.path for claim in by_old.get(current, ()) if claim.is_full}
        if following & goals:
            return True
        waiting += following - seen
        seen |= following
    return False


def _without_cycles(claims: list[_PairClaim], edges: set[Pair], problems: list[Problem]) -> list[_PairClaim]:
    """The claims less those that would make a record its own predecessor; claims of both sides come first."""
    accepted: list[_PairClaim] = []
    after: defaultdict[str, set[str]] = defaultdict(set)
    for old, new in edges:
        after[old].add(new)
    for claim in sorted(claims, key=lambda entry: (not (entry.by_old and entry.by_new), not entry.by_old, entry.pair)):
        if _reaches(claim.new.path, claim.old.path, after):
            declarations = (claim.by_old or claim.by_new)[0]
            path = (claim.old if claim.by_old else claim.new).path
            problems.append(
                Problem(
                    path,
                    declarations.line,
                    f"{claim.new.path} cannot take over from {claim.old.path}: the reverse is declared too",
                )
            )
            continue
        after[claim.old.path].add(claim.new.path)
        accepted.append(claim)
    return accepted


def _reaches(start: str, goal: str, after: Mapping[str, set[str]]) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        current = waiting.pop()
        if current == goal:
            return True
        following = after.get(current, set())
        waiting += following - seen
        seen |= following
    return False


def _replacement(claim: _PairClaim, starts: Mapping[str, datetime]) -> Replacement:
    declarations = [*claim.by_old, *claim.by_new]
    dated = [entry.relation.at for entry in declarations if entry.relation.at is not None]
    until = next((entry.relation.until for entry in declarations if entry.relation.until is not None), None)
    at = dated[0] if dated else starts.get(claim.new.path)
    parts = [entry.relation.part for entry in declarations if entry.relation.part]
    evidence = [(claim.old.path, entry.evidence) for entry in claim.by_old] + [
        (claim.new.path, entry.evidence) for entry in claim.by_new
    ]
    return Replacement(
        old=claim.old.path,
        new=claim.new.path,
        kind=SupersessionKind.UPDATE if claim.is_full else SupersessionKind.AMENDMENT,
        at=_not_before(at, starts.get(claim.old.path)) if claim.is_full else at,
        until=until if until is None or at is None or until > at else None,
        part=None if claim.is_full or not parts else parts[0],
        evidence=tuple(dict.fromkeys(evidence)),
    )


def _not_before(at: datetime | None, start: datetime | None) -> datetime | None:
    return at if at is None or start is None or at >= start else start


def _bounded(updates: list[Replacement], claims: Sequence[_PairClaim]) -> list[Replacement]:
    """The updates, so that at most one successor at a time is open-ended.

    Successors that the old record names together are a split and begin at the same instant. Otherwise each is the
    successor until the next accepted successor begins.
    """
    by_pair = {claim.pair: claim for claim in claims}
    groups: defaultdict[str, list[Replacement]] = defaultdict(list)
    for update in updates:
        groups[update.old].append(update)
    return [bounded for group in groups.values() for bounded in _in_sequence(group, by_pair)]


def _in_sequence(group: list[Replacement], claims: Mapping[Pair, _PairClaim]) -> list[Replacement]:
    if len(group) == 1:
        return group
    together = [entry for entry in group if claims[entry.old, entry.new].by_old] or []
    first = min((entry.at for entry in together if entry.at), default=None)
    same = [replace(entry, at=first) if entry in together else entry for entry in group]
    instants = sorted(
        {
            entry.at
            for entry in same
            if entry.at and claims[entry.old, entry.new].new.life.status in {Status.ACTIVE, Status.ENDED}
        }
    )
    bounded = []
    for entry in same:
        later = next((at for at in instants if entry.at is not None and at > entry.at), None)
        bounded.append(entry if entry.until or later is None else replace(entry, until=later))
    return bounded
