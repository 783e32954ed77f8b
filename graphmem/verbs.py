"""The table of verbs: what every surface offers, each verb once.

A verb is a method of `graphmem.service.GraphMemory`. Its signature is its request, the type that it returns is its
answer, and its docstring describes both; this table adds facts that a signature lacks. The HTTP routes with their
OpenAPI, the client's methods, the tools of agents, the commands, the reference in the documentation and the parity
table of the tests are made from the two; `graphmem.wire.contracts` joins them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial

from graphmem.deferred_dataclass import dataclass
from graphmem.vocabulary import Permission


class Section(StrEnum):
    """The part of the command line's help and of the reference in which a verb is listed."""

    ASK = "Ask"
    WRITE = "Write"
    KEEP = "Keep"


class Profile(StrEnum):
    """The set of tools that an agent is offered: `core` is listed by default, `full` has every tool."""

    CORE = "core"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb.

    Attributes:
        name: The method of `GraphMemory`, the `operationId` of the route, and the rest of the tool's `memory_NAME`.
        summary: One line for people, as the command line's help shows it.
        example: A command line that uses the verb, without `graphmem`; empty for a verb without a command.
        permission: What a key must allow.
        route: HTTP method and path; `{name}` is a parameter of the method. Empty for a verb without a route.
        command: The words of the command; the name if None, empty for a verb without a command.
        envelope: The class in `graphmem.wire.envelopes` around the answer, and the field in it; empty if there is none.
        profile: The smallest profile that has the tool; None for a verb without a tool.
        status: HTTP status of success.
        page_limit: Results on a page unless the caller says otherwise, for a verb with pages.
        is_long: The answer takes as long as it takes: no time limit applies.
        is_of_the_tenant: The verb reads or changes the whole tenant: a key bound to a user or repository is refused.
        is_streamed: The request or the answer is a stream of lines: route and client are written by hand.
    """

    name: str
    summary: str
    route: str
    example: str
    section: Section
    permission: Permission
    command: str | None = None
    envelope: tuple[str, str] | None = None
    profile: Profile | None = None
    status: int = 200
    page_limit: int = 10
    is_long: bool = False
    is_of_the_tenant: bool = False
    is_streamed: bool = False

    @property
    def is_write(self) -> bool:
        """Return True if the verb adds an entry to the ledger."""
        return self.section is Section.WRITE

    @property
    def is_idempotent(self) -> bool:
        """Return True if a second call changes nothing more; a write needs an `op_id` for that."""
        return not self.is_write

    @property
    def words(self) -> str:
        """The words of the command; empty if the verb has no command."""
        return self.name if self.command is None else self.command

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path of the route."""
        return self.route.partition(" ")[2]


_ask = partial(Verb, section=Section.ASK, permission=Permission.READ, profile=Profile.FULL)
_write = partial(Verb, section=Section.WRITE, permission=Permission.WRITE, profile=Profile.FULL)
_keep = partial(Verb, section=Section.KEEP, permission=Permission.ADMIN, is_long=True)

