"""A hostile text of twice the size takes about twice as long: no pattern over foreign text is worse than linear."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from graphmem.sources.decisions import Document, read_documents
from tests.sources.decisions.records import READ_AT

# What a pattern has to look at again and again, if it can be made to.
# fmt: off
FRAGMENTS = (
    "(", "(a", "[", "[[", "[a](", "](", "![", "`", "*", "**", "_", "<", "<!--", "-->", "-", " - ", "#", ":", "::",
    "a", "a ", "a/", "a.", "1", "1.", "01-", "../", "'s ", '"', "=", "~", "ADR-1 ", "ADR-1, ", "2024-",
    "2024-01-01 ", "supersedes ", "superseded by ", "Superseded by ADR-2 (", "this ADR ", "we will ", "not ",
    "and ", "a. A ", "; ", "> ", "\t", " ", "option: ", "because ", "is ", "=> ", "(pros ", "Status: ", "i ", "&",
    "&a", "<a href=a>", "https://a/", "see ", "this was superseded. ", "ADR-1-", "the a ", "in favor of ", "* - a\n",
    "replaces [", "<a ", "<![CDATA[", "{", "draft ", "\ue000", "\ue0000\ue001", "|",
)
# fmt: on
FORMS: dict[str, Callable[[str], tuple[str, str]]] = {
    "a title": lambda text: ("1-a.md", f"# {text}\n\n## Status\n\nAccepted\n"),
    "a status": lambda text: ("1-a.md", f"# A\n\nStatus: {text}\n\n## Status\n\n{text}\n"),
    "text": lambda text: ("1-a.md", f"# A\n\n## Decision\n\n{text} supersedes {text}\n\n- {text}\n> {text}\n"),
    "options": lambda text: (
        "1-a.md",
        f"# A\n\n## Options\n\n- {text}\n| {text} | {text} |\n\nChosen option: {text}\n",
    ),
    "front matter": lambda text: ("1-a.md", f"---\nstatus: {text}\nreplaces: {text}\n---\n# A\n\n## {text}\n\nA.\n"),
    "headers": lambda text: ("1-a.rst", f"PEP: 1\nTitle: {text}\nStatus: {text}\nReplaces: {text}\n\nA\n=\n\n{text}\n"),
    "a list table": lambda text: (
        "1-a.rst",
        f"A\n=\n\n.. list-table::\n\n   * - Status\n     - {text}\n   * - {text}\n",
    ),
    "asciidoc": lambda text: ("1-a.adoc", f"= A {text}\n:status: {text}\n\n|===\n| {text}\n|===\n\n{text}\n"),
    "mediawiki": lambda text: (
        "1-a.mediawiki",
        f"<pre>\n  Title: {text}\n  Status: {text}\n</pre>\n=={text}==\n* [[{text}|{text}]] [https://a.b {text}]\n",
    ),
    "xml": lambda text: ("1-a.xml", f"<a><status>{text}</status><section topic='{text}'><p>{text}</p></section></a>"),
}
CHARS = 1_500
# Twice is linear. What is quadratic takes four times as long; the rest is for a busy machine.
MOST = 3.0
# Less is noise of the clock, and a constant part that does not grow.
NOISE_S = 0.03


def seconds(form: str, fragment: str, chars: int, times: int = 1) -> float:
    path, text = FORMS[form]("w" + fragment * (chars // len(fragment)) + "!")
    document = Document(path, text.encode(), is_named=True)
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        read_documents([document], read_at=READ_AT)
        best = min(best, time.process_time() - started)
    return best


def ratio(form: str, fragment: str, times: int = 1) -> float:
    twice = seconds(form, fragment, 2 * CHARS, times)
    return twice / seconds(form, fragment, CHARS, times) if twice > NOISE_S else 1.0


@pytest.mark.parametrize("form", FORMS)
def test_twice_the_text_takes_about_twice_as_long(form: str) -> None:
    suspects = [fragment for fragment in FRAGMENTS if ratio(form, fragment) > MOST]

    assert [fragment for fragment in suspects if ratio(form, fragment, times=5) > MOST] == []
