"""The root command: a table of all commands, so that help and completion import none of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from graphmem import __version__
from graphmem.cli import INTERRUPTED
from graphmem.errors import BadDiff, CommitUnknown, Conflict, GraphMemError, InvalidInput
from graphmem.verbs import VERBS, Section

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Exit codes by error code; the default is 1.
EXIT_CODES = {InvalidInput.code: 2, BadDiff.code: 2}
FAILED = 1


class CommandEntry(NamedTuple):
    """The module and the attribute of a command, and its summary for the help."""

    module: str
    attribute: str
    summary: str


#: Commands with more parameters than their verb. The commands of other verbs are made from the table of verbs.
_WRITTEN_BY_HAND = {
    "search": "read_commands:search",
    "context": "context_command:context",
    "show": "read_commands:show",
    "diff": "read_commands:diff",
    "changes": "read_commands:changes",
    "add": "add_command:add",
    "supersede": "write_commands:supersede",
    "amend": "write_commands:amend",
    "erase": "write_commands:erase",
    "branch": "branch_commands:branch",
    "guard": "guard_command:guard",
    "repo": "repo_commands:repo",
    "ingest": "ingest_group:ingest",
    "scrub": "scrub_command:scrub",
    "retain": "retain_command:retain",
    **{name: f"store_commands:{name}" for name in ("export", "backup", "restore", "check", "reindex", "status")},
}
_GROUPS = {
    "branch": "list, open, merge or abandon branches",
    "repo": "link a repository to a renamed or moved one",
}
_WITHOUT_VERB: dict[Section, dict[str, CommandEntry]] = {
    Section.ASK: {},
    Section.WRITE: {
        "import": CommandEntry("import_command", "bring", "import the memories of another tool"),
        "capture": CommandEntry("capture_command", "capture", "take the explicit statements of a conversation"),
    },
    Section.KEEP: {
        "verify": CommandEntry("verify_command", "verify", "check memories against the code of a repository"),
        "reconcile": CommandEntry("reconcile_command", "reconcile", "make memories equal a fresh ingestion"),
        "ci": CommandEntry("ci_command", "ci", "read a repository and check memories against it, by exit code"),
        "copy": CommandEntry("copy_command", "copy", "copy a store's memories to another store, and verify them"),
        "copy-for-hooks": CommandEntry(
            "hook_copy_command", "copy_for_hooks", "copy a Neo4j store to this machine for the hooks of agents"
        ),
        "init": CommandEntry("store_commands", "init", "make a store for this project, in .graphmem/"),
        "setup": CommandEntry(
            "setup_command", "setup", "init, read the repository, install for agents, doctor: in one"
        ),
        "doctor": CommandEntry("doctor_command", "doctor", "find what is broken in the setup, and how to fix it"),
        "model": CommandEntry("model_commands", "model", "show and verify the model that computes vectors"),
        "schema": CommandEntry("schema_commands", "schema", "apply, show or compare the store's schema"),
        "graphiti": CommandEntry(
            "graphiti_commands", "graphiti", "maintain a graph of the memories for clients of graphiti"
        ),
        "install": CommandEntry("host_commands", "install", "add hooks and tools to the settings of a coding agent"),
        "uninstall": CommandEntry("host_commands", "uninstall", "remove them, and leave all else as it was"),
        "trust": CommandEntry("host_commands", "trust", "let hooks read a store that came with a clone"),
        "on": CommandEntry("host_commands", "on", "answer a hook of a coding agent; agents run it"),
        "hooks": CommandEntry("hook_commands", "hooks", "note commits and merges when they happen, through git hooks"),
        "webhooks": CommandEntry("webhook_commands", "webhooks", "show and work on the events that forges sent"),
        "serve": CommandEntry("serve_command", "serve", "serve the memory over HTTP, to agents and other machines"),
        "browser": CommandEntry(
            "browser_command", "browser", "open Neo4j Browser with a guide, a style and saved queries"
        ),
        "key": CommandEntry("key_commands", "key", "make, list, rotate or revoke a key to a server"),
        "mcp": CommandEntry("mcp_command", "mcp", "tools for agents over standard input and output"),
        "docs": CommandEntry(
            "docs", "docs", "where the documentation of this release is, to be read without a network"
        ),
        "completion": CommandEntry("store_commands", "completion", "the script that completes commands in a shell"),
    },
}


def _entries(section: Section) -> dict[str, CommandEntry]:
    entries: dict[str, CommandEntry] = {}
    for verb in VERBS.values():
        if verb.section is not section or not verb.words:
            continue
        word = verb.words.split()[0]
        is_of_another = word in VERBS and word != verb.name
        if word not in entries and not is_of_another:
            module, _, attribute = _WRITTEN_BY_HAND.get(word, f"verb_commands:{verb.name}").partition(":")
            entries[word] = CommandEntry(module, attribute, _GROUPS.get(word, verb.summary))
    return entries | _WITHOUT_VERB[section]


SECTIONS: dict[Section, dict[str, CommandEntry]] = {section: _entries(section) for section in Section}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Root(click.Group):
    """The group of all commands.

    It imports a command when it is invoked, and turns errors into a line and an exit code.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
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
        """Return the command that the arguments name; an error suggests similar names."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"no command {args[0]!r}; {_nearest(args[0], list(COMMANDS))}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the names with that beginning, from the table."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=entry.summary) for name, entry in COMMANDS.items() if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section."""
        del ctx
        for section, entries in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, entry.summary) for name, entry in entries.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command, and flush its output while a broken pipe can still be reported."""
        result = super().invoke(ctx)
        sys.stdout.flush()
        return result

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]  # noqa: ANN401
        """Run a command line, and exit with its exit code."""
        words = sys.argv[1:] if args is None else list(args)
        _replace_unencodable()
        try:
            code = super().main(words, prog_name, standalone_mode=False, **extra)
        except (click.exceptions.Abort, click.ClickException, GraphMemError, OSError) as problem:
            code = _report(problem, as_json="--json" in words)
        sys.exit(code if isinstance(code, int) else 0)


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="graphmem %(version)s")
def app() -> None:
    """Decisions of a project, their successors, and the times at which each was in force.

    Answers go to standard output, everything else to standard error. Every command has --json. Exit codes: 0 success,
    1 refused or failed, 2 wrong usage, 3 no records found in the files to ingest, 4 files to be edited by hand, 130
    interrupted.
    """


def _report(problem: Exception, *, as_json: bool) -> int:
    """Write an error to standard error; return the exit code."""
    if isinstance(problem, click.exceptions.Abort):
        is_interrupt = isinstance(problem.__cause__, KeyboardInterrupt)
        click.echo("interrupted" if is_interrupt else "aborted; nothing was written", err=True)
        return INTERRUPTED if is_interrupt else FAILED
    from graphmem.secrets.redaction import without_secrets

    code, message = _code_of(problem), without_secrets(_message_of(problem))
    if as_json:
        heads = list(problem.heads) if isinstance(problem, Conflict) else []
        is_retryable = isinstance(problem, GraphMemError) and problem.is_retryable
        error = {"code": code, "message": message, "is_retryable": is_retryable, "heads": heads}
        click.echo(json.dumps({"error": error}), err=True)
    elif isinstance(problem, click.ClickException):
        shown = StringIO()
        problem.show(shown)
        click.echo(without_secrets(shown.getvalue()), nl=False, err=True)
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
        return f"{problem} (in force instead: {', '.join(problem.heads)})"
    if isinstance(problem, CommitUnknown):
        return f"{problem} (send it again with the same --op-id)"
    if isinstance(problem, OSError) and problem.filename is not None:
        return f"{str(problem.filename)!r}: {problem.strerror}"
    return str(problem)


def _nearest(word: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, names, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else "graphmem --help lists the commands"


def _replace_unencodable() -> None:
    """Write a question mark for characters that the terminal's encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