_ALL = (
    _ask(
        "search",
        "answer a question; --as-of and --known-at set the point in time",
        "POST /v1/search",
        'search "which database do we use?"',
        profile=Profile.CORE,
    ),
    _ask(
        "context",
        "what governs a task, within a budget of tokens",
        "POST /v1/context",
        'context "add an endpoint for invoices" --path api/invoices.py',
        profile=Profile.CORE,
    ),
    _ask("list", "memories that fit a filter", "GET /v1/memories", "list --kind decision", page_limit=50),
    _ask(
        "get",
        "one memory",
        "GET /v1/memories/{key}",
        "show ADR-0012",
        command="show",
        envelope=("CardAnswer", "card"),
    ),
    _ask(
        "history",
        "what a memory supersedes, what supersedes it, its own moves",
        "GET /v1/memories/{key}/history",
        "history ADR-0012",
        profile=Profile.CORE,
    ),
    _ask(
        "timeline",
        "everything about a subject or path, as bars over time",
        "GET /v1/timeline",
        "timeline stack.database",
    ),
    _ask(
        "file_life",
        "the paths that a file had, and the commits that renamed it",
        "GET /v1/files/life",
        "life src/orders/store.py",
        command="life",
    ),
    _ask(
        "diff",
        "what is believed differently between two points",
        "GET /v1/diff",
        "diff 2025-01-01 2026-01-01",
        profile=None,
    ),
    _ask(
        "explain",
        "why a memory is in force or not",
        "GET /v1/memories/{key}/explain",
        "explain ADR-0012",
        profile=Profile.CORE,
    ),
    _ask("conflicts", "contradictions that nobody has decided", "GET /v1/conflicts", "conflicts"),
    _ask(
        "changes",
        "the ledger, entry by entry",
        "GET /v1/changes",
        "changes --after 30",
        envelope=("Changes", "changes"),
    ),
    _ask(
        "repositories",
        "repositories that have memories; --repo reads one of them",
        "GET /v1/repositories",
        "repositories",
        envelope=("Repositories", "repositories"),
    ),
    _ask(
        "to_networkx",
        "the graph of what the reader sees, for networkx",
        "",
        "export --format graphml",
        command="",
        profile=None,
    ),
    _ask(
        "guard",
        "warn if a change brings back what was rejected",
        "POST /v1/guard",
        "guard --staged",
        profile=Profile.CORE,
    ),
    _ask("stats", "which memories are relied on, unused, stale or overridden", "GET /v1/stats", "stats"),
    _write(
        "add",
        "record a memory, from an argument, standard input or an editor",
        "POST /v1/memories",
        'add "Primary keys are UUIDv7" --kind decision --subject keys.format',
        profile=Profile.CORE,
        status=201,
    ),
    _write(
        "add_many",
        "record many memories in one transaction",
        "POST /v1/memories/batch",
        "add --from memories.jsonl",
        command="add",
        envelope=("AllWritten", "written"),
        profile=None,
        status=201,
    ),
    _write(
        "capture",
        "take the explicit statements of a conversation",
        "POST /v1/capture",
        "",
        command="",
        profile=None,
    ),
    _ask(
        "proposals",
        "proposed memories, which wait for a review",
        "GET /v1/proposals",
        "proposals",
        page_limit=50,
    ),
    _write(
        "review",
        "accept, edit or reject a proposed memory",
        "POST /v1/memories/{key}/review",
        "review 7k2m accept --reason 'as we agreed'",
        permission=Permission.REVIEW,
        profile=None,
    ),
    _write(
        "supersede",
        "let new words, or another memory, supersede a memory",
        "POST /v1/memories/{old}/supersede",
        'supersede ADR-0012 "Primary keys are UUIDv7"',
        profile=Profile.CORE,
    ),
    _write(
        "amend",
        "let new words, or another memory, replace a part of a memory",
        "POST /v1/memories/{old}/amend",
        'amend ADR-0012 "Logs are kept for 30 days" --part retention',
    ),
    _write(
        "transition",
        "give a memory another status",
        "POST /v1/memories/{key}/transition",
        "transition ADR-0012 rejected",
    ),
    _write(
        "end",
        "a memory is no longer in force, without a successor",
        "POST /v1/memories/{key}/end",
        "end ADR-0012 --reason 'the service was shut down'",
    ),
    _write(
        "retract",
        "a memory should not be believed at any time",
        "POST /v1/memories/{key}/retract",
        "retract ADR-0012 --reason 'recorded by mistake'",
        permission=Permission.REVIEW,
    ),
    _write(
        "revoke",
        "undo a change by its ledger position",
        "POST /v1/changes/{change}/revoke",
        "revoke 42",
        permission=Permission.REVIEW,
    ),
    _write(
        "confirm",
        "a memory was checked and is still right",
        "POST /v1/memories/{key}/confirm",
        "confirm ADR-0012",
    ),
    _write(
        "feedback",
        "say what became of a memory: useful, not_useful, wrong, confirmed or done",
        "POST /v1/memories/{key}/feedback",
        "feedback ADR-0012 useful",
        profile=Profile.CORE,
    ),
    _write(
        "allow",
        "record an exception from a memory that rejects an option",
        "POST /v1/memories/{key}/allow",
        "guard allow ADR-0012 --reason 'the generated client needs it'",
        command="guard allow",
        status=201,
    ),
    _write(
        "settle",
        "settle an open conflict",
        "POST /v1/conflicts/{conflict}/settle",
        "settle c-2f1e0d9c8b supersede --winner ADR-0012 --reason 'the newer decision applies'",
    ),
    _write(
        "claim",
        "claim a task and its paths for a limited time, which others see",
        "POST /v1/claims",
        'claim "Port the invoice reader" --path "billing/**" --for 4h',
        status=201,
    ),
    _ask("claims", "who works on what, and until when", "GET /v1/claims", "claims --path billing/reader.py"),
    _write(
        "renew",
        "let a claim expire later, with a note on how far the task is",
        "POST /v1/claims/{key}/renew",
        "renew 7k2m --for 4h --note '3 of 7 tables are moved'",
    ),
    _write(
        "release",
        "release a claim: its task is done, or nobody works on it",
        "POST /v1/claims/{key}/release",
        "release 7k2m --done",
    ),
    _write(
        "hand_over",
        "hand a claim or a task over to another actor, with its history",
        "POST /v1/memories/{key}/hand-over",
        "hand-over 7k2m --to bob --note 'the reader is ported, the writer is not'",
        command="hand-over",
        status=201,
    ),
    _write(
        "retain",
        "end what is past the time of the policy; --dry-run lists it",
        "POST /v1/retain",
        "retain --dry-run",
        permission=Permission.ADMIN,
        profile=None,
    ),
    _write("link", "relate two memories", "POST /v1/memories/{source}/links", "link ADR-0012 depends_on ADR-0003"),
    _write(
        "erase",
        "remove content for good",
        "POST /v1/memories/{key}/erase",
        "erase ADR-0012 --yes",
        permission=Permission.ADMIN,
        profile=None,
    ),
    _ask(
        "branches",
        "the branches of a repository: open, merged and abandoned",
        "GET /v1/branches",
        "branch list",
        command="branch list",
        envelope=("Branches", "branches"),
        page_limit=100,
    ),
    _write(
        "open_branch",
        "open a branch",
        "POST /v1/branches/open",
        "branch open billing-rewrite",
        command="branch open",
    ),
    _write(
        "merge_branch",
        "merge a branch into its parent",
        "POST /v1/branches/merge",
        "branch merge billing-rewrite",
        command="branch merge",
    ),
    _write(
        "abandon_branch",
        "hide for good what was written on a branch",
        "POST /v1/branches/abandon",
        "branch abandon billing-rewrite",
        command="branch abandon",
        permission=Permission.REVIEW,
    ),
    _write(
        "link_repository",
        "let readers of a repository read what is recorded for another",
        "POST /v1/repositories/links",
        "repo link github.com/acme/tools github.com/acme/parser --path packages/parser:src",
        command="repo link",
        permission=Permission.ADMIN,
        profile=None,
        is_of_the_tenant=True,
    ),
    _write(
        "ingest",
        "read decision records",
        "POST /v1/ingest/reading",
        "ingest decisions docs/decisions",
        command="ingest decisions",
        profile=None,
        is_long=True,
    ),
    _ask(
        "readings",
        "the readings of a repository's mainline",
        "GET /v1/mainline/readings",
        "",
        command="",
        envelope=("Changes", "changes"),
        profile=None,
    ),
    _write(
        "record_reading",
        "record a reading of a repository's mainline",
        "POST /v1/mainline/readings",
        "",
        command="",
        profile=None,
    ),
    _write(
        "record_verdicts",
        "record verdicts of checks against the code",
        "POST /v1/mainline/verdicts",
        "",
        command="",
        profile=None,
    ),
    _write(
        "record_relocations",
        "record where parts of files went",
        "POST /v1/mainline/relocations",
        "",
        command="",
        profile=None,
    ),
    _keep(
        "export",
        "the whole ledger as JSON lines, or the graph as GraphML or Cypher",
        "GET /v1/export",
        "export --output ledger.jsonl",
        is_of_the_tenant=True,
        is_streamed=True,
    ),
    _keep("backup", "copy the store's file, while others go on writing", "", "backup memory-copy.db"),
    _keep(
        "restore",
        "an export or a backup into an empty tenant",
        "POST /v1/restore",
        "restore ledger.jsonl",
        envelope=("Restored", "entries"),
        is_of_the_tenant=True,
        is_streamed=True,
    ),
    _keep(
        "check",
        "verify the ledger's hashes and recompute everything derived",
        "GET /v1/check",
        "check",
        envelope=("Findings", "findings"),
        is_of_the_tenant=True,
    ),
    _keep(
        "reindex",
        "renew vectors after a change of model",
        "POST /v1/reindex",
        "reindex",
        envelope=("Reindexed", "vectors"),
        is_of_the_tenant=True,
    ),
    _keep(
        "scrub",
        "remove secrets that older memories hold; --dry-run lists them",
        "POST /v1/scrub",
        "scrub --dry-run",
        is_of_the_tenant=True,
    ),
    _keep(
        "status",
        "what is stored where",
        "GET /v1/status",
        "status",
        envelope=("StatusAnswer", "store"),
        permission=Permission.READ,
        is_long=False,
    ),
)

#: Every verb by its name, in the order in which help and reference list them.
VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _ALL}
