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
from graphmem.verbs import VERBS, Section

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Exit code of each error code; any other is 1.
EXIT_CODES = {InvalidInput.code: 2}
FAILED = 1


class Entry(NamedTuple):
    """The module and the attribute of a command, and the command in one line."""

    module: str
    attribute: str
    summary: str


#: Commands of verbs that take more than their verb does; those of all other verbs are made from the table of verbs.
_OF_VERBS = {
    "search": "reading:search",
    "show": "reading:show",
    "diff": "reading:diff",
    "changes": "reading:changes",
    "add": "adding:add",
    "supersede": "writing:supersede",
    "amend": "writing:amend",
    "erase": "writing:erase",
    "branch": "branching:branch",
    "ingest": "ingest:ingest",
    **{name: f"keeping:{name}" for name in ("export", "backup", "restore", "check", "reindex", "status")},
}
_GROUPS = {"branch": "open, merge or abandon a branch"}
_OTHERS: dict[Section, dict[str, Entry]] = {
    Section.ASK: {},
    Section.WRITE: {
        "import": Entry("importing", "bring", "bring in what another memory holds"),
    },
    Section.KEEP: {
        "copy": Entry("copying", "copy", "from one store into another, and verify it"),
        "init": Entry("keeping", "init", "make a store for this project, in .graphmem/"),
        "doctor": Entry("doctor", "doctor", "what is broken between here and an answer, and how to mend it"),
        "model": Entry("model", "model", "which model makes vectors, and whether it is the original"),
        "schema": Entry("schema", "schema", "apply, show or compare the store's schema"),
        "graphiti": Entry("graphiti", "graphiti", "keep a graph beside the memories that graphiti's clients read"),
        "serve": Entry("serving", "serve", "the same over HTTP, for agents and for other machines"),
        "browser": Entry("browser", "browser", "open Neo4j Browser with a guide, a style and saved queries"),
        "key": Entry("keys", "key", "make, list, rotate or revoke a key to a server"),
        "mcp": Entry("agents", "mcp", "tools for agents over standard input and output"),
        "docs": Entry("docs", "docs", "where the documentation of this release is, to be read without a network"),
        "completion": Entry("keeping", "completion", "the script that completes commands in a shell"),
    },
}


def _entries(section: Section) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for verb in VERBS.values():
        if verb.section is not section or not verb.words:
            continue
        word = verb.words.split()[0]
        if word not in entries:
            module, _, attribute = _OF_VERBS.get(word, f"verb_commands:{verb.name}").partition(":")
            entries[word] = Entry(module, attribute, _GROUPS.get(word, verb.summary))
    return entries | _OTHERS[section]


SECTIONS: dict[Section, dict[str, Entry]] = {section: _entries(section) for section in Section}
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
        module = import_module(f"graphmem.cli.{entry.module}")
        command: click.Command = (
            module.verb_command(entry.attribute)
            if entry.module == "verb_commands"
            else getattr(module, entry.attribute)
        )
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
