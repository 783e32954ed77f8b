"""Texts as evidence, and the terms by which stores find memories: never fewer than judging needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem import Alternative, Anchor, AnchorKind, Outcome, Statement
from graphmem.guard.brought_options import is_brought
from graphmem.guard.evidence import (
    CommandEvidence,
    Evidence,
    FileEvidence,
    ImportEvidence,
    NameEvidence,
    PackageEvidence,
)
from graphmem.guard.evidence_terms import terms_of_evidence
from graphmem.guard.index_terms import terms_of_path, terms_of_statement
from graphmem.guard.prose import evidence_of_text
from graphmem.option_keys import OptionKey


def test_code_spans_commands_and_fenced_code_count_and_words_do_not() -> None:
    text = "Use pytz, `lodash` or `pip install six`:\n\n```py\nimport attr\n```\n~~~sh\n$ npm i left-pad\n~~~\n"
    words = [one.evidence.text for one in evidence_of_text(text)]
    assert words == [
        "import of attr",
        "dependency on left-pad",
        "command npm i",
        "mention of lodash",
        "dependency on six",
        "command pip install",
    ]


NAMES = st.sampled_from(["a", "a.b", "a-b", "a_b", "A", "a/b", "a::b", "@s/a", "a/b/c", "a.b.c", "b"])
KEYS = st.one_of(
    NAMES,
    st.builds("pkg:pypi/{}".format, st.sampled_from(["a", "a-b", "A_B", "pyyaml"])),
    st.builds("pkg:npm/{}".format, st.sampled_from(["a", "@s/a"])),
    st.builds("pkg:golang/{}".format, st.sampled_from(["a.b/c", "a/b"])),
    st.builds("pkg:cargo/{}".format, st.sampled_from(["a-b", "a_b"])),
    st.builds("import:python:{}".format, st.sampled_from(["a", "a.b", "a.*.c", "**.b", "a.b$", "yaml"])),
    st.builds("import:javascript:{}".format, st.sampled_from(["a", "a/*", "@s/a", "**/b", "a$", "a#b"])),
    st.builds("import:go:{}".format, st.sampled_from(["a/b", "A/b", "a/**"])),
    st.builds("import:rust:{}".format, st.sampled_from(["a::b", "a-b", "a_b"])),
    st.builds("symbol:{}".format, st.sampled_from(["a.b", "b", "a::b"])),
    st.builds("path:{}".format, st.sampled_from(["a/", "a/b", "a/**", "**/c", "a"])),
    st.builds("command:{}".format, st.sampled_from(["a", "a b", "b --c"])),
)
EVIDENCE: st.SearchStrategy[Evidence] = st.one_of(
    st.builds(
        ImportEvidence,
        st.sampled_from(["python", "javascript", "go", "rust"]),
        NAMES | st.just("yaml"),
        st.lists(st.sampled_from(["b", "*", "default"]), max_size=2).map(tuple),
    ),
    st.builds(PackageEvidence, st.sampled_from(["pypi", "npm", "golang", "cargo"]), NAMES | st.just("PyYAML")),
    st.builds(CommandEvidence, st.lists(st.sampled_from(["a", "b", "--c", "/x/a", "a.exe"]), min_size=1).map(tuple)),
    st.builds(FileEvidence, st.sampled_from(["a", "a/b", "a/b/c", "c", "x/c"])),
    st.builds(NameEvidence, NAMES),
)


@pytest.mark.unmeasured
@given(text=KEYS, evidence=EVIDENCE)
def test_a_memory_whose_key_matches_shares_a_term_with_the_evidence(text: str, evidence: Evidence) -> None:
    said = Statement(title="x", alternatives=(Alternative("o", Outcome.REJECTED, "", (text,)),))
    if is_brought(OptionKey.read(text), evidence):
        assert set(terms_of_statement(said)) & set(terms_of_evidence(evidence))


@pytest.mark.parametrize("name", ["src/a.py", "src/", "src", "src/**/*.py", "**/*.py", "src/a.*"])
def test_a_memory_about_a_path_shares_a_term_with_it(name: str) -> None:
    said = Statement(title="x", is_mandatory=True, anchors=(Anchor(AnchorKind.FILE, name),))
    assert set(terms_of_statement(said)) & set(terms_of_path("src/a.py"))


def test_most_memories_have_no_terms() -> None:
    assert terms_of_statement(Statement(title="x", anchors=(Anchor(AnchorKind.FILE, "a"),))) == ()
