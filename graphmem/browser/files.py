"""The files for Neo4j Browser as they are in this package; none contains memories."""

from __future__ import annotations

import io
import re
import zipfile
from functools import cache
from html import escape
from itertools import accumulate
from pathlib import Path

from graphmem.deferred_dataclass import dataclass

_PACKAGE = Path(__file__).parent
_FOLDER = "graphmem"
#: Anchor names have no control characters, so no path contains it.
_SEPARATOR = "\n"
_PARAMETERS = ("tenant", "repo", "subject", "path", "as_of", "known_at", "since", "gone")
_PLACEHOLDER = re.compile(r"\{\{(\w+)(?::([\w-]+))?\}\}")
_BLANK = re.compile(r"/\* (tenant|repo|gone) \*/")
# A fixed time makes archives of the same content identical.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query with its question.

    Attributes:
        name: The name of its file, without its number.
        title: The question: the first line of the text, by which Neo4j Browser lists it.
        text: Comments and Cypher.
    """

    name: str
    title: str
    text: str

    @property
    def explanation(self) -> str:
        """The result and the parameters: the comments below the title."""
        comments = [line.removeprefix("//").strip() for line in self.text.splitlines() if line.startswith("//")]
        return " ".join(comments[1:])


@cache
def saved_queries() -> tuple[SavedQuery, ...]:
    """Return all queries in their listed order."""
    return tuple(map(_read, sorted((_PACKAGE / "queries").glob("*.cypher"))))


def _read(path: Path) -> SavedQuery:
    text = path.read_text(encoding="utf-8").rstrip()
    title = text.splitlines()[0].removeprefix("//").strip()
    return SavedQuery(path.stem.split("-", 1)[1], title, text)


@cache
def style() -> str:
    """Return the style for `:style`."""
    return _text("graphmem.grass")


@dataclass(frozen=True, slots=True)
class GuideParameters:
    """Values that the guide contains.

    Attributes:
        tenant: The tenant; None selects the tenant with the longest ledger.
        repo: The reader's repository; None includes all repositories.
        gone: Paths that memories are about and that no longer exist.
    """

    tenant: str | None = None
    repo: str | None = None
    gone: tuple[str, ...] = ()


def examples(parameters: GuideParameters) -> str:
    """Return the command, without its colon, that sets every parameter to an example value from the graph."""
    filled = {
        "tenant": "" if parameters.tenant is None else f" {{tenant: {_quoted(parameters.tenant)}}}",
        "repo": "null" if parameters.repo is None else _quoted(parameters.repo),
        "gone": _listed(shown_of(parameters.gone)),
    }
    body = _BLANK.sub(lambda match: filled[match[1]], _text("examples.cypher"))
    return f"param [{{{', '.join(_PARAMETERS)}}}] => {{\n{body}}}"


#: The longest list of missing files, in characters. Neo4j Browser parses a command on the thread that draws the page,
#: and the time grows faster than the length: half a minute for 12,000 characters on a busy machine.
MAX_GONE_CHARS = 2_000


def shown_of(gone: tuple[str, ...]) -> tuple[str, ...]:
    """Return as many of the first paths as fit into the guide."""
    lengths = accumulate(len(path) + 1 for path in gone)
    return tuple(path for path, length in zip(gone, lengths, strict=True) if length <= MAX_GONE_CHARS)


def _listed(texts: tuple[str, ...]) -> str:
    """Return a Cypher list; it is written as a split string, which has fewer tokens."""
    return f"split({_quoted(_SEPARATOR.join(texts))}, '\\n')" if texts else "[]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace(";", "\\u003b").replace(_SEPARATOR, "\\n")
    return f"'{escaped}'"


def guide(base: str, parameters: GuideParameters) -> str:
    """Return the guide for `:play`; the style and the saved queries are served next to it at `base`."""
    queries = {query.name: query for query in saved_queries()}

    def filled(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "query":
            return _question(queries[name])
        return escape(base if kind == "base" else examples(parameters))

    return _PLACEHOLDER.sub(filled, _text("guide.html"))


def _question(query: SavedQuery) -> str:
    """Return a link that puts a query into the editor."""
    link = f'<a data-populate="{escape(query.text)}">{escape(query.title)}</a>'
    return f"<p>{link}<br>{escape(query.explanation)}</p>"


@cache
def archive() -> bytes:
    """Return the saved queries in an archive that can be dropped onto Neo4j Browser."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for query in saved_queries():
            file.writestr(zipfile.ZipInfo(f"{_FOLDER}/{query.name}.cypher", _EPOCH), query.text)
    return packed.getvalue()


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file as it is served."""

    content: bytes
    media_type: str


#: The file names in URLs.
NAMES = ("guide.html", "graphmem.grass", "graphmem.zip")


def file_for(name: str, base: str, parameters: GuideParameters | None = None) -> ServedFile | None:
    """Return a file by its name; None if there is none. See `guide` for the other arguments."""
    match name:
        case "guide.html":
            return ServedFile(guide(base, parameters or GuideParameters()).encode(), "text/html; charset=utf-8")
        case "graphmem.grass":
            return ServedFile(style().encode(), "text/plain; charset=utf-8")
        case "graphmem.zip":
            return ServedFile(archive(), "application/zip")
        case _:
            return None


@cache
def _text(name: str) -> str:
    return (_PACKAGE / name).read_text(encoding="utf-8")
