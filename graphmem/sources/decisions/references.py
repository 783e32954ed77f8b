"""References from a record to another: by link, number, path or title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from graphmem.deferred_dataclass import dataclass

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
_URL = r"<?(?P<url>https?://[^\s<>()\[\]\"'|]{3,500}[^\s<>()\[\]\"'|.,;:!?])>?"
#: The name of a file without its ending: `0002-use-postgres`.
_SLUG = r"(?P<slug>(?:\d{4}-\d{2}-\d{2}|(?:[Aa][Dd][Rr]-?)?\d{3,8})[-_][A-Za-z][\w-]{2,160})(?![\w/.-]|\.\w)"
_SHORTCUT = r"\[(?P<short>[^\[\]]{1,200})\](?![\[(:])"
#: A number alone names a record only right behind a word that requires a record.
_AFTER_WORD = (
    r"(?P<word>(?i:\b(?:supp?er[cs]{1,2}e+de?d|replaced|obsoleted|amended|supplanted|extended|revised|updated|modified)"
    r"[ \t*_:]{1,4}(?:in part[ \t]+)?(?:by|with|in favou?r of)|\b(?:supp?er[cs]{1,2}e+des|replaces|obsoletes|amends"
    r"|supplants))[ \t*_:]{1,4})"
)
_NUMBER = (
    rf"(?P<noun>(?i:decisions?|records?|numbers?|nos?\.?|adrs?|rfcs?|proposals?)[ \t]*)?#?"
    rf"(?P<after>\d{{1,{MAX_NUMBER_DIGITS}}})"
    r"(?=[ \t]*(?:$|[.,;)&/|*_\]]|(?:and|or|on|to|through)\b|[\u2013\u2014(]|- ))(?!\.\d)"
)
_REFERENCE = re.compile(
    rf"{_WIKI}|{_INLINE}|{_RST_ROLE}|{_RST_LINK}|{_URL}|{_PATH}|(?<![\w/.-]){_SLUG}|(?<![\w/.]){_ID}|{_AFTER_WORD}{_NUMBER}"
    rf"|{_SHORTCUT}"
)
_PREFIXED = rf"(?:(?:{_PREFIXES})s?[ \t]*[-#_:\u2011]?[ \t]*)?"
_JOIN = r"(?:[ \t]*,[ \t]*(?:and |& |or )?|[ \t]*(?:and|&|/|\+|or|plus)[ \t]*)"
_MORE = re.compile(
    rf"{_JOIN}(?:#?(?P<number>\d{{2,{MAX_NUMBER_DIGITS}}})(?![\w%-]|\.\d)"
    rf"|(?P<prefix>{_PREFIXES})s?[ \t]*[-#_:\u2011]?[ \t]*#?(?P<named>\d{{1,{MAX_NUMBER_DIGITS}}})(?![\w%]|\.\d|"
    rf"-[A-Za-z]))"
)
#: Behind a plural the numbers that follow are records however short: `ADRs 2 and 3`.
_MORE_OF_MANY = re.compile(rf"{_JOIN}#?(?P<number>\d{{1,{MAX_NUMBER_DIGITS}}})(?![\w%-]|\.\d)")
_RANGE = re.compile(
    rf"(?:[ \t]+(?:to|through|thru)[ \t]+|[-\u2013\u2014]|\.\.\.?){_PREFIXED}#?(?P<last>\d{{1,{MAX_NUMBER_DIGITS}}})"
    r"(?![\w%-]|\.\d)"
)
_MAX_RANGE = 20
#: Words of a link that state the relation to its target: `[Superseded by ADR-2](0002.md)`.
_TELLING = re.compile(
    r"^[\W_]*(?P<words>(?:(?:partially|partly)[ -])?(?:(?:supp?er[cs]{1,2}e+de?d|replaced|obsoleted|deprecated|amended"
    r"|extended)(?:[ ](?:by|in favou?r of)\b)?|supp?er[cs]{1,2}e+des|replaces|obsoletes|amends|extends))\b",
    re.IGNORECASE,
)
_TEXT_ID = re.compile(
    rf"^\W*(?:{_ID}|(?P<bare>\d{{1,{MAX_NUMBER_DIGITS}}})(?![\w%]))(?:[ \t]*[-:.)\u2013\u2014|\]]+[ \t]*|[ \t]+"
    rf"|$)(?P<rest>.*)$"
)
_BARE = re.compile(rf"(?<![\w./#-])#?(?P<number>\d{{1,{MAX_NUMBER_DIGITS}}})(?![\w%/-]|\.\d)")
_HINT = re.compile(r"^[ \t]*(?:\((?P<inside>[^()]{3,160})\)|[:\u2013\u2014-][ \t]+(?P<after>[^.;()]{3,160}))")
_DEFINITION = re.compile(r"^ {0,3}\[(?P<label>[^\[\]]{1,200})\]:[ \t]*<?(?P<target>[^\s<>]{1,500})>?")


@dataclass(frozen=True, slots=True)
class RecordReference:
    """A mention of a possible other record.

    Attributes:
        text: Unchanged.
        number: The number in it, if any, with its prefix ("ADR"; empty for a bare number).
        target: Target of the link, if it is a link.
        title: Words that name the record next to the number: they decide if a number is used twice.
    """

    text: str
    number: int | None = None
    prefix: str = ""
    target: str | None = None
    title: str = ""

    @property
    def is_by_name(self) -> bool:
        """True for a number, a path or a link; False for words alone."""
        return self.number is not None or self.target is not None


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text in which a token replaces every reference."""

    text: str
    references: tuple[RecordReference, ...]

    def references_in(self, part: str) -> tuple[RecordReference, ...]:
        """The references whose tokens are in a part of the text, in order."""
        return tuple(self.references[int(match[1])] for match in TOKEN.finditer(part))

    def restore(self, part: str) -> str:
        """A part of the text with its references written out again."""
        return TOKEN.sub(lambda match: self.references[int(match[1])].text, part)


