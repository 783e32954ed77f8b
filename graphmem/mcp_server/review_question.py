"""What `memory_review` asks: the proposal, and the question for a client that shows no forms."""

from __future__ import annotations

from pydantic import Field

from graphmem.answers import Card, State, Written
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.mcp_server.tool_arguments import Arguments, Name
from graphmem.mcp_server.tool_callers import ToolCaller, reader_scope
from graphmem.service import GraphMemory


class ReviewArguments(Arguments):
    """Arguments of `memory_review`."""

    id: Name = Field(description="The proposal: see memory_proposals.")


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """The answer of `memory_review`.

    Attributes:
        is_reviewed: Whether a person reviewed the proposal.
        message: What came of it; for a client that shows no forms, the question for its user.
        proposal: The proposal as it was shown.
        written: The entry of the review.
    """

    is_reviewed: bool
    message: str
    proposal: Card
    written: Written | None = None


def ask_in_words(memory: GraphMemory, caller: ToolCaller, arguments: ReviewArguments) -> ReviewAnswer:
    """Return the question for the client's user.

    Raises:
        InvalidInput: The memory is no proposal.
    """
    card = proposal_of(memory, caller, arguments)
    command = f"graphmem review {card.id} accept|edit|reject --reason TEXT"
    message = f"Nothing was recorded. Ask the user to accept, edit or reject this proposal; they answer with: {command}"
    return ReviewAnswer(False, message, card)  # noqa: FBT003 - the first field of the answer


def proposal_of(memory: GraphMemory, caller: ToolCaller, arguments: ReviewArguments) -> Card:
    """Return the proposal that a call names.

    Raises:
        InvalidInput: The memory is no proposal.
    """
    card = memory.get(arguments.id, scope=reader_scope(caller, arguments))
    if card.state is not State.PROPOSED:
        raise InvalidInput(f"{card.id!r} is no proposal that waits: it is {card.state}; memory_proposals lists them")
    return card
