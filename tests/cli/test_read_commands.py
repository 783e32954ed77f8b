"""Commands that ask."""

from __future__ import annotations

import re
from datetime import timedelta

from graphmem.cli.blocks import Look, Span
from graphmem.cli.phrases import emphasised
from graphmem.model import Alternative, Outcome, Statement
from tests.cli.conftest import START, Tool

SECOND = timedelta(seconds=1)


def test_search_follows_the_old_words_to_what_holds(tool: Tool, chain: tuple[str, str]) -> None:
    old, new = chain
    hit = tool.json("search", "MySQL", "database")["hits"][0]
    assert (hit["card"]["id"], [one["id"] for one in hit["via"]]) == (new, [old, new])


def test_search_for_people_shows_chain_and_point(tool: Tool, chain: tuple[str, str]) -> None:
    del chain
    shown = tool.out("search", "MySQL")
    assert "1. ● The database is PostgreSQL  holds   2023-01-01 –" in shown
    assert "   supersedes ADR-1 The database is MySQL since 2023-01-01\n" in shown
    assert re.search(r" · confidence 1\.00 \(human\) · .*relevance \d\.\d\d\n", shown)
    assert "in force since" not in shown
    assert "(now) · known at change 3 (latest) · by words alone: no model in this test" in shown


def test_search_for_people_shows_what_matched_why_and_what_was_rejected(tool: Tool) -> None:
    said = Statement(
        title="State lives in Context",
        body="## Decision\n\nScreens share **little**. Sessions are kept in [Context](https://react.dev).",
        rationale="Two screens need no store.",
        alternatives=(
            Alternative("Redux", Outcome.REJECTED, "Too much"),
            Alternative("Zustand", Outcome.REJECTED, "Context is enough"),
        ),
    )
    with tool.memory() as memory:
        memory.add(said, start=START)
    shown = tool.out("search", "zustand for sessions?")
    assert (
        "   Sessions are kept in Context.\n   why: Two screens need no store.\n"
        "   rejected: Zustand, since Context is enough\n   rejected: Redux, since Too much\n"
    ) in shown


def test_the_words_that_a_question_is_about_are_emphasised() -> None:
    assert emphasised("We deployed on Vercel.", ("deploy", "kafka")) == [
        Span("We "),
        Span("deployed", Look.STRONG),
        Span(" on Vercel."),
    ]
    assert emphasised("Nothing", ("deploy",)) == [Span("Nothing")]


def test_a_hit_that_holds_no_more_says_how_it_stands(tool: Tool) -> None:
    key = tool.add("The database is MySQL")
    tool.out("end", key, "--at", "2024-01-01")
    shown = tool.out("search", "mysql database")
    assert "   stands: nothing is in force now; this was the last: ended since 2024-01-01\n" in shown


def test_search_for_people_says_what_is_wrong_with_a_question(tool: Tool) -> None:
    tool.add("The database is MySQL", "--alias", "ADR-0012")
    assert "No memory is called 'ADR-0021'; nearest: ADR-0012.\n" in tool.out("search", "database of ADR-0021")
    assert "'what is it' has only stop words: add a word for the subject.\n" in tool.out("search", "what is it")
    assert "'x' is a single character: enter at least a word.\n" in tool.out("search", "x")


def test_search_of_no_repository_says_that_there_are_some(tool: Tool) -> None:
    tool.add("Use tabs")
    assert "org-wide" not in tool.out("search", "tabs")
    tool.add("Use spaces", "--repo", "shop")
    shown = tool.out("search", "tabs")
    assert "Only org-wide memories were searched; one repository has more: set --repo.\n" in shown


def test_what_is_to_be_superseded_is_not_said_to_supersede(tool: Tool, chain: tuple[str, str]) -> None:
    del chain
    shown = tool.out("search", "PostgreSQL", "--as-of", "2021-06-01")
    assert "1. ● The database is MySQL  holds" in shown
    assert "   will be superseded by The database is PostgreSQL on 2023-01-01\n" in shown
    assert "also replaces" not in shown


def test_a_proposed_amendment_is_told_as_one(tool: Tool) -> None:
    base = tool.add("Logs are kept for 30 days", "--alias", "ADR-76")
    draft = tool.add("Audit trails go to cold storage", "--status", "proposed")
    tool.out("amend", base, draft, "--part", "audit logs", "--at", "2022-01-01")
    assert "   proposed to be amended by Audit trails go to cold storage (audit logs)\n" in tool.out(
        "search", "audit trails cold storage"
    )


