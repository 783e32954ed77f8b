"""How one record names another: by link, number, path or title."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

MAX_NUMBER_DIGITS = 6
_OPEN, _CLOSE = "\ue000", "\ue001"
TOKEN = re.compile(_OPEN + r"(\d+)" + _CLOSE)
_PREFIXES = r"[A-Z][A-Za-z]{0,5}DR|[Aa]dr|[Pp]ep|PEP|XEP|[Kk]ep|KEP|[Dd]ecision [Rr]ecord|[A-Z]{2,8}(?=s?[-_# ]|\d{3})"
_ID = rf"(?P<prefix>{_PREFIXES})s?[ \t]*[-#_:\u2011]?[ \t]*#?(?P<number>\d{{1,{MAX_NUMBER_DIGITS}}})(?![\w%]|\.\d)"
_INLINE = (
    r"!?\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\]){1,300})\](?:\((?P<target><[^<>\n]*>|[^()\s]{0,500})(?:[ \t]+[^"
    r"()\n]{0,200})?\)|\[(?P<label>[^\[\]]{0,200})\])"
)
_WIKI = r"\[\[(?P<wiki>[^\[\]|]{1,300})(?:\|[^\[\]]{0,300})?\]\]"
_RST_ROLE = r":(?P<role>pep|doc|ref|adr|kep):`(?P<roletext>[^`\n]{1,300})`"
_RST_LINK = r"`(?P<rsttext>[^`<>\n]{0,300})<(?P<rsttarget>[^<>`\s]{1,500})>`_{1,2}"
_PATH = (
    r"(?P<path>(?:\.{0,2}/)?(?:[\w.-]{1,100}/){0,12}[\w-]{0,20}\d{2,6}[-_][\w-]{1,160}\.(?:md|markdown|rst|txt))"
    r"(?!\w)"
)
_REFERENCE = re.compile(rf"{_WIKI}|{_INLINE}|{_RST_ROLE}|{_RST_LINK}|{_PATH}|(?<![\w/.]){_ID}")
_MORE = re.compile(
    rf"(?:[ \t]*,[ \t]*(?:and |& )?|[ \t]*(?:and|&|/|\+)[ \t]*)#?(?P<number>\d{{2,{MAX_NUMBER_DIGITS}}})(?![\w%-]"
    rf"|\.\d)"
)
_TEXT_ID = re.compile(
    rf"^\W*(?:{_ID}|(?P<bare>\d{{1,{MAX_NUMBER_DIGITS}}})(?![\w%]))(?:[ \t]*[-:.)\u2013\u2014|\]]+[ \t]*|[ \t]+"
    rf"|$)(?P<rest>.*)$"
)
_BARE = re.compile(rf"(?<![\w./#-])#?(?P<number>\d{{1,{MAX_NUMBER_DIGITS}}})(?![\w%/-]|\.\d)")
_HINT = re.compile(r"^[ \t]*(?:\((?P<inside>[^()]{3,160})\)|[:\u2013\u2014-][ \t]+(?P<after>[^.;()]{3,160}))")
_DEFINITION = re.compile(r"^ {0,3}\[(?P<label>[^\[\]]{1,200})\]:[ \t]*<?(?P<target>[^\s<>]{1,500})>?")


@dataclass(frozen=True, slots=True)
class Reference:
    """One mention of what may be another record.

    Attributes:
        text: As it stands.
        number: The number that it names, if any, with its prefix ("ADR"; empty for a bare number).
        target: Where its link points, if it is one.
        title: Words that name the record beside the number: what decides if a number is used twice.
    """

    text: str
    number: int | None = None
    prefix: str = ""
    target: str | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text in which every reference is replaced by a token that stands for it."""

    text: str
    references: tuple[Reference, ...]

    def references_in(self, part: str) -> tuple[Reference, ...]:
        """The references whose tokens stand in a part of the text, in order."""
        return tuple(self.references[int(match[1])] for match in TOKEN.finditer(part))

    def restore(self, part: str) -> str:
        """A part of the text with its references written out again."""
        return TOKEN.sub(lambda match: self.references[int(match[1])].text, part)


