"""Commands for stores: create, inspect, check, copy and restore."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, output_options, point_options, scope_options, store_options
from graphmem.cli.output import give, note, progress
from graphmem.cli.scrub_command import SecretCount
from graphmem.drafts import drafted, remove_dead_drafts
from graphmem.model import At
from graphmem.wire.envelopes import Findings, Reindexed, Restored, StatusAnswer

if TYPE_CHECKING:
    from graphmem.service import GraphMemory
    from graphmem.store import Finding, Progress, StoreInfo

_SQLITE_MAGIC = b"SQLite format 3\0"
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--read/--no-read", "reads", default=None, help="Read the git repository in FOLDER. [default: ask]")
@store_options
@click.pass_context
def init(ctx: click.Context, /, *, call: Call, folder: Path | None, reads: bool | None) -> None:
    """Create a store for the project in FOLDER (default: the current folder), in .graphmem/ with its own .gitignore.

    If --url or GRAPHMEM_URL names a store and no FOLDER is given, that store is created instead. In a git repository
    the command offers to read what is there, as `graphmem ingest repository` does.
    """
    from graphmem.config import FILE, FOLDER, load_settings
    from graphmem.opening import initialise, make_store
    from graphmem.user_state.trusted_folders import trust

    url = None if folder is not None else call.url or load_settings().url
    if url is not None:
        path, existed = make_store(url, load_settings())
    else:
        home = folder or Path()
        existed = (home / FOLDER / FILE).exists()
        path = str(initialise(home.resolve()))
        if not existed:
            trust(str(Path(path).parent))
        configured = call.url or load_settings().url
        if configured is not None:
            note(f"graphmem: GRAPHMEM_URL or --url names {configured!r}, which other commands still use")
    verb = "exists already, unchanged" if existed else "created"
    give(call, {"path": path, "created": not existed}, lambda _: [line(path, dim(f" · {verb}"))])
    if not call.as_json and _wants_reading(folder or Path(), asked=reads):
        from graphmem.cli.repository_commands import read_everything

        with call.open(path) as memory:
            give(call, path, lambda _: read_everything(ctx, memory, folder or Path()))


def _wants_reading(folder: Path, *, asked: bool | None) -> bool:
    """Return True if the repository around a folder is to be read; without an option, people at a terminal decide."""
    from graphmem.sources.git.work_tree import work_tree

    if asked is not None or work_tree(folder) is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return bool(asked)
    return click.confirm(
        "Read the history, decisions, conventions, structure and tasks of this repository?", default=True
    )


@click.command()
@scope_options
def status(*, call: Call) -> None:
    """Show the store, its size, and the scope in which you read it."""
    with call.open() as memory:
        info, scope = memory.status(), memory.scope
    give(call, StatusAnswer(info, scope), lambda _: _status_lines(info, str(scope.tenant), scope.repo))
    _note_waiting_events()


def _note_waiting_events() -> None:
    """Report waiting events of webhooks, if this machine receives any."""
    from graphmem.config import load_settings

    if load_settings().webhooks is not None:
        from graphmem.cli.webhook_commands import configured_sources, waiting_status

        for source in waiting_status(configured_sources()).repositories:
            if source.waiting:
                note(f"webhooks: {source.waiting} events of {source.repo} wait; run: graphmem webhooks status")


def _status_lines(info: StoreInfo, tenant: str, repo: str | None) -> Iterator[Block]:
    model = "none yet" if info.model is None else f"{info.model.name}, {info.model.dimension} dimensions"
    size = "" if info.size_bytes is None else f", {info.size_bytes:,} bytes"
    rows = [
        ("store", f"{info.url}, schema {info.schema_version}{size}"),
        ("memories", f"{info.memories:,} in {info.changes:,} changes"),
        ("vectors", f"{info.vectors:,} ({model})"),
        ("scope", f"tenant {tenant}, {'no repository' if repo is None else f'repository {repo}'}"),
    ]
    yield from (line(dim(f"{head:10}"), text) for head, text in rows)
    if info.pending_erasures:
        erased = "1 erased memory" if info.pending_erasures == 1 else f"{info.pending_erasures:,} erased memories"
        text = f"text of {erased} stays in the log until earlier readers end; it is then removed automatically"
        yield line(Span(text, Look.WARN))
    if info.model is not None and info.vectors < info.memories:
        missing = info.memories - info.vectors
        yield line(Span(f"{missing:,} memories have no vector; run: graphmem reindex", Look.WARN))


@click.command()
@scope_options
@click.pass_context
def check(ctx: click.Context, /, *, call: Call) -> None:
    """Verify the ledger's hashes and recompute all derived data; exits with 1 if anything differs."""
    with call.open() as memory:
        findings, info = memory.check(), memory.status()
    give(call, Findings(tuple(findings)), lambda _: _finding_lines(findings, info))
    if findings:
        ctx.exit(1)


