"""Selects the lines of a block that fit into a budget of tokens and characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from graphmem.briefing.block import BlockItem, BlockSection, SectionName
from graphmem.briefing.wording import BlockLine, foot_line
from graphmem.deferred_dataclass import dataclass, field, replace
from graphmem.token_count import token_count

#: The share of the budget that reasons and replaced statements of the first lines may take from further memories.
FULL_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Room:
    """The budget of a block; `chars` is None without a limit."""

    tokens: int
    chars: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The head line of a block, and the ledger position that its foot line names."""

    head: str
    seq: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """A block as it fits."""

    markdown: str
    sections: tuple[BlockSection, ...]
    left_out: int


@dataclass(slots=True)
class _FittedLines:
    """The lines that have room so far."""

    room: Room
    tokens: int
    chars: int
    texts: dict[str, tuple[BlockLine, str]] = field(default_factory=dict)
    sections: set[SectionName] = field(default_factory=set)

    def takes(self, line: BlockLine, text: str, tokens: int) -> bool:
        """Add a line, or replace its shorter form by a longer form; return False if there is no room."""
        before = self.texts.get(line.item.id)
        heading = "" if line.section in self.sections else _heading(line.section)
        more = tokens + token_count(heading) - (0 if before is None else token_count(before[1]))
        chars = len(text) + 1 + (len(heading) + 1 if heading else 0) - (0 if before is None else len(before[1]) + 1)
        if self.tokens + more > self.room.tokens or (
            self.room.chars is not None and self.chars + chars > self.room.chars
        ):
            return False
        self.tokens += more
        self.chars += chars
        self.texts[line.item.id] = (line, text)
        self.sections.add(line.section)
        return True


def fitted(
    mandatory: Sequence[BlockLine], further: Sequence[BlockLine], room: Room, frame: Frame, unseen: Counter[SectionName]
) -> Fitted:
    """Return the block of the lines that have room: mandatory lines first, then the most useful.

    Args:
        mandatory: Lines that come first; if not all have room, all are reduced to their titles.
        further: Lines by usefulness.
        room: The budget.
        frame: The first and the last line.
        unseen: The memories of each section that have no line; they count as left out.
    """
    every = [*mandatory, *further]
    total = Counter(line.section for line in every) + unseen
    longest = foot_line(((section, total[section]) for section in SectionName), room.tokens, frame.seq)
    frame_tokens = token_count(frame.head) + token_count(longest)
    page = _FittedLines(room, frame_tokens, len(frame.head) + len(longest) + 2)
    _fill(page, mandatory, further)
    return _written(page, every, unseen, frame)


def _fill(page: _FittedLines, mandatory: Sequence[BlockLine], further: Sequence[BlockLine]) -> None:
    trial = replace(page, texts={}, sections=set())
    has_room = all(trial.takes(line, line.short, line.short_tokens) for line in mandatory)
    for line in mandatory:
        page.takes(line, *((line.short, line.short_tokens) if has_room else (line.title_only, line.title_tokens)))
    spare = int(page.room.tokens * FULL_SHARE)
    for line in further:
        more = line.full_tokens - line.short_tokens
        if more <= spare and page.takes(line, line.full, line.full_tokens):
            spare -= more
        else:
            page.takes(line, line.short, line.short_tokens)
    for line in (*mandatory, *further) if has_room else ():
        if line.item.id in page.texts:
            page.takes(line, line.full, line.full_tokens)


def _written(page: _FittedLines, every: Sequence[BlockLine], unseen: Counter[SectionName], frame: Frame) -> Fitted:
    left_out = Counter(line.section for line in every if line.item.id not in page.texts) + unseen
    sections = tuple(_sections(page, every, left_out))
    lines = [frame.head]
    for section in sections:
        if section.items:
            lines += [_heading(section.name), *(page.texts[item.id][1] for item in section.items)]
    foot = foot_line(((section, left_out[section]) for section in SectionName), page.room.tokens, frame.seq)
    return Fitted("\n".join([*lines, foot]), sections, sum(left_out.values()))


def _sections(page: _FittedLines, every: Iterable[BlockLine], left_out: Counter[SectionName]) -> Iterator[BlockSection]:
    shown: dict[SectionName, list[BlockItem]] = {section: [] for section in SectionName}
    for line in every:
        if line.item.id in page.texts:
            is_title = page.texts[line.item.id][1] == line.title_only
            shown[line.section].append(replace(line.item, is_title_only=is_title))
    for section in SectionName:
        if shown[section] or left_out[section]:
            yield BlockSection(section, tuple(shown[section]), left_out[section])


def _heading(section: SectionName) -> str:
    return f"## {section.value[0].upper()}{section.value[1:]}"
