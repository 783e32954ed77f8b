"""Statements of trailers: a rejected option is a decision, a constraint a fact, a directive a convention."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import Alternative, Anchor, AnchorKind, Kind, Origin, Outcome, Statement
from graphmem.option_keys import OptionText, parse_option_text
from graphmem.sources.clipped_text import clipped, single_line
from graphmem.sources.source_marks import CHANGED_WITH

#: Source keys of trailers begin with this.
KEY_FOLDER = "commits:/"
#: A commit that changed more files gets no file anchors.
MOST_FILES = 20
_MAX_NAME_CHARS = 300
_KEY_DIGITS = 16
_SHOWN_DIGITS = 12


@dataclass(frozen=True, slots=True)
class TrailerSort:
    """The meaning of a trailer's key: the kind and wording of its statement.

    Attributes:
        kind: The kind of its statement.
        label: The label of its statement.
        word: The word in front of its title.
    """

    kind: Kind
    label: str
    word: str


_REJECTED = TrailerSort(Kind.DECISION, "rejected", "Rejected")
_CONSTRAINT = TrailerSort(Kind.FACT, "constraint", "Constraint")
_DIRECTIVE = TrailerSort(Kind.CONVENTION, "directive", "Directive")
#: Trailers that are read, by their key in small letters.
SORTS = {
    "rejected": _REJECTED,
    "ruled-out": _REJECTED,
    "constraint": _CONSTRAINT,
    "limit": _CONSTRAINT,
    "directive": _DIRECTIVE,
    "warn": _DIRECTIVE,
}


@dataclass(frozen=True, slots=True)
class ReadTrailer:
    """A trailer with a statement to remember.

    Attributes:
        key: Its key, as the message writes it.
        sha: Hash of the commit that has it.
    """

    key: str
    value: str
    sha: str

    @property
    def sort(self) -> TrailerSort:
        """The meaning of its key."""
        return SORTS[self.key.casefold()]

    @property
    def source_key(self) -> str:
        """The source key: a digest of its words, stable under a rebase or a squash."""
        words = f"{self.sort.label}\x1f{' '.join(self.value.split())}"
        digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY_DIGITS]
        return f"{KEY_FOLDER}{self.sort.label}/{digest}"

    @property
    def provenance(self) -> str:
        """The location of the trailer, for the ledger."""
        return f"{self.key} of commit {self.sha[:_SHOWN_DIGITS]}"


def trailer_statement(trailer: ReadTrailer, subject: str, files: Sequence[str]) -> tuple[Statement, str]:
    """Return the statement of a trailer, and why its keys are left out; an empty text if none is.

    Args:
        trailer: The trailer. `Rejected: NAME [KEY, KEY] — REASON` names an option, typed keys of it and the reason.
        subject: The first line of the commit's message.
        files: Paths that the commit changed.
    """
    sort, problem = trailer.sort, ""
    alternatives: tuple[Alternative, ...] = ()
    title, rationale = single_line(trailer.value), ""
    if sort is _REJECTED:
        option, keys, problem = _option(trailer.value)
        title = single_line(f"{sort.word}: {option.name}")
        rationale = clipped(option.reason)
        name = single_line(option.name, _MAX_NAME_CHARS)
        alternatives = (Alternative(name, Outcome.REJECTED, rationale, keys),)
    is_cut = title.endswith("\u2026")
    body = "\n\n".join(filter(None, (f"Commit: {single_line(subject)}", clipped(trailer.value) if is_cut else "")))
    statement = Statement(
        title=title,
        body=body,
        rationale=rationale,
        kind=sort.kind,
        origin=Origin.COMMIT,
        labels=(sort.label,),
        anchors=(Anchor(AnchorKind.COMMIT, trailer.sha), *_file_anchors(files)),
        alternatives=alternatives,
    )
    return statement, problem


def _option(value: str) -> tuple[OptionText, tuple[str, ...], str]:
    option = parse_option_text(value, is_trailer=True)
    try:
        return option, option.parsed_keys(), ""
    except InvalidInput as refusal:
        return option, (), f"keys are left out: {refusal}"


def _file_anchors(files: Sequence[str]) -> list[Anchor]:
    printable = [path for path in files if path.isprintable()]
    if len(files) > MOST_FILES:
        return []
    return [Anchor(AnchorKind.FILE, path, role=CHANGED_WITH) for path in printable]