def _finding_lines(findings: list[Finding], info: StoreInfo) -> Iterator[Block]:
    for finding in findings:
        yield line(Span(f"{finding.area}: ", Look.BAD), finding.what)
    if not findings:
        checked = f"{_count(info.memories, 'memory', 'memories')}, {_count(info.changes, 'change', 'changes')} checked"
        yield line(Span(f"No problems found ({checked}).", Look.GOOD))


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number:,} {singular if number == 1 else plural}"


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "graphml", "cypher"]),
    default="jsonl",
    show_default=True,
    help="jsonl: the ledger; others: the graph at a point in time.",
)
@click.option("--output", type=_FILE, help="File to write. [default: standard output]")
@point_options
@scope_options
def export(*, call: Call, form: str, output: Path | None, at: At) -> None:
    """Export the tenant's whole ledger as JSON lines, a header first, for `restore`.

    With --format graphml (for Gephi, yEd, networkx) or cypher (a script for an empty Neo4j database), export instead
    the graph of the memories in your scope at the point of --as-of and --known-at. Only JSON lines can be restored.

    The export goes to standard output; with --output it goes to a file, and standard output has the number of lines.
    """
    if form == "jsonl" and at != At():
        raise click.UsageError("--as-of and --known-at need --format graphml or cypher: a ledger covers all times")
    with (
        call.open() as memory,
        progress("export") as tell,
        # Closed before the memory, also after an exception.
        closing(_ledger_lines(memory, tell) if form == "jsonl" else _graph_lines(memory, form, at, tell)) as lines,
    ):
        if output is None:
            for text in lines:
                sys.stdout.write(text + "\n")
            return
        with _complete_file(output) as file:
            count = sum(1 for text in lines if file.write(text + "\n"))
    give(call, {"path": output, "lines": count}, lambda _: [line(str(output), dim(f" · {count:,} lines"))])


def _ledger_lines(memory: GraphMemory, tell: Progress) -> Generator[str]:
    return _counted(memory.export(), tell, memory.status().changes + 1)


def _graph_lines(memory: GraphMemory, form: str, at: At, tell: Progress) -> Generator[str]:
    from graphmem.interop.cypher import cypher_lines
    from graphmem.interop.graphml import graphml_lines

    graph = memory.to_networkx(at=at, progress=tell)
    yield from (graphml_lines if form == "graphml" else cypher_lines)(graph)


@click.command()
@click.argument("target", type=_FILE)
@scope_options
def backup(*, call: Call, target: Path) -> None:
    """Copy the whole store consistently to the new file TARGET, while other processes keep writing.

    Every page of the copy is checked before the file gets its name; only its owner may read it.
    """
    with call.open() as memory:
        memory.backup(target)
    size = target.stat().st_size
    answer = {"path": target, "size_bytes": size, "is_checked": True}
    give(call, answer, lambda _: [line(str(target), dim(f" · {size:,} bytes, opened and checked"))])


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@scope_options
def restore(*, call: Call, source: Path) -> None:
    """Copy SOURCE, an export (`-` for standard input) or a backup, into the empty tenant verbatim."""
    secrets = SecretCount()
    with call.open() as memory, _lines_of(source, call) as lines, progress("restore") as tell:
        count = memory.restore(secrets.counted(lines), progress=tell)
    give(call, Restored(count), lambda _: [line(f"{count:,} ledger entries restored"), *secrets.lines()])


@click.command()
@scope_options
def reindex(*, call: Call) -> None:
    """Compute a vector for every memory with the installed model; continues an interrupted run."""
    with call.open() as memory, progress("reindex") as tell:
        count = memory.reindex(progress=tell)
    give(call, Reindexed(count), lambda _: [line(f"{count:,} vectors computed")])


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@output_options
@click.pass_context
def completion(ctx: click.Context, /, *, call: Call, shell: str) -> None:
    """Print the script that completes graphmem's commands in SHELL; standard error shows how to install it."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None, "the choice offers only known shells"  # noqa: S101
    script = kind(ctx.find_root().command, {}, "graphmem", "_GRAPHMEM_COMPLETE").source()
    if call.as_json:
        give(call, {"shell": shell, "script": script}, lambda _: [])
    else:
        click.echo(script)
        note(f"# to install it: {_INSTALL[shell]}")


_INSTALL = {
    "bash": "graphmem completion bash >> ~/.bashrc",
    "zsh": "graphmem completion zsh >> ~/.zshrc",
    "fish": "graphmem completion fish > ~/.config/fish/completions/graphmem.fish",
}


def _counted(lines: Iterable[str], tell: Progress, total: int) -> Generator[str]:
    for number, text in enumerate(lines, 1):
        tell(number, total)
        yield text


@contextmanager
def _complete_file(target: Path) -> Iterator[IO[str]]:
    """Open a private file that appears under its name once it is complete, and never if writing fails."""
    remove_dead_drafts(target.parent)
    with drafted(target, replaces=True) as draft, draft.open("w", encoding="utf-8") as file:
        yield file


@contextmanager
def _lines_of(source: Path, call: Call) -> Iterator[Iterable[str]]:
    """Yield the ledger lines of an export or a backup."""
    with contextlib.ExitStack() as opened:
        if str(source) == "-":
            yield (text.rstrip("\n") for text in sys.stdin)
        elif _is_store(source):
            copy: GraphMemory = opened.enter_context(call.open(str(source.resolve())))
            yield copy.export()
        else:
            file = opened.enter_context(source.open(encoding="utf-8", errors="replace"))
            yield (text.rstrip("\n") for text in file)


def _is_store(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
