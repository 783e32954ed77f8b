"""A statement is read from its JSON as `Codec` reads it, which derives the form from the fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as some

from graphmem.canonical_json import Codec
from graphmem.model import Alternative, Anchor, AnchorKind, Kind, Origin, Outcome, Statement
from graphmem.statement_json import decode_statement, encode_statement

TEXTS = some.text('ab"\\é\n{}', max_size=6)
NAMES = some.text("abc/.", min_size=1, max_size=6)
ANCHORS = some.builds(Anchor, some.sampled_from(AnchorKind), NAMES, some.none() | NAMES)
OPTIONS = some.builds(Alternative, NAMES, some.sampled_from(Outcome), TEXTS, some.lists(NAMES, max_size=2).map(tuple))
STATEMENTS = some.builds(
    Statement,
    title=NAMES,
    kind=some.sampled_from(Kind),
    body=TEXTS,
    rationale=TEXTS,
    subject=some.none() | NAMES,
    aliases=some.lists(NAMES, max_size=2).map(tuple),
    labels=some.lists(NAMES, max_size=2).map(tuple),
    language=some.none() | some.just("en"),
    confidence=some.sampled_from((0.0, 0.25, 1.0)),
    origin=some.sampled_from(Origin),
    is_mandatory=some.booleans(),
    observed_at=some.none() | some.just(datetime(2024, 5, 1, 12, tzinfo=UTC)),
    anchors=some.lists(ANCHORS, max_size=2).map(tuple),
    alternatives=some.lists(OPTIONS, max_size=2).map(tuple),
)


@given(statement=STATEMENTS)
def test_a_statement_is_read_as_its_fields_say(statement: Statement) -> None:
    text = encode_statement(statement)
    assert decode_statement(text) == statement == Codec({}).read(Statement, json.loads(text))


@pytest.mark.parametrize("kind", [Statement, Anchor, Alternative])
def test_every_member_with_a_form_of_its_own_is_read(kind: type) -> None:
    """A field that is added later must be read too: here is the list of those that are not as JSON has them."""
    codec = Codec({})
    with_form = {name for name, hint in get_type_hints(kind).items() if codec._read_of(hint) is not None}  # noqa: SLF001
    assert with_form == {
        Statement: {"kind", "origin", "aliases", "labels", "anchors", "alternatives", "observed_at"},
        Anchor: {"kind"},
        Alternative: {"outcome", "keys"},
    }.get(kind)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"kind":"nothing","title":"a"}', KeyError),
        ('{"origin":"nobody","title":"a"}', KeyError),
        ('{"anchors":[{"kind":"nothing","name":"a"}],"title":"a"}', KeyError),
        ('{"other":1,"title":"a"}', TypeError),
        ('{"anchors":[{"kind":"file","name":"a","other":1}],"title":"a"}', TypeError),
        ('{"kind":"fact"}', TypeError),
        ("[]", AttributeError),
    ],
)
def test_a_damaged_statement_is_refused_as_its_fields_say(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        decode_statement(text)
