"""Pages of the command line. Each function lays out a class of answers as blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from graphmem.answers import (
    Card,
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
from graphmem.cli.file_pages import dating_line
from graphmem.cli.phrases import (
    began,
    chain_line,
    emphasised,
    facts_line,
    held,
    name,
    point_line,
    related,
    second,
    sign,
    state_word,
    stretches,
)
from graphmem.conflicts import Conflicts
from graphmem.model import At, Change, Propose, Provenance
from graphmem.relations import RESOLVED_WORDS, link_words, rule_words
from graphmem.retrieval.briefs import Brief, brief, code_sentence
from graphmem.retrieval.dependencies import doubt_sentence
from graphmem.retrieval.relation_phrases import day
from graphmem.temporal import touched
from graphmem.terms import question_terms

_EMPTY = line()


def search_page(answer: SearchAnswer, question: str, at: At, notes: Iterable[Line]) -> Iterator[Block]:
    """Hits with excerpts, their relations to the memories that matched, and the memories that contest them.

    Args:
        answer: The hits.
        question: The query; its terms are emphasised in the hits.
        at: The requested point in time.
        notes: Remarks about the query and the scopes searched.
    """
    terms = question_terms(question)
    for number, hit in enumerate(answer.hits, 1):
        yield from _hit_lines(number, hit, terms, answer.at.valid)
        yield _EMPTY
    yield from notes
    yield from _foot(answer.cursor)
    yield point_line(answer.at, at, answer.note, is_lexical=answer.mode == "lexical")


def _hit_lines(number: int, hit: Hit, terms: Sequence[str], valid: datetime) -> Iterator[Line]:
    card = hit.card
    spell = dim(f"   {held(card)}")
    yield line(f"{number}. ", sign(card.state), " ", strong(card.title), "  ", state_word(card), spell)
    yield facts_line(card, valid, indent=3, relevance=hit.relevance)
    yield from _brief_lines(brief(hit, terms, valid), terms)
    if not hit.holds:
        yield line(dim("stands: "), hit.because, indent=3)
    yield from _change_lines(card, indent=3)
    yield from _relation_lines(hit)
    for contest in hit.contested:
        yield line(Span("contested by ", Look.WARN), f"{name(contest.memory)} ({rule_words(contest.rule)})", indent=3)


def _change_lines(card: Card, *, indent: int) -> Iterator[Line]:
    """Yield the changes around a memory: its files and symbols, the code, and its dependencies."""
    for file in card.files:
        yield line(dim("file: "), file.sentence, indent=indent)
    for symbol in card.symbols:
        yield line(dim("symbol: "), symbol.sentence, indent=indent)
    if card.verdict is not None and (code := code_sentence(card.verdict)) is not None:
        yield line(Span("code: ", Look.WARN), code, indent=indent)
    if card.suspect:
        yield line(Span("suspect: ", Look.WARN), doubt_sentence(card.suspect), indent=indent)


def _brief_lines(short: Brief, terms: Sequence[str]) -> Iterator[Line]:
    """Yield the excerpt of a memory, its rationale and its rejected options."""
    for label, text in (("", short.excerpt), ("why: ", short.rationale)):
        if text:
            yield line(dim(label), *emphasised(text, terms), indent=3)
    for option in short.rejected:
        why = [dim(", since "), *emphasised(option.reason, terms)] if option.reason else []
        yield line(dim("rejected: "), *emphasised(option.name, terms), *why, indent=3)
    if short.more_rejected:
        yield line(dim(f"rejected: {short.more_rejected} more"), indent=3)


def _relation_lines(hit: Hit) -> Iterator[Line]:
    """Yield the relations of a hit to the memories that matched, and the memory that overrules it."""
    for near in hit.relations:
        yield line(*related(near), indent=3)
        if near.through:
            yield chain_line(sorted((near.memory, *near.through, hit.card), key=began), indent=5)
    if hit.overruled_by is not None:
        yield line(*related(hit.overruled_by, Look.WARN), indent=3)


def listing_page(answer: Listing, at: At, nothing: Line) -> Iterator[Block]:
    """Yield a table with a row for each memory."""
    heads = ("id", "", "title", "kind", "state", "held", "confidence")
    if answer.cards:
        yield Table(heads, tuple(_listed(card) for card in answer.cards))
    else:
        yield nothing
    yield from _foot(answer.cursor)
    yield point_line(answer.at, at)


def proposals_page(answer: Listing, at: At) -> Iterator[Block]:
    """Proposed memories with the words that they were taken from, and the command that reviews them."""
    for card in answer.cards:
        yield line(sign(card.state), " ", strong(card.title), dim(f"  {card.statement.kind.value}  {card.id}"))
        yield from _paragraph("", card.statement.body)
        yield from _paragraph("because: ", card.statement.rationale)
    if answer.cards:
        yield line(dim("review: "), "graphmem review ID accept|edit|reject --reason …")
    else:
        yield line("No proposals wait for a review.")
    yield from _foot(answer.cursor)
    yield point_line(answer.at, at)


def _listed(card: Card) -> tuple[Line, ...]:
    return (
        line(Span(card.id, Look.ID)),
        line(sign(card.state)),
        line(strong(card.title)),
        line(card.statement.kind.value),
        line(state_word(card)),
        line(held(card)),
        line(f"{card.confidence:.2f}"),
    )


def card_page(history: History, at: At) -> Iterator[Block]:
    """Yield a memory with its whole statement."""
    card = history.card
    yield from _head(card, history.at.valid)
    yield line(dim("held: "), held(card), indent=2)
    statement = card.statement
    for label, text in (("", statement.body), ("because: ", statement.rationale)):
        yield from _paragraph(label, text)
    for option in statement.alternatives:
        yield line(
            dim(f"{option.outcome.value}: "), option.name, f": {option.reason}" if option.reason else "", indent=2
        )
        if option.keys:
            yield line(dim("keys: "), ", ".join(option.keys), indent=4)
    if statement.anchors:
        yield line(
            dim("about: "), ", ".join(f"{anchor.name} ({anchor.role})" for anchor in statement.anchors), indent=2
        )
    yield from _change_lines(card, indent=2)
    if statement.labels:
        yield line(dim("labels: "), ", ".join(statement.labels), indent=2)
    if card.amended_by:
        yield line(dim("amended by: "), ", ".join(map(name, card.amended_by)), indent=2)
    yield from dating_line(history.dated_by)
    yield line(dim(f"recorded {second(card.recorded_at)} as change {card.change}"), indent=2)
    yield point_line(history.at, at)


def _paragraph(label: str, text: str) -> Iterator[Line]:
    for number, row in enumerate(text.splitlines()):
        yield line(dim(label if number == 0 else ""), row, indent=2)


def history_page(history: History, at: At, width: int) -> Iterator[Block]:
    """Yield the chain of a memory with dates and as bars, its own moves, and its ledger entries."""
    yield from _head(history.card, history.at.valid)
    yield from dating_line(history.dated_by)
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
    yield from _steps(
        [
            *history.predecessors,
            *history.successors,
            *(step for step in history.amendments if step not in history.successors),
            *(step for step in history.amends if step not in history.predecessors),
        ]
    )
    yield Table(
        ("since", "status", "in its source", "change"),
        tuple(
            (line(day(move.at)), line(move.status.value), line(move.word), line(str(move.change)))
            for move in history.moves
        ),
    )
    yield changes_table(history.changes)
    yield point_line(history.at, at)


def _steps(steps: Iterable[Step]) -> Iterator[Line]:
    for step in steps:
        part = f" ({step.part})" if step.part else ""
        yield line(
            dim(f"{step.before} "),
            Span(step.memory.id, Look.ID),
            f" {step.memory.title or 'an erased memory'}{part}",
            dim(f"{step.after} · change {step.change}"),
        )
        if step.evidence:
            yield line(dim(f"“{step.evidence}”"), indent=4)


def changes_table(changes: Sequence[Change]) -> Table:
    """Return a table with a row for each ledger entry."""
    heads = ("change", "recorded", "what", "memories", "who", "source", "reason")
    return Table(heads, tuple(_change_row(change) for change in changes))


def _change_row(change: Change) -> tuple[Line, ...]:
    provenance = change.provenance
    ids = line(Span(" ".join(touched(change.operation)), Look.ID))
    operation = change.operation.asked if isinstance(change.operation, Propose) else change.operation
    what = line(("" if operation is change.operation else "proposed: ") + type(operation).__name__.lower())
    who, source, reason = line(provenance.actor), line(provenance.source or ""), line(provenance.reason or "")
    return (line(str(change.seq)), line(second(change.recorded_at)), what, ids, who, source, reason)


def timeline_page(answer: Timeline, at: At, width: int) -> Iterator[Block]:
    """Bars, then the moves of each memory."""
    if not answer.lanes:
        yield line("No memories of it.")
    yield from bars(answer.lanes, answer.at.valid, width)
    yield _EMPTY
    for lane in answer.lanes:
        card = lane.card
        yield line(sign(card.state), " ", strong(card.title), "  ", state_word(card), "  ", Span(card.id, Look.ID))
        yield line(dim(" · ".join(f"{day(move.at)} {move.word}" for move in lane.moves)), indent=2)
    yield point_line(answer.at, at)


def diff_page(answer: Diff) -> Iterator[Block]:
    """Memories that came into force (+) or went out of force (-), each with its predecessors or successors."""
    for difference in answer.differences:
        is_new = difference.turn is Turn.APPEARED
        mark = Span("+ ", Look.GOOD) if is_new else Span("- ", Look.BAD)
        card, label = difference.card, dim("supersedes " if is_new else "superseded by ")
        yield line(mark, strong(card.title), "  ", Span(card.id, Look.ID), dim(f"  {difference.turn.value}"))
        if difference.replaced:
            yield line(label, ", ".join(map(name, difference.replaced)), indent=4)
    if not answer.differences:
        yield line("No differences.")
    for word, point in (("from", answer.start), ("to", answer.end)):
        yield line(dim(f"{word} {second(point.valid)} as known at change {point.seq}"))


def explanation_page(answer: Explanation, at: At) -> Iterator[Block]:
    """Yield the reasons for a memory's state, the memories that it resolves to, and its links."""
    yield from _head(answer.card, answer.at.valid)
    for reason in answer.reasons:
        yield line(dim("why: "), reason, indent=2)
    yield from dating_line(answer.dated_by)
    for hit in answer.resolves_to:
        label = f"{RESOLVED_WORDS[hit.standing]}: "
        yield line(dim(label), sign(hit.card.state), f" {hit.card.title} ", Span(hit.card.id, Look.ID), indent=2)
        for near in hit.relations:
            yield line(*related(near), indent=4)
    for link in answer.related:
        words = link_words(link.kind, is_outgoing=link.is_outgoing)
        yield line(dim(f"{words}: "), f"{name(link.memory)} ({link.memory.state})", indent=2)
    for sentence in answer.suspect:
        yield line(Span("suspect: ", Look.WARN), sentence, indent=2)
    if answer.overruled_by is not None:
        yield line(*related(answer.overruled_by, Look.WARN), indent=2)
    else:
        for contest in answer.contested:
            words = f"{name(contest.memory)} ({rule_words(contest.rule)})"
            yield line(Span("contested by ", Look.WARN), words, indent=2)
    if answer.use:
        yield line(dim("use: "), answer.use, indent=2)
    yield point_line(answer.at, at)


