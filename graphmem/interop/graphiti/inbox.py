"""Records extracted edges as proposals."""

from __future__ import annotations

from graphiti_core.edges import EntityEdge

from graphmem.interop.graphiti.drafts import Drafts
from graphmem.interop.graphiti.proposals import Extracted, Proposal, propose
from graphmem.model import Scope
from graphmem.service import GraphMemory


class Inbox:
    """Proposes each edge that extraction drafts.

    Args:
        memory: Where proposals are recorded.
        scope: Their home scope.
    """

    def __init__(self, memory: GraphMemory, scope: Scope) -> None:
        self._memory = memory
        self._scope = scope
        #: In order of arrival.
        self.proposals: list[Proposal] = []

    def take(self, edge: EntityEdge, drafts: Drafts) -> None:
        """Propose the fact of a drafted edge."""
        names = [drafts.nodes[uuid].name for uuid in (edge.source_node_uuid, edge.target_node_uuid)]
        since = edge.valid_at or edge.reference_time or edge.created_at
        extracted = Extracted(names[0], edge.name, names[1], edge.fact, since)
        episode = next((drafts.episodes[uuid] for uuid in edge.episodes if uuid in drafts.episodes), None)
        source = None if episode is None else f"{episode.name} ({episode.source_description})"
        self.proposals.append(propose(self._memory, extracted, scope=self._scope, source=source))


class FactInbox(Inbox):
    """Keeps the facts of drafted edges in this process: nothing is recorded."""

    def __init__(self) -> None:
        self.proposals = []
        #: The names of the two entities, and the text, in order of arrival.
        self.facts: list[tuple[tuple[str, str], str]] = []

    def take(self, edge: EntityEdge, drafts: Drafts) -> None:
        """Keep the fact of a drafted edge."""
        names = (drafts.nodes[edge.source_node_uuid].name, drafts.nodes[edge.target_node_uuid].name)
        self.facts.append((names, edge.fact))
