"""Finding the record that a reference means, or saying that it cannot be known."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.decisions.file_names import is_kep, names_folder
from graphmem.sources.decisions.records import Record
from graphmem.sources.decisions.references import RecordReference

Key = TypeVar("Key", str, "int | None")
_STEM_NUMBER = re.compile(r"^(?:[a-z]{2,8}[-_ ]?)?\d{1,6}[-_. ]*")
_SHORT_WORDS = frozenset([
    "use", "the", "for", "and", "with", "from", "into", "our", "new", "adr", "pep", "kep", "add", "not",
])  # fmt: skip
_GENERIC = frozenset({"readme", "index", ""})


@dataclass(frozen=True, slots=True)
class Unclear:
    """A reference that could mean several records."""

    candidates: tuple[Record, ...]


class Catalogue:
    """The records of one reading by every name they go by."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._by_path = {record.path: record for record in records}
        self._by_stem = _index((_stem(record.path), record) for record in records)
        self._by_slug = _index(
            (_slug(record.path), record) for record in records if len(_slug(record.path)) >= len("slug")
        )
        self._by_number = _index((record.number, record) for record in records if record.number is not None)
        self._by_label = _index((label, record) for record in records for label in record.anchored)
        self._by_title = _index((_plain(record.title), record) for record in records)

    def is_number_shared(self, record: Record) -> bool:
        """True if another record of the same folder and series has the same number."""
        return any(
            candidate.path != record.path
            and _folder(candidate.path) == _folder(record.path)
            and _is_same_series(record.prefix, candidate.prefix)
            for candidate in self._by_number.get(record.number, ())
        )

    def find(self, reference: RecordReference, origin: Record) -> Record | Unclear | None:
        """The record to which a `reference` in the record `origin` points; None if there is none.

        A link to a file decides. A number decides only if a single record of the folder has it, or if the words
        next to it identify the record.
        """
        linked = self._linked(reference.target, origin) if reference.target else None
        if linked is not None:
            return linked
        numbered = self._numbered(reference, origin) if reference.number is not None else None
        if numbered is not None or (reference.number is not None and " " not in _plain(reference.title)):
            return numbered
        titled = self._by_title.get(_plain(reference.title), ())
        candidates = [record for record in titled if record.path != origin.path]
        return candidates[0] if len(candidates) == 1 else Unclear(tuple(candidates)) if candidates else None

    def _linked(self, target: str, origin: Record) -> Record | None:
        labelled = self._by_label.get(" ".join(target.lower().split()), ())
        if len(labelled) == 1:
            return None if labelled[0].path == origin.path else labelled[0]
        is_remote = "://" in target
        path = target.split("://", 1)[1] if is_remote else target
        if not is_remote:
            folder = "" if path.startswith("/") else posixpath.dirname(origin.path)
            near = posixpath.normpath(posixpath.join(folder, path.lstrip("/")))
            neighbours = (posixpath.join(near, name) for name in ("kep.yaml", "README.md", "README.adoc", "README.rst"))
            for candidate in (near, f"{near}.md", f"{near}.rst", f"{near}.adoc", f"{near}.mediawiki", *neighbours):
                if candidate in self._by_path:
                    return self._by_path[candidate]
        stem = _stem(path.rstrip("/"))
        result = [] if stem in _GENERIC else list(self._by_stem.get(stem, ()))
        if is_remote:
            result = [record for record in result if _parent_agrees(record.path, path)]
        same_folder = [record for record in result if _folder(record.path) == _folder(origin.path)]
        result = same_folder or result
        if not result and not is_remote:
            result = list(self._by_slug.get(_slug(path), ()))
        return result[0] if len(result) == 1 and result[0].path != origin.path else None

    def _numbered(self, reference: RecordReference, origin: Record) -> Record | Unclear | None:
        everything = [
            record for record in self._by_number.get(reference.number, ()) if _is_named(reference, record, origin)
        ]
        near = [record for record in everything if _folder(record.path) == _folder(origin.path)] or everything
        if reference.target:
            near = [record for record in near if _shares_words(reference, record)]
        candidates = [record for record in near if record.path != origin.path]
        if len(near) == 1:
            return candidates[0] if candidates else None
        titled = [record for record in candidates if _is_titled(reference, record)]
        if len(titled) == 1:
            return titled[0]
        return Unclear(tuple(near)) if candidates else None


def _index(pairs: Iterable[tuple[Key, Record]]) -> dict[Key, list[Record]]:
    result: defaultdict[Key, list[Record]] = defaultdict(list)
    for key, record in pairs:
        result[key].append(record)
    return dict(result)


def _folder(path: str) -> str:
    folder = posixpath.dirname(path)
    return posixpath.dirname(folder) if is_kep(path) or names_folder(path) else folder


def _stem(path: str) -> str:
    name = posixpath.basename(path).lower()
    if is_kep(path) or (name.startswith(("readme.", "index.")) and posixpath.dirname(path)):
        return posixpath.basename(posixpath.dirname(path)).lower()
    return re.sub(r"\.(?:md|markdown|rst|txt|html?|adoc|asciidoc|asc|xml|mediawiki|wiki)$", "", name)


def _slug(path: str) -> str:
    return re.sub(r"[\W_]+", "-", _STEM_NUMBER.sub("", _stem(path))).strip("-")


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()


def _words(text: str) -> set[str]:
    return {word for word in _plain(text).split() if len(word) > len("to") and not word.isdigit()} - _SHORT_WORDS


def _parent_agrees(path: str, url_path: str) -> bool:
    parent = posixpath.basename(_folder(path))
    return not parent or parent in posixpath.dirname(url_path).split("/")


def _is_same_series(a: str, b: str) -> bool:
    if a == b or (_is_general(a) and _is_general(b)):
        return True
    # Records without a series prefix are also called requests for comments.
    return {a, b} == {"", "RFC"}


def _is_general(prefix: str) -> bool:
    return prefix in {"", "DR"} or prefix.endswith("ADR")


def _is_named(reference: RecordReference, record: Record, origin: Record) -> bool:
    if not reference.prefix:
        return not (record.prefix and origin.prefix) or _is_same_series(record.prefix, origin.prefix)
    return _is_same_series(reference.prefix, record.prefix)


def _shares_words(reference: RecordReference, record: Record) -> bool:
    named = _words(_slug(reference.target or "")) | _words(reference.title)
    return not named or bool(named & (_words(record.title) | _words(_slug(record.path))))


def _is_titled(reference: RecordReference, record: Record) -> bool:
    hint, title = _plain(reference.title), _plain(record.title)
    return (
        bool(hint) and len(hint) >= len("word") and (hint == title or hint.startswith(title) or title.startswith(hint))
    )
