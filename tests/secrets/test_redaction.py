from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem import Alternative, Anchor, AnchorKind, Outcome, Scope, Statement
from graphmem.model import MAX_TITLE_CHARS
from graphmem.redactions import Redaction
from graphmem.secrets import redaction
from graphmem.secrets.flat_texts import CleanStatements
from graphmem.secrets.redaction import Redactor, redactor, without_secrets
from graphmem.service.statements import StatementText
from tests.secrets.tokens import private_key, token

PAT = "[redacted: github-pat]"


def test_a_text_without_secrets_stays_as_it_is() -> None:
    said = Statement(title="The token is rotated monthly", labels=("security",))
    assert redactor().value(said) == (said, ())
    assert redactor().value(said)[0] is said


def test_each_text_of_a_value_is_searched_and_named() -> None:
    said = Statement(
        title="Tokens",
        rationale=f"because {token('a')}",
        labels=("x", token("b")),
        anchors=(Anchor(AnchorKind.FILE, f"deploy/{token('c')}.sh"),),
        alternatives=(Alternative("vault", Outcome.REJECTED, f"cost {token('d')}", keys=(token("e"),)),),
    )
    clean, found = redactor().value(said)
    assert clean.rationale == f"because {PAT}"
    assert clean.labels == ("x", PAT)
    assert clean.anchors[0].name == f"deploy/{PAT}.sh"
    assert clean.alternatives == (Alternative("vault", Outcome.REJECTED, f"cost {PAT}", keys=(PAT,)),)
    places = ["rationale", "labels[1]", "anchors[0].name", "alternatives[0].reason", "alternatives[0].keys[0]"]
    assert found == tuple(Redaction("github-pat", place) for place in places)


def test_a_secret_across_title_and_body_is_one() -> None:
    first, rest = private_key().split("\n", 1)
    clean, found = redactor().value(Statement(title=f"The key {first}", body=f"{rest}\nof the host"))
    assert (clean.title, clean.body) == ("The key [redacted: private-key]", "of the host")
    assert found == (Redaction("private-key", "title"),)


def test_a_secret_in_the_body_is_named_there() -> None:
    clean, found = redactor().value(Statement(title="Deploys", body=f"use {token()}"))
    assert (clean.title, clean.body) == ("Deploys", f"use {PAT}")
    assert found == (Redaction("github-pat", "body"),)


def test_secrets_in_title_and_body_are_named_in_both() -> None:
    _, found = redactor().value(Statement(title=token("a"), body=token("b")))
    assert [each.place for each in found] == ["title", "body"]


def test_a_title_does_not_grow_over_its_limit() -> None:
    secret = "AKIA" + "QYLPMN5HNM4F2ZTA"
    clean, found = redactor().value(Statement(title=f"{secret} " + "w" * (MAX_TITLE_CHARS - len(secret) - 1)))
    assert [each.rule for each in found] == ["aws-access-token"]
    assert len(clean.title) <= MAX_TITLE_CHARS
    assert clean.title.startswith("[redacted] w")


def test_mappings_and_lists_are_searched() -> None:
    assert redactor().value({"a": [token()]}) == ({"a": [PAT]}, (Redaction("github-pat", "a[0]"),))


@given(before=st.text(max_size=30), after=st.text(max_size=30))
def test_redacting_again_changes_nothing(before: str, after: str) -> None:
    once, _ = Redactor().text(f"{before} {token()} {after}")
    assert token() not in once
    assert Redactor().text(once) == (once, ())


@pytest.mark.parametrize("text", ["plain", f"with {token()}"])
def test_a_text_for_people_has_no_secret(text: str) -> None:
    assert without_secrets(text) == text.replace(token(), PAT)


def test_only_short_texts_without_secrets_are_remembered() -> None:
    own = Redactor()
    for text in ("plain", token(), "long " * 1_000):
        own.text(text)
    assert list(own._clean) == ["plain"]  # noqa: SLF001 - what it keeps is what is asked


def test_a_value_is_clean_if_none_of_its_texts_has_a_secret() -> None:
    said = Statement(title="The token is rotated monthly", body="as the key is", labels=("security",))
    assert Redactor().is_clean([said, {"a": ("plain", None, 1)}, Scope(repo="shop")])


_FOLDED = private_key().split("\n", 1)


@pytest.mark.parametrize(
    "value",
    [
        token(),
        StatementText(token()),
        Statement(title=_FOLDED[0], body=_FOLDED[1]),
        Statement(title="plain", alternatives=(Alternative("a", Outcome.REJECTED, keys=("b", token())),)),
        [Statement(title="plain"), Statement(title="plain", body=token())],
        {token(): 1},
        {"a": [token()]},
        Scope(repo=token()),
        Statement(title="plain", anchors=(Anchor(AnchorKind.FILE, "plain.py", token()),)),
    ],
)
def test_a_value_with_a_secret_anywhere_is_not_clean(value: object) -> None:
    assert not Redactor().is_clean(value)


def test_a_value_of_an_unknown_class_is_not_clean() -> None:
    assert not Redactor().is_clean([object()])


@given(texts=st.lists(st.one_of(st.text(max_size=40), st.just(token()), st.just("a key = x")), max_size=12))
def test_a_value_is_clean_exactly_if_each_text_is(texts: list[str]) -> None:
    assert Redactor().is_clean(texts) == all(not Redactor().text(text)[1] for text in texts)


def test_remembered_texts_are_forgotten_before_they_take_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_MOST_REMEMBERED", 10)
    own = Redactor()
    for text in ("first text", "second text"):
        own.text(text)
    assert list(own._clean) == ["second text"]  # noqa: SLF001


def test_statements_that_were_searched_need_no_second_search() -> None:
    one, equal = (Statement(title=f"use {token()}") for _ in range(2))
    known = CleanStatements()
    assert not Redactor().is_clean(one, found=known)
    assert one not in known
    known.add([one])
    assert Redactor().is_clean([one], known)
    assert not Redactor().is_clean([equal], known)
