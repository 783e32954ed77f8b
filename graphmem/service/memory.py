"""The opened memory, with all its verbs."""

from __future__ import annotations

from graphmem.errors import Unsupported
from graphmem.service.add_verb import AddVerb
from graphmem.service.branch_verbs import BranchVerbs
from graphmem.service.claim_verbs import ClaimVerbs
from graphmem.service.context import ServiceContext
from graphmem.service.context_verb import ContextVerb
from graphmem.service.feedback_verb import FeedbackVerb
from graphmem.service.file_life import FileVerbs
from graphmem.service.gated_verbs import with_gate
from graphmem.service.guard import GuardVerbs
from graphmem.service.ingestion import IngestVerb
from graphmem.service.mainline_ingestion import ReadingVerbs
from graphmem.service.opened_memory import OpenedMemory
from graphmem.service.recall_recording import with_recalls
from graphmem.service.recall_statistics import StatisticsVerb
from graphmem.service.repository_links import RepositoryLinkVerbs
from graphmem.service.retention import RetentionVerb
from graphmem.service.scrub import ScrubVerb
from graphmem.service.settlements import SettleVerb
from graphmem.service.store_verbs import StoreVerbs


@with_recalls
@with_gate
class GraphMemory(
    AddVerb,
    BranchVerbs,
    ClaimVerbs,
    ContextVerb,
    FeedbackVerb,
    FileVerbs,
    GuardVerbs,
    IngestVerb,
    ReadingVerbs,
    RepositoryLinkVerbs,
    RetentionVerb,
    ScrubVerb,
    SettleVerb,
    StatisticsVerb,
    StoreVerbs,
    OpenedMemory,
):
    """The memory of a project: its facts, decisions and preferences on both time axes. Opened by `graphmem.open()`.

    Safe to use from several threads. Use it in a `with` block, or call `close`.
    """


def context_of(memory: GraphMemory) -> ServiceContext:
    """Return the context of an opened memory.

    Raises:
        Unsupported: The memory is on a server: its store cannot be used from this process.
    """
    context = getattr(memory, "_context", None)
    if not isinstance(context, ServiceContext):
        raise Unsupported(
            "this needs direct access to the store, not a server over HTTP: run it on the machine that has the store"
        )
    return context
