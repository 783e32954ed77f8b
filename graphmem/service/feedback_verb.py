"""The verb that records a reader's opinion of a surfaced memory."""

from __future__ import annotations

from graphmem.answers import Written
from graphmem.feedback import Feedback, Opinion, Rating
from graphmem.parameters import MemoryRef
from graphmem.service.context import Write
from graphmem.service.write_verbs import WriteVerbs
from graphmem.vocabulary import word_of


class FeedbackVerb(WriteVerbs):
    """The verbs that write, and feedback."""

    def feedback(self, key: MemoryRef, opinion: Opinion, *, write: Write | None = None) -> Written:
        """Say of a memory that was surfaced: it was useful, not useful or wrong, is confirmed, or is done.

        `confirmed` confirms it, and `done` ends it as of now. The other opinions are recorded and counted in its
        history: they change no answer and no order.

        Args:
            key: The memory's id, an alias of it, or the beginning of its id.
            opinion: What became of it.
            write: Scope, actor, source and reason of the write.
        """
        chosen = word_of(Opinion, opinion)
        if chosen is Opinion.CONFIRMED:
            return self.confirm(key, write=write)
        if chosen is Opinion.DONE:
            return self.end(key, write=write)
        return self._apply_operation(
            self._context.write_request(write), lambda memory_id: Feedback(memory_id, Rating(chosen.value)), key
        )