def test_a_chain_of_several_is_told_oldest_first(tool: Tool, chain: tuple[str, str]) -> None:
    third = tool.json("supersede", chain[1], "The database is SQLite", "--at", "2024-01-01")["ids"][1]
    told = [tool.out("search", "MySQL"), tool.out("search", "SQLite", "--as-of", "2021-01-01")]
    assert "   supersedes ADR-1 The database is MySQL, through 1 other\n" in told[0]
    assert "   comes before The database is SQLite, through 1 other\n" in told[1]
    way = "ADR-1 (2020-01-01 – 2023-01-01) → {} The database is PostgreSQL (2023-01-01 – 2024-01-01) → {} The"
    assert (way.format("○", "●") in told[0], way.format("◌", "◌") in told[1], third in told[0]) == (True, True, True)


def test_an_overruled_rule_comes_after_the_one_that_overrules_it_and_says_so(tool: Tool) -> None:
    tool.add("line length 100 everywhere: line length, line length", "--subject", "lint.length", "--repo", "")
    tool.add("lines of 120 here", "--subject", "lint.length", "--repo", "r")
    hits = tool.json("search", "line length", "--repo", "r")["hits"]
    assert [hit["card"]["title"][:9] for hit in hits] == ["lines of ", "line leng"]
    assert [(hit["overruled_by"] or {}).get("before") for hit in hits] == [None, "overruled by"]
    shown = tool.out("search", "line length", "--repo", "r")
    assert "   overruled by lines of 120 here (scope: the narrower scope leads)\n" in shown


def test_confidence_is_as_stated_and_age_has_its_own_name(tool: Tool) -> None:
    key = tool.json("add", "Old and true", "--start", "2014-06-01")["ids"][0]
    assert "confidence 1.00 (human) · not confirmed for 11 years" in tool.out("show", key)
    tool.out("confirm", key)
    assert "confirmed" not in tool.out("show", key).split("recorded")[0]


def test_as_of_and_known_at_set_the_point(tool: Tool, chain: tuple[str, str]) -> None:
    old, _ = chain
    then = tool.json("search", "database", "--as-of", "2021-06-01")
    assert (then["hits"][0]["card"]["id"], then["at"]["as_of"]) == (old, "2021-06-01T00:00:00Z")
    before = tool.json("search", "database", "--known-at", "1")
    assert (before["hits"][0]["card"]["id"], before["at"]["known_at"]) == (old, 1)


def test_a_known_time_is_echoed_with_its_position(tool: Tool) -> None:
    tool.add("A")
    tool.clock()
    shown = tool.out("list", "--known-at", f"{tool.now:%Y-%m-%dT%H:%M:%SZ}", "--as-of", "2026-01-01")
    assert f"as of 2026-01-01 00:00:00Z · known at {tool.now - SECOND:%Y-%m-%d %H:%M:%SZ} = change 1" in shown


def test_nothing_found_is_no_failure(tool: Tool) -> None:
    tool.add("A")
    assert "No matches. Searched org-wide memories only; set --repo to search a repository; --history" in tool.out(
        "search", "zebra"
    )


def test_lists_are_filtered_and_paged(tool: Tool) -> None:
    for number in range(3):
        tool.add(f"Rule {number}", "--kind", "convention", "--label", "style")
    tool.add("Another", "--kind", "task")
    first = tool.json("list", "--kind", "convention", "--limit", "2")
    rest = tool.json("list", "--kind", "convention", "--limit", "2", "--cursor", first["cursor"])
    assert [one["title"] for one in first["cards"] + rest["cards"]] == ["Rule 2", "Rule 1", "Rule 0"]
    assert rest["cursor"] is None


def test_a_listing_for_people_is_a_table_that_ends_with_its_point(tool: Tool, chain: tuple[str, str]) -> None:
    _, new = chain
    head, row, *_, point = tool.out("list").splitlines()
    assert head.split() == ["id", "title", "kind", "state", "held", "confidence"]
    assert row.startswith(f"{new}  ●  The database is PostgreSQL  fact  holds  2023-01-01 –")
    assert point.startswith("as of ")


def test_more_is_said_to_be_there(tool: Tool) -> None:
    tool.add("A")
    tool.add("B")
    assert "There are more: --cursor " in tool.out("list", "--limit", "1")


def test_an_empty_list_says_how_to_look_further(tool: Tool) -> None:
    said = tool.out("list", "--label", "none")
    assert said.startswith("No matches. Searched org-wide memories only; set --repo to search a repository")
    assert "--history" in said


