from __future__ import annotations

import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem import ledger
from graphmem.canonical_json import Codec
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.feedback import Opinion
from graphmem.instants import from_micros, to_micros
from graphmem.ledger import GENESIS, Entry
from graphmem.model import (
    AbandonBranch,
    Add,
    Alternative,
    Anchor,
    AnchorKind,
    Change,
    Confirm,
    End,
    Erase,
    Feedback,
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
    Provenance,
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
from graphmem.statement_json import decode_statement, encode_statement

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
moments = st.datetimes(timezones=st.just(UTC))
maybe_moments = st.none() | moments


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, max_size=3).map(tuple)


branches = names.filter(lambda name: ":" not in name)
scopes = st.builds(
    Scope,
    tenant=st.just("default") | names,
    repo=st.none() | names,
    user=st.none() | names,
    branch=st.none() | branches,
    environment=st.none() | names,
    related_repos=some(names),
)
homes = scopes.map(lambda scope: replace(scope, related_repos=()))
anchors = st.builds(Anchor, st.sampled_from(AnchorKind), names, st.none() | names, st.just("about") | texts)
alternatives = st.builds(Alternative, texts, st.sampled_from(Outcome), texts, some(texts))
statements = st.builds(
    Statement,
    title=keys.filter(lambda title: bool(title.strip())),
    kind=st.sampled_from(Kind),
    body=texts,
    rationale=texts,
    subject=st.none() | names,
    aliases=some(texts),
    labels=some(texts),
    language=st.none() | texts,
    confidence=st.floats(0, 1) | st.sampled_from([0, 1]),
    origin=st.sampled_from(Origin),
    is_mandatory=st.booleans(),
    observed_at=maybe_moments,
    anchors=st.lists(anchors, max_size=2).map(tuple),
    alternatives=st.lists(alternatives, max_size=2).map(tuple),
)
moves = st.builds(Move, st.sampled_from(Status), moments, st.integers(-3, 3), st.none() | texts)
source_keys = st.none() | st.text("abc/é. ", min_size=1, max_size=9)
intervals = st.just((SupersessionKind.CORRECTION, None, None)) | st.tuples(
    st.sampled_from((SupersessionKind.UPDATE, SupersessionKind.AMENDMENT)), moments, maybe_moments
).filter(lambda interval: interval[2] is None or interval[1] < interval[2])
operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(
        Add,
        st.builds(Memory, keys, homes, st.none() | statements),
        st.lists(moves, min_size=1, max_size=3).map(tuple),
        st.booleans(),
        source_keys,
    ),
    st.builds(
        lambda old, new, interval, part: Supersede(
            old=old, new=new, at=interval[1], until=interval[2], kind=interval[0], part=part
        ),
        st.lists(keys, min_size=1, max_size=2).map(tuple),
        st.lists(keys, min_size=1, max_size=2).map(tuple),
        intervals,
        st.none() | texts,
    ),
    st.builds(Transition, keys, moves),
    st.builds(End, keys, moments, st.none() | texts),
    st.builds(Retract, keys),
    st.builds(Confirm, keys, source_keys),
    st.builds(Feedback, keys, st.sampled_from(list(Opinion)[:3])),
    st.builds(Link, keys, keys, st.sampled_from(LinkKind)),
    st.builds(Revoke, st.integers(1, 10**9), st.none() | st.integers(0, 9)),
    st.builds(OpenBranch, branches, st.none() | branches),
    st.builds(MergeBranch, branches),
    st.builds(AbandonBranch, branches),
    st.builds(Erase, keys),
)
provenances = st.builds(Provenance, texts, st.none() | texts, st.none() | texts)

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
HOME = Scope("acme", repo="shop")


def change(operation: Operation, seq: int = 1, provenance: Provenance | None = None) -> Change:
    return Change(seq, NOON + timedelta(hours=seq), f"op{seq}", operation, HOME, provenance or Provenance())


def sealed(operation: Operation, seq: int = 1, previous: str = GENESIS, reason: str | None = None) -> Entry:
    one = change(operation, seq, Provenance("me", None, reason))
    return ledger.seal(one, salt="ab" * 16, digest="cd" * 32, previous=previous)


@given(operations, scopes, provenances)
def test_every_operation_reads_back_as_it_was(operation: Operation, writer: Scope, provenance: Provenance) -> None:
    body = ledger.encode(operation, writer, provenance)
    assert ledger.decode(body) == (operation, writer, provenance)


@given(operations, scopes, provenances)
def test_the_text_is_canonical(operation: Operation, writer: Scope, provenance: Provenance) -> None:
    body = ledger.encode(operation, writer, provenance)
    assert body == json.dumps(json.loads(body), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert body == ledger.encode(*ledger.decode(body))


@given(operations, scopes, provenances)
def test_texts_that_are_spelled_out_are_those_that_the_fields_give(
    operation: Operation, writer: Scope, provenance: Provenance
) -> None:
    codec = Codec({})
    more = (
        f'"by":{codec.text(provenance)}',
        f'"do":"{ledger.operation_name(operation)}"',
        f'"writer":{codec.text(writer)}',
    )
    assert ledger.encode(operation, writer, provenance) == codec.text(operation, *more)
    if isinstance(operation, Add) and operation.memory.statement is not None:
        assert encode_statement(operation.memory.statement) == codec.text(operation.memory.statement)


@given(statements)
def test_a_statement_reads_back_as_it_was(statement: Statement) -> None:
    assert decode_statement(encode_statement(statement)) == statement


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), statements)
def test_keyed_hashes_are_hmacs(key: str, statement: Statement) -> None:
    expected = hmac.digest(key.encode(), statement.content_hash.encode(), "sha256").hex()
    assert ledger.content_digest(key, statement) == expected


