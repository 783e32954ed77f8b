"""Faults put into copies of the kernel, to see that the laws notice them.

`python -m tests.laws.mutants` prints what killed each; `python -m tests.laws.mutants NAME` tries one.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent.parent
# Of processor time: on a busy machine a sound trial may take minutes.
TRIAL_LIMIT_S = 100
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: in a module of the kernel, `before` becomes `after`."""

    name: str
    module: str
    before: str
    after: str


_SEEN_REVOKES = "_revoked(row for row in rows.revocations if sees(row.stamp))"
_COUNTING = (
    "if (edge.stamp.seq, lineage.branch_of(edge.stamp)) not in revoked and not lineage.is_abandoned(edge.stamp):"
)

CONTROL = Mutant("no fault", "view", "class View:", "class View:")
MUTANTS = (
    Mutant(
        "a revoke acts outside its branch",
        "view",
        _SEEN_REVOKES,
        "_revoked(row for row in rows.revocations if row.stamp.seq <= seq)",
    ),
    Mutant(
        "a revoke rewrites the past",
        "view",
        _SEEN_REVOKES,
        "_revoked(row for row in rows.revocations if Lineage(rows.branches, reader, 10**9).sees(row.stamp))",
    ),
    Mutant("no fork check", "operations/supersede", "    _refuse_fork(rows, view, operation)\n", ""),
    Mutant("a private successor locks for all", "operations/supersede", " if _home_of(rows, edge.new) in owners]", "]"),
    Mutant(
        "the cycle check sees only what the writer sees",
        "operations/supersede",
        _COUNTING,
        "if lineage.sees(edge.stamp) and (edge.stamp.seq, lineage.branch_of(edge.stamp)) not in revoked:",
    ),
    Mutant(
        "the cycle check forgets what any branch revoked",
        "operations/supersede",
        _COUNTING,
        "if edge.stamp.seq not in {change for change, _ in revoked}:",
    ),
    Mutant(
        "moves of one instant go by arrival",
        "view",
        "return (move.at, move.ordinal, move.status.rank,",
        "return (move.at, row.stamp.seq, row.index,",
    ),
    Mutant(
        "private successors cover for all",
        "view",
        "        if key not in self.known:\n            return NEVER\n        start",
        "        start",
    ),
    Mutant(
        "what is unseen leads back",
        "resolution",
        "edge.is_full and edge.old in view.known and not",
        "edge.is_full and not",
    ),
    Mutant(
        "what is unseen leads on",
        "resolution",
        "for edge in open_ended if edge.new in view.known",
        "for edge in open_ended",
    ),
    Mutant("private memories are seen by all", "view", "if admits(row.memory.scope) and", "if"),
    Mutant(
        "search returns what held once",
        "resolution",
        "holding = [memory_id for memory_id in met if view.holds(memory_id, valid)]",
        "holding = [each for each in met if view.memory(each) and any(low <= valid for low, _ in view.holding(each))]",
    ),
    Mutant("an ended memory names nothing", "resolution", "own.move.status is Status.ENDED\n", "False\n"),
    Mutant("a claim names its successor", "resolution", "own.move.status is Status.ENDED\n", "True\n"),
    Mutant(
        "what is not believed names its successor",
        "resolution",
        "        and not view.is_never(edge.old)\n",
        "",
    ),
    Mutant("what is unseen names its successor", "resolution", "        and edge.old in view.known\n", ""),
    Mutant("search never leads back", "resolution", "forward or back or", "forward or"),
    Mutant(
        "the end of a span belongs to it", "spans", "piece[0] <= instant < piece[1]", "piece[0] <= instant <= piece[1]"
    ),
    Mutant("touching spans stay two", "spans", "low <= merged[-1][1]", "low < merged[-1][1]"),
    Mutant(
        "amendments contest their base",
        "precedence",
        "if holding.isdisjoint(view.amended(key))",
        "",
    ),
    Mutant(
        "amendments outlive their base",
        "view",
        "for base in bases)) if bases else ALWAYS",
        "for base in ())) or ALWAYS",
    ),
    Mutant("until is ignored", "view", "else edge.at, edge.until)", "else edge.at, None)"),
    Mutant(
        "corrections are ignored",
        "view",
        "edge.kind is SupersessionKind.CORRECTION and is_endless",
        "edge.kind is SupersessionKind.AMENDMENT and is_endless",
    ),
    Mutant(
        "an erased successor brings the old back",
        "view",
        "        if key not in self.known:\n            return NEVER\n        start",
        "        if self.memory(key) is None:\n            return NEVER\n        start",
    ),
    Mutant("a retracted successor covers", "view", "start is None or self.is_never(key)", "start is None"),
    Mutant("a proposed successor covers", "view", " if row.move.status is Status.ACTIVE), None)", "), None)"),
    Mutant(
        "mandatory is ignored",
        "precedence",
        "        is_bound,\n        tuple",
        "        False,\n        tuple",
    ),
    Mutant("trust does not come first", "precedence", "statement.origin.is_trusted,\n", "True,\n"),
    Mutant(
        "anybody's words may bind",
        "trust",
        "statement.is_mandatory and statement.origin.may_mandate",
        "statement.is_mandatory",
    ),
    Mutant(
        "whoever speaks is trusted",
        "plans",
        "(operation, request.provenance.origin, rows)",
        "(operation, type(request.provenance.origin).HUMAN, rows)",
    ),
    Mutant(
        "a trusted speaker lends trust to words",
        "operations/supersede",
        "return min([speaker.trust, *",
        "return speaker.trust or min([speaker.trust, *",
    ),
    Mutant("an agent may change what is mandatory", "trust", "return MANDATING if", "return TRUSTED if"),
    Mutant(
        "what comes back is not looked at",
        "trust",
        "(edge.new, edge.old) if edge.is_full else (edge.old, edge.new)",
        "(edge.old, edge.new)",
    ),
    Mutant(
        "anybody may retract",
        "operations/single_memory",
        "__: most(rows, with_dependents(rows, (operation.id,)))",
        "__: 0",
    ),
    Mutant("what amends it does not count", "trust", "for edge in rows.edges if not edge.is_full]", "for edge in ()]"),
    Mutant("a rule may be made an amendment", "operations/supersede", "(rows, (*old, *new))", "(rows, old)"),
    Mutant(
        "a proposed step leaves alone what is behind",
        "operations/supersede",
        "        and moves[0].move.status is Status.ACTIVE\n",
        "",
    ),
    Mutant("anybody may undo", "operations/reference", "if target is None:", "if target is not None:"),
    Mutant(
        "anybody may undo what a trusted one did",
        "operations/reference",
        "TRUSTED if target.provenance.origin.is_trusted else ANYBODY",
        "ANYBODY",
    ),
    Mutant("anybody may merge", "operations/branches", "at.branch in inside or at.seq in undone", "False"),
    Mutant("what a branch undid is merged by anybody", "operations/branches", " or at.seq in undone", ""),
    Mutant(
        "what lies under a branch does not count", "operations/branches", "row.parent in inside}", "row.parent in ()}"
    ),
    Mutant(
        "words of another class are confirmed",
        "operations/add",
        "        and existing.statement.origin.is_trusted == memory.statement.origin.is_trusted\n",
        "",
    ),
    Mutant("trust can be borrowed", "operations/add", "if statement.origin.trust > speaker.trust:", "if False:"),
    Mutant(
        "anybody's words are recorded as mandatory",
        "operations/add",
        " and not statement.origin.may_mandate:",
        " and False:",
    ),
    Mutant("what never began can end", "operations/single_memory", "start is not None and move.at < start:", "False:"),
    Mutant("a state is entered twice", "operations/single_memory", "if reached is not None and (", "if False and ("),
    Mutant(
        "what is retracted goes on",
        "operations/single_memory",
        '    if view.is_retracted(key):\n        raise InvalidInput(f"nothing',
        '    if False:\n        raise InvalidInput(f"nothing',
    ),
    Mutant("the narrower scope does not lead", "precedence", "        width,\n", "        (),\n"),
    Mutant("merging is ignored", "lineage", "= self._follow_merges(branch, seq)", "= branch"),
    Mutant("abandoned branches leak", "lineage", " and not self.is_abandoned(stamp)", ""),
    Mutant(
        "children of a closed branch stay its children",
        "lineage",
        "self._open_ancestor(row.parent, row.closed), row.closed",
        "row.parent, row.closed",
    ),
    Mutant(
        "a name stays that of its first branch",
        "lineage",
        "if opened is None and (first.closed is None or first.closed > seq):",
        "if opened is None:",
    ),
    Mutant("a name means its latest branch at any time", "lineage", "if row.opened <= seq and opened", "if opened"),
    Mutant(
        "a name that is opened again goes on with its rows",
        "operations/branches",
        'key = first if is_first else f"{first}:{change.seq}:"',
        "key = first",
    ),
    Mutant(
        "what is written on a later branch is on the first of its name",
        "plans",
        "    writer = on_opening(request.writer, branches, seq - 1)\n",
        "    writer = request.writer\n",
    ),
    Mutant(
        "what is opened under a name lies under its first branch",
        "operations/branches",
        "parent = name_key(change.writer, operation.parent) if above is None else above.key",
        "parent = name_key(change.writer, operation.parent)",
    ),
    Mutant(
        "one revoked move revokes none",
        "view",
        "not self.is_revoked(row.stamp.seq, row.index)",
        "row.stamp.seq not in self._whole",
    ),
    Mutant(
        "an add is confirmed by what held once",
        "operations/add",
        "not difference(active, view.holding(key))",
        "view.holding(key)",
    ),
    Mutant(
        "updates may precede their start",
        "operations/supersede",
        "    _refuse_update_before_start(view, operation)\n",
        "",
    ),
    Mutant(
        "what held can be rejected",
        "operations/single_memory",
        "move.status is Status.REJECTED and start is not None and start <= move.at",
        "False",
    ),
    Mutant("caches of predecessors go stale", "derivation", "        todo += fresh\n    return new", "    return new"),
    Mutant("what is plain takes over anywhere", "plain_succession", "old.memory.scope != new.memory.scope", "False"),
    Mutant("what is plain may precede its start", "plain_succession", ".move.at <= operation.at", " is not None"),
    Mutant("what is plain needs not be seen", "plain_succession", " or not writer.admits(old.memory.scope)", ""),
    Mutant("what is plain forks", "plain_succession", "rows.edges or rows.retractions", "rows.retractions"),
    Mutant(
        "what is plain is for good",
        "plain_succession",
        "span(operation.at, operation.until)",
        "span(operation.at, None)",
    ),
    Mutant("what is plain looks at no start", "plain_succession", "span(moves[new], None)", "span(None, None)"),
    Mutant("an id of what was confirmed is nobody's", "operations/supersede", "names.get(key, key)", "key"),
    Mutant(
        "an id stands for what it once stood for",
        "stand_ins",
        "            self._of.pop(key, None)\n",
        "            pass\n",
    ),
    Mutant("every cache is for everybody", "derivation", "is_common=key not in self._uncommon", "is_common=True"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: what noticed it (None: nothing did), and after how long."""

    mutant: Mutant
    killed_by: str | None
    seconds: float


def source(mutant: Mutant, root: Path = ROOT) -> str:
    """The text of the module that a mutant alters."""
    return (root / "graphmem" / "temporal" / f"{mutant.module}.py").read_text()


def build(mutant: Mutant, folder: Path) -> None:
    """A copy of the kernel with the fault in it, beside all else, whose bytecode is good as it is."""
    package = folder / "graphmem"
    package.mkdir()
    for found in (ROOT / "graphmem").iterdir():
        if found.name != "temporal":
            (package / found.name).symlink_to(found)
    shutil.copytree(ROOT / "graphmem" / "temporal", package / "temporal")
    (folder / "tests").symlink_to(ROOT / "tests")
    file = package / "temporal" / f"{mutant.module}.py"
    for compiled in file.parent.glob(f"__pycache__/{file.stem}.*"):
        compiled.unlink()
    file.write_text(source(mutant, folder).replace(mutant.before, mutant.after))


class Starter:
    """A process that starts trials, one after another."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.laws.starter"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, folder: str, *words: str) -> tuple[int, str, str]:
        """Exit status and both outputs of a trial on the graphmem that is in a folder."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([folder, words]), file=self._process.stdin, flush=True)
        code, said, complained = json.loads(self._process.stdout.readline())
        return code, said, complained


def attempt(mutant: Mutant, starter: Starter, *parts: str) -> Verdict:
    """Put a mutant through the trial, or only through some parts of it."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        build(mutant, Path(name))
        done = starter.run(name, str(TRIAL_LIMIT_S), *parts)
    return Verdict(mutant, _killed_by(*done), time.monotonic() - started)


def _killed_by(code: int, said: str, complained: str) -> str | None:
    """What noticed the mutant; None if nothing did."""
    if code == -signal.SIGXCPU:
        return "endless"
    lines = said.strip().splitlines()
    if code not in (0, 1) or (code and not lines):
        raise RuntimeError(complained)
    return lines[-1] if code else None


def attempt_all(mutants: tuple[Mutant, ...] = (CONTROL, *MUTANTS), *parts: str) -> list[Verdict]:
    """Every mutant's verdict, in order."""
    left = iter(enumerate(mutants))
    found: dict[int, Verdict] = {}

    def attempt_some(starter: Starter) -> None:
        for number, mutant in left:
            found[number] = attempt(mutant, starter, *parts)

    with ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool:
        starters = [stack.enter_context(Starter()) for _ in range(AT_ONCE)]
        list(pool.map(attempt_some, starters))
    return [found[number] for number in range(len(mutants))]


def main() -> None:
    """Print a table; arguments pick mutants by words of their names."""
    chosen = tuple(one for one in (CONTROL, *MUTANTS) if not sys.argv[1:] or one.name in sys.argv[1:])
    for verdict in attempt_all(chosen):
        print(f"{verdict.seconds:6.1f} s  {verdict.mutant.name:<50}  {verdict.killed_by or 'SURVIVES'}")  # noqa: T201


if __name__ == "__main__":
    main()
