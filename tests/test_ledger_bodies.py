"""The canonical JSON of operations and statements never changes: a committed file has bodies that earlier code wrote.

`python -m tests.test_ledger_bodies` writes the file anew, which only a new operation or field calls for: lines that are
there already stay, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings

from graphmem import ledger
from graphmem.errors import CorruptStore
from graphmem.instants import to_micros
from graphmem.ledger import content_digest, operation_name, request_digest
from graphmem.model import (
    AbandonBranch,
    Add,
    Alternative,
    Anchor,
    AnchorKind,
    CodeVerdict,
    Confirm,
    End,
    Erase,
    Kind,
    Link,
    LinkKind,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Origin,
    Outcome,
    Propose,
    Provenance,
    ReadMainline,
    RecordRelocations,
    RecordVerdicts,
    Request,
    Retract,
    Revoke,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
from graphmem.repository.code_verdict import CodeStatus
from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.repository.repository_link import LinkRepository, MovedFolder, UnlinkRepository
from graphmem.statement_json import decode_statement, encode_statement
from tests.test_ledger import operations, provenances, scopes

FILE = Path(__file__).parent / "contract" / "data" / "ledger_bodies.jsonl"
EXPORT = FILE.with_name("format1.jsonl")
KEY = "a key"
DRAWN = 250

NOON = datetime(2024, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
EARLY, LATE = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
SHOP = Scope("acme", repo="shop")
EVERYWHERE = Scope("acme", "shop", "ana", "fix/a b", "prod", ("docs", "a\tb"))
HUMAN = Provenance("me")
AGENT = Provenance("", "commit \u2028 4f", 'because "it" \\ broke\n\u0000\u001f\u007f', Origin.AGENT)
ACTIVE = (Move(Status.ACTIVE, NOON),)

FULL = Statement(
    title='Größe \U0001f600 \u2028 / \' \\ "quoted"',
    kind=Kind.DECISION,
    body="line\nline\r\ttab\b\f\u0000\u001b\u007f",
    rationale="<&>\u0085\ufeff",
    subject="stack.database",
    aliases=("ADR-0001", ""),
    labels=("b", "a", "ä"),
    language="de",
    confidence=0.1,
    origin=Origin.DOCUMENT,
    is_mandatory=True,
    observed_at=EARLY,
    anchors=(
        Anchor(AnchorKind.FILE, "src/a.py", "shop", "tested by"),
        Anchor(AnchorKind.COMPONENT, "ä"),
        Anchor(AnchorKind.SYMBOL, "a.b", role=""),
    ),
    alternatives=(
        Alternative("Postgres", Outcome.REJECTED, "needs a server", ("psycopg", "ü")),
        Alternative("", Outcome.CHOSEN),
    ),
)
SECRET = Statement(title="hunter2")


def add(statement: Statement | None, *moves: Move, home: Scope = SHOP, may_confirm: bool = True) -> Add:
    return Add(Memory("m1", home, statement), moves or ACTIVE, may_confirm=may_confirm)


#: Values whose bodies are compared by name: decoding cannot mistake a field for another.
NAMED: dict[str, tuple[Operation, Scope, Provenance]] = {
    "add with every field": (add(FULL), EVERYWHERE, AGENT),
    "add with the title alone": (add(SECRET), Scope(), Provenance()),
    "add that may not confirm": (add(SECRET, may_confirm=False), SHOP, HUMAN),
    "add of an erased memory": (add(None, may_confirm=False), SHOP, HUMAN),
    "add with moves": (
        add(
            SECRET,
            Move(Status.PROPOSED, EARLY, -1, "draft"),
            Move(Status.ACTIVE, NOON, 0, ""),
            Move(Status.ENDED, LATE, 2),
            home=Scope("acme", "shop", "ana", "fix", "prod"),
        ),
        EVERYWHERE,
        AGENT,
    ),
    "add with a tiny confidence": (add(Statement(title="t", confidence=1e-05)), SHOP, HUMAN),
    "add with the least confidence": (add(Statement(title="t", confidence=5e-324)), SHOP, HUMAN),
    "add with no confidence": (add(Statement(title="t", confidence=0)), SHOP, HUMAN),
    "add with the confidence 0.30000000000000004": (add(Statement(title="t", confidence=0.1 + 0.2)), SHOP, HUMAN),
    "add with a source key": (replace(add(SECRET), source_key='docs/ä "1".md'), SHOP, HUMAN),
    "confirm with a source key": (Confirm("a", "docs/1.md"), SHOP, HUMAN),
    "propose a confirmation with a source key": (Propose(Confirm("a", "docs/1.md")), SHOP, AGENT),
    "update": (Supersede(old=("a",), new=("b",), at=NOON), SHOP, HUMAN),
    "update for a time": (Supersede(old=("a", "b"), new=("c", "d"), at=EARLY, until=LATE), EVERYWHERE, AGENT),
    "correction": (Supersede(old=("a",), new=("b",), kind=SupersessionKind.CORRECTION), SHOP, HUMAN),
    "amendment": (
        Supersede(old=("a",), new=("b",), at=NOON, kind=SupersessionKind.AMENDMENT, part="§ 2\n"),
        SHOP,
        HUMAN,
    ),
    "amendment of no part": (
        Supersede(old=("a",), new=("b",), at=NOON, until=LATE, kind=SupersessionKind.AMENDMENT, part=""),
        SHOP,
        HUMAN,
    ),
    "transition": (Transition("a", Move(Status.ACTIVE, NOON)), SHOP, HUMAN),
    "transition with every field": (Transition("ä", Move(Status.REJECTED, EARLY, 3, "no")), SHOP, AGENT),
    "end": (End("a", NOON), SHOP, HUMAN),
    "end with a word": (End("a", LATE, "done"), SHOP, HUMAN),
    "retract": (Retract('a"\\\n'), SHOP, HUMAN),
    "confirm": (Confirm("a"), SHOP, HUMAN),
    "link": (Link("a", "b", LinkKind.CONFLICTS_WITH), SHOP, HUMAN),
    "revoke": (Revoke(3), Scope(), Provenance()),
    "revoke of a move": (Revoke(2**62, 1), SHOP, HUMAN),
    "open_branch": (OpenBranch("fix"), SHOP, HUMAN),
    "open_branch under another": (OpenBranch("fix/2", "fix"), SHOP, HUMAN),
    "merge_branch": (MergeBranch("fix"), SHOP, HUMAN),
    "abandon_branch": (AbandonBranch("fix"), SHOP, HUMAN),
    "erase": (Erase("a"), SHOP, HUMAN),
    "read_mainline": (
        ReadMainline("origin/HEAD", "0" * 40, 5, 3, "eJyrVkrLL8pNLFGyMtRRKkrMzEssUrIy0FEqA9EGtQCNbAl7"),
        SHOP,
        HUMAN,
    ),
    "record_relocations": (
        RecordRelocations(
            (
                Relocation("0" * 40, "a.py", RelocationBasis.BODY, "f", "b.py", "C.g", 80),
                Relocation("0" * 40, "a.py", RelocationBasis.GONE, "h"),
                Relocation("0" * 40, "a.py", RelocationBasis.LINES, new_path="b.py", similarity=40),
            )
        ),
        SHOP,
        HUMAN,
    ),
    "record_verdicts": (
        RecordVerdicts(
            (
                CodeVerdict("a", CodeStatus.BROKEN, "0" * 40, "it is gone", "src/a.py"),
                CodeVerdict("b", CodeStatus.VERIFIED, "0" * 40),
            )
        ),
        SHOP,
        HUMAN,
    ),
    "link_repository": (LinkRepository("old"), SHOP, HUMAN),
    "link_repository of a folder": (
        LinkRepository("old", MovedFolder("packages/parser", "src"), NOON, "0" * 40),
        SHOP,
        HUMAN,
    ),
    "unlink_repository": (UnlinkRepository(4), SHOP, HUMAN),
    "propose an update": (Propose(Supersede(old=("a",), new=("b",), at=NOON)), SHOP, AGENT),
    "propose an amendment": (
        Propose(Supersede(old=("a",), new=("b",), at=NOON, kind=SupersessionKind.AMENDMENT, part="p")),
        SHOP,
        AGENT,
    ),
    "propose a transition": (Propose(Transition("a", Move(Status.ENDED, NOON, 1, "w"))), SHOP, AGENT),
    "propose an end": (Propose(End("a", NOON, "w")), SHOP, AGENT),
    "propose a retraction": (Propose(Retract("a")), SHOP, AGENT),
    "propose a confirmation": (Propose(Confirm("a")), SHOP, AGENT),
    "propose a link": (Propose(Link("a", "b", LinkKind.FIXES)), SHOP, AGENT),
    "propose a revocation": (Propose(Revoke(7, 2)), SHOP, AGENT),
    "propose a merge": (Propose(MergeBranch("fix")), SHOP, AGENT),
    "propose an abandonment": (Propose(AbandonBranch("fix")), SHOP, AGENT),
    "propose an erasure": (Propose(Erase("a")), SHOP, AGENT),
}


def line_of(name: str | None, operation: Operation, writer: Scope, provenance: Provenance) -> dict[str, Any]:
    """Everything that the ledger writes of an operation, as a line of the file has it."""
    body = ledger.encode(operation, writer, provenance)
    asked = operation.asked if isinstance(operation, Propose) else operation
    key = asked.memory.id if isinstance(asked, Add) else getattr(asked, "id", "a")
    line = {
        "body": body,
        "digest": request_digest(KEY, Request("op", operation, writer, provenance)),
        "blank": ledger.blank(body, key),
    }
    if isinstance(operation, Add) and operation.memory.statement is not None:
        statement = operation.memory.statement
        line |= {"statement": encode_statement(statement), "content": content_digest(KEY, statement)}
    return line if name is None else {"name": name, **line}


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def spelt(value: Any) -> Any:  # noqa: ANN401 - any value of a field
    """JSON of a value as the rule has it, apart from the code under test: each field by its name, defaults left out."""
    if isinstance(value, datetime):
        return to_micros(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [spelt(one) for one in value]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    held = [(field, getattr(value, field.name)) for field in fields(value)]
    plain = {field.name: spelt(each) for field, each in held if each != field.default}
    if isinstance(value, Propose):
        plain["asked"]["do"] = operation_name(value.asked)
    return plain


@pytest.mark.parametrize("name", NAMED)
def test_a_named_operation_is_written_as_ever(name: str) -> None:
    (line,) = (line for line in lines() if line.get("name") == name)
    assert line_of(name, *NAMED[name]) == line
    assert ledger.decode(line["body"]) == NAMED[name]


def test_every_operation_is_named() -> None:
    assert {operation_name(operation) for operation, _, _ in NAMED.values()} == ledger_operations()
    assert {line["name"] for line in lines() if "name" in line} == NAMED.keys()


def ledger_operations() -> set[str]:
    return {json.loads(line["body"])["do"] for line in lines()}


def is_impossible(body: str) -> bool:
    """Whether an update in it has no `at`: the drawing once made some, and no release accepted any."""
    raw = json.loads(body)
    return raw["do"] == "supersede" and "kind" not in raw and "at" not in raw


def test_an_update_without_its_time_was_never_in_a_ledger_and_is_refused() -> None:
    impossible = [line["body"] for line in lines() if is_impossible(line["body"])]
    assert len(impossible) == 3
    for body in impossible:
        with pytest.raises(CorruptStore, match="an update needs 'at'"):
            ledger.decode(body)


def test_what_was_drawn_once_reads_and_is_written_as_ever() -> None:
    drawn = [line for line in lines() if "name" not in line]
    assert len(drawn) >= DRAWN
    for line in drawn:
        if is_impossible(line["body"]):
            continue
        operation, writer, provenance = ledger.decode(line["body"])
        said = {"do": operation_name(operation), "writer": spelt(writer), "by": spelt(provenance)}
        assert {**spelt(operation), **said} == json.loads(line["body"])
        assert line_of(None, operation, writer, provenance) == line
        if "statement" in line:
            assert encode_statement(decode_statement(line["statement"])) == line["statement"]


def test_the_bodies_of_an_export_of_the_first_release_are_written_as_ever() -> None:
    bodies = [json.loads(line)["body"] for line in EXPORT.read_text(encoding="utf-8").splitlines()[1:]]
    assert bodies
    assert [ledger.encode(*ledger.decode(body)) for body in bodies] == bodies


def drawn_lines() -> Iterator[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    @seed(63)
    @settings(max_examples=DRAWN, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operations, scopes, provenances)
    def draw(operation: Operation, writer: Scope, provenance: Provenance) -> None:
        found.append(line_of(None, operation, writer, provenance))

    draw()
    yield from found


def main() -> None:
    """Write the file: lines that it has stay, names that it lacks are added, and what is drawn if nothing was."""
    old = lines() if FILE.exists() else []
    names = {line.get("name") for line in old}
    old += [line_of(name, *NAMED[name]) for name in NAMED if name not in names]
    old += [] if None in names else drawn_lines()
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in old)
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
