"""The options that a record considered, with the chosen option and the reasons against the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from graphmem.deferred_dataclass import dataclass
from graphmem.model import MAX_LIST_ITEMS, Alternative, Outcome
from graphmem.option_keys import OptionKey
from graphmem.sources.decisions.option_references import is_about_go, keys_in_name
from graphmem.sources.decisions.sections import TextBlock, TextSection, heading_name, strip_markup

_OPTIONS = re.compile(
    r"^(?:(?:options|alternatives|approaches|solutions)(?: (?:considered|evaluated|analysed|analyzed))?"
    r"|considered (?:options|alternatives)|"
    r"(?:possible|available|proposed) (?:options|alternatives|solutions)|"
    r"(?:other )?alternatives? (?:designs?|approaches|options|solutions))$"
)
_REJECTED = re.compile(
    r"^(?:(?:rejected|discarded|dismissed) (?:ideas?|alternatives?|options?|proposals?|approaches)|"
    r"(?:other )?alternatives?(?: considered| and rejected)?|"
    r"alternatives considered|considered alternatives|alternative designs?|alternatives? "
    r"(?:designs?|approaches))$"
)
_PROS = re.compile(
    r"^pros and cons(?: of (?:the|all) (?:options|alternatives))?|^(?:option|alternative)s? (?:details|analysis"
    r"|comparison)$"
)
_CHOSEN = re.compile(
    r"(?:chosen|selected|preferred)\s+(?:option|alternative|solution)s?[^\w\[]*(?:is|was)?[\s:*_]*(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(r"^[\s*_]*[\"\u201c\u2018'`](?P<name>[^\"\u201d`]{1,300}?)[\"\u201d\u2019'`](?=[\s,.;:*_]|$)")
_BECAUSE = re.compile(
    r"\b(?:because|since|as it|due to|in order to|for the reason)\b(?P<why>.*)", re.IGNORECASE | re.DOTALL
)
_OPTION_LABEL = re.compile(
    r"^(?:(?:option|alternative|approach|solution)\s*#?\s*(?:\d+|[a-z])?\s*[:.)\u2013\u2014-]+\s*|\d+[.)]\s+"
    r"|[a-z][.)]\s+)",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"[\s*_]*[(\[]?\s*\b(?P<mark>chosen|selected|accepted|recommended|preferred|adopted|rejected|not chosen"
    r"|discarded)\b\s*[)\]]?[\s*_.!]*$",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r"^\W*(?:bad|con|cons|against|negative|disadvantage|drawback|rejected|why not|reason|because)\b", re.IGNORECASE
)
_IS_CHOSEN = re.compile(r"^\W*(?:chosen|selected|accepted|adopted|recommended|preferred)\b", re.IGNORECASE)
_MAX_NAME_CHARS = 300
_MAX_REASON_CHARS = 2_000
_MAX_LABEL_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class _Option:
    name: str
    reason: str = ""
    outcome: Outcome | None = None
    raw_names: tuple[str, ...] = ()


def alternatives_of(sections: Sequence[TextSection]) -> tuple[Alternative, ...]:
    """The options in order of the text, each once.

    An option is rejected if another is chosen or its section says so. A record that has chosen nothing yet
    gives no options, since an option needs an outcome.
    """
    chosen = _chosen(sections)
    options: dict[str, _Option] = {}
    opened = {section.parents[-1] for section in sections if section.parents}
    for section in sections:
        has_parts = section.heading in opened
        for option in _options_of(section, has_parts=has_parts, has_choice=chosen is not None):
            existing = options.get(_key(option.name))
            options[_key(option.name)] = option if existing is None else _Option(
                existing.name, existing.reason or option.reason, existing.outcome or option.outcome,
                existing.raw_names + option.raw_names,
            )  # fmt: skip
    is_decided = chosen is not None or any(option.outcome is Outcome.CHOSEN for option in options.values())
    is_go = is_about_go(sections)
    result = [_alternative(option, chosen, is_decided=is_decided, is_go=is_go) for option in options.values()]
    named = [alternative for alternative in result if alternative is not None]
    if chosen and not any(alternative.outcome is Outcome.CHOSEN for alternative in named):
        named.insert(0, Alternative(chosen.name, Outcome.CHOSEN, chosen.reason, _keys(chosen, is_go=is_go)))
    return _without_chosen_keys(named[:MAX_LIST_ITEMS])


def _without_chosen_keys(options: Sequence[Alternative]) -> tuple[Alternative, ...]:
    """The options; a rejected one has no key that the chosen one has too."""
    chosen = {_identity(key) for option in options if option.outcome is Outcome.CHOSEN for key in option.keys}
    return tuple(
        option
        if option.outcome is Outcome.CHOSEN
        else replace(option, keys=tuple(key for key in option.keys if _identity(key) not in chosen))
        for option in options
    )


def _identity(key: str) -> str:
    return OptionKey.read(key).identity


def _options_of(section: TextSection, *, has_parts: bool, has_choice: bool) -> Iterator[_Option]:
    parents = [heading_name(parent) for parent in section.parents]
    outcome = Outcome.REJECTED if _REJECTED.match(section.name) and not has_choice else None
    if _OPTIONS.match(section.name) or _REJECTED.match(section.name):
        yield from _listed(section, outcome, with_items=not has_parts)
    elif parents and (_PROS.match(parents[-1]) or _OPTIONS.match(parents[-1]) or _REJECTED.match(parents[-1])):
        outcome = Outcome.REJECTED if _REJECTED.match(parents[-1]) and not has_choice else None
        yield _from_heading(section, outcome)


def _from_heading(section: TextSection, outcome: Outcome | None) -> _Option:
    name, marked = _name(section.heading)
    blocks = section.blocks
    against = [strip_markup(block.text) for block in blocks if _AGAINST.match(block.text)]
    reason = " ".join(against or [strip_markup(block.text) for block in blocks[:2]])
    return _Option(name, reason[:_MAX_REASON_CHARS], marked or outcome, (section.heading,))


def _listed(section: TextSection, outcome: Outcome | None, *, with_items: bool) -> Iterator[_Option]:
    blocks = section.blocks
    rows = [block for block in blocks if block.is_row]
    yield from _tabled(rows, outcome)
    if with_items and not rows:
        for block in blocks:
            indent = len(block.lines[0].text) - len(block.lines[0].text.lstrip())
            if block.is_item and indent < len("  ") and block.text.strip():
                yield _from_item(block, outcome)


def _from_item(block: TextBlock, outcome: Outcome | None) -> _Option:
    text = strip_markup(block.text)
    bold = re.match(r"\*\*(?P<name>[^*]{2,200}?)[:.]?\*\*[\s:.\u2013\u2014-]*(?P<rest>.*)", block.text, re.DOTALL)
    head, _, tail = text.partition(": ") if len(text) > len("a name and why") else (text, "", "")
    raw = block.text.partition(": ")[0] if tail else block.text
    if bold:
        head, tail, raw = strip_markup(bold["name"]), strip_markup(bold["rest"]), bold["name"]
    name, marked = _name(head)
    return _Option(name, tail.strip()[:_MAX_REASON_CHARS], marked or outcome, (raw,))


def _tabled(rows: list[TextBlock], outcome: Outcome | None) -> Iterator[_Option]:
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row.text.strip().strip("|"))] for row in rows]
    body = [row for row in cells[1:] if not all(re.fullmatch(r":?-*:?", cell) for cell in row)]
    for row in body:
        name, marked = _name(row[0])
        if len(row) > 1 and name:
            verdict = strip_markup(row[-1])
            is_chosen = bool(_IS_CHOSEN.match(verdict))
            rejected = marked or outcome or (Outcome.REJECTED if _AGAINST.match(verdict) else None)
            yield _Option(name, verdict[:_MAX_REASON_CHARS], Outcome.CHOSEN if is_chosen else rejected, (row[0],))


def _name(text: str) -> tuple[str, Outcome | None]:
    plain = _OPTION_LABEL.sub("", strip_markup(text[:_MAX_LABEL_CHARS])).strip(" :*_")
    mark = _MARK.search(plain)
    if mark is None or not plain[: mark.start()].strip():
        return plain[:_MAX_NAME_CHARS], None
    is_against = mark["mark"].lower() in {"rejected", "not chosen", "discarded"}
    return plain[: mark.start()].strip(" ,-(")[:_MAX_NAME_CHARS], Outcome.REJECTED if is_against else Outcome.CHOSEN


def _chosen(sections: Iterable[TextSection]) -> _Option | None:
    for section in sections:
        for block in section.blocks:
            match = _CHOSEN.match(block.text.lstrip("*_ "))
            if match:
                return _choice(match["rest"])
    return None


def _choice(text: str) -> _Option | None:
    because = _BECAUSE.search(text)
    quoted = _QUOTED.match(text)
    head = text[: because.start()] if because else re.split(r"[.,;](?:\s|$)", text, maxsplit=1)[0]
    name, _ = _name(quoted["name"] if quoted else head.strip(" ,.;*_"))
    if not name or name.startswith("{"):
        return None
    why = strip_markup(because["why"])[:_MAX_REASON_CHARS].strip(" :.,") if because else ""
    return _Option(name, why, raw_names=(quoted["name"] if quoted else head.strip(" ,.;*_"),))


def _alternative(option: _Option, chosen: _Option | None, *, is_decided: bool, is_go: bool) -> Alternative | None:
    if not _key(option.name) or option.name.startswith("{"):
        return None
    is_choice = chosen is not None and _is_same(option.name, chosen.name)
    if is_choice or option.outcome is Outcome.CHOSEN:
        why = chosen.reason if is_choice and chosen is not None else ""
        return Alternative(option.name, Outcome.CHOSEN, why or option.reason, _keys(option, is_go=is_go))
    if option.outcome is Outcome.REJECTED or is_decided:
        return Alternative(option.name, Outcome.REJECTED, option.reason, _keys(option, is_go=is_go))
    return None


def _is_same(option: str, chosen: str) -> bool:
    a, b = _key(option), _key(chosen)
    return a == b or (min(len(a), len(b)) >= len("abcd") and (a.startswith(b) or b.startswith(a)))


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().lower()


def _keys(option: _Option, *, is_go: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for name in option.raw_names for key in keys_in_name(name, is_go=is_go)))
