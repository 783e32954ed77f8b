from __future__ import annotations

import pickle
from dataclasses import asdict, replace

import pytest

from graphmem.adapters.lazy_statement import UnreadStatement, unread
from graphmem.errors import CorruptStore
from graphmem.model import Alternative, Anchor, AnchorKind, Kind, Origin, Outcome, Statement
from graphmem.statement_json import encode_statement
from tests.adapters.sqlite.given import START

STATEMENTS = [
    Statement(title="Plain"),
    Statement(title='"title":"no", \\"title\\": {"title":"neither"}', body='{"title":"not this"}', subject="stack"),
    Statement(
        title='"is_mandatory":true',
        labels=('{"is_mandatory":true}', '\\"is_mandatory":true'),
        alternatives=(Alternative("is_mandatory", Outcome.REJECTED, '"is_mandatory":true', ('"is_mandatory":true',)),),
    ),
    Statement(title='{"aliases":["no"]}', aliases=('"aliases":', "\\", "]"), body='{"aliases":["no"]}'),
    Statement(
        title="Ünïcode \u2028 \U0001f600",
        kind=Kind.DECISION,
        origin=Origin.COMMIT,
        confidence=0.25,
        aliases=("one", "two"),
        labels=("x",),
        language="en",
        is_mandatory=True,
        observed_at=START,
        anchors=(Anchor(AnchorKind.FILE, "src/a.py", "shop", role="changes"),),
        alternatives=(Alternative('"title":', Outcome.REJECTED, "slow", ("k",)),),
    ),
]


def _unread(one: Statement, text: str | None = None) -> UnreadStatement:
    columns = (one.kind.value, one.origin.value, one.confidence, one.subject)
    return unread("m", *columns, encode_statement(one) if text is None else text)


@pytest.mark.parametrize("one", STATEMENTS)
def test_it_is_the_statement_that_was_written(one: Statement) -> None:
    assert _unread(one).title == one.title
    assert _unread(one).aliases == one.aliases
    assert _unread(one) == one
    assert one == _unread(one)
    assert _unread(one) == _unread(one)
    assert hash(_unread(one)) == hash(one)
    assert repr(_unread(one)) == repr(one)
    assert asdict(_unread(one)) == asdict(one)
    assert _unread(one).content_hash == one.content_hash
    assert encode_statement(_unread(one)) == encode_statement(one)
    assert replace(_unread(one), body="new") == replace(one, body="new")
    assert pickle.loads(pickle.dumps(_unread(one))) == one  # noqa: S301 - just written


@pytest.mark.parametrize("one", STATEMENTS)
def test_it_stays_the_same_while_it_is_read_bit_by_bit(one: Statement) -> None:
    found = _unread(one)
    for name in ("kind", "title", "confidence", "is_mandatory", "anchors", "body", "title", "is_mandatory"):
        assert getattr(found, name) == getattr(one, name)
    assert found != replace(one, body="other")
    assert found != "a text"
    with pytest.raises(AttributeError):
        found.nonsense  # noqa: B018 - it is not there


@pytest.mark.parametrize("text", ["", "[]", "{", '{"title":1}', '{"body":"b"}', '{"colour":1,"title":"t"}'])
def test_a_damaged_text_is_told_of(text: str) -> None:
    with pytest.raises((CorruptStore, AttributeError)):
        _ = _unread(STATEMENTS[0], text or "nothing").body.upper()


def test_columns_that_nobody_writes_are_told_of() -> None:
    with pytest.raises(CorruptStore, match="'m' cannot be read"):
        unread("m", "rumour", "human", 1.0, None, encode_statement(STATEMENTS[0]))
