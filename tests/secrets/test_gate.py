from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial

import pytest

from graphmem import Conflict, GraphMemory, Move, New, NotFound, Scope, SecretRefused, Statement, Status, Write
from graphmem.model import Add
from graphmem.redactions import Redaction
from graphmem.secrets.policy import SecretPolicy
from graphmem.service import ServiceContext
from graphmem.service.secret_gate import SecretGate
from graphmem.sources.observations import Observation, Problem, Reading
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.secrets.tokens import token
from tests.service.conftest import TickingClock

PAT = "[redacted: github-pat]"
HERE = Scope(repo="r")


def opened(policy: SecretPolicy = SecretPolicy.REDACT, store: OracleStore | None = None) -> GraphMemory:
    gate = cache(partial(SecretGate, policy))
    return GraphMemory(
        ServiceContext(
            store or OracleStore(),
            scope=HERE,
            actor="ada",
            clock=TickingClock(),
            embedder=no_embedder,
            gate=gate,
        )
    )


def observed(key: str, body: str) -> Observation:
    moves = (Move(Status.ACTIVE, datetime(2025, 1, 1, tzinfo=UTC)),)
    return Observation(key=key, statement=Statement(title="Deploys", body=body), moves=moves, path=key, line=3)


def read(*observations: Observation) -> Reading:
    return Reading(observations, (), ())


def test_the_receipt_says_rule_and_place_and_never_the_secret() -> None:
    written = opened().add(f"Deploys use {token()}", write=Write(reason=f"told {token('b')}"))
    assert written.redactions == (Redaction("github-pat", "text"), Redaction("github-pat", "reason"))
    assert isinstance(written.change.operation, Add)
    assert written.change.operation.memory.statement == Statement(title=f"Deploys use {PAT}")
    assert written.change.provenance.reason == f"told {PAT}"


def test_each_item_of_a_batch_says_what_was_replaced_in_it() -> None:
    items = [
        New(statement="plain"),
        New(statement=Statement(title=token())),
        New(statement=token("b"), reason=token("c")),
    ]
    written = opened().add_many(iter(items))
    places = [[each.place for each in one.redactions] for one in written]
    assert places == [[], ["title"], ["statement", "reason"]]


def test_the_same_write_sent_again_is_the_same_write() -> None:
    memory = opened()
    first = memory.add(f"Deploys use {token()}", write=Write(op_id="o"))
    again = memory.add(f"Deploys use {token()}", write=Write(op_id="o"))
    assert (again.change, again.redactions) == (first.change, first.redactions)
    with pytest.raises(Conflict):
        memory.add("Deploys use another", write=Write(op_id="o"))


def test_words_that_differ_in_a_secret_alone_are_one_memory() -> None:
    memory = opened()
    first = memory.add(f"Deploys use {token('a')}")
    again = memory.add(f"Deploys use {token('b')}")
    assert (again.is_confirmation, again.ids) == (True, first.ids)


def test_a_rejecting_gate_names_place_and_rule_and_writes_nothing() -> None:
    memory = opened(SecretPolicy.REJECT)
    with pytest.raises(SecretRefused) as refused:
        memory.add(Statement(title="Deploys", body=token()))
    assert str(refused.value).startswith("a secret is in body (rule github-pat)")
    assert memory.status().changes == 0


def test_without_a_gate_words_are_kept() -> None:
    written = opened(SecretPolicy.OFF).add(token())
    assert written.redactions == ()
    assert isinstance(written.change.operation, Add)
    assert written.change.operation.memory.statement == Statement(title=token())


@pytest.mark.parametrize(
    "write", [Write(op_id=token()), Write(scope=Scope(repo=token())), Write(scope=Scope(repo="r", branch=token()))]
)
def test_a_name_with_a_secret_is_refused_since_it_cannot_be_replaced(write: Write) -> None:
    memory = opened()
    with pytest.raises(SecretRefused, match="a name cannot be replaced"):
        memory.add("plain", write=write)
    assert memory.status().changes == 0


def test_branches_ids_and_repositories_with_a_secret_are_refused() -> None:
    memory = opened()
    with pytest.raises(SecretRefused, match="in name"):
        memory.open_branch(token())
    with pytest.raises(SecretRefused, match="in repo"):
        memory.add("plain", repo=token())
    with pytest.raises(SecretRefused, match="items"):
        memory.add_many([New(statement="plain", id=token())])


def test_an_unknown_memory_with_a_secret_in_its_name_is_not_repeated() -> None:
    with pytest.raises(NotFound) as refused:
        opened().end(token())
    assert token()[4:] not in str(refused.value)


def test_what_a_verb_takes_over_from_an_older_memory_is_cleaned_too() -> None:
    store = OracleStore()
    before = opened(SecretPolicy.OFF, store)
    old = before.add(Statement(title="Deploys", subject=f"deploy.{token()}", labels=(token("b"),))).ids[0]
    written = opened(store=store).supersede(old, "Deploys are manual")
    (_, new) = written.ids
    said = opened(store=store).get(new).statement
    assert (said.subject, said.labels) == (f"deploy.{PAT}", (PAT,))


def test_a_reading_is_cleaned_by_statement_and_read_again_changes_nothing() -> None:
    memory = opened()
    reading = read(observed("a.md", f"use {token()}"), observed("b.md", "plain"))
    report = memory.ingest(reading)
    assert report.redactions == [Redaction("github-pat", "a.md:3 body")]
    assert len(report.added) == 2
    again = memory.ingest(reading)
    assert (again.added, again.reworded, again.unchanged) == ([], [], 2)


def test_a_statement_whose_source_key_has_a_secret_is_left_out_and_reported() -> None:
    report = opened().ingest(read(observed(f"{token()}.md", "plain"), observed("b.md", "plain")))
    assert len(report.added) == 1
    (problem,) = report.problems
    assert (problem.path, problem.line) == (f"{PAT}.md", 3)
    assert problem.reason.startswith("not applied: a secret is in key (rule github-pat)")


def test_of_a_reading_a_rejecting_gate_leaves_out_the_statement_alone() -> None:
    report = opened(SecretPolicy.REJECT).ingest(read(observed("a.md", token()), observed("b.md", "plain")))
    assert len(report.added) == 1
    assert [(type(each), each.path) for each in report.problems] == [(Problem, "a.md")]
    assert report.redactions == []


def test_observers_are_told_the_rule_of_each_secret() -> None:
    store, told = OracleStore(), list[str]()
    memory = opened(store=store)
    memory._context.gate.observers.append(told.append)  # noqa: SLF001 - as the server does
    memory.add(f"{token('a')} and {token('b')}")
    assert told == ["github-pat", "github-pat"]


def test_an_argument_too_many_is_refused_as_python_refuses_it() -> None:
    with pytest.raises(TypeError):
        opened().end("a", "b")  # type: ignore[call-arg, arg-type]
    with pytest.raises(TypeError):
        opened().end("a", key="b")  # type: ignore[misc]


def test_statements_are_let_go_after_the_verb() -> None:
    memory = opened()
    said = Statement(title="plain")
    memory.add(said)
    assert said not in memory._context.gate._clean  # noqa: SLF001 - what it keeps alive


def test_a_list_in_a_statement_is_searched_again_in_the_next_write() -> None:
    memory, labels = opened(), ["plain"]
    said = Statement(title="Deploys", labels=labels)  # type: ignore[arg-type]
    memory.add(said)
    labels.append(token())
    written = memory.add(said)
    assert [each.place for each in written.redactions] == ["labels[1]"]
