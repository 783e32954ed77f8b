"""The root command: a table of what there is, so that help and completion import no command."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from graphmem import __version__
from graphmem.cli import INTERRUPTED
from graphmem.errors import CommitUnknown, Conflict, GraphMemError, InvalidInput

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Exit code of each error code; any other is 1.
EXIT_CODES = {InvalidInput.code: 2}
FAILED = 1


class Entry(NamedTuple):
    """Where a command is, and what it says of itself in one line."""

    module: str
    attribute: str
    summary: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Ask": {
        "search": Entry("reading", "search", "ask; --as-of and --known-at set the point in time"),
        "list": Entry("reading", "list_memories", "memories that fit a filter"),
        "show": Entry("reading", "show", "one memory"),
        "history": Entry("reading", "history", "what it supersedes, what supersedes it, its own moves"),
        "timeline": Entry("reading", "timeline", "everything about a subject or path, as bars over time"),
        "diff": Entry("reading", "diff", "what is believed differently between two points"),
        "explain": Entry("reading", "explain", "why a memory stands as it does"),
        "conflicts": Entry("reading", "conflicts", "contradictions that nobody has decided"),
        "changes": Entry("reading", "changes", "the ledger, entry by entry"),
        "repositories": Entry("reading", "repositories", "where there are memories; --repo reads one of them"),
    },
    "Write": {
        "add": Entry("adding", "add", "record a memory, from an argument, standard input or an editor"),
        "supersede": Entry("writing", "supersede", "let new words, or another memory, supersede a memory"),
        "amend": Entry("writing", "amend", "let new words, or another memory, replace a part of one"),
        "transition": Entry("writing", "transition", "give a memory another status"),
        "end": Entry("writing", "end", "it is no longer in force, without a successor"),
        "retract": Entry("writing", "retract", "it should not be believed at any time"),
        "revoke": Entry("writing", "revoke", "undo a change by its ledger position"),
        "confirm": Entry("writing", "confirm", "somebody saw that it is still right"),
        "link": Entry("writing", "link", "relate two memories"),
        "erase": Entry("writing", "erase", "remove content for good"),
        "branch": Entry("branching", "branch", "open, merge or abandon a branch"),
        "ingest": Entry("ingest", "ingest", "read decision records"),
        "import": Entry("importing", "bring", "bring in what another memory holds"),
    },
    "Keep": {
        "init": Entry("keeping", "init", "make a store for this project, in .graphmem/"),
        "status": Entry("keeping", "status", "what is stored where"),
        "doctor": Entry("doctor", "doctor", "what is broken between here and an answer, and how to mend it"),
        "check": Entry("keeping", "check", "verify the ledger's hashes and recompute everything derived"),
        "export": Entry("keeping", "export", "the whole ledger as JSON lines, or the graph as GraphML or Cypher"),
        "backup": Entry("keeping", "backup", "a copy of the store's file, while others go on writing"),
        "restore": Entry("keeping", "restore", "an export or a backup into an empty tenant"),
        "copy": Entry("copying", "copy", "from one store into another, and verify it"),
        "reindex": Entry("keeping", "reindex", "renew vectors after a change of model"),
        "model": Entry("model", "model", "which model makes vectors, and whether it is the original"),
        "schema": Entry("schema", "schema", "apply, show or compare the store's schema"),
        "graphiti": Entry("graphiti", "graphiti", "keep a graph beside the memories that graphiti's clients read"),
        "serve": Entry("serving", "serve", "the same over HTTP, for agents and for other machines"),
        "browser": Entry("browser", "browser", "open Neo4j Browser with a guide, a style and saved queries"),
        "key": Entry("keys", "key", "make, list, rotate or revoke a key to a server"),
        "mcp": Entry("agents", "mcp", "tools for agents over standard input and output"),
        "completion": Entry("keeping", "completion", "the script that completes commands in a shell"),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Root(click.Group):
    """Imports a command when it is invoked, and turns every error into a line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which help shows them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(f"graphmem.cli.{entry.module}"), entry.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, or an error that names the nearest."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"no command {args[0]!r}; {_nearest(args[0], list(COMMANDS))}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names that begin so, from the table."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=one.summary) for name, one in COMMANDS.items() if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by theme."""
        del ctx
        for section, entries in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, entry.summary) for name, entry in entries.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command, and see its output off while a broken pipe can still be told."""
        result = super().invoke(ctx)
        sys.stdout.flush()
        return result

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]  # noqa: ANN401
        """Run a command line, and exit with its code."""
        words = sys.argv[1:] if args is None else list(args)
        _forgive_encodings()
        try:
            code = super().main(words, prog_name, standalone_mode=False, **extra)
        except (click.exceptions.Abort, click.ClickException, GraphMemError, OSError) as problem:
            code = _told(problem, as_json="--json" in words)
        sys.exit(code if isinstance(code, int) else 0)


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="graphmem %(version)s")
def app() -> None:
    """What a project decided, what replaced it, and what held when.

    Answers go to standard output, all else to standard error. Every command takes --json. Exit codes: 0 done,
    1 refused or failed, 2 wrong usage, 3 nothing understood in what was to be read in, 130 interrupted.
    """


def _told(problem: Exception, *, as_json: bool) -> int:
    """Say on standard error what went wrong; returns the exit code."""
    if isinstance(problem, click.exceptions.Abort):
        is_interrupt = isinstance(problem.__cause__, KeyboardInterrupt)
        click.echo("interrupted" if is_interrupt else "aborted; nothing was written", err=True)
        return INTERRUPTED if is_interrupt else FAILED
    code, message = _code_of(problem), _message_of(problem)
    if as_json:
        heads = list(problem.heads) if isinstance(problem, Conflict) else []
        is_retryable = isinstance(problem, GraphMemError) and problem.is_retryable
        told = {"code": code, "message": message, "is_retryable": is_retryable, "heads": heads}
        click.echo(json.dumps({"error": told}), err=True)
    elif isinstance(problem, click.ClickException):
        problem.show()
    else:
        click.echo(f"graphmem: {message}", err=True)
    return EXIT_CODES.get(code, FAILED)


def _code_of(problem: Exception) -> str:
    if isinstance(problem, GraphMemError):
        return problem.code
    return InvalidInput.code if isinstance(problem, click.UsageError) else "error"


def _message_of(problem: Exception) -> str:
    if isinstance(problem, click.ClickException):
        return problem.format_message()
    if isinstance(problem, Conflict) and problem.heads:
        return f"{problem} (leading now: {', '.join(problem.heads)})"
    if isinstance(problem, CommitUnknown):
        return f"{problem} (send it again with the same --op-id)"
    if isinstance(problem, OSError) and problem.filename is not None:
        return f"{str(problem.filename)!r}: {problem.strerror}"
    return str(problem)


def _nearest(word: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, names, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else "graphmem --help lists what there is"


def _forgive_encodings() -> None:
    """A terminal that lacks a character shows a question mark; it is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
