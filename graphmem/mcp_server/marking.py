"""What came from outside is told apart from what is trusted: its words stand between marks that name their origin.

An agent that reads memories reads whatever somebody once put into an issue, a log or a conversation. The marks are in
the text itself, since that is all a model sees; a text cannot end them, because marks within it are broken up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphmem.model import Origin

UNTRUSTED = frozenset({Origin.CONVERSATION.value, Origin.EXTERNAL.value})

_MARK = re.compile(r"<(?=\s*/?\s*untrusted)", re.IGNORECASE)
#: Lists and texts of a statement that are somebody's words; a single word of them can say nothing.
_WORDS = ("body", "rationale", "subject", "aliases", "labels", "anchors", "alternatives")
_SENTENCES = frozenset({"because", "reasons", "suspect", "evidence", "reason", "fix", "note", "notes"})
_NAMING = ("memory", "head", "source", "target")
_NAMING_LISTS = ("via", "beat", "ids", "amended_by", "old", "new", "replaced")


@dataclass(frozen=True, slots=True)
class Outside:
    """A memory that is not trusted, as far as others quote it."""

    title: str
    origin: str


def named_elsewhere(document: object) -> Iterator[str]:
    """Ids of memories that an answer names without showing where they are from."""
    shown = {one["id"] for one in _records(document) if "id" in one and "origin" in one}
    for record in _records(document):
        named = [record[key] for key in _NAMING if isinstance(record.get(key), str)]
        named += [key for name in _NAMING_LISTS if isinstance(record.get(name), list) for key in record[name]]
        yield from (key for key in named if isinstance(key, str) and key not in shown)


def marked(document: Any, quoted: Mapping[str, Outside]) -> Any:  # noqa: ANN401 - JSON
    """An answer in which all words of untrusted memories are marked.

    Args:
        document: As `wire.documents.document` writes it.
        quoted: The untrusted ones among the memories that it names, by id.
    """
    shown = {
        one["id"]: Outside(one["title"], one["origin"])
        for one in _records(document)
        if "id" in one and _is_untrusted(one)
    }
    outside = {**quoted, **shown}
    return _marked(document, outside, _quoting(outside.values()))


def wrapped(text: str, origin: str) -> str:
    """A text between marks; marks within it are broken up."""
    return f'<untrusted origin="{origin}">{_MARK.sub("&lt;", text)}</untrusted>'


def _is_untrusted(record: Mapping[str, Any]) -> bool:
    return record.get("origin") in UNTRUSTED and "title" in record


def _records(document: object) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        yield document
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from _records(one)


def _marked(value: Any, outside: Mapping[str, Outside], quote: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_marked(one, outside, quote) for one in value]
    if not isinstance(value, dict):
        return value
    origin = value["origin"] if _is_untrusted(value) else None
    named = outside.get(str(value.get("memory"))) if "title" in value else None
    shown = {}
    for key, one in value.items():
        if key == "title" and (origin or named):
            shown[key] = wrapped(one, origin or named.origin) if isinstance(one, str) else one  # type: ignore[union-attr]
        elif key in _WORDS and origin:
            shown[key] = _words(one, origin)
        elif key in _SENTENCES:
            shown[key] = _sentences(one, quote)
        else:
            shown[key] = _marked(one, outside, quote)
    return shown


def _words(value: Any, origin: str) -> Any:  # noqa: ANN401 - JSON
    """Texts of more than one word, marked."""
    if isinstance(value, str):
        return wrapped(value, origin) if len(value.split()) > 1 else value
    if isinstance(value, list):
        return [_words(one, origin) for one in value]
    return {key: _words(one, origin) for key, one in value.items()} if isinstance(value, dict) else value


def _sentences(value: Any, quote: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_sentences(one, quote) for one in value]
    return quote(value) if isinstance(value, str) else value


def _quoting(outside: Iterable[Outside]) -> Callable[[str], str]:
    """Marks every title of an untrusted memory in a sentence."""
    origins = {one.title: one.origin for one in outside}
    if not origins:
        return lambda sentence: sentence
    titles = re.compile("|".join(re.escape(title) for title in sorted(origins, key=len, reverse=True)))
    return lambda sentence: titles.sub(lambda found: wrapped(found[0], origins[found[0]]), sentence)
