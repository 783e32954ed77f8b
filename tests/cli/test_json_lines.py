"""`graphmem add --from`: many memories as lines of JSON."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Tool

SPACES = {
    "statement": {"title": "Use spaces", "kind": "convention"},
    "supersedes": [0],
    "start": "2026-02-01",
    "reason": "editors",
}
TWO = ["Use tabs", SPACES]


def lines(*items: object) -> str:
    return "".join(f"{json.dumps(one)}\n" for one in items)


def told(tool: Tool) -> list[str]:
    return [f"{one['title']}: {one['state']}" for one in tool.json("list", "--history")["cards"]]


def test_lines_of_a_file_are_recorded_and_take_over(tool: Tool) -> None:
    (tool.folder / "lines.jsonl").write_text(lines(*TWO) + "\n")
    done = tool.json("add", "--from", str(tool.folder / "lines.jsonl"), "--actor", "bob")["written"]
    assert [one["change"]["operation"]["operation"] for one in done] == ["add", "supersede"]
    assert [one["change"]["provenance"].get("reason") for one in done] == [None, "editors"]
    assert {one["change"]["provenance"]["actor"] for one in done} == {"bob"}


def test_each_line_is_answered_for_people(tool: Tool) -> None:
    tool.out("add", "Lint runs in CI")
    out = tool.out("add", "--from", "-", text=lines("Lint runs in CI", "Use tabs", {**SPACES, "supersedes": [1]}))
    first, second, third = out.splitlines()
    assert "confirmed, since it already holds" in first
    assert "recorded from" in second
    assert "superseded by" in third
    corrected = {"statement": "Use two spaces", "supersedes": ["nobody"], "supersession": "correction"}
    assert tool.run("add", "--from", "-", text=lines(corrected)).exit_code == 1


def test_a_correction_and_a_proposal_are_told_as_what_they_are(tool: Tool) -> None:
    key = tool.add("The port is 80")
    fixed = {"statement": "The port is 8080", "supersedes": [key], "supersession": "correction"}
    assert f"{key} corrected by" in tool.out("add", "--from", "-", text=lines(fixed))
    other = tool.add("Use tabs")
    out = tool.out("add", "--from", "-", "--origin", "external", text=lines({"statement": "No", "supersedes": [other]}))
    assert f"{other} only proposed to be superseded by" in out


def test_the_same_lines_again_change_nothing(tool: Tool) -> None:
    first = tool.json("add", "--from", "-", text=lines(*TWO))
    assert tool.json("add", "--from", "-", text=lines(*TWO)) == first
    assert tool.json("status")["store"]["changes"] == 3
    named = tool.json("add", "--from", "-", "--op-id", "anew", text=lines("Other words"))
    assert named["written"][0]["change"]["op_id"] == "anew/0"
    elsewhere = tool.json("add", "--from", "-", "--repo", "shop", text=lines(*TWO))
    assert elsewhere["written"][0]["change"]["seq"] == 5


def test_lines_live_where_they_say_and_speak_as_who_adds_them(tool: Tool) -> None:
    items = [
        {"statement": {"title": "Of the shop"}, "scope": {"repo": "shop"}},
        {"statement": {"title": "Said by CI", "origin": "external"}},
        "By an agent",
    ]
    done = tool.json("add", "--from", "-", "--origin", "agent", "--tenant", "acme", text=lines(*items))["written"]
    made = [one["change"]["operation"]["memory"] for one in done]
    assert [one["scope"]["repo"] for one in made] == ["shop", None, None]
    assert {one["scope"]["tenant"] for one in made} == {"acme"}
    assert [one["statement"]["origin"] for one in made] == ["agent", "external", "agent"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "line 1: Expecting"),
        ('"fine"\n5\n', "line 2: the line"),
        ('{"statement": {"titel": "t"}}', "line 1: statement.title"),
        ('{"statement": "t", "supersedes": [0]}', "item 0 supersedes item 0"),
        ('{"statement": "t", "start": "soon"}', "line 1: start"),
        ('{"statement": "t", "scope": {"repo": ""}}', "line 1: "),
        ('{"statement": "t", "speed": 3}', "line 1: speed"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_nothing_is_recorded(tool: Tool, text: str, words: str) -> None:
    done = tool.run("add", "--from", "-", text=text)
    assert done.exit_code in {1, 2}
    assert words in done.stderr
    assert told(tool) == []


def test_what_lines_say_themselves_is_no_option_beside_them(tool: Tool) -> None:
    for more in (("Words",), ("--label", "x"), ("--start", "2024-01-01"), ("--kind", "fact"), ("--mandatory",)):
        done = tool.run("add", "--from", "-", *more, text=lines("Use tabs"))
        assert done.exit_code == 2
        assert f"leave out {more[0] if more[0].startswith('--') else 'TEXT'}" in done.stderr


def test_a_file_that_cannot_be_read_is_named(tool: Tool) -> None:
    assert "cannot be read" in tool.run("add", "--from", str(tool.folder / "none.jsonl")).stderr
    (tool.folder / "latin").write_bytes('"Käse"\n'.encode("latin-1"))
    assert "cannot be read" in tool.run("add", "--from", str(tool.folder / "latin")).stderr


def test_what_is_similar_to_a_line_is_looked_for_if_asked(tool: Tool) -> None:
    tool.add("Ports are named in lower case.")
    out = tool.out("add", "--from", "-", "--on-similar", "keep", text=lines("Ports are named in lower case"))
    assert "similar: " in out
    skipped = tool.json("add", "--from", "-", "--on-similar", "skip", text=lines("Ports are named in lower case!"))
    assert skipped["written"][0]["is_confirmation"]
