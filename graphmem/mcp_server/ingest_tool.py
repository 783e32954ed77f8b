"""The tool that reads the client's repository into the memory, source by source."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Unsupported
from graphmem.githooks.repository_folders import repository_folders
from graphmem.mcp_server.call_progress import call_progress
from graphmem.mcp_server.tool_arguments import Arguments
from graphmem.mcp_server.tool_callers import LocalCaller, ToolCaller
from graphmem.model import Scope
from graphmem.service import GraphMemory, Write
from graphmem.service.repository_ingestion import FILE_SOURCES, RepositoryReport, ingest_repository
from graphmem.sources.edits import IngestReport


class IngestArguments(Arguments):
    """Arguments of the ingestion of a repository."""

    reason: str | None = Field(None, max_length=20_000, description="Why, in a sentence.")


@dataclass(frozen=True, slots=True)
class IngestedSource:
    """The changes from one source of a repository, counted."""

    name: str
    added: int
    changed: int
    ended: int
    unchanged: int
    problems: int


@dataclass(frozen=True, slots=True)
class IngestAnswer:
    """The result of reading a repository.

    Attributes:
        commits: The number of commits that were recorded.
        sources: The sources with news.
        failed: The sources that could not be read, each with the reason.
    """

    commits: int
    sources: tuple[IngestedSource, ...]
    failed: tuple[str, ...]


def ingest(memory: GraphMemory, caller: ToolCaller, arguments: IngestArguments) -> IngestAnswer:
    """Read the repository of the client's folder: history, rules, bans, structure, tasks, incidents and trailers.

    Each batch is written as a whole; a call that was cancelled or interrupted is continued by the next one.

    Raises:
        Unsupported: The server runs elsewhere and does not see the client's folder.
        NotFound: The folder is in no repository.
    """
    if not isinstance(caller, LocalCaller) or caller.folder is None:
        raise Unsupported("a server cannot read your folder: run graphmem ingest repository there")
    home = caller.scope_for(arguments.scope, is_write=True)
    report = ingest_repository(
        memory,
        caller.folder,
        read_at=datetime.now(UTC),
        sources=tuple(FILE_SOURCES),
        cursors=repository_folders(caller.folder).queue_folder,
        write=Write(scope=Scope(home.tenant, home.repo), actor=caller.actor, reason=arguments.reason),
        start=call_progress().start,
    )
    return _answer(report)


def _answer(report: RepositoryReport) -> IngestAnswer:
    read = 0 if report.mainline is None else report.mainline.read
    sources = tuple(_counted(name, source) for name, source in report.sources.items())
    return IngestAnswer(read, sources, tuple(f"{name}: {reason}" for name, reason in report.failed.items()))


def _counted(name: str, report: IngestReport) -> IngestedSource:
    changed = len(report.reworded) + len(report.renamed) + len(report.moved) + len(report.linked)
    ended = len(report.ended) + len(report.retracted)
    return IngestedSource(name, len(report.added), changed, ended, report.unchanged, len(report.problems))
