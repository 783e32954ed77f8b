"""Commands that write."""

from __future__ import annotations

import click
import pytest

from tests.cli.conftest import Tool


def test_the_first_line_is_the_title_and_the_rest_the_body(tool: Tool) -> None:
    key = tool.json("add", "-", text="Logs are lines of JSON\n\nOne object a line.")["ids"][0]
    card = tool.json("show", key)["card"]
    assert (card["title"], card["body"]) == ("Logs are lines of JSON", "One object a line.")


def test_without_text_and_without_a_terminal_the_fix_is_named(tool: Tool) -> None:
    done = tool.run("add")
    assert (done.exit_code, "give it as an argument, or - " in done.stderr) == (2, True)


def test_an_editor_opens_on_a_terminal(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click, "edit", lambda text: "Tabs, never spaces\n" + text)
    monkeypatch.setattr("graphmem.cli.add_command.is_terminal", lambda: True)
    tool.out("add")
    assert [one["title"] for one in tool.json("list")["cards"]] == ["Tabs, never spaces"]


def test_an_editor_left_without_saving_writes_nothing(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click, "edit", lambda _text: None)
    monkeypatch.setattr("graphmem.cli.add_command.is_terminal", lambda: True)
    assert tool.run("add").exit_code == 2
    assert tool.json("list")["cards"] == []


def test_every_detail_of_a_statement_is_kept(tool: Tool) -> None:
    key = tool.add(
        "Keys are UUIDv7", "--kind", "decision", "--rationale", "they sort", "--label", "db", "--alias", "ADR-7",
        "--language", "sql", "--confidence", "0.5", "--origin", "document", "--mandatory", "--path", "src/keys.py",
        "--component", "store", "--chosen", "UUIDv7", "--rejected", "serial: leaks counts",
        "--observed-at", "2019-05-01",
    )  # fmt: skip
    card = tool.json("show", key)["card"]
    assert (card["kind"], card["rationale"], card["labels"]) == ("decision", "they sort", ["db"])
    assert (card["language"], card["confidence"], card["origin"]) == ("sql", 0.5, "document")
    assert (card["is_mandatory"], card["aliases"]) == (True, ["ADR-7"])
    assert [one["name"] for one in card["anchors"]] == ["src/keys.py", "store"]
    assert [(one["name"], one["reason"]) for one in card["alternatives"]] == [
        ("UUIDv7", ""),
        ("serial", "leaks counts"),
    ]
    assert card["observed_at"] == "2019-05-01T00:00:00Z"


def test_a_proposal_needs_a_start_and_does_not_hold(tool: Tool) -> None:
    assert tool.run("add", "Move to Rust", "--status", "proposed").exit_code == 2
    key = tool.add("Move to Rust", "--status", "proposed")
    assert tool.json("show", key)["card"]["state"] == "proposed"


def test_the_same_words_again_are_a_confirmation(tool: Tool) -> None:
    tool.add("Wheels only")
    done = tool.json("add", "Wheels only", "--start", "2020-01-01")
    assert done["is_confirmation"] is True
    assert "confirmed" in tool.out("add", "Wheels only", "--start", "2020-01-01")


def test_sending_an_op_id_twice_changes_nothing(tool: Tool) -> None:
    first = tool.json("add", "Once", "--op-id", "a1")
    assert tool.json("add", "Once", "--op-id", "a1") == first


def test_a_bare_date_is_echoed_as_the_midnight_it_was_taken_for(tool: Tool) -> None:
    assert "from 2024-01-01 00:00:00Z" in tool.out("add", "Tests run in CI", "--start", "2024-01-01")


def test_who_says_so_and_why_stand_on_the_ledger(tool: Tool) -> None:
    tool.add("Reviewed by two", "--actor", "grace", "--source", "PR 12", "--reason", "an outage")
    said = tool.json("changes")["changes"][0]["provenance"]
    assert said == {"actor": "grace", "source": "PR 12", "reason": "an outage", "origin": "human"}


def test_who_is_not_trusted_enough_is_told_that_it_is_a_proposal(tool: Tool) -> None:
    key = tool.add("Reviewed by two")
    told = tool.out("end", key, "--origin", "external")
    assert "only proposed to be ended" in told
    assert "'external' is not trusted enough for it" in told
    assert tool.json("show", key)["card"]["state"] == "holds"


