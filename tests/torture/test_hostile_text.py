"""Text that is code to somebody: it is stored and found as text through every field, or refused by name."""

from __future__ import annotations

from contextlib import suppress

import pytest

from graphmem import (
    Alternative,
    Anchor,
    AnchorKind,
    Filter,
    GraphMemError,
    GraphMemory,
    InvalidInput,
    Outcome,
    Page,
    Scope,
    Statement,
    Status,
    Write,
)
from graphmem.answers import State

HOSTILE = {
    "sql": "'; DROP TABLE memory; --",
    "sql in quotes": '" OR 1=1; DELETE FROM entry WHERE ""="',
    "fts operators": 'NEAR("a" "b", 5) OR body : x* AND NOT ^facets "',
    "fts column": "{facets} : 1_h1 AND -1",
    "fts quote": '"""" OR ""',
    "cypher": "'}) DETACH DELETE n //` MATCH (n) RETURN n",
    "json": '{"do":"erase","id":"x"},"statement":null}',
    "like": "%_\\%[a-z]?*",
    "control": "a\x00b\x01\x1f\x7f\x1e\x1d",
    "lines": "a\r\n\u2028\u2029\x85b",
    "rtl": "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd \u2066x\u2069",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 é\u0301\u0301",
    "ideographs": "漢字 かな 한국어 𠮷野家",
    "lone surrogate": "half \ud800 of one",
    "format": "{0} %s %(x)s ${jndi:ldap://x} {{7*7}}",
    "path": "../../../etc/passwd",
    "markup": "[bold red]x[/] <script>alert(1)</script> \x1b[31m",
    "digits": "\u0663\u0661 ١٢٣ ½ ² 1e999 NaN -0",
    "long word": "w" * 990,
    "blank": "\u00a0\u200b\ufeff",
}
FIELDS = (
    "title",
    "body",
    "rationale",
    "alias",
    "label",
    "subject",
    "language",
    "file",
    "component",
    "alternative",
    "key",
)


def statement(field: str, text: str) -> Statement:
    return Statement(
        title=text if field == "title" else "Plain",
        body=text if field == "body" else "",
        rationale=text if field == "rationale" else "",
        aliases=(text,) if field == "alias" else (),
        labels=(text,) if field == "label" else (),
        subject=text if field == "subject" else None,
        language=text if field == "language" else None,
        anchors=_anchors(field, text),
        alternatives=_alternatives(field, text),
    )


def _anchors(field: str, text: str) -> tuple[Anchor, ...]:
    kinds = {"file": AnchorKind.FILE, "component": AnchorKind.COMPONENT}
    return (Anchor(kinds[field], text),) if field in kinds else ()


def _alternatives(field: str, text: str) -> tuple[Alternative, ...]:
    if field not in {"alternative", "key"}:
        return ()
    name, keys = (text, ()) if field == "alternative" else ("other", (text,))
    return (Alternative(name, Outcome.REJECTED, text, keys),)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("field", FIELDS)
def test_a_statement_comes_back_word_for_word_or_is_refused(memory: GraphMemory, field: str, text: str) -> None:
    bystander = memory.add("We leave others alone").ids[0]
    try:
        said = statement(field, text)
        key = memory.add(said).ids[0]
    except InvalidInput:
        assert memory.changes(after=1) == ()
    else:
        assert memory.get(key).memory.statement == said
        assert key in {hit.card.id for hit in memory.search(said.title).hits} | {one.id for one in memory.list().cards}
    assert memory.get(bystander).state is State.HOLDS
    assert memory.check() == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_question_takes_any_text(memory: GraphMemory, text: str) -> None:
    key = memory.add("We leave others alone").ids[0]
    wheres = [Filter(labels=(text,)), Filter(subjects=(text,)), Filter(languages=(text,)), Filter(components=(text,))]
    wheres += [Filter(paths=(text,)), Filter(paths=(text + "/",)), Filter(paths=(f"**/{text}*",))]
    for where in wheres:
        with suppress(GraphMemError):
            assert memory.list(where).cards == ()
            assert memory.search("others", where=where).hits == ()
    for ask in (memory.search, memory.get, memory.history, memory.explain, memory.erase):
        with suppress(GraphMemError):
            ask(text)
    with suppress(GraphMemError):
        memory.timeline(subject=text)
    with suppress(GraphMemError):
        memory.timeline(path=text)
    assert memory.get(key).state is State.HOLDS


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_write_says_anything_about_itself(memory: GraphMemory, text: str) -> None:
    try:
        told = memory.add("Plain", write=Write(actor=text, source=text, reason=text, op_id=text[:200]))
        memory.transition(told.ids[0], Status.ENDED, at=told.change.recorded_at, word=text)
    except InvalidInput:
        pass
    else:
        by = memory.changes()[0].provenance
        assert (by.actor, by.source, by.reason) == (text, text, text)
        assert memory.history(told.ids[0]).moves[-1].word == text
        assert memory.add("Plain", write=Write(actor=text, source=text, reason=text, op_id=text[:200])).change.seq == 1
    assert memory.check() == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_scopes_of_any_name_stay_apart(memory: GraphMemory, text: str) -> None:
    mine = memory.add("Mine").ids[0]
    with suppress(GraphMemError):
        for scope in (
            Scope(text),
            Scope("acme", text),
            Scope("acme", "acme/shop", text),
            Scope("acme", environment=text),
        ):
            memory.add("Theirs", write=Write(scope=scope))
            assert [one.memory.statement.title for one in memory.list(scope=scope).cards if one.memory.statement][
                :1
            ] == ["Theirs"]
    assert [one.id for one in memory.list().cards] == [mine]


@pytest.mark.parametrize("cursor", ["", "x", "===", "e30", "WzFd", "\ud800", "W251bGwsMSwxLCJ4Il0"])
def test_a_made_up_cursor_is_refused(memory: GraphMemory, cursor: str) -> None:
    memory.add("Plain")
    with pytest.raises(InvalidInput):
        memory.search("plain", page=Page(cursor=cursor))
