"""Records in the forms that other projects write: AsciiDoc, XML, field lists, front matter of any name."""

from __future__ import annotations

import pytest

from graphmem.model import Status, SupersessionKind
from graphmem.sources.decisions import Document, read_documents
from tests.sources.decisions.records import READ_AT, adr, edge, only, pairs, read

XML = """<?xml version='1.0'?>
<!DOCTYPE xep SYSTEM 'xep.dtd' [
  <!ENTITY % ents SYSTEM 'file:///etc/passwd'>
%ents;
  <!ENTITY big "&big;&big;">
]>
<xep><header>
  <title>Chat</title>
  <abstract>Rooms &big; <link url='https://x.example'>here</link>.</abstract>
  <number>{number}</number>
  <status>{status}</status>
  <supersedes>{old}</supersedes>
  <supersededby/>
  <revision><version>1.0</version><date>2010-02-03</date></revision>
  <revision><version>0.1</version><date>2008-01-02</date></revision>
</header>
<section1 topic='Introduction'><p>People talk, as in &xep0030;.</p>
<example><![CDATA[<message status="Rejected"/>]]></example></section1>
</xep>
"""
ASCIIDOC = """= JEP-{number}: Plug things in
:toc:

.Metadata
[cols="2"]
|===
| JEP
| {number}

| Status
| {status} :lock:

//
//| Superseded-By
//| JEP-99
| Created
| 2017-10-30
{more}
|===

== Abstract

See link:../2/[JEP-2] or `a`.

----
== Status

Rejected
----
"""


def xml(number: int, status: str = "Draft", old: str = "") -> str:
    return XML.format(number=f"{number:04}", status=status, old=f"<spec>XEP-{old}</spec>" if old else "")


def asciidoc(number: int, status: str = "Final", more: str = "") -> str:
    return ASCIIDOC.format(number=number, status=status, more=more)


def test_an_xml_record_is_read_and_no_entity_of_it_is_expanded() -> None:
    found = only(xml(45), "xep-0045.xml")

    assert (found.statement.title, found.statement.aliases[0]) == ("Chat", "XEP-0045")
    assert "People talk, as in XEP-0030." in found.statement.body
    assert [(move.status, move.source_word, move.at.date().isoformat()) for move in found.moves] == [
        (Status.ACTIVE, "Draft (then or later)", "2008-01-02")
    ]


def test_xml_records_replace_each_other() -> None:
    found = edge({"xep-0001.xml": xml(1), "xep-0002.xml": xml(2, old="0001")})

    assert (found.old, found.new) == ("xep-0001.xml", "xep-0002.xml")
    assert found.evidence == (("xep-0002.xml", "  <supersedes><spec>XEP-0001</spec></supersedes>"),)


def test_a_word_means_what_its_series_means_by_it() -> None:
    assert only(xml(1, "Draft"), "xep-0001.xml").moves[0].status is Status.ACTIVE
    assert only(adr("1. A", "Draft")).moves[0].status is Status.PROPOSED
    assert only(xml(1, "Retracted"), "xep-0001.xml").moves[-1].status is Status.REJECTED


def test_an_asciidoc_record_is_its_numbered_folder_s_readme() -> None:
    files = {
        "jep/1/README.adoc": asciidoc(1, "Replaced", "\n| Superseded-By\n| link:../2/[JEP-2]"),
        "jep/2/README.adoc": asciidoc(2),
    }
    reading = read(files)

    assert [(one.statement.title, one.moves[0].at.year) for one in reading.observations] == [
        ("Plug things in", 2017),
        ("Plug things in", 2017),
    ]
    assert pairs(files) == {("update", "jep/1/README.adoc", "jep/2/README.adoc")}
    assert reading.problems == ()


WIKI = """<pre>
  BIP: {number}
  Title: {title}
  Status: {status}
  Type: Process
  Assigned: 2016-02-03
{more}</pre>

==Abstract==

Says '\'\'more\'\'\' than [[bip-0001.mediawiki|the first]], see [https://example.org a page].

* One
** Two

<source lang="c">
== no heading ==
</source>
"""


def test_a_mediawiki_record_has_headers_headings_and_links() -> None:
    files = {
        "bip-0001.mediawiki": WIKI.format(number=1, title="Begin", status="Final", more="  Proposed-Replacement: 2\n"),
        "bip-0002.mediawiki": WIKI.format(number=2, title="Go on", status="Final", more="  Replaces: 1\n"),
    }
    reading = read(files)

    assert [one.statement.title for one in reading.observations] == ["Begin", "Go on"]
    body = reading.observations[0].statement.body
    assert "Says **more** than [the first](bip-0001.mediawiki), see [a page](https://example.org)." in body
    assert "- One\n  - Two" in body
    assert "== no heading ==" in body
    assert pairs(files) == {("update", "bip-0001.mediawiki", "bip-0002.mediawiki")}
    assert reading.problems == ()