def test_several_ids_are_merged_into_one(tool: Tool) -> None:
    one, two, new = tool.add("One"), tool.add("Two"), tool.add("Both")
    done = tool.json("supersede", f"{one},{two}", new, "--at", "2022-01-01")
    assert done["change"]["operation"]["operation"] == "supersede"
    assert done["ids"] == [one, two, new]


def test_a_correction_takes_no_time(tool: Tool) -> None:
    key = tool.add("Port 80")
    done = tool.run("supersede", key, "Port 443 it is", "--kind", "correction", "--at", "2021-01-01")
    assert (done.exit_code, "a correction has no 'at'" in done.stderr) == (2, True)
    assert "corrected" in tool.out("supersede", key, "Port 443 it is", "--kind", "correction")


def test_an_amendment_leaves_the_rest_in_force(tool: Tool) -> None:
    key = tool.add("Releases are monthly, on a Tuesday")
    tool.out("amend", key, "On a Thursday instead", "--part", "the day", "--at", "2021-01-01")
    history = tool.json("history", key)
    assert (history["card"]["state"], history["amendments"][0]["part"]) == ("holds", "the day")


def test_moves_end_and_retraction_change_the_state(tool: Tool) -> None:
    one, two, three = tool.add("A"), tool.add("B"), tool.add("C")
    tool.out("transition", one, "deferred", "--at", "2021-01-01", "--word", "on hold")
    tool.out("end", two, "--at", "2021-01-01")
    tool.out("retract", three)
    states = [tool.json("show", key)["card"]["state"] for key in (one, two, three)]
    assert states == ["deferred", "ended", "retracted"]


def test_revoking_a_change_restores_what_held(tool: Tool) -> None:
    key = tool.add("A")
    change = tool.json("end", key, "--at", "2021-01-01")["change"]["seq"]
    assert f"change {change} revoked" in tool.out("revoke", str(change))
    assert tool.json("show", key)["card"]["state"] == "holds"


def test_links_and_confirmations_are_recorded(tool: Tool) -> None:
    one, two = tool.add("A"), tool.add("B")
    tool.out("link", one, "depends_on", two)
    tool.out("confirm", two)
    related = tool.json("explain", one)["related"][0]
    assert (related["memory"]["id"], related["kind"], related["is_outgoing"]) == (two, "depends_on", True)


def test_erasing_asks_first(tool: Tool) -> None:
    key = tool.add("A secret")
    done = tool.run("erase", key, text="n\n")
    assert (done.exit_code, "Erase 'A secret' permanently?" in done.stderr) == (1, True)
    assert tool.run("show", key).exit_code == 0


def test_erasing_without_a_question(tool: Tool) -> None:
    key = tool.add("A secret")
    tool.out("erase", key, "--yes")
    assert tool.run("show", key).exit_code == 1


def test_what_is_written_on_a_branch_is_seen_there_until_it_is_merged(tool: Tool) -> None:
    tool.out("branch", "open", "next", "--repo", "shop")
    key = tool.add("Try the new queue", "--repo", "shop", "--branch", "next")
    assert tool.run("show", key, "--repo", "shop").exit_code == 1
    tool.out("branch", "merge", "next", "--repo", "shop")
    assert tool.run("show", key, "--repo", "shop").exit_code == 0


def test_an_abandoned_branch_is_hidden(tool: Tool) -> None:
    assert tool.out("branch", "open", "next").startswith("branch next opened")
    key = tool.add("Try the new queue", "--branch", "next")
    tool.out("branch", "abandon", "next")
    assert tool.run("show", key).exit_code == 1


def test_what_resembles_is_named_with_the_receipt(tool: Tool) -> None:
    key = tool.add("Wheels only", "--subject", "packaging")
    done = tool.json("add", "Wheels, nothing else", "--subject", "packaging")
    (similar,) = done["similar"]
    assert (similar["memory"]["id"], similar["memory"]["title"]) == (key, "Wheels only")
    assert (similar["score"], similar["found_by"]) == (None, ["subject"])
    assert f"similar: {key} Wheels only (the same subject)" in tool.out("add", "Only wheels", "--subject", "packaging")


def test_what_says_the_same_may_be_confirmed_instead(tool: Tool) -> None:
    key = tool.add("Wheels only")
    done = tool.json("add", "**Wheels** only.", "--on-similar", "skip")
    assert (done["is_confirmation"], done["ids"]) == (True, [key])


