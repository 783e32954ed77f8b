"""Laws of MODEL section 7 that are asked of a whole ledger."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Erase,
    MergeBranch,
    OpenBranch,
    Propose,
    Request,
    Revoke,
    Scope,
    Supersede,
)
from graphmem.rows import Derived
from tests.laws.world import READERS, attempt, ids_in, kernel_answers
from tests.oracle import OracleView
from tests.oracle.planned import PlannedStore
from tests.oracle.standing import ORDER, statements
from tests.oracle.view import Branches, edges_of
from tests.oracle.written import all_rows

Answers = Mapping[Scope, Mapping[str, object]]
BRANCH_WORK = (OpenBranch, MergeBranch, AbandonBranch)


def isolation(log: Sequence[Change], change: Change, before: Answers, after: Answers) -> None:
    """Law 9: who sees neither branch nor scope nor successor of an operation reads what was read before."""
    for reader in after:
        if not _concerns(log, change, reader):
            told = [name for name in after[reader] if before[reader].get(name) != after[reader][name]]
            assert not told, f"law 9: {reader} is told otherwise of {told} by {change}"


def _concerns(log: Sequence[Change], change: Change, reader: Scope) -> bool:
    view, operation = OracleView(log, reader), change.operation
    match operation:
        case Propose():
            return False
        case OpenBranch(name):
            # Who names a branch reads its latest opening; nobody else is told otherwise.
            return Branches(log).meant(change.writer.repo, name) in view.line
        case MergeBranch(name) | AbandonBranch(name):
            key = Branches(log).meant(change.writer.repo, name)
            return bool({key, _fallen_to(Branches(log), key, change.seq)} & set(view.line))
        case Erase(key):
            return view.admits(_home(log, key))
        case _ if not view.sees(change):
            return False
        case Add(memory):
            return view.admits(memory.scope)
        case Supersede():
            return any(key in view.known for key in operation.new)
        case Revoke(target):
            return _concerns(log, log[target - 1], reader) or not view.sees(log[target - 1])
        case _:
            return True


def _fallen_to(branches: Branches, key: str, seq: int) -> str | None:
    """Where what was written on a branch lives once an entry has closed it."""
    if branches.is_abandoned(key):
        return key
    above = branches.parent[key]
    while above in branches.closing and branches.closing[above].seq < seq:
        above = branches.parent[above]
    return above


def _home(log: Sequence[Change], key: str) -> Scope:
    adds = (change.operation for change in log if isinstance(change.operation, Add))
    return next(one.memory.scope for one in adds if one.memory.id == key)


def trust_comes_first(log: Sequence[Change], change: Change, before: Answers, after: Answers) -> None:
    """What somebody says or does who is trusted less changes, for anyone, nothing of what is trusted more."""
    speaker = ORDER[change.provenance.origin]
    if speaker >= ORDER["document"] or isinstance(change.operation, OpenBranch):
        return
    needs = ORDER["document"] if speaker >= ORDER["agent"] else ORDER["agent"]
    said = statements(log)
    guarded = {
        key for key, one in said.items() if ORDER[one.origin] >= needs and (needs == ORDER["agent"] or one.is_mandatory)
    }
    for reader, answers in after.items():
        for name, value in answers.items():
            assert _of(guarded, name, value) == _of(guarded, name, before[reader][name]), (
                f"trust: {reader} {name} {change}"
            )


def _of(guarded: AbstractSet[str], name: str, value: object) -> object:
    """What an answer says of some memories: that they are there, their lives, that they hold or lead."""
    if isinstance(value, list):
        return [key for key in value if key in guarded]
    assert isinstance(value, dict), name
    if name.startswith("heads"):
        return {subject: found[0] for subject, found in value.items() if found is not None and found[0] in guarded}
    if name.startswith("leads"):
        # On the way there may be what is not guarded: erasing that takes it out of the chain that is told.
        held = {
            key: [
                (hit, standing, [one for one in via if one in guarded]) for hit, standing, via in hits if hit in guarded
            ]
            for key, hits in value.items()
        }
        held = {key: [hit for hit in hits if hit[1] == "holds"] for key, hits in held.items()}
        return {key: hits for key, hits in held.items() if key in guarded and hits}
    return {key: one for key, one in value.items() if key in guarded}


def no_cycles(log: Sequence[Change]) -> None:
    """Law 6: nothing follows from itself over edges that nobody revoked where they live, or gave up with a branch."""
    branches = Branches(log)
    revokes = [change for change in log if isinstance(change.operation, Revoke)]
    undone = {(c.operation.change, branches.place(c)) for c in revokes if isinstance(c.operation, Revoke)}
    places = {change.seq: branches.place(change) for change in log}
    kept = [c for c in log if (c.seq, places[c.seq]) not in undone and not branches.is_abandoned(places[c.seq])]
    live = [edge for change in kept for edge in edges_of(change)]
    left = {key for edge in live for key in (edge.old, edge.new)}
    while left:
        ends = {key for key in left if not any(edge.old == key and edge.new in left for edge in live)}
        assert ends, f"law 6: a cycle among {sorted(left)}"
        left -= ends


def no_forks(log: Sequence[Change], readers: Iterable[Scope]) -> None:
    """Law 7: one open-ended full supersession per old memory, recording branch and owner of the new one."""
    homes = {one.memory.id: one.memory.scope for change in log if isinstance(one := change.operation, Add)}
    for reader in readers:
        claims: dict[tuple[object, ...], int] = {}
        for edge in OracleView(log, reader).edges:
            if edge.is_full and edge.until is None:
                owner = replace(homes[edge.new], branch=None)
                key = (edge.old, edge.change.writer.branch_key, owner)
                assert claims.setdefault(key, edge.change.seq) == edge.change.seq, f"law 7: {key}"


def sound_answers(after: Answers) -> None:
    """Laws 8 and 12: heads hold, contested ones too, and so does every hit that is said to."""
    for answers in after.values():
        for name, value in answers.items():
            held = answers.get(f"holds {name.partition(' ')[2]}")
            if name.startswith("heads") and isinstance(value, dict) and isinstance(held, list):
                ruled = [one for one in value.values() if one is not None]
                named = [key for head, contested in ruled for key in (head, *(key for key, _ in contested))]
                assert set(named) <= set(held), "law 8"
                assert len(named) == len(set(named)), "law 8: one place each"
            if name.startswith("leads") and isinstance(value, dict) and isinstance(held, list):
                for key, hits in value.items():
                    assert all(via[0] == key and via[-1] == hit for hit, _, via in hits), "law 12: via"
                    assert all(hit in held for hit, standing, _ in hits if standing == "holds"), "law 12"


def caches_tell_the_truth(derived: Mapping[str, Derived], keys: Iterable[str], after: Answers) -> None:
    """A cache that is common is what everybody reads who sees the memory."""
    for key in keys:
        for reader, answers in after.items():
            lives = answers["life"]
            if derived[key].is_common and isinstance(lives, dict) and key in lives:
                assert lives[key][1] == derived[key].holding, f"{derived[key]} is not what {reader} reads"


def order_does_not_matter(log: Sequence[Change], chance: random.Random) -> None:
    """Law 2: what was accepted, in another order that is accepted, answers alike at latest.

    Branches keep the order in which they were opened and closed: merging into a branch and abandoning it do not
    commute, and are not meant to. What was erased cannot be recorded again.
    """
    shuffled = None if any(isinstance(change.operation, Erase) for change in log) else in_another_order(log, chance)
    if shuffled is None:
        return
    rows = shuffled.rows(READERS[0], ids_in(log))
    places = {change.op_id: change.seq for change in shuffled.changes(READERS[0])}
    for reader in READERS:
        expected = kernel_answers(all_rows(log), reader, len(log))
        opened = int((reader.branch or "").partition(":")[2] or 0) or None
        there = reader if opened is None else _at_opening(reader, places[log[opened - 1].op_id])
        assert kernel_answers(rows, there, len(log)) == expected, f"law 2: {reader}"


def _on_its_branch(log: Sequence[Change], change: Change, places: Mapping[int, int]) -> Scope:
    """The writer of an entry, its branch named by where that was opened in the other order; there may be none yet."""
    writer = change.writer
    if writer.branch is None or isinstance(change.operation, BRANCH_WORK):
        return writer
    branches = Branches(log[: change.seq - 1])
    opened = branches.opened[branches.meant(writer.repo, writer.branch)]
    return _at_opening(writer, places.get(opened, len(log) + 1))


def _at_opening(scope: Scope, seq: int) -> Scope:
    return replace(scope, branch=f"{(scope.branch or '').partition(':')[0]}:{seq}")


def in_another_order(log: Sequence[Change], chance: random.Random) -> PlannedStore | None:
    """A store with the same operations in a random order that it accepts; None if it ran into a dead end.

    What depends on a memory may need more trust to be changed than the memory alone. So an order in which something is
    only proposed that was done, or the other way round, is none that accepts the same.
    """
    store, left, places = PlannedStore(), list(log), dict[int, int]()
    chance.shuffle(left)
    while left:
        turn = min((change.seq for change in left if isinstance(change.operation, BRANCH_WORK)), default=0)
        for change in left:
            operation = change.operation
            if isinstance(operation, Propose):
                operation = operation.asked
            if isinstance(operation, Revoke):
                operation = replace(operation, change=places.get(operation.change, 0))
            if isinstance(operation, BRANCH_WORK) and change.seq != turn:
                continue
            writer = _on_its_branch(log, change, places)
            if isinstance(operation, Add):
                home = replace(operation.memory.scope, branch=writer.branch)
                operation = replace(operation, memory=replace(operation.memory, scope=home))
            done = attempt(store, Request(change.op_id, operation, writer, change.provenance))
            if isinstance(done, Change):
                if isinstance(done.operation, Propose) is not isinstance(change.operation, Propose):
                    return None
                places[change.seq] = done.seq
                left.remove(change)
                break
        else:
            return None
    return store
