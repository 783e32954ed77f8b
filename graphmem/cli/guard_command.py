"""The commands of the tripwire: `graphmem guard` and `graphmem guard allow`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphmem.cli.guard_pages import guard_page
from graphmem.cli.options import Call, point_options, scope_options
from graphmem.cli.output import give
from graphmem.cli.repository_options import git_errors
from graphmem.cli.verb_commands import verb_command
from graphmem.guard.levels import Enforcement, Level

if TYPE_CHECKING:
    from graphmem.model import At
    from graphmem.service.guard_answers import GuardAnswer

#: A finding has the level that `--fail-on` names.
FOUND = 3
_FORMATS = ("text", "sarif", "github")


class _GuardGroup(click.Group):
    """Runs the guard itself unless the first word is a command of the group."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's own signature
    ) -> click.Context:
        """Return the context of the group's command, or of the guard."""
        if args[:1] and args[0] in self.commands:
            return super().make_context(info_name, args, parent, **extra)
        return change.make_context(info_name, args, parent, **extra)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the guard; its last line names the command of the group."""
        change.format_help(ctx, formatter)


@click.group(cls=_GuardGroup, invoke_without_command=True)
def guard() -> None:
    """Warn if a change brings back what was rejected."""


guard.add_command(verb_command("allow"))


@click.command("guard", epilog="An exception is recorded by: graphmem guard allow ID --reason TEXT")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--staged", is_flag=True, help="What the next commit would change. This is the default.")
@click.option("--range", "commits", metavar="A..B", help="What changed between two commits; A...B since B left A.")
@click.option("--diff", "diff_file", metavar="FILE|-", help="A unified diff.")
@click.option("--text", metavar="TEXT|-", help="A plan in words: code, commands and names in code spans count.")
@click.option("--command", "commands", metavar="COMMAND", multiple=True, help="A shell command. Repeatable.")
@click.option(
    "--enforcement",
    type=click.Choice([value.value for value in Enforcement]),
    help="What findings on mandatory memories may do. [default: GRAPHMEM_GUARD, else warn]",
)
@click.option(
    "--fail-on",
    type=click.Choice([*(value.value for value in Level), "nothing"]),
    default="warn",
    show_default=True,
    help=f"Exit with {FOUND} if there is a finding of this level or above.",
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True, help="The form.")
@click.option("--limit", type=click.IntRange(1), default=3, show_default=True, help="Findings to show.")
@point_options
@scope_options
@click.pass_context
def change(
    ctx: click.Context,
    /,
    *,
    call: Call,
    at: At,
    form: str,
    fail_on: str,
    limit: int,
    **parameters: Any,  # noqa: ANN401 - the forms of a change, as click parses them
) -> None:
    """Warn if a change brings back what was rejected, follows what was superseded, or touches what is contested.

    The change is what is staged, a range of commits, a diff, or the uncommitted change of the files PATHS. It is judged
    by packages and imports, and by what is in force in this scope, on this branch, at this time.
    """
    values = _change_of(ctx, parameters)
    values["enforcement"] = Enforcement(parameters["enforcement"] or _setting())
    # Reports for machines list every finding.
    shown = limit if form == "text" and not call.as_json else max(limit, 1_000)
    with call.open() as memory:
        answer = memory.guard(**values, at=at, limit=shown)
    if form == "text":
        give(call, answer, lambda _: guard_page(answer))
    else:
        from graphmem.cli.guard_forms import FORMS

        click.echo(FORMS[form](answer))
    if _fails(answer, fail_on):
        ctx.exit(FOUND)


def _fails(answer: GuardAnswer, fail_on: str) -> bool:
    return fail_on != "nothing" and answer.level is not None and answer.level.rank >= Level(fail_on).rank


def _setting() -> str:
    from graphmem.config import load_settings

    return load_settings().guard


def _change_of(ctx: click.Context, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the verb for the form of the change: staged, range, diff or paths."""
    named = {
        "PATHS": parameters["paths"],
        "--staged": parameters["staged"],
        "--range": parameters["commits"],
        "--diff": parameters["diff_file"],
    }
    forms = [name for name, value in named.items() if value]
    if len(forms) > 1:
        raise click.UsageError(f"{' and '.join(forms)} are different changes: give one of them", ctx)
    common: dict[str, Any] = {"commands": parameters["commands"], "text": _read(parameters["text"])}
    if parameters["diff_file"]:
        return {**common, "diff": _file(parameters["diff_file"])}
    if parameters["paths"]:
        from graphmem.cli.work_tree_edits import uncommitted_edits

        return {**common, "edits": uncommitted_edits(Path.cwd(), [Path(path) for path in parameters["paths"]])}
    if not forms and (parameters["commands"] or parameters["text"]):
        return common
    return {**common, "diff": _of_repository(parameters["commits"])}


def _of_repository(commits: str | None) -> str:
    from graphmem.sources.git.changes import range_diff, staged_diff

    with git_errors():
        return range_diff(Path.cwd(), commits) if commits else staged_diff(Path.cwd())


def _read(text: str | None) -> str:
    return sys.stdin.read() if text == "-" else text or ""


def _file(name: str) -> str:
    """Return the text of a file, or of standard input; bytes that are no UTF-8 become lone surrogates."""
    content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return content.decode("utf-8", "surrogateescape")