def test_what_supersedes_is_words_or_a_memory_by_name(tool: Tool) -> None:
    old, new = tool.add("The database is MySQL", "--alias", "ADR-1"), tool.add("PostgreSQL it is", "--alias", "ADR-2")
    assert f"{old} superseded by {new} from 2024-01-01" in tool.out(
        "supersede", "adr-1", "--by", "ADR-2", "--at", "2024-01-01"
    )
    done = tool.json("supersede", new[:6], "SQLite", "--at", "2025-01-01")
    assert tool.json("show", done["ids"][1])["card"]["title"] == "SQLite"
    both = tool.run("supersede", new, "words", "--by", old)
    assert (both.exit_code, "give either NEW (a text) or --by ID" in both.stderr) == (2, True)


def _options(tool: Tool, *arguments: str) -> list[tuple[str, str, list[str], str]]:
    card = tool.json("show", tool.add("We use zoneinfo", *arguments))["card"]
    return [(one["name"], one["outcome"], one["keys"], one["reason"]) for one in card["alternatives"]]


def test_keys_and_a_reason_behind_an_option_are_its_own(tool: Tool) -> None:
    given = _options(
        tool, "--rejected", "pytz", "--key", "pkg:pypi/PyTZ", "--key=import:python:pytz", "--reason", "not needed",
        "--chosen", "zoneinfo: it is there", "--key", "import:python:zoneinfo", "--rejected", "dateutil: slow",
        "--key", "pkg:pypi/python-dateutil?import=dateutil",
    )  # fmt: skip
    assert given == [
        ("zoneinfo", "chosen", ["import:python:zoneinfo"], "it is there"),
        ("pytz", "rejected", ["pkg:pypi/pytz", "import:python:pytz"], "not needed"),
        ("dateutil", "rejected", ["pkg:pypi/python-dateutil?import=dateutil"], "slow"),
    ]


def test_keys_may_stand_in_brackets_behind_the_name(tool: Tool) -> None:
    given = _options(tool, "--rejected", "Two [pkg:pypi/a, import:go:b/c]: slow", "--rejected", "x [1, 2]: no")
    assert given == [("Two", "rejected", ["pkg:pypi/a", "import:go:b/c"], "slow"), ("x [1, 2]", "rejected", [], "no")]


def test_a_reason_in_front_of_the_options_or_a_second_one_is_that_of_the_write(tool: Tool) -> None:
    tool.add("One", "--reason", "an outage", "--rejected", "a", "--reason", "slow")
    tool.add("Two", "--rejected", "a: slow", "--reason", "a review")
    assert [one["provenance"]["reason"] for one in tool.json("changes")["changes"]] == ["an outage", "a review"]


def test_an_installed_package_gives_the_names_under_which_it_is_imported(tool: Tool) -> None:
    given = _options(tool, "--rejected", "PyYAML", "--key", "pkg:pypi/PyYAML", "--key", "pkg:pypi/pytest")
    assert given[0][2] == ["pkg:pypi/pyyaml?import=yaml", "pkg:pypi/pytest?import=py%2Cpytest"]


@pytest.mark.parametrize("key", ["pytz", "dependency:pytz", "pkg:nuget/x", "import:cobol:x"])
def test_a_key_of_no_known_type_is_refused_with_the_types_that_exist(tool: Tool, key: str) -> None:
    done = tool.run("add", "We use zoneinfo", "--rejected", "pytz", "--key", key)
    assert done.exit_code == 2
    assert key in done.stderr
    assert "pkg:pypi/pytz" in done.stderr or "pypi, npm" in done.stderr or "python, javascript" in done.stderr
    assert tool.json("list")["cards"] == []


def test_a_key_without_an_option_is_refused(tool: Tool) -> None:
    done = tool.run("add", "We use zoneinfo", "--key", "pkg:pypi/pytz", "--rejected", "pytz")
    assert (done.exit_code, "put it behind --rejected NAME" in done.stderr) == (2, True)


def test_a_memory_is_shown_with_the_keys_of_its_options(tool: Tool) -> None:
    key = tool.add("We use zoneinfo", "--rejected", "pytz: old", "--key", "pkg:pypi/pytz")
    assert "rejected: pytz: old\n    keys: pkg:pypi/pytz\n" in tool.out("show", key)