def link_definitions(lines: list[str]) -> dict[str, str]:
    """Targets of reference-style links by their label in lower case."""
    result = (match for line in lines if (match := _DEFINITION.match(line)))
    return {match["label"].lower(): match["target"] for match in result}


def mark_references(text: str, definitions: Mapping[str, str] | None = None) -> MarkedText:
    """The text with each reference replaced by a token."""
    labels = definitions or {}
    clean = text.replace(_OPEN, " ").replace(_CLOSE, " ")
    references: list[RecordReference] = []
    parts: list[str] = []
    position = 0
    for match in _matches(clean, labels):
        if match.start() < position:
            continue
        word = match["word"] or _telling(match["text"]) or ""
        parts += [clean[position : match.start()], word, f"{_OPEN}{len(references)}{_CLOSE}"]
        position = match.end()
        references.append(_reference(match, clean, labels))
        more, position = _more(clean, position, references[-1])
        for reference in more:
            parts += [", ", f"{_OPEN}{len(references)}{_CLOSE}"]
            references.append(reference)
    return MarkedText("".join([*parts, clean[position:]]), tuple(references))


def _matches(text: str, definitions: Mapping[str, str]) -> Iterator[re.Match[str]]:
    """Possible references in order; words in brackets count only if a definition has them."""
    position = 0
    while match := _REFERENCE.search(text, position):
        is_reference = match["short"] is None or match["short"].lower() in definitions
        position = match.end() if is_reference else match.start() + 1
        if is_reference:
            yield match


def _telling(words: str | None) -> str | None:
    result = _TELLING.match(words or "")
    return f"{result['words']} " if result else None


def _more(text: str, position: int, first: RecordReference) -> tuple[list[RecordReference], int]:
    """(the records that a list or a range goes on with, where it ends)."""
    result: list[RecordReference] = []
    last = first
    is_plural = bool(re.match(r"[A-Za-z ]+s[ \t#-]*\d", first.text))
    while last.number is not None:
        if match := _RANGE.match(text, position):
            numbers = range(last.number + 1, int(match["last"]) + 1)
            if not 0 < len(numbers) <= _MAX_RANGE:
                break
            result += [RecordReference(match.group().strip(), number, last.prefix) for number in numbers]
        elif (match := _MORE.match(text, position)) or (is_plural and (match := _MORE_OF_MANY.match(text, position))):
            groups = match.groupdict()
            prefix = _prefix(groups.get("prefix") or "") or last.prefix
            result.append(RecordReference(match.group().strip(), int(groups["number"] or groups["named"]), prefix))
        else:
            break
        last, position = result[-1], match.end()
    return result, position


def bare_numbers(text: str) -> tuple[RecordReference, ...]:
    """References of a field with nothing but numbers, for example `345, 386`; empty for other fields."""
    if re.search(r"[^\W\d_]", re.sub(r"\b(?:and|by|no)\b", "", text)):
        return ()
    return tuple(RecordReference(match.group(), int(match["number"])) for match in _BARE.finditer(text))


def _reference(match: re.Match[str], text: str, definitions: Mapping[str, str]) -> RecordReference:
    groups = match.groupdict()
    if groups["number"] is not None:
        return RecordReference(
            match.group(), int(groups["number"]), _prefix(groups["prefix"]), title=_hint(text, match.end())
        )
    if groups["after"] is not None:
        return RecordReference(match.group(), int(groups["after"]), title=_hint(text, match.end()))
    if groups["path"] is not None or groups["slug"] is not None:
        return RecordReference(match.group(), target=groups["path"] or groups["slug"])
    if groups["url"] is not None:
        return RecordReference(match.group(), target=_clean_target(groups["url"]))
    if groups["role"] is not None:
        return _role(groups["role"], groups["roletext"], match.group())
    words = groups["wiki"] or groups["rsttext"] or groups["text"] or groups["short"] or ""
    if telling := _TELLING.match(words):
        words = words[telling.end() :].strip()
    target = groups["target"] or groups["rsttarget"] or groups["wiki"]
    if groups["short"] is not None:
        target = definitions.get(groups["short"].lower())
    if groups["label"] is not None:
        target = definitions.get((groups["label"] or words).lower())
    named = _TEXT_ID.match(" ".join(words.split()))
    title = named["rest"] if named else words
    number = (named["number"] or named["bare"]) if named else None
    prefix = _prefix(named["prefix"] or "") if named else ""
    hint = title.strip(" ])*_`") or _hint(text, match.end())
    return RecordReference(match.group(), int(number) if number else None, prefix, _clean_target(target), hint)


def _role(role: str, words: str, text: str) -> RecordReference:
    body = re.match(r"(?:[^<]*<)?(?P<target>[^<>#]+)", words)
    target = body["target"].strip() if body else words
    if role in {"pep", "kep", "adr"} and target.isascii() and target.isdigit() and len(target) <= MAX_NUMBER_DIGITS:
        return RecordReference(text, int(target), role.upper())
    named = _TEXT_ID.match(words.partition("<")[0])
    number = named["number"] if named else None
    prefix = _prefix(named["prefix"] or "") if named and number else ""
    return RecordReference(text, int(number) if number else None, prefix, _clean_target(target))


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