def conflicts_page(answer: Conflicts, at: At, width: int) -> Iterator[Block]:
    """Each contradiction with its claims, the rule that would decide, and the fix."""
    for conflict in answer.conflicts:
        basis = dim(f"  {conflict.id}  by {conflict.found_by}, {stretches(conflict.overlap)}")
        yield line(Span("! ", Look.WARN), strong(conflict.what), basis)
        for rank, card in enumerate(conflict.claims):
            role = "leads" if rank == 0 else "contests"
            yield line(sign(card.state), f" {name(card, width)}  ", Span(card.id, Look.ID), dim(f"  {role}"), indent=2)
            yield line(dim(_recorded(conflict.evidence[rank], card.recorded_at)), indent=4)
        yield line(dim("rule: "), rule_words(conflict.rule), indent=2)
        for way in conflict.ways:
            yield line(dim("settle: "), way, indent=2)
        yield _EMPTY
    if not answer.conflicts:
        yield line("No open conflicts.")
    yield point_line(answer.at, at)


def _recorded(by: Provenance, moment: datetime) -> str:
    source, reason = f" from {by.source}" if by.source else "", f": {by.reason}" if by.reason else ""
    return f"recorded {second(moment)} by {by.actor}{source}{reason}"


def _head(card: Card, valid: datetime) -> Iterator[Line]:
    yield line(sign(card.state), " ", strong(card.title), "  ", state_word(card))
    yield facts_line(card, valid, indent=2)


def _foot(cursor: str | None) -> Iterator[Line]:
    if cursor is not None:
        yield line(dim(f"There are more: --cursor {cursor}"))