def test_the_text_leaves_defaults_out() -> None:
    add = Add(Memory('"statement":null', HOME, Statement(title="Use tabs")), (Move(Status.ACTIVE, NOON),))
    assert ledger.encode(add, HOME, Provenance("me")) == (
        '{"by":{"actor":"me"},"do":"add","memory":{"id":"\\"statement\\":null",'
        '"scope":{"repo":"shop","tenant":"acme"},"statement":{"title":"Use tabs"}},'
        '"moves":[{"at":1704110400000000,"status":"active"}],"writer":{"repo":"shop","tenant":"acme"}}'
    )
    assert ledger.encode(Revoke(3), Scope(), Provenance()) == '{"by":{},"change":3,"do":"revoke","writer":{}}'


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"do":"fly","by":{},"writer":{}}', '{"by":{},"do":"end","writer":{}}']
)
def test_a_text_that_is_none_of_ours_is_corrupt(body: str) -> None:
    with pytest.raises(CorruptStore, match="restore from a backup"):
        ledger.decode(body)


@pytest.mark.parametrize("interval", ["", '"at":1,"until":1,', '"at":1,"kind":"correction",'])
def test_a_supersession_that_was_never_accepted_is_corrupt(interval: str) -> None:
    body = f'{{{interval}"by":{{}},"do":"supersede","new":["b"],"old":["a"],"writer":{{}}}}'
    with pytest.raises(CorruptStore, match="'at'"):
        ledger.decode(body)


@given(moments)
def test_times_keep_their_microseconds(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


def test_equal_requests_have_equal_digests_and_others_do_not() -> None:
    one = Request("a", Retract("m"), HOME)
    assert ledger.request_digest("key", one) == ledger.request_digest("key", replace(one, op_id="b"))
    others = [
        replace(one, operation=Confirm("m")),
        replace(one, writer=Scope()),
        replace(one, provenance=Provenance("x")),
    ]
    digests = {ledger.request_digest("key", other) for other in (one, *others)} | {ledger.request_digest("else", one)}
    assert len(digests) == 5


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(InvalidInput, match=r"^by\.actor holds half"):
        ledger.request_digest("key", Request("a", Retract("m"), HOME, Provenance("\udfff")))


def _chain() -> list[Entry]:
    first = sealed(Retract("a"), 1)
    second = sealed(Confirm("b"), 2, first.hash)
    return [first, second, sealed(Erase("c"), 3, second.hash)]


def test_a_chain_verifies_and_each_entry_reads_back() -> None:
    previous = GENESIS
    for entry in _chain():
        assert ledger.verify(entry, previous) is None
        previous = entry.hash
    assert ledger.change_of(_chain()[0]) == change(Retract("a"), 1, Provenance("me"))


@pytest.mark.parametrize(
    ("altered", "fault"),
    [
        ({"body": '{"by":{},"do":"retract","id":"x","writer":{}}'}, "content of entry 2 was altered"),
        ({"salt": "ef" * 16}, "content of entry 2 was altered"),
        ({"commitment": "0" * 64}, "head of entry 2 was altered"),
        ({"op_id": "else"}, "head of entry 2 was altered"),
        ({"recorded_at": NOON}, "head of entry 2 was altered"),
        ({"hash": "0" * 64}, "head of entry 2 was altered"),
        ({"previous": "0" * 64}, "does not follow"),
    ],
)
def test_whatever_is_altered_shows(altered: dict[str, object], fault: str) -> None:
    first, second, _ = _chain()
    assert fault in str(ledger.verify(replace(second, **altered), first.hash))  # type: ignore[arg-type]


SECRET = Statement(title="hunter2", body="hunter2")

NAMING: list[Operation] = [
    Add(Memory("m", HOME, SECRET), (Move(Status.ACTIVE, NOON, 1, "hunter2"),)),
    Transition("m", Move(Status.ENDED, NOON, 2, "hunter2")),
    End("m", NOON, "hunter2"),
    Supersede(old=("m",), new=("n",), at=NOON, part="hunter2"),
    Retract("m"),
    Revoke(1),
]


@pytest.mark.parametrize("operation", NAMING, ids=lambda one: type(one).__name__)
def test_a_blank_entry_says_nothing_and_still_verifies(operation: Operation) -> None:
    entry = sealed(operation, reason="hunter2")
    blanked = replace(entry, body=ledger.blank(entry.body, "m"), salt=None, digest=None)
    assert "hunter2" not in blanked.body
    assert ledger.verify(blanked, GENESIS) is None
    done = ledger.change_of(blanked)
    assert type(done.operation) is type(operation)
    assert done.provenance == Provenance("me")
    assert ledger.blank(blanked.body, "m") == blanked.body


def test_blanking_keeps_when_and_where() -> None:
    operation, writer, _ = ledger.decode(ledger.blank(sealed(NAMING[0]).body, "m"))
    assert operation == Add(Memory("m", HOME, None), (Move(Status.ACTIVE, NOON, 1),), may_confirm=False)
    assert writer == HOME


def test_a_content_digest_depends_on_content_and_key_alone() -> None:
    digest = ledger.content_digest("key", SECRET)
    assert digest == ledger.content_digest("key", replace(SECRET, confidence=0.5))
    assert digest != ledger.content_digest("else", SECRET)
    assert digest != ledger.content_digest("key", replace(SECRET, body="other"))


def test_operations_have_the_words_of_the_surfaces() -> None:
    assert ledger.operation_name(Erase("m")) == "erase"
