"""Transcripts as the hosts write them, and what of a turn was said."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.sources.transcripts import read_transcript, spoken

AT = "2026-03-01T10:00:00Z"
MOMENT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def lines(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def said(content: bytes) -> list[tuple[str, str, int]]:
    return [(turn.speaker.value, turn.text, turn.number) for turn in read_transcript(content).turns]


def test_lines_of_claude_code_are_turns_but_for_results_of_tools() -> None:
    content = lines(
        {"type": "summary", "summary": "about"},
        {"type": "user", "sessionId": "s1", "timestamp": AT, "message": {"role": "user", "content": "hello"}},
        {
            "type": "assistant",
            "message": {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "no"},
                    {"type": "text", "text": "yes"},
                    {"type": "tool_use", "name": "Bash", "input": {"command": "no"}},
                ],
            },
        },
        {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": "no"}]}},
        {"type": "user", "isMeta": True, "message": {"role": "user", "content": "no"}},
        {"type": "user", "isSidechain": True, "message": {"role": "user", "content": "no"}},
    )
    read = read_transcript(content)
    assert said(content) == [("user", "hello", 2), ("assistant", "yes", 3)]
    assert (read.session, read.turns[0].said_at, read.skipped, read.end) == ("s1", MOMENT, 0, len(content))


def test_lines_of_codex_are_turns() -> None:
    content = lines(
        {"type": "session_meta", "payload": {"id": "c1", "cwd": "/p"}},
        {
            "timestamp": AT,
            "type": "response_item",
            "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        },
        {"type": "response_item", "payload": {"type": "function_call_output", "output": "no"}},
        {
            "type": "response_item",
            "payload": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]},
        },
    )
    assert (said(content), read_transcript(content).session) == ([("user", "hi", 2), ("assistant", "ok", 4)], "c1")


@pytest.mark.parametrize("is_document", [True, False])
def test_a_session_of_gemini_is_read_as_a_document_and_as_lines(is_document: bool) -> None:  # noqa: FBT001
    turns = [{"type": "user", "content": "hi", "timestamp": AT}, {"type": "gemini", "content": "ok"}]
    content = json.dumps({"sessionId": "g", "messages": turns}, indent=1).encode() if is_document else lines(*turns)
    assert [turn[:2] for turn in said(content)] == [("user", "hi"), ("assistant", "ok")]


@pytest.mark.parametrize("wrap", [lambda m: json.dumps(m).encode(), lambda m: json.dumps({"messages": m}).encode()])
def test_messages_in_openai_form_are_turns(wrap: object) -> None:
    messages = [
        {"role": "system", "content": "no"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": "no"}]},
        {"role": "tool", "content": "no"},
        {"role": "assistant", "content": "ok"},
    ]
    assert said(wrap(messages)) == [("user", "hi", 2), ("assistant", "ok", 4)]  # type: ignore[operator]


def test_a_half_written_line_waits_for_the_next_reading() -> None:
    first, second = lines({"role": "user", "content": "one"}), lines({"role": "user", "content": "two"})
    read = read_transcript(first + second[:10])
    assert ([turn.text for turn in read.turns], read.skipped, read.end) == (["one"], 0, len(first))
    again = read_transcript(first + second, start=read.end, first=2)
    assert [(turn.text, turn.number) for turn in again.turns] == [("two", 2)]


def test_broken_lines_are_counted_and_skipped() -> None:
    content = b"not json\n[1]\n\n" + lines({"role": "user", "content": "one"})
    read = read_transcript(content)
    assert ([turn.text for turn in read.turns], read.skipped) == (["one"], 2)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    assert read_transcript(content).end <= len(content)


@given(st.lists(st.sampled_from(["a", "b\n", "é"]), max_size=4), st.integers(0, 200))
def test_a_transcript_in_two_readings_gives_the_turns_of_one(texts: list[str], cut: int) -> None:
    content = lines(*({"role": "user", "content": text} for text in texts))
    first = read_transcript(content[:cut])
    rest = read_transcript(content, start=first.end, first=len(first.turns) + 1)
    assert [*first.turns, *rest.turns] == list(read_transcript(content).turns)


def test_what_is_private_or_not_said_is_left_out() -> None:
    text = (
        "one <private>secret <private>more</private> x</private> two\n"
        "<system-reminder>\nnever use it\n</system-reminder>\n"
        "> a quote\n```py\nalways(use)\n```\nthree\ngraphmem: 2 memories\n~~~~\n```\nx\n~~~~\nfour <private>open"
    )
    assert [line.strip() for line in spoken(text).splitlines() if line.strip()] == ["one", "two", "three", "four"]


@given(st.lists(st.sampled_from(["<private>", "</private>", "a", "<b>", "<system-reminder>", "</system-reminder>"])))
def test_a_private_part_is_never_spoken(parts: list[str]) -> None:
    text = " ".join(["x", "<private>", "KEY", *(part for part in parts if "private" not in part), "</private>", "y"])
    assert "KEY" not in spoken(text)
    assert spoken(text).split() == ["x", "y"]


def test_a_half_written_last_line_is_skipped_and_read_the_next_time() -> None:
    first, second = lines({"role": "user", "content": "one"}), lines({"role": "user", "content": "two"})
    cut = read_transcript(first + b"{broken\n" + second[:-9])
    assert ([turn.text for turn in cut.turns], cut.skipped, cut.is_unfinished) == (["one"], 1, True)
    whole = read_transcript(first + b"{broken\n" + second, start=cut.end, first=3)
    assert ([turn.text for turn in whole.turns], whole.is_unfinished) == (["two"], False)


def test_turns_from_a_byte_on_are_those_in_lines_that_end_after_it() -> None:
    content = lines(*({"role": "user", "content": text} for text in ("one", "two", "three")))
    read, second = read_transcript(content), content.index(b"two")
    assert [turn.text for turn in read.turns_from(content, 0)] == ["one", "two", "three"]
    assert [turn.text for turn in read.turns_from(content, second)] == ["two", "three"]
    assert [turn.text for turn in read.turns_from(content, len(content))] == []
    document = json.dumps([{"role": "user", "content": "one"}]).encode()
    assert [turn.text for turn in read_transcript(document).turns_from(document, 20)] == ["one"]
