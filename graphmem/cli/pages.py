"""Answers as pages for people. Each function gives the blocks of one kind of answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graphmem.answers import (
    Card,
    Conflicts,
    Diff,
    Explanation,
    History,
    Hit,
    Lane,
    Listing,
    SearchAnswer,
    Step,
    Timeline,
    Turn,
)
from graphmem.cli.bars import bars
from graphmem.cli.blocks import Block, Line, Look, Span, Table, dim, line, strong
from graphmem.cli.wording import (
    chain_line,
    facts_line,
    name,
    nothing_line,
    point_line,
    rule_words,
    second,
    sign,
    state_word,
    stretches,
    titled,
)
from graphmem.model import At, Change, Scope
from graphmem.retrieval.reasons import day
from graphmem.temporal import touched

_EMPTY = line()


def search_page(answer: SearchAnswer, asked: At, seen: Mapping[str, Card], scope: Scope) -> Iterator[Block]:
    """Hits with why they stand, the chain that led to them, and what contests them.

    Args:
        answer: What was found.
        asked: As the question put it.
        seen: The memories that the hits name by id.
        scope: Where the question was asked from.
    """
    for number, hit in enumerate(answer.hits, 1):
        yield from _hit_lines(number, hit, seen)
        yield _EMPTY
    if not answer.hits:
        yield nothing_line("nothing was found", scope)
    yield from _foot(answer.cursor)
    yield point_line(answer.at, asked, answer.note)


def _hit_lines(number: int, hit: Hit, seen: Mapping[str, Card]) -> Iterator[Line]:
    card = hit.card
    held = dim(f"   {stretches(card.holding)}")
    yield line(f"{number}. ", sign(card.state), " ", strong(card.title), "  ", state_word(card), held)
    yield facts_line(card, indent=3)
    if len(hit.via) > 1:
        yield chain_line([seen[key] for key in hit.via if key in seen], indent=3)
    yield line(dim("why: "), hit.because, indent=3)
    if beaten := [key for key in hit.beat if key not in hit.via]:
        yield line(dim("also replaces: "), titled(beaten, seen), indent=3)
    for contest in hit.contested:
        yield line(
            Span("contested by ", Look.WARN), f"{titled([contest.memory], seen)} ({rule_words(contest.rule)})", indent=3
        )
    if hit.head is not None and hit.head != card.id:
        yield line(Span("behind ", Look.WARN), titled([hit.head], seen), indent=3)


def listing_page(answer: Listing, asked: At, scope: Scope) -> Iterator[Block]:
    """One row a memory."""
    heads = ("id", "", "title", "kind", "state", "held", "confidence")
    if answer.cards:
        yield Table(heads, tuple(_listed(card) for card in answer.cards))
    else:
        yield nothing_line("nothing fits", scope)
    yield from _foot(answer.cursor)
    yield point_line(answer.at, asked)


def _listed(card: Card) -> tuple[Line, ...]:
    said = card.memory.statement
    kind = "" if said is None else said.kind.value
    return (
        line(Span(card.id, Look.ID)),
        line(sign(card.state)),
        line(strong(card.title)),
        line(kind),
        line(state_word(card)),
        line(stretches(card.holding)),
        line(f"{card.confidence:.2f}"),
    )


def card_page(history: History, asked: At) -> Iterator[Block]:
    """One memory with all that it says."""
    card = history.card
    yield from _head(card)
    yield line(dim("held: "), stretches(card.holding), indent=2)
    said = card.memory.statement
    assert said is not None, "what was erased gets no card"  # noqa: S101
    for label, text in (("", said.body), ("because: ", said.rationale)):
        yield from _paragraph(label, text)
    for option in said.alternatives:
        yield line(
            dim(f"{option.outcome.value}: "), option.name, f": {option.reason}" if option.reason else "", indent=2
        )
    if said.anchors:
        yield line(dim("about: "), ", ".join(f"{one.name} ({one.role})" for one in said.anchors), indent=2)
    if said.labels:
        yield line(dim("labels: "), ", ".join(said.labels), indent=2)
    if card.amended_by:
        yield line(dim("amended by: "), ", ".join(step.title or step.memory for step in history.amendments), indent=2)
    yield line(dim(f"recorded {second(card.recorded_at)} as change {card.change}"), indent=2)
    yield point_line(history.at, asked)


def _paragraph(label: str, text: str) -> Iterator[Line]:
    for number, row in enumerate(text.splitlines()):
        yield line(dim(label if number == 0 else ""), row, indent=2)


def history_page(history: History, asked: At, width: int) -> Iterator[Block]:
    """Its chain with dates, as bars, its own moves, and every change."""
    yield from _head(history.card)
    yield _EMPTY
    if len(history.chain) > 1:
        yield chain_line(history.chain)
        yield _EMPTY
    yield from bars(
        [Lane(card, history.moves if card.id == history.card.id else ()) for card in history.chain],
        history.at.valid,
        width,
    )
    yield _EMPTY
    yield from _steps("took over from", history.predecessors)
    yield from _steps("taken over by", history.successors)
    yield from _steps("amended by", [one for one in history.amendments if one not in history.successors])
    yield from _steps("amends", [one for one in history.amends if one not in history.predecessors])
    yield Table(
        ("since", "status", "in its source", "change"),
        tuple(
            (line(day(move.at)), line(move.status.value), line(move.word), line(str(move.change)))
            for move in history.moves
        ),
    )
    yield changes_table(history.changes)
    yield point_line(history.at, asked)


def _steps(label: str, steps: Iterable[Step]) -> Iterator[Line]:
    for step in steps:
        at = "" if step.at is None else f" on {day(step.at)}"
        until = "" if step.until is None else f" until {day(step.until)}"
        part = f" ({step.part})" if step.part else ""
        said = f" {step.title or 'an erased memory'}{part}"
        yield line(
            dim(f"{label} "),
            Span(step.memory, Look.ID),
            said,
            dim(f"  {step.kind.value}{at}{until}, change {step.change}"),
        )
        if step.evidence:
            yield line(dim(f"“{step.evidence}”"), indent=4)


def changes_table(changes: Sequence[Change]) -> Table:
    """Ledger entries, one a row."""
    heads = ("change", "recorded", "what", "memories", "who", "source", "reason")
    return Table(heads, tuple(_change_row(one) for one in changes))


def _change_row(change: Change) -> tuple[Line, ...]:
    said = change.provenance
    ids = line(Span(" ".join(touched(change.operation)), Look.ID))
    what = line(type(change.operation).__name__.lower())
    who, source, reason = line(said.actor), line(said.source or ""), line(said.reason or "")
    return (line(str(change.seq)), line(second(change.recorded_at)), what, ids, who, source, reason)


def timeline_page(answer: Timeline, asked: At, width: int) -> Iterator[Block]:
    """Bars, then what each memory went through."""
    if not answer.lanes:
        yield line("nothing is known of it")
    yield from bars(answer.lanes, answer.at.valid, width)
    yield _EMPTY
    for lane in answer.lanes:
        card = lane.card
        yield line(sign(card.state), " ", strong(card.title), "  ", state_word(card), "  ", Span(card.id, Look.ID))
        yield line(dim(" · ".join(f"{day(move.at)} {move.word}" for move in lane.moves)), indent=2)
    yield point_line(answer.at, asked)


def diff_page(answer: Diff) -> Iterator[Block]:
    """What came (+) and what went (-), each with its other side."""
    for one in answer.differences:
        is_new = one.turn is Turn.APPEARED
        mark = Span("+ ", Look.GOOD) if is_new else Span("- ", Look.BAD)
        yield line(mark, strong(one.card.title), "  ", Span(one.card.id, Look.ID), dim(f"  {one.turn.value}"))
        if one.replaced:
            yield line(dim("in place of " if is_new else "replaced by "), ", ".join(one.replaced), indent=4)
    if not answer.differences:
        yield line("nothing is believed differently")
    for word, point in (("from", answer.start), ("to", answer.end)):
        yield line(dim(f"{word} {second(point.valid)} as known at change {point.seq}"))


def explanation_page(answer: Explanation, asked: At, seen: Mapping[str, Card]) -> Iterator[Block]:
    """Why it stands so, what stands for it, what it rests on."""
    yield from _head(answer.card)
    for reason in answer.reasons:
        yield line(dim("why: "), reason, indent=2)
    for hit in answer.resolves_to:
        yield line(
            dim("what stands now: "), sign(hit.card.state), f" {hit.card.title} ", Span(hit.card.id, Look.ID), indent=2
        )
        yield chain_line([seen[key] for key in hit.via if key in seen], indent=4)
    for one in answer.related:
        other, mine = (one.title, "this") if one.is_outgoing else ("this", one.title)
        yield line(dim("link: "), f"{mine} {one.kind.value.replace('_', ' ')} {other} ({one.state.value})", indent=2)
    for sentence in answer.suspect:
        yield line(Span("suspect: ", Look.WARN), sentence, indent=2)
    for contest in answer.contested:
        yield line(
            Span("contested: ", Look.WARN), f"{titled([contest.memory], seen)} ({rule_words(contest.rule)})", indent=2
        )
    yield point_line(answer.at, asked)


def conflicts_page(answer: Conflicts, asked: At, width: int) -> Iterator[Block]:
    """Each contradiction with its claims, the rule that would decide, and the fix."""
    for one in answer.conflicts:
        yield line(Span("! ", Look.WARN), strong(one.what), dim(f"  by {one.found_by}, {stretches(one.overlap)}"))
        for place, card in enumerate(one.claims):
            role = "leads" if place == 0 else "contests"
            yield line(sign(card.state), f" {name(card, width)}  ", Span(card.id, Look.ID), dim(f"  {role}"), indent=2)
        yield line(dim("rule: "), rule_words(one.rule), indent=2)
        yield line(dim("fix: "), one.fix, indent=2)
        yield _EMPTY
    if not answer.conflicts:
        yield line("no open contradiction")
    yield point_line(answer.at, asked)


def _head(card: Card) -> Iterator[Line]:
    yield line(sign(card.state), " ", strong(card.title), "  ", state_word(card))
    yield facts_line(card, indent=2)


def _foot(cursor: str | None) -> Iterator[Line]:
    if cursor is not None:
        yield line(dim(f"there is more: --cursor {cursor}"))