def link_definitions(lines: list[str]) -> dict[str, str]:
    """Targets of reference-style links by their label in lower case."""
    found = (match for line in lines if (match := _DEFINITION.match(line)))
    return {match["label"].lower(): match["target"] for match in found}


def mark_references(text: str, definitions: Mapping[str, str] | None = None) -> MarkedText:
    """The text with each reference replaced by a token."""
    known = definitions or {}
    clean = text.replace(_OPEN, " ").replace(_CLOSE, " ")
    references: list[Reference] = []
    parts: list[str] = []
    position = 0
    while match := _REFERENCE.search(clean, position):
        parts += [clean[position : match.start()], f"{_OPEN}{len(references)}{_CLOSE}"]
        position = match.end()
        references.append(_reference(match, clean, known))
        while references[-1].number is not None and (more := _MORE.match(clean, position)):
            parts += [", ", f"{_OPEN}{len(references)}{_CLOSE}"]
            references.append(Reference(more.group().strip(), int(more["number"]), references[-1].prefix))
            position = more.end()
    return MarkedText("".join([*parts, clean[position:]]), tuple(references))


def bare_numbers(text: str) -> tuple[Reference, ...]:
    """References of a field that holds nothing but numbers, such as `345, 386`; empty if it holds anything else."""
    if re.search(r"[^\W\d_]", re.sub(r"\b(?:and|by|no)\b", "", text)):
        return ()
    return tuple(Reference(match.group(), int(match["number"])) for match in _BARE.finditer(text))


def _reference(match: re.Match[str], text: str, definitions: Mapping[str, str]) -> Reference:
    groups = match.groupdict()
    if groups["number"] is not None:
        return Reference(
            match.group(), int(groups["number"]), _prefix(groups["prefix"]), title=_hint(text, match.end())
        )
    if groups["path"] is not None:
        return Reference(match.group(), target=groups["path"])
    if groups["role"] is not None:
        return _role(groups["role"], groups["roletext"], match.group())
    words = groups["wiki"] or groups["rsttext"] or groups["text"] or ""
    target = groups["target"] or groups["rsttarget"] or groups["wiki"]
    if groups["label"] is not None:
        target = definitions.get((groups["label"] or words).lower())
    named = _TEXT_ID.match(" ".join(words.split()))
    title = named["rest"] if named else words
    number = (named["number"] or named["bare"]) if named else None
    prefix = _prefix(named["prefix"] or "") if named else ""
    hint = title.strip(" ])*_`") or _hint(text, match.end())
    return Reference(match.group(), int(number) if number else None, prefix, _clean_target(target), hint)


def _role(role: str, words: str, text: str) -> Reference:
    body = re.match(r"(?:[^<]*<)?(?P<target>[^<>#]+)", words)
    target = body["target"].strip() if body else words
    if role in {"pep", "kep", "adr"} and target.isascii() and target.isdigit() and len(target) <= MAX_NUMBER_DIGITS:
        return Reference(text, int(target), role.upper())
    named = _TEXT_ID.match(words.partition("<")[0])
    number = named["number"] if named else None
    prefix = _prefix(named["prefix"] or "") if named and number else ""
    return Reference(text, int(number) if number else None, prefix, _clean_target(target))


def _prefix(text: str) -> str:
    upper = text.upper()
    return "ADR" if upper.startswith("DECISION") else upper


def _hint(text: str, position: int) -> str:
    match = _HINT.match(text[position : position + 200])
    return (match["inside"] or match["after"] or "").strip() if match else ""


def _clean_target(target: str | None) -> str | None:
    if not target:
        return None
    return unquote(target.strip("<>")).split("#", 1)[0].split("?", 1)[0] or None
