"""What the tool says of itself: every command and option, and what it says to mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest

from graphmem.cli.app import COMMANDS, app
from tests.cli.conftest import Tool


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name, those of groups too."""
    context = click.Context(app)
    for name in COMMANDS:
        command = app.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            below = {inner: command.get_command(context, inner) for inner in command.list_commands(context)}
            yield from ((f"{name} {inner}", one) for inner, one in below.items() if one is not None)


EVERY = dict(all_commands())
LEAVES = {name: one for name, one in EVERY.items() if not isinstance(one, click.Group)}


@pytest.mark.parametrize("name", EVERY)
def test_every_command_and_every_option_says_what_it_does(name: str) -> None:
    command = EVERY[name]
    silent = [one.name for one in command.params if isinstance(one, click.Option) and not one.help]
    assert command.help
    assert silent == []


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_answers_pipes(name: str) -> None:
    assert "--json" in [flag for one in LEAVES[name].params for flag in one.opts]


@pytest.mark.parametrize("name", EVERY)
def test_help_is_shown_for_every_command(tool: Tool, name: str) -> None:
    assert f"Usage: graphmem {name}" in tool.out(*name.split(), "--help")


def test_help_lists_every_command(tool: Tool) -> None:
    shown = tool.out("--help")
    assert [name for name, entry in COMMANDS.items() if entry.summary[:30] not in shown] == []


def test_the_version_is_told(tool: Tool) -> None:
    assert tool.out("--version") == "graphmem 0.1.0\n"


def test_a_mistyped_command_names_the_nearest_and_is_wrong_usage(tool: Tool) -> None:
    done = tool.run("serch", "x")
    assert done.exit_code == 2
    assert "no command 'serch'; did you mean search" in done.stderr


def test_a_command_like_no_other_leads_to_help(tool: Tool) -> None:
    assert "graphmem --help lists the commands" in tool.run("zzzz").stderr


def test_a_mistyped_option_is_wrong_usage(tool: Tool) -> None:
    done = tool.run("list", "--jso")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--json" in done.stderr


def test_an_unknown_id_fails_with_one_line(tool: Tool) -> None:
    done = tool.run("show", "nope")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("graphmem: no memory 'nope'")
    assert done.stderr.count("\n") == 1


def test_an_error_for_a_pipe_is_a_document_on_standard_error(tool: Tool) -> None:
    done = tool.run("show", "nope", "--json")
    told = json.loads(done.stderr)["error"]
    assert (done.exit_code, done.stdout) == (1, "")
    assert (told["code"], told["is_retryable"], told["heads"]) == ("not_found", False, [])


def test_wrong_usage_for_a_pipe_is_a_document_too(tool: Tool) -> None:
    done = tool.run("list", "--limit", "0", "--json")
    assert (done.exit_code, json.loads(done.stderr)["error"]["code"]) == (2, "invalid_input")


def test_a_lost_race_names_what_leads_now(tool: Tool, chain: tuple[str, str]) -> None:
    old, new = chain
    done = tool.run("supersede", old, "The database is SQLite", "--at", "2024-01-01", "--json")
    told = json.loads(done.stderr)["error"]
    assert (done.exit_code, told["code"], told["heads"]) == (1, "conflict", [new])


def test_words_begin_commands_in_completion(tool: Tool) -> None:
    del tool
    found = app.shell_complete(click.Context(app), "re")
    names = [
        "repositories",
        "review",
        "retract",
        "revoke",
        "renew",
        "release",
        "retain",
        "repo",
        "restore",
        "reindex",
        "reconcile",
    ]
    assert [one.value for one in found] == names


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed_alone(tool: Tool, shell: str) -> None:
    done = tool.run("completion", shell)
    assert "_GRAPHMEM_COMPLETE" in done.stdout
    assert "to install it" not in done.stdout
    assert "to install it" in done.stderr


def test_a_completion_script_for_a_pipe(tool: Tool) -> None:
    assert tool.json("completion", "fish")["shell"] == "fish"