def test_a_field_list_of_restructured_text_is_a_header() -> None:
    text = "=====\nFirst\n=====\n\n:DEP: 1\n:Status: Superseded\n:Superseded-By: 2\n"
    text += ":Created: 2014-05-06\n\nAbstract\n========\n\nA.\n"
    files = {
        "0001-first.rst": text,
        "0002-second.rst": text.replace("First", "Other").replace("Superseded-By: 2", "X: y"),
    }

    assert ("update", "0001-first.rst", "0002-second.rst") in pairs(files)
    assert ":Status:" not in read(files).observations[0].statement.body


@pytest.mark.parametrize("key", ["status: implementable", "replaces: [other.md]", "superseded-by: other.md"])
def test_front_matter_makes_a_record_of_a_file_of_any_name(key: str) -> None:
    assert only(f"---\ntitle: Pods\n{key}\n---\n\n# Pods\n\nMany.\n", "docs/pods.md").statement.title == "Pods"


@pytest.mark.parametrize(
    "name", ["README.md", "template.md", "work-log.md", "decision-log.md", "index.md", "adr-index.md"]
)
def test_what_a_folder_of_decisions_holds_beside_them_is_no_record(name: str) -> None:
    reading = read({f"docs/adr/{name}": adr("Log")})

    assert (reading.observations, reading.problems) == ((), ())


def test_a_file_among_decisions_that_is_not_understood_is_a_problem_with_its_reason() -> None:
    told = read({"docs/adr/queues.md": "# Queues\n\nWe like them.\n"}).problems
    untold = read({"docs/queues.md": "# Queues\n\nWe like them.\n"}).problems

    assert [(one.path, "no decision is recognised" in one.reason) for one in told] == [("docs/adr/queues.md", True)]
    assert untold == ()


def test_a_file_beside_mostly_records_is_a_problem_too() -> None:
    files = {"x/0001-a.md": adr("1. A"), "x/0002-b.md": adr("2. B"), "x/loose.md": "# Loose\n\nText.\n"}

    assert [one.path for one in read(files).problems] == ["x/loose.md"]


def test_a_file_that_is_no_text_is_a_problem_in_a_folder_of_decisions_alone() -> None:
    documents = [Document("adr/notes.md", b"\xff\xfe"), Document("docs/notes.md", b"\xff\xfe")]

    assert [one.path for one in read_documents(documents, read_at=READ_AT).problems] == ["adr/notes.md"]


OLD, NEW = "0001-first.md", "0002-second.md"


def both(*, old: str = "Accepted", title: str = "Second thing", decision: str = "We do it.") -> dict[str, str]:
    new = adr(f"2. {title}", date="2024-05-01").replace("We do it.", decision)
    return {OLD: adr("1. First thing", old, "2023-01-01"), NEW: new}


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (both(title="Partly undo ADR 1 (the first thing)"), SupersessionKind.AMENDMENT),
        (both(title="Revert ADR-1"), SupersessionKind.UPDATE),
        (both(decision="We will partly undo ADR-1, by other means."), SupersessionKind.AMENDMENT),
        (both(decision="We will replace ADR-1."), SupersessionKind.UPDATE),
        (both(decision="This ADR supersedes the decisions made in ADRs 01."), SupersessionKind.UPDATE),
        (both(old="This ADR has been superceded. Please see ADR-2."), SupersessionKind.UPDATE),
        (both(old="Superceded, see [the second](0002-second.md)"), SupersessionKind.UPDATE),
    ],
)
def test_a_replacement_in_the_text_s_own_words(files: dict[str, str], kind: SupersessionKind) -> None:
    found = edge(files)

    assert (found.old, found.new, found.kind) == (OLD, NEW, kind)


def test_a_heading_can_say_that_the_record_was_replaced() -> None:
    files = both()
    files[OLD] = "# 1. First\n\n## This ADR is now superceded by [ADR 2](./0002-second)\n\n## Decision\n\nA.\n"

    assert edge(files).kind is SupersessionKind.UPDATE


@pytest.mark.parametrize(
    "status",
    ["Updated: see ADR-2", "Accepted\n\nUpdated 2024-05-01 to reflect ADR-2", "Accepted. Updated by ADR-2."],
)
def test_an_update_of_the_text_that_names_another_record_is_no_succession(status: str) -> None:
    assert not any(kind == "update" for kind, _, _ in pairs(both(old=status)))


@pytest.mark.parametrize(
    "decision",
    [
        "We will not replace ADR-1.",
        "We may revert ADR-1 later.",
        "We considered to undo ADR-1.",
        "We will replace the queue that ADR-1 describes.",
    ],
)
def test_what_is_only_considered_replaces_nothing(decision: str) -> None:
    assert pairs(both(decision=decision)) == set()


def test_an_unknown_status_is_kept_as_not_understood() -> None:
    reading = read({"0001-a.md": adr("1. A", "Zebra striped")})

    assert reading.observations[0].moves[0].source_word == "status not understood: Zebra striped"
    assert "not in force" in reading.problems[0].reason
