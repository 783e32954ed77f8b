"""The verb `scrub`: memories with secrets are replaced by copies without them, and erased."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.deferred_dataclass import dataclass, field
from graphmem.errors import GraphMemError, StoreUnavailable
from graphmem.model import Change, ReadMainline, RecordVerdicts, Scope
from graphmem.redactions import FoundSecret, ScrubReport
from graphmem.secrets.redaction import in_scopes, redactor
from graphmem.service.context import ServiceContext
from graphmem.service.memory_copy import CannotCopy, copied
from graphmem.service.recall_recording import forget_counts
from graphmem.service.write_verbs import WORDS_REMAIN
from graphmem.store import Progress, silent
from graphmem.temporal import touched

_PAGE = 500
#: Parts of an entry that its erasure keeps.
_UNERASABLE = frozenset({"op_id", "actor", "scope"})


class ScrubVerb:
    """The verb `scrub`."""

    _context: ServiceContext

    def scrub(self, *, dry_run: bool = False, progress: Progress = silent, scope: Scope | None = None) -> ScrubReport:
        """Remove secrets from memories that were recorded before the gate, or while it was off.

        Each memory with a secret is copied without it, with its dates, anchors, supersessions and links; the copy
        corrects it, and it is erased. Each is a transaction of its own: an interrupted run continues when it is called
        again.

        Args:
            dry_run: Only list the secrets.
            progress: Called with the number of searched entries and replaced memories, and their total.
            scope: The scope whose tenant is searched.

        Returns:
            The secrets by memory, field and rule, never their words; and those that cannot be removed, with the reason.
        """
        return _Scrub(self._context, Scope(self._context.reader(scope).tenant), progress).run(is_dry=dry_run)


@dataclass(slots=True)
class _Scrub:
    """The scrub of a tenant."""

    context: ServiceContext
    reader: Scope
    progress: Progress
    found: list[FoundSecret] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)

    def run(self, *, is_dry: bool) -> ScrubReport:
        total = self.context.store.position(self.reader).seq
        self._search(total)
        memories = list(dict.fromkeys(each.memory for each in self.found if each.memory is not None))
        self.left += [(f"change {each.change}", _why(each)) for each in self.found if each.memory is None]
        scrubbed: list[tuple[str, str]] = []
        for index, memory in enumerate([] if is_dry else memories):
            self.progress(total + index, total + len(memories))
            try:
                scrubbed.append((memory, copied(self.context, self.reader, memory)))
                forget_counts(self.context, self.reader, [memory])
            except StoreUnavailable:
                raise
            except (CannotCopy, GraphMemError) as refusal:
                self.left.append((memory, f"{refusal}; graphmem erase {memory} removes all of it"))
        self.progress(total + len(scrubbed), total + len(scrubbed))
        pending = scrubbed and self.context.store.info(self.reader).pending_erasures
        return ScrubReport(
            total, tuple(self.found), tuple(scrubbed), tuple(self.left), (WORDS_REMAIN,) if pending else ()
        )

    def _search(self, total: int) -> None:
        after = 0
        while page := self.context.store.changes(self.reader, after=after, limit=_PAGE):
            for change in page:
                self.found += self._secrets(change)
            after = page[-1].seq
            self.progress(min(after, total), total)

    def _secrets(self, change: Change) -> Iterator[FoundSecret]:
        """Yield the secrets in an entry, each with the memory whose erasure removes it."""
        memories = [each.memory for each in self.found if each.memory is not None]
        names = touched(change.operation)
        for location, rule in _places(change):
            memory = next((key for key in names if key in memories), names[-1] if names else None)
            if isinstance(change.operation, RecordVerdicts) and location.startswith("verdicts["):
                memory = change.operation.verdicts[int(location.removeprefix("verdicts[").partition("]")[0])].memory
            is_unerasable = location.partition(".")[0] in _UNERASABLE or isinstance(change.operation, ReadMainline)
            yield FoundSecret(change.seq, None if is_unerasable else memory, location, rule)


def _places(change: Change) -> Iterator[tuple[str, str]]:
    """Yield field and rule of each secret in an entry."""
    by = change.provenance
    parts = ((change.operation, ""), (by.actor, "actor"), (by.source, "source"), (by.reason, "reason"))
    for value, location in (*parts, (change.op_id, "op_id")):
        for each in redactor().value(value, location)[1]:
            yield each.place.removeprefix("memory.statement.").removeprefix("memory."), each.rule
    for each in in_scopes(change.writer):
        yield f"scope.{each.place}", each.rule


def _why(secret: FoundSecret) -> str:
    return f"{secret.place} (rule {secret.rule}): erasing a memory does not remove it; renew the secret"
