"""The files that Neo4j Browser is given, as they stand in this package; none says anything of a memory."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import accumulate
from pathlib import Path

_HERE = Path(__file__).parent
_FOLDER = "graphmem"
#: No path holds one: names of what memories are about have no control characters.
_SEPARATOR = "\n"
_PARAMETERS = ("tenant", "repo", "subject", "path", "as_of", "known_at", "since", "gone")
_PLACEHOLDER = re.compile(r"\{\{(\w+)(?::([\w-]+))?\}\}")
_BLANK = re.compile(r"/\* (tenant|repo|gone) \*/")
# Archives of one content are one file, whenever they are made.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One question to the graph.

    Attributes:
        name: Of its file, without its number.
        title: The question: the first line of the text, by which Neo4j Browser lists it.
        text: Comments and Cypher.
    """

    name: str
    title: str
    text: str

    @property
    def explanation(self) -> str:
        """What it shows and which parameters it takes: the comments below the title."""
        comments = [line.removeprefix("//").strip() for line in self.text.splitlines() if line.startswith("//")]
        return " ".join(comments[1:])


@cache
def saved_queries() -> tuple[SavedQuery, ...]:
    """All questions, in the order in which they are listed."""
    return tuple(map(_read, sorted((_HERE / "queries").glob("*.cypher"))))


def _read(path: Path) -> SavedQuery:
    text = path.read_text(encoding="utf-8").rstrip()
    title = text.splitlines()[0].removeprefix("//").strip()
    return SavedQuery(path.stem.split("-", 1)[1], title, text)


@cache
def style() -> str:
    """The style, as `:style` takes it."""
    return _text("graphmem.grass")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before the graph is looked at.

    Attributes:
        tenant: Whose memories; None takes whoever has the longest ledger.
        repo: Where the reader stands; None looks at all repositories.
        gone: Paths that memories are about and that are no more.
    """

    tenant: str | None = None
    repo: str | None = None
    gone: tuple[str, ...] = ()


def examples(known: Known) -> str:
    """The command, without its colon, that picks a value for every parameter out of the graph that is looked at."""
    said = {
        "tenant": "" if known.tenant is None else f" {{tenant: {_quoted(known.tenant)}}}",
        "repo": "null" if known.repo is None else _quoted(known.repo),
        "gone": _listed(shown_of(known.gone)),
    }
    body = _BLANK.sub(lambda match: said[match[1]], _text("examples.cypher"))
    return f"param [{{{', '.join(_PARAMETERS)}}}] => {{\n{body}}}"


#: So long the names of files that are gone may be together. Neo4j Browser reads a command on the thread that draws the
#: page, in a time that grows faster than the command: at 12,000 characters half a minute on a busy machine.
MAX_GONE_CHARS = 2_000


def shown_of(gone: tuple[str, ...]) -> tuple[str, ...]:
    """As many of the paths, from the first on, as a guide may name."""
    lengths = accumulate(len(path) + 1 for path in gone)
    return tuple(path for path, length in zip(gone, lengths, strict=True) if length <= MAX_GONE_CHARS)


def _listed(texts: tuple[str, ...]) -> str:
    """A list in Cypher, written as one text, which has fewer tokens."""
    return f"split({_quoted(_SEPARATOR.join(texts))}, '\\n')" if texts else "[]"


def _quoted(text: str) -> str:
    told = text.replace("\\", "\\\\").replace("'", "\\'").replace(";", "\\u003b").replace(_SEPARATOR, "\\n")
    return f"'{told}'"


def guide(base: str, known: Known) -> str:
    """The guide, as `:play` takes it; style and saved queries are handed out beside it at `base`."""
    queries = {one.name: one for one in saved_queries()}

    def filled(match: re.Match[str]) -> str:
        what, name = match.groups()
        if what == "query":
            return _question(queries[name])
        return escape(base if what == "base" else examples(known))

    return _PLACEHOLDER.sub(filled, _text("guide.html"))


def _question(query: SavedQuery) -> str:
    """A link that puts a query into the editor."""
    link = f'<a data-populate="{escape(query.text)}">{escape(query.title)}</a>'
    return f"<p>{link}<br>{escape(query.explanation)}</p>"


@cache
def archive() -> bytes:
    """The saved queries in one file, which Neo4j Browser takes in when it is dropped onto it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for one in saved_queries():
            file.writestr(zipfile.ZipInfo(f"{_FOLDER}/{one.name}.cypher", _EPOCH), one.text)
    return packed.getvalue()


@dataclass(frozen=True, slots=True)
class Handed:
    """One file as it is handed out."""

    content: bytes
    media_type: str


#: Under what names the files are handed out.
NAMES = ("guide.html", "graphmem.grass", "graphmem.zip")


def handed(name: str, base: str, known: Known | None = None) -> Handed | None:
    """A file by its name; None if there is none. See `guide` for the rest."""
    match name:
        case "guide.html":
            return Handed(guide(base, known or Known()).encode(), "text/html; charset=utf-8")
        case "graphmem.grass":
            return Handed(style().encode(), "text/plain; charset=utf-8")
        case "graphmem.zip":
            return Handed(archive(), "application/zip")
        case _:
            return None


@cache
def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
