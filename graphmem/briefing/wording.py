"""Renders the lines of a block: a line for each memory, in a short and a full form. Marks surround untrusted text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from graphmem.answers import Contest, Reference, Relation, Sentence, State
from graphmem.briefing.block import BlockItem, SectionName, Why
from graphmem.briefing.claim_wording import claim_pieces
from graphmem.deferred_dataclass import dataclass
from graphmem.marks import Foreign, Parts, rendered
from graphmem.model import Origin
from graphmem.token_count import token_count

HEAD = "In force: statement [id since why]."
HEAD_SINCE = "Changed since position {since}: statement [id since why]."
_OWN_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{12}")
#: Characters of an id that a line shows: enough to name the memory in every verb.
_SHOWN_ID_CHARS = 6
_MOST_NAMED = 3
#: More recent dates are rendered to the day.
_RECENT = timedelta(days=60)
_MONTH_CHARS = len("2025-11")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class BlockLine:
    """A line of a block in its three forms; each is complete."""

    item: BlockItem
    section: SectionName
    short: str
    full: str
    title_only: str

    @cached_property
    def short_tokens(self) -> int:
        """The tokens of the short form."""
        return token_count(self.short)

    @cached_property
    def full_tokens(self) -> int:
        """The tokens of the full form."""
        return token_count(self.full)

    @cached_property
    def title_tokens(self) -> int:
        """The tokens of the form with title and id alone."""
        return token_count(self.title_only)


class BlockWording:
    """Writes lines.

    Args:
        tag: The tag of the marks around untrusted text.
        repo: The reader's repository; memories of a wider home say so.
        now: The valid time of the block.
    """

    def __init__(self, tag: Callable[[], str], repo: str | None, now: datetime) -> None:
        self._tag = tag
        self._repo = repo
        self._now = now

    def line(self, item: BlockItem, section: SectionName) -> BlockLine:
        """Return the line of a memory."""
        head = (f"- {item.alias} " if _is_shown(item) else "- ", _said(item.title, item.origin))
        where = f" [{' '.join(self._place(item))}]"
        short = (*head, where, *_joined(_tail(item, is_full=False)))
        full = (*head, where, *_joined(_tail(item, is_full=True)))
        return BlockLine(
            item, section, self._text(short), self._text(full), self._text((*head, f" [{short_id(item.id)}]"))
        )

    def _place(self, item: BlockItem) -> Iterator[str]:
        yield short_id(item.id)
        if item.since is not None:
            yield self._since(item.since)
        elif item.state is State.HOLDS:
            yield "always"
        if item.until is not None and item.claim is None:
            yield f"until {day(item.until)}"
        yield item.matched if item.why is Why.PRACTICE else item.why.value
        if item.scope.environment is not None:
            yield item.scope.environment
        elif item.scope.repo is None and item.scope.user is None and self._repo is not None:
            yield "org"

    def _since(self, moment: datetime) -> str:
        """Return the date of a recent time, and the month of an older time."""
        is_recent = moment > self._now - _RECENT
        return day(moment) if is_recent else moment.date().isoformat()[:_MONTH_CHARS]

    def _text(self, parts: Iterable[str | Foreign]) -> str:
        listed = tuple(parts)
        if any(isinstance(part, Foreign) for part in listed):
            return rendered(listed, self._tag())
        return "".join(str(part) for part in listed)


def short_id(memory_id: str) -> str:
    """Return the prefix of an id of graphmem's own, accepted by every verb; return other ids unchanged."""
    return memory_id[:_SHOWN_ID_CHARS] if _OWN_ID.fullmatch(memory_id) else _one_line(memory_id)


def day(moment: datetime) -> str:
    """Return the date of a time."""
    return moment.date().isoformat()


def foot_line(counts: Iterable[tuple[SectionName, int]], budget: int, seq: int) -> str:
    """Return the last line: the counts of memories left out, how to request them, and the ledger position."""
    missing = ", ".join(f"{section.value} {count}" for section, count in counts if count)
    told = f"Left out: {missing}; ask with budget {budget * 2} or search." if missing else "Nothing left out."
    return f"{told} Position {seq}."


def _is_shown(item: BlockItem) -> bool:
    """Return True if the line begins with the alias: it is short, not in the title, and of graphmem's trust class."""
    alias = item.alias
    return (
        alias is not None
        and item.origin.is_trusted
        and len(alias) <= 12  # noqa: PLR2004 - as `ADR-0012`
        and alias.casefold() not in item.title.casefold()
    )


def _joined(pieces: Iterable[Parts]) -> Parts:
    return tuple(part for piece in pieces for part in ("; ", *piece))


def _tail(item: BlockItem, *, is_full: bool) -> Iterator[Parts]:
    if item.state is not State.HOLDS:
        yield (f"{item.state.value}",)
    if item.claim is not None:
        yield from claim_pieces(item.claim, is_own=item.is_own)
    if item.rejected:
        yield _rejected(item, is_full=is_full)
    for near in () if item.claim is not None else item.replaced[:_MOST_NAMED]:
        yield _relation(near, is_full=is_full)
    if item.overrules:
        yield _rivals("over ", item.overrules, is_full=is_full)
    if item.contested:
        yield _rivals("contested by ", item.contested, is_full=True)
    for sentence in (*item.cautions, *item.settled):
        yield _sentence(sentence)


def _rejected(item: BlockItem, *, is_full: bool) -> Parts:
    parts: list[str | Foreign] = ["not "]
    for index, option in enumerate(item.rejected[:_MOST_NAMED]):
        parts += [", " if index else "", _said(option.name, item.origin)]
        if is_full and option.reason:
            parts += [" (", _said(option.reason, item.origin), ")"]
    more = len(item.rejected) - _MOST_NAMED
    return (*parts, f" and {more} more" if more > 0 else "")


def _relation(near: Relation, *, is_full: bool) -> Parts:
    if near.is_successor:
        return ("was ", *_named(near.memory)) if is_full else ("was ", short_id(near.memory.id))
    part: Parts = () if near.part is None else (" (", *_sentence(near.part), ")")
    name = _named(near.memory) if is_full else (short_id(near.memory.id),)
    return (f"{near.before} ", *name, *part, near.after)


def _rivals(words: str, rivals: Sequence[Contest], *, is_full: bool) -> Parts:
    parts: list[str | Foreign] = [words]
    shown = rivals[:_MOST_NAMED]
    for index, rival in enumerate(shown):
        parts += [", " if index else "", *(_named(rival.memory) if is_full else (short_id(rival.memory.id),))]
        is_last = index + 1 == len(shown) or shown[index + 1].rule != rival.rule
        parts += [f" (by {rival.rule})"] if is_full and is_last else []
    return tuple(parts)


def _named(memory: Reference) -> Parts:
    if memory.title is None:
        return (short_id(memory.id),)
    return (_said(memory.title, memory.origin or Origin.EXTERNAL), f" [{short_id(memory.id)}]")


def _said(text: str, origin: Origin) -> str | Foreign:
    """Return a text of a memory in a single line; a text of untrusted origin is returned as `Foreign`."""
    single = _one_line(text)
    return single if origin.is_trusted else Foreign(single, origin.value)


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _sentence(text: str) -> Parts:
    """Return a sentence in parts; a plain text is graphmem's own."""
    if not isinstance(text, Sentence):
        return (_one_line(text),)
    parts: list[str | Foreign] = []
    end = 0
    for quote in text.quotes:
        parts += [str(text[end : quote.start]), _said(str(text[quote.start : quote.end]), quote.origin)]
        end = quote.end
    return tuple(part for part in (*parts, str(text[end:])) if part != "")
