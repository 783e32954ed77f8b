"""Commands that keep a memory well."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, answered, located, placed, pointed
from graphmem.cli.output import give, note, progress
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
@located
def init(*, call: Call, folder: Path | None) -> None:
    """Make a store for the project in FOLDER (the current one), in .graphmem/ with an ignore file of its own.

    If --url or GRAPHMEM_URL names a store and no FOLDER is given, that store is made instead.
    """
    from graphmem.config import FILE, FOLDER, load_settings
    from graphmem.opening import initialise, make_store

    named = None if folder is not None else call.url or load_settings().url
    if named is not None:
        path, was_there = make_store(named, load_settings())
    else:
        home = folder or Path()
        was_there = (home / FOLDER / FILE).exists()
        path = str(initialise(home.resolve()))
        other = call.url or load_settings().url
        if other is not None:
            note(f"graphmem: GRAPHMEM_URL or --url names {other!r}, which other commands go on using")
    verb = "kept as it was" if was_there else "made"
    give(call, {"path": path, "created": not was_there}, lambda _: [line(path, dim(f" · {verb}"))])


@click.command()
@placed
def status(*, call: Call) -> None:
    """What the store is, how much it holds, and from where you look at it."""
    with call.open() as memory:
        info, scope = memory.status(), memory.scope
    give(call, StatusAnswer(info, scope), lambda _: _status_lines(info, str(scope.tenant), scope.repo))


def _status_lines(info: StoreInfo, tenant: str, repo: str | None) -> Iterator[Block]:
    model = "none yet" if info.model is None else f"{info.model.name}, {info.model.dimension} numbers each"
    size = "" if info.size_bytes is None else f", {info.size_bytes:,} bytes"
    rows = [
        ("store", f"{info.url}, schema {info.schema_version}{size}"),
        ("memories", f"{info.memories:,} in {info.changes:,} changes"),
        ("vectors", f"{info.vectors:,} ({model})"),
        ("seen from", f"tenant {tenant}, {'no repository' if repo is None else f'repository {repo}'}"),
    ]
    yield from (line(dim(f"{head:10}"), text) for head, text in rows)
    if info.pending_erasures:
        erased = "1 erased memory" if info.pending_erasures == 1 else f"{info.pending_erasures:,} erased memories"
        text = (
            f"words of {erased} are still in the log until a reader that began before ends; then they go by themselves"
        )
        yield line(Span(text, Look.WARN))
    if info.model is not None and info.vectors < info.memories:
        missing = info.memories - info.vectors
        yield line(Span(f"{missing:,} memories have no vector; run: graphmem reindex", Look.WARN))


@click.command()
@placed
@click.pass_context
def check(ctx: click.Context, /, *, call: Call) -> None:
    """Verify the ledger's hashes and recompute everything derived; exits with 1 if anything differs."""
    with call.open() as memory:
        findings, info = memory.check(), memory.status()
    give(call, Findings(tuple(findings)), lambda _: _finding_lines(findings, info))
    if findings:
        ctx.exit(1)


def _finding_lines(findings: list[Finding], info: StoreInfo) -> Iterator[Block]:
    for one in findings:
        yield line(Span(f"{one.area}: ", Look.BAD), one.what)
    if not findings:
        checked = f"{_count(info.memories, 'memory', 'memories')}, {_count(info.changes, 'change', 'changes')} checked"
        yield line(Span(f"No problems found ({checked}).", Look.GOOD))


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "graphml", "cypher"]),
    default="jsonl",
    show_default=True,
    help="The ledger, or the graph at a point.",
)
@click.option("--output", type=_FILE, help="A file to write. [default: standard output]")
@pointed
@placed
def export(*, call: Call, form: str, output: Path | None, at: At) -> None:
    """The tenant's whole ledger as JSON lines, a header first; `restore` takes them back.

    With --format graphml (for Gephi, yEd, networkx) or cypher (a script for an empty Neo4j database) it is instead the
    graph of what you see from where you stand, at the point of --as-of and --known-at. That is for looking at: only
    JSON lines can be restored.

    All goes to standard output; with --output the lines are counted there instead.
    """
    if form == "jsonl" and at != At():
        raise click.UsageError("a ledger is of all times: --as-of and --known-at go with --format graphml or cypher")
    with (
        call.open() as memory,
        progress("export") as tell,
        # Closed before the memory is, however this ends.
        closing(_ledger_lines(memory, tell) if form == "jsonl" else _graph_lines(memory, form, at, tell)) as lines,
    ):
        if output is None:
            for text in lines:
                sys.stdout.write(text + "\n")
            return
        with _whole_file(output) as file:
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
@placed
def backup(*, call: Call, target: Path) -> None:
    """A consistent copy of the whole store in the new file TARGET, while others go on writing.

    The copy is opened and every page of it checked before it takes its name; only its owner may read it.
    """
    with call.open() as memory:
        memory.backup(target)
    size = target.stat().st_size
    told = {"path": target, "size_bytes": size, "is_checked": True}
    give(call, told, lambda _: [line(str(target), dim(f" · {size:,} bytes, opened and checked"))])


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@placed
def restore(*, call: Call, source: Path) -> None:
    """Copy SOURCE, an export (`-` for standard input) or a backup, into the empty tenant verbatim."""
    with call.open() as memory, _lines_of(source, call) as lines, progress("restore") as tell:
        count = memory.restore(lines, progress=tell)
    give(call, Restored(count), lambda _: [line(f"{count:,} ledger entries restored")])


@click.command()
@placed
def reindex(*, call: Call) -> None:
    """Give every memory a vector of the installed model; goes on where an interrupted run stopped."""
    with call.open() as memory, progress("reindex") as tell:
        count = memory.reindex(progress=tell)
    give(call, Reindexed(count), lambda _: [line(f"{count:,} vectors made")])


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@answered
@click.pass_context
def completion(ctx: click.Context, /, *, call: Call, shell: str) -> None:
    """The script that completes graphmem's commands in SHELL; its first lines are how to install it."""
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
def _whole_file(target: Path) -> Iterator[IO[str]]:
    """A private file that appears under its name when it is complete, and not at all if writing it ends early."""
    remove_dead_drafts(target.parent)
    with drafted(target, replaces=True) as draft, draft.open("w", encoding="utf-8") as file:
        yield file


@contextmanager
def _lines_of(source: Path, call: Call) -> Iterator[Iterable[str]]:
    """The ledger lines in a file, whichever of the two forms it has."""
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