def test_show_tells_all_that_a_memory_says(tool: Tool) -> None:
    key = tool.add(
        "Keys are UUIDv7", "--body", "Sixteen bytes.", "--rationale", "they sort", "--label", "db",
        "--rejected", "serial: leaks counts", "--path", "src/keys.py",
    )  # fmt: skip
    shown = tool.out("show", key)
    for part in ("● Keys are UUIDv7", "Sixteen bytes.", "because: they sort", "rejected: serial: leaks counts",
                 "about: src/keys.py (about)", "labels: db", "as change 1"):  # fmt: skip
        assert part in shown


def test_history_draws_the_chain_and_quotes_the_ledger(tool: Tool, chain: tuple[str, str]) -> None:
    old, new = chain
    shown = tool.out("history", old)
    assert "○ The database is MySQL  superseded" in shown
    assert "████" in shown
    assert f"superseded by {new} The database is PostgreSQL on 2023-01-01 · change 3" in shown
    assert [one["id"] for one in tool.json("history", old)["chain"]] == list(chain)


def test_a_timeline_is_of_a_subject_or_a_path(tool: Tool, chain: tuple[str, str]) -> None:
    lanes = tool.json("timeline", "stack.database")["lanes"]
    assert [lane["card"]["id"] for lane in lanes] == list(chain)
    assert tool.run("timeline").exit_code == 2
    assert "No memories of it." in tool.out("timeline", "--path", "no/such.py")
    assert "▶" in tool.out("timeline", "stack.database")


def test_diff_tells_what_came_and_what_went(tool: Tool, chain: tuple[str, str]) -> None:
    old, new = chain
    found = {one["card"]["id"]: one["turn"] for one in tool.json("diff", "2021-01-01", "2024-01-01")["differences"]}
    assert found == {old: "vanished", new: "appeared"}
    shown = tool.out("diff", "--known-from", "1")
    assert "+ The database is PostgreSQL" in shown
    assert "- The database is MySQL" in shown
    assert "No differences." in tool.out("diff", "2024-01-01", "2025-01-01")


def test_diff_needs_a_first_point(tool: Tool) -> None:
    assert tool.run("diff").exit_code == 2


def test_explain_names_the_reasons_and_what_stands_instead(tool: Tool, chain: tuple[str, str]) -> None:
    old, new = chain
    base = tool.add("Replicas use binlogs")
    tool.out("link", base, "depends_on", old)
    shown = tool.out("explain", old)
    assert "why: superseded by 'The database is PostgreSQL' on 2023-01-01" in shown
    assert f"in force in its place: ● The database is PostgreSQL {new}" in shown
    assert "suspect: depends on 'The database is MySQL'" in tool.out("explain", base)


def test_conflicts_name_the_rule_and_the_fix(tool: Tool) -> None:
    one = tool.add("Single quotes", "--subject", "lint.quotes")
    two = tool.json("add", "Double quotes", "--subject", "lint.quotes", "--start", "2021-01-01")["ids"][0]
    found = tool.json("conflicts")["conflicts"][0]
    assert (found["what"], [card["id"] for card in found["claims"]]) == ("lint.quotes", [two, one])
    shown = tool.out("conflicts")
    assert "rule: start: the later start leads" in shown
    assert "settle: graphmem settle c-" in shown
    assert "contested by Single quotes (start" in tool.out("search", "double quotes")


def test_no_conflict_is_said_so(tool: Tool) -> None:
    assert "No open conflicts." in tool.out("conflicts")


def test_changes_show_the_ledger_in_order(tool: Tool, chain: tuple[str, str]) -> None:
    del chain
    names = [one["operation"]["operation"] for one in tool.json("changes")["changes"]]
    assert names == ["add", "add", "supersede"]
    assert "supersede" in tool.out("changes", "--after", "2").splitlines()[1]


def test_a_memory_cannot_steer_the_terminal(tool: Tool) -> None:
    tool.add("Harmless\x1b[2J\u202e title")
    shown = tool.out("list")
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_reader_stands_where_it_says(tool: Tool) -> None:
    key = tool.add("My editor is vi", "--user", "ada")
    assert tool.run("show", key).exit_code == 1
    assert tool.run("show", key, "--user", "ada").exit_code == 0
    assert tool.json("status", "--repo", "shop", "--tenant", "t")["scope"]["repo"] == "shop"
