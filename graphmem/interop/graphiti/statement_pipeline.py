"""graphiti's extraction pipeline as a reader of statements: each turn is an episode, and nothing is written.

graphiti words its facts itself and gives no quote. The quote of a fact is the first sentence of its turn that names
both of its entities; a fact without such a sentence is dropped. Extraction sees the drafts of its own turn and no
memory.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import GraphMemError
from graphmem.extraction.completions import Completions, EndpointFailure
from graphmem.extraction.sent_turns import sent_turns
from graphmem.interop.graphiti.quiet_import import import_graphiti
from graphmem.model import Kind
from graphmem.sources.transcripts import TranscriptTurn
from graphmem.sources.transcripts.quoted_statements import MAX_TITLE_CHARS, ModelReading, QuotedStatement

if TYPE_CHECKING:
    from graphmem.service import GraphMemory

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_NO_SENTENCE = "no sentence names what the fact is about"


@dataclass(frozen=True, slots=True)
class DraftedFact:
    """A fact of graphiti's: the names of its two entities, and its text."""

    names: tuple[str, str]
    fact: str


@dataclass(slots=True)
class GraphitiPipeline:
    """Reads statements with graphiti's pipeline and the model of an endpoint.

    Attributes:
        memory: An open memory with its store in this process, for its embedding model.
        completions: The endpoint.
    """

    memory: GraphMemory
    completions: Completions
    _log: logging.Logger = field(default_factory=lambda: logging.getLogger("graphiti_core"), repr=False)

    def statements_in(self, turns: Sequence[TranscriptTurn]) -> ModelReading:
        """Return the facts that graphiti extracts, each with a quote; after a call that fails, the rest is unread."""
        statements: list[QuotedStatement] = []
        dropped = Counter[str]()
        try:
            import_graphiti()
            self._log.addHandler(logging.NullHandler())  # it logs what models answer
            for turn in sent_turns(turns):
                facts = asyncio.run(_facts_of(self.memory, self.completions, turn))
                statements += [said for fact in facts if (said := _quoted(fact, turn, dropped)) is not None]
        except EndpointFailure as failure:
            return ModelReading(tuple(statements), dict(dropped), str(failure))
        except GraphMemError as failure:
            return ModelReading(tuple(statements), dict(dropped), f"graphiti cannot read: {failure}")
        except Exception as failure:  # noqa: BLE001 - graphiti raises its own and pydantic's errors on odd answers
            return ModelReading(tuple(statements), dict(dropped), f"graphiti failed: {type(failure).__name__}")
        return ModelReading(tuple(statements), dict(dropped))


async def _facts_of(memory: GraphMemory, completions: Completions, turn: TranscriptTurn) -> list[DraftedFact]:
    """Return the facts that graphiti drafts from a turn."""
    from graphiti_core.nodes import EpisodeType

    from graphmem.interop.graphiti.clients import EndpointClient, graphiti_over
    from graphmem.interop.graphiti.driver import GraphmemDriver
    from graphmem.interop.graphiti.inbox import FactInbox

    inbox = FactInbox()
    driver = GraphmemDriver(memory, inbox=inbox)
    client = graphiti_over(driver, memory, llm_client=EndpointClient(completions))
    said_at = turn.said_at or datetime.now(UTC)
    text = f"{turn.speaker.value}: {turn.text}"
    await client.add_episode(
        f"turn {turn.number}", text, "conversation", said_at, EpisodeType.message, driver.drafts_group
    )
    return [DraftedFact(names, fact) for names, fact in inbox.facts]


def _quoted(drafted: DraftedFact, turn: TranscriptTurn, dropped: Counter[str]) -> QuotedStatement | None:
    names = [name.casefold() for name in drafted.names if name.casefold() != turn.speaker.value]
    for sentence in _SENTENCE.split(turn.text):
        if names and all(name in sentence.casefold() for name in names):
            title = drafted.fact[:MAX_TITLE_CHARS]
            return QuotedStatement(title, sentence.strip(), turn.number, turn.speaker, Kind.FACT)
    dropped[_NO_SENTENCE] += 1
    return None
