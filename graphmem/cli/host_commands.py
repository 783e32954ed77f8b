"""Commands that fit graphmem into the coding agents of this machine, and take it out again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, output_options
from graphmem.cli.output import give, note

if TYPE_CHECKING:
    from graphmem.hosts.host_table import Host, Layer
    from graphmem.hosts.installation import Plan

BY_HAND = 4
_KIND_CELLS = 8

_layer_option = click.option(
    "--user/--project",
    "is_user",
    default=None,
    help="The user's settings, or this project's. [default: the project's in a repository, if the host has such]",
)
_dry_run = click.option("--dry-run", is_flag=True, help="Print the changes as a diff, and write nothing.")


@click.command()
@click.argument("host")
@_layer_option
@_dry_run
@output_options
@click.pass_context
def install(ctx: click.Context, /, *, call: Call, host: str, is_user: bool | None, dry_run: bool) -> None:
    """Add the hooks and the MCP server of graphmem to the settings of HOST, and print the changes as a diff.

    Hosts: claude-code, codex, cursor, vscode, gemini, opencode, windsurf, zed. Only entries of graphmem are written:
    comments, order, line ends and modes of the files stay. A file that does not parse, is a link out of the folder or
    has a newer format is left alone: the entries to paste are printed, and the exit code is 4.
    """
    from graphmem.config import load_settings
    from graphmem.hosts.host_table import host_named
    from graphmem.hosts.installation import carry_out, plan_installation, root_of
    from graphmem.hosts.program import program_words, refuse_missing_extra

    found = host_named(host)
    layer = layer_of(found, is_user=is_user)
    refuse_missing_extra(load_settings())
    plan = plan_installation(found, layer, root_of(layer, Path.cwd()), program_words())
    if not dry_run:
        carry_out(plan)
    _give_plan(ctx, call, plan, dry_run=dry_run)


@click.command()
@click.argument("host")
@_layer_option
@_dry_run
@output_options
@click.pass_context
def uninstall(ctx: click.Context, /, *, call: Call, host: str, is_user: bool | None, dry_run: bool) -> None:
    """Remove the entries of graphmem from the settings of HOST, and print the changes as a diff.

    A file that was not changed since the installation gets its earlier bytes back. From any other, the entries of
    graphmem are removed, and nothing else. Exits with 4 if a file must be edited by hand.
    """
    from graphmem.hosts.host_table import host_named
    from graphmem.hosts.installation import carry_out, plan_removal, root_of
    from graphmem.hosts.program import program_words

    found = host_named(host)
    layer = layer_of(found, is_user=is_user)
    plan = plan_removal(found, layer, root_of(layer, Path.cwd()), program_words())
    if not dry_run:
        carry_out(plan)
    _give_plan(ctx, call, plan, dry_run=dry_run)


def layer_of(host: Host, *, is_user: bool | None) -> Layer:
    """Return the layer of the option; by default, in a repository, the project's if the host has such settings."""
    from graphmem.hosts.host_table import Layer
    from graphmem.sources.git.work_tree import work_tree

    if is_user is not None:
        return Layer.USER if is_user else Layer.PROJECT
    in_project = Layer.PROJECT in host.files and work_tree(Path.cwd()) is not None
    return Layer.PROJECT if in_project or Layer.USER not in host.files else Layer.USER


def _give_plan(ctx: click.Context, call: Call, plan: Plan, *, dry_run: bool) -> None:
    answer = {
        "host": plan.host.name,
        "layer": plan.layer,
        "is_dry_run": dry_run,
        "files": [
            {"path": change.path, "purpose": change.purpose, "change": change.kind, "diff": change.diff()}
            | ({} if change.reason is None else {"reason": change.reason, "text": change.text})
            for change in plan.changes
        ],
        "gaps": plan.gaps,
    }
    if not call.as_json:
        print_diffs(plan)
    give(call, answer, lambda _: plan_lines(plan, dry_run=dry_run))
    if plan.by_hand:
        for change in plan.by_hand if not call.as_json else ():
            note(f"{change.path} {change.reason}" + (f"; add by hand:\n{change.text}" if change.text else ""))
        ctx.exit(BY_HAND)


def print_diffs(plan: Plan) -> None:
    """Write the diffs of a plan to standard output as they are: a page would fold their lines."""
    for change in plan.changes:
        click.echo(change.diff(), nl=False)


def plan_lines(plan: Plan, *, dry_run: bool) -> Iterator[Block]:
    """Yield the page of a plan: a line for each file, and the gaps of the host."""
    for change in plan.changes:
        look = Look.WARN if change.reason is not None else Look.GOOD
        head = Span(f"{change.kind.value:{_KIND_CELLS}}", look)
        yield line(head, str(change.path), dim(f" · {change.purpose}" + (", not written" if dry_run else "")))
    yield from (line(dim(text)) for text in plan.gaps)


@click.command("on")
@click.argument("host")
@click.argument("event")
@output_options
@click.pass_context
def on(ctx: click.Context, /, *, call: Call, host: str, event: str) -> None:
    """Answer EVENT of HOST: read the payload from standard input, and write what the host shows its model.

    Hosts run this; `graphmem install` writes it into their settings. It answers within two seconds, or says nothing and
    exits with 0: a line in a log, which `graphmem doctor` reads, says why. Before a tool, Windsurf is refused by exit
    code 2. An unknown host or event is refused with exit code 1, which no host takes for a refusal.
    """
    from graphmem.hosts.hook.entry import answered, misuse

    del call  # the answer is JSON in any case
    problem = misuse([host, event])
    if problem:
        note(f"graphmem: {problem}")
        ctx.exit(1)
    output = answered(host, event, sys.stdin.buffer.read())
    click.echo(output.stdout, nl=False)
    click.echo(output.stderr, nl=False, err=True)
    ctx.exit(output.code)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), required=False)
@output_options
def trust(*, call: Call, folder: Path | None) -> None:
    """Record that the store of the project in FOLDER (default: the current folder) is trusted on this machine.

    A store or settings can come with a clone. Hooks read nothing from a store that `graphmem init` did not make here,
    until this command was run. The record is outside of the repository.
    """
    from graphmem.config import FOLDER, find_folder
    from graphmem.errors import NotFound
    from graphmem.user_state.trusted_folders import trust as record

    found = find_folder((folder or Path()).resolve())
    if found is None:
        raise NotFound(f"no {FOLDER} folder in {str((folder or Path()).resolve())!r} or above it; run: graphmem init")
    is_new = record(str(found))
    text = " \u00b7 trusted" if is_new else " \u00b7 trusted already"
    give(call, {"path": str(found), "is_new": is_new}, lambda _: [line(str(found), dim(text))])
