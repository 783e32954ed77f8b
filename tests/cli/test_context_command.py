"""The command `context`, as people and scripts see it."""

from __future__ import annotations

from tests.cli.conftest import Tool


def test_a_block_is_printed_as_markdown_with_its_size(tool: Tool) -> None:
    key = tool.add("Endpoints are FastAPI routers", "--kind", "decision", "--rejected", "Flask: sync", "--path", "api/")
    shown = tool.out("context", "add", "an", "endpoint", "--path", "api/x.py")
    assert shown.splitlines()[:3] == [
        "In force: statement [id since why].",
        "## Decided",
        f"- Endpoints are FastAPI routers [{key[:6]} 2020-01 path]; not Flask (sync)",
    ]
    assert shown.endswith(" tokens by graphmem.token_count, at change 1\n")


def test_an_empty_block_says_why(tool: Tool) -> None:
    assert tool.out("context", "paint it").startswith("Nothing is recorded about this.\n")
    tool.add("Use tabs")
    assert tool.out("context", "tabs", "--since", "1").startswith("Nothing has changed.\n")


def test_a_budget_that_holds_nothing_is_refused(tool: Tool) -> None:
    done = tool.run("context", "x", "--budget", "99")
    assert (done.exit_code, "99 is not in the range" in done.stderr) == (2, True)


def test_feedback_is_noted(tool: Tool) -> None:
    key = tool.add("Use tabs")
    assert "noted as not_useful" in tool.out("feedback", key, "not_useful")
    assert tool.json("history", key)["changes"][-1]["operation"] == {
        "operation": "feedback",
        "id": key,
        "opinion": "not_useful",
    }
