"""The verb that gives the context block of a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from graphmem.briefing.block import (
    DEFAULT_BUDGET,
    LEAST_BUDGET,
    LEAST_CHARS,
    MOST_BUDGET,
    ContextBlock,
)
from graphmem.briefing.fitting import Room
from graphmem.errors import InvalidInput
from graphmem.model import At, Scope, ScopeParts
from graphmem.parameters import ActorName, Budget, Chars, ComponentName, PathName, Position, TaskText
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.retrieval.search import Searcher
from graphmem.service.block_maker import BlockMaker
from graphmem.service.claim_evidence import ClaimEvidence
from graphmem.service.commit_points import at_commits
from graphmem.service.context import ServiceContext
from graphmem.service.repository_links import follows_links
from graphmem.service.task_evidence import EvidenceSearch, Task

_WORDS_ONLY = EmbedderMissing("asked by words alone")


class ContextVerb:
    """The verb that gives the context block of a task."""

    _context: ServiceContext

    @follows_links
    @at_commits
    def context(  # noqa: PLR0913 - each parameter shapes the block in another way
        self,
        task: TaskText,
        paths: Sequence[PathName] = (),
        *,
        components: Sequence[ComponentName] = (),
        at: At | None = None,
        scope: Scope | None = None,
        budget_tokens: Budget = DEFAULT_BUDGET,
        since: Position | None = None,
        max_chars: Chars | None = None,
        words_only: bool = False,
        actor: ActorName | None = None,
        **parts: Unpack[ScopeParts],
    ) -> ContextBlock:
        """Give the memories in force that govern a task, within a budget of tokens, in order of precedence.

        What is mandatory for the task or its paths comes first, then decisions with what they rejected, conventions,
        the reader's preferences, work in flight, and what to beware of. Memories about the paths or components come
        even if no word matches. Each line names the memory, since when it is in force, and why it is there.

        Args:
            task: What is to be done, in plain words; may be empty.
            paths: Files or folders that the task touches; paths in the task's text count too.
            components: Components or modules that the task touches; what is about their files counts too.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.
            budget_tokens: The most tokens of the block, by the counter that the answer names.
            since: Only what changed after this ledger position.
            max_chars: The most characters of the block.
            words_only: Compare words alone, without loading a model.
            actor: Who reads: their claims are called theirs, those of others on the paths are told. The actor of writes
                if not given.
            parts: Parts of the scope, such as `user="ana"`, that replace those of `scope` or of the default scope.

        Raises:
            InvalidInput: A budget is out of range, `since` is no ledger position, or `known_at` is not past.
        """
        _check(budget_tokens, max_chars)
        context, reader = self._context, self._context.reader(scope, parts)
        point = context.point(at, reader)
        if since is not None and not 0 <= since <= point.seq:
            raise InvalidInput(f"since {since!r} is no ledger position; the answer is of position {point.seq}")
        wanted = Task.of(task, paths, components)
        words = Searcher(context.store, lambda: _WORDS_ONLY, context.seal, context.mainlines)
        searcher = words if words_only else context.searcher
        found = EvidenceSearch(context, reader, point, searcher, words).evidence(wanted)
        is_latest = at is None or at.known_at is None
        claims = ClaimEvidence(context, reader, point, actor=actor or context.actor, is_latest=is_latest)
        claims.add(found, wanted)
        # The recall ledger has no past: a block of a past position is that of the store alone.
        maker = BlockMaker(context, reader, point, wanted, found, by_use=is_latest)
        return maker.block(Room(budget_tokens, max_chars), since)


def _check(budget_tokens: int, max_chars: int | None) -> None:
    if not LEAST_BUDGET <= budget_tokens <= MOST_BUDGET:
        raise InvalidInput(f"budget_tokens {budget_tokens!r} is not between {LEAST_BUDGET} and {MOST_BUDGET:,}")
    if max_chars is not None and max_chars < LEAST_CHARS:
        raise InvalidInput(f"max_chars {max_chars!r} is less than {LEAST_CHARS}: no memory would have room")
