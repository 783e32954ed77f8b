from __future__ import annotations

from graphmem.model import MAX_TEXT_CHARS, Kind, Origin, Outcome
from tests.sources.decisions.records import adr, day, only, pairs, read

MADR = """---
status: accepted
date: 2024-02-03
tags: [storage, search]
---
# Use an embedded store

## Context and Problem Statement

Where do facts live? See `src/store/engine.py:12` and [the schema](../schema/tables.sql#top).

## Decision Drivers

* no server

## Considered Options

* Embedded file
* `neo4j` server
* Plain text

## Decision Outcome

Chosen option: "Embedded file", because it needs no server.

### Consequences

* Good, because nothing runs

## Pros and Cons of the Options

### `neo4j` server

* Good, because graphs are native
* Bad, because it must run

### Plain text

* Bad, because it is slow
"""

PEP = """PEP: 912
Title: A Better Loop
Author: A. Writer <a@example.org>,
        B. Writer <b@example.org>
Status: Final
Type: Standards Track
Topic: Packaging
Created: 18-Mar-2013
Replaces: 345, 386
Resolution: 02-Apr-2013

Abstract
========

Loops improve. Status quo::

    Status
    ======

    Rejected

Rationale
=========

They were slow.

Rejected Ideas
==============

A slower loop
-------------

Nobody wants it.
"""

KEP = """title: Faster Pods
kep-number: 1234
owning-sig: sig-node
participating-sigs: [sig-apps]
status: implementable
creation-date: 2022-01-02
last-updated: 2023-04-05
replaces:
  - "/keps/sig-node/1000-slow-pods"
"""


def test_madr_gives_statement_reasons_labels_and_anchors() -> None:
    statement = only(MADR, "docs/0001-use-an-embedded-store.md").statement

    assert (statement.kind, statement.origin, statement.title) == (
        Kind.DECISION,
        Origin.DOCUMENT,
        "Use an embedded store",
    )
    assert statement.labels == ("storage", "search")
    assert statement.aliases == ("ADR-0001", "ADR-1", "ADR 1")
    assert [anchor.name for anchor in statement.anchors] == ["src/store/engine.py", "schema/tables.sql"]
    assert "Where do facts live?" in statement.body
    assert "no server" in statement.rationale
    assert "nothing runs" in statement.rationale


def test_madr_options_are_told_with_outcome_reason_and_keys() -> None:
    options = only(MADR).statement.alternatives

    assert [(option.name, option.outcome, option.reason, option.keys) for option in options] == [
        ("Embedded file", Outcome.CHOSEN, "it needs no server", ()),
        ("neo4j server", Outcome.REJECTED, "Bad, because it must run", ()),
        ("Plain text", Outcome.REJECTED, "Bad, because it is slow", ()),
    ]


def test_options_without_a_choice_have_no_outcome_to_tell() -> None:
    text = "# A\n\n## Status\n\nProposed\n\n## Considered Options\n\n* one\n* two\n\n## Decision Outcome\n\nOpen.\n"

    assert only(text).statement.alternatives == ()


def test_a_table_of_alternatives_tells_why_not() -> None:
    head = "## Alternatives Considered\n\n| Alternative | Pros | Why not |\n|---|---|---|\n"
    rest = head + "| Cron | simple | no retries |\n| Queue | robust | **Chosen** |\n"
    options = only(adr("1. First", rest=rest)).statement.alternatives

    assert [(option.name, option.outcome, option.reason) for option in options] == [
        ("Cron", Outcome.REJECTED, "no retries"),
        ("Queue", Outcome.CHOSEN, "Chosen"),
    ]


def test_a_pep_with_header_lines_and_underlined_headings() -> None:
    observation = only(PEP, "pep-0912.rst")
    statement = observation.statement

    assert (statement.title, statement.aliases) == ("A Better Loop", ("PEP-0912", "PEP-912", "PEP 912"))
    assert statement.labels == ("Standards Track", "Packaging")
    assert statement.rationale.endswith("They were slow.")
    assert [(option.name, option.outcome) for option in statement.alternatives] == [("A slower loop", Outcome.REJECTED)]
    assert [(move.status.value, move.at, move.source_word) for move in observation.moves] == [
        ("proposed", day("2013-03-18"), None),
        ("active", day("2013-04-02"), "Final"),
    ]


def test_bare_numbers_in_a_header_name_records_of_the_same_series() -> None:
    older = PEP.replace("912", "345").replace("Replaces: 345, 386\n", "").replace("2013", "2005")

    assert pairs({"pep-0345.rst": older, "pep-0912.rst": PEP}) == {("update", "pep-0345.rst", "pep-0912.rst")}


def test_a_kep_is_read_with_its_readme() -> None:
    folder, older = "keps/sig-node/1234-faster-pods", "keps/sig-node/1000-slow-pods"
    files = {
        f"{folder}/kep.yaml": KEP,
        f"{folder}/README.md": "# Pods\n\n## Summary\n\nPods start sooner.\n\n## Alternatives\n\n- Wait longer\n",
        f"{older}/kep.yaml": KEP.replace("1234", "1000").split("replaces")[0].replace("2022", "2020"),
    }
    reading = read(files)
    newer = reading.observations[1]

    assert newer.statement.aliases == ("KEP-1234", "KEP 1234")
    assert newer.statement.labels == ("sig-node", "sig-apps")
    assert newer.statement.observed_at == day("2023-04-05")
    assert "Pods start sooner." in newer.statement.body
    assert [option.name for option in newer.statement.alternatives] == ["Wait longer"]
    assert [(found.old, found.new) for found in reading.replacements] == [(f"{older}/kep.yaml", f"{folder}/kep.yaml")]


def test_the_title_loses_its_number_and_falls_back_on_the_file_name() -> None:
    assert only(adr("ADR-012: Use queues"), "ADR-012-queues.md").statement.title == "Use queues"
    assert only(adr("1. Use queues")).statement.title == "Use queues"
    assert (
        only("## Status\n\nAccepted\n\n## Decision\n\nA.\n", "0004-use-dark-mode.md").statement.title == "use dark mode"
    )


def test_a_text_over_the_limit_is_cut_and_reported() -> None:
    reading = read({"0001-a.md": adr("1. A", rest="word " * (MAX_TEXT_CHARS // 4))})

    assert len(reading.observations[0].statement.body) == MAX_TEXT_CHARS
    assert "only the first" in reading.problems[0].reason


def test_names_that_are_no_files_of_the_repository_are_no_anchors() -> None:
    rest = "`app.py` `a/b` `/etc/hosts.conf` `https://x.org/a/b.py` `example.com/a/b.md` `{x}/y.py` "
    rest += "`pics/a.png` `lib/x.py`\n\n```\n`no/no.py`\n```\n"

    assert [anchor.name for anchor in only(adr("1. A", rest=rest)).statement.anchors] == ["lib/x.py"]


def test_an_unchanged_file_reads_the_same_and_an_edit_keeps_the_key() -> None:
    files = {"0001-a.md": adr("1. A"), "0002-b.md": adr("2. B")}
    edited = files | {"0001-a.md": adr("1. A", "Superseded by ADR-2")}

    assert read(files) == read(dict(reversed(files.items())))
    assert [observation.key for observation in read(edited).observations] == list(files)
