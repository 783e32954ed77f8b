from __future__ import annotations

import re

import pytest

from graphmem import errors
from graphmem.errors import Conflict, GraphMemError, StoreUnavailable

# What clients, scripts and stored answers rely on; a code never changes and is never used again.
CODES = {
    "GraphMemError": "error",
    "InvalidInput": "invalid_input",
    "BadDiff": "bad_diff",
    "NotFound": "not_found",
    "Conflict": "conflict",
    "SecretRefused": "secret_refused",
    "Forbidden": "forbidden",
    "StoreUnavailable": "store_unavailable",
    "CommitUnknown": "commit_unknown",
    "Unsupported": "unsupported",
    "CorruptStore": "corrupt_store",
}
DRAWN = re.compile(r"[├└]── (\w+) .*\((?:code: )?(\w+)(, retryable)?\)")


def tree() -> list[type[GraphMemError]]:
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, GraphMemError)]
    return [one for one in found if one.__module__ == errors.__name__]


def test_codes_are_stable_and_each_is_used_once() -> None:
    assert {one.__name__: one.code for one in tree()} == CODES
    assert len(set(CODES.values())) == len(CODES)


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = {name: (code, bool(retryable)) for name, code, retryable in DRAWN.findall(errors.__doc__ or "")}
    assert drawn == {one.__name__: (one.code, one.is_retryable) for one in GraphMemError.__subclasses__()}


def test_every_error_stands_directly_under_the_one_root() -> None:
    assert {one.__base__ for one in tree()} == {Exception, GraphMemError}


def test_only_what_wrote_nothing_may_simply_be_sent_again() -> None:
    assert [one for one in tree() if one.is_retryable] == [StoreUnavailable]


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_an_error_says_its_message(kind: type[GraphMemError]) -> None:
    assert str(kind("what was wrong")) == "what was wrong"


def test_a_conflict_names_the_heads_that_lead_now() -> None:
    assert Conflict("taken").heads == ()
    assert Conflict("taken", ("a", "b")).heads == ("a", "b")
