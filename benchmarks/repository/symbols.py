"""Moved functions and split files of real repositories: `python -m benchmarks.repository.symbols CLONES [--only PART]`.

CLONES holds a clone of each repository of `REPOSITORIES` that is to be read, named `OWNER+NAME`; the git folder may be
one level below. Parts, each also by itself: `chosen`, the repositories on which the thresholds were chosen, and
`reported`, those that were read for the first time with them.

A function has moved if a commit of the mainline took it out of a file, put one of its name into a file, and took out or
put in no other function of that name. That is the truth; both have at least twenty words.

- *moved functions*: by their parameters and bodies alone, their names hidden, as `graphmem.symbols.candidates` compares
  them with everything that the commit put in. Precision: the share of what was recognised that is right; recall: the
  share of the moved functions that was recognised.
- *splits*: an edge from a file to one that the commit added (`graphmem.symbols.file_parts`). Recall: the share of the
  edges with two moved functions that was found. Precision: the share of the edges found that have a moved function;
  and the share that have a moved function, type or value, which are told by their names alone as functions are.

Prints, and writes to `results/symbols.json`. Processor time is that of this process, git not counted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from benchmarks.manifests import clone_of
from benchmarks.rows import Row, read, show, write
from graphmem.sources.git.file_versions import contents
from graphmem.sources.git.mainline import find_mainline
from graphmem.sources.git.raw_log import FileChange, RawCommit
from graphmem.symbols.candidates import is_clear
from graphmem.symbols.definitions import Definition, DefinitionKind, definitions_in
from graphmem.symbols.file_parts import FileContents, file_parts
from graphmem.symbols.languages import language_of
from graphmem.symbols.similarity import BodyWords, body_words, similarity

#: (repository, language, whether the thresholds were chosen on it).
REPOSITORIES = (
    ("psf/requests", "Python", True),
    ("encode/httpx", "Python", True),
    ("jlowin/fastmcp", "Python", True),
    ("steveyegge/beads", "Go", True),
    ("tokio-rs/axum", "Rust", True),
    ("colinhacks/zod", "TypeScript", True),
    ("pallets/werkzeug", "Python", False),
    ("pallets/flask", "Python", False),
    ("pypa/pip", "Python", False),
    ("charmbracelet/crush", "Go", False),
    ("BurntSushi/ripgrep", "Rust", False),
    ("trpc/trpc", "TypeScript", False),
)
READ_AT_US = 1 << 62
_REGULAR = frozenset({"100644", "100755"})
_MOST_FILES = 1_500
_COMMITS_AT_ONCE = 50
_NO_BLOB = "0" * 40
_MOST_KEPT = 3_000


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a commit took out of a file or put into one; `file` is the number of the change."""

    file: int
    definition: Definition
    words: BodyWords


@dataclass(slots=True)
class Counts:
    """What was there, what was found, and what of it was right: moved functions, and edges of splits."""

    moved: int = 0
    recognised: int = 0
    right: int = 0
    edges: int = 0
    found: int = 0
    found_edges: int = 0
    found_right: int = 0
    found_defined: int = 0
    own_s: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(slots=True)
class Functions:
    """The definitions of files, parsed once for each content."""

    _kept: OrderedDict[str, Sequence[Definition]] = field(default_factory=OrderedDict)

    def of(self, path: str, blob: str, texts: dict[str, bytes]) -> Sequence[Definition]:
        """The definitions of a content."""
        if blob not in self._kept:
            found = definitions_in(path, texts[blob]) if blob in texts else None
            self._kept[blob] = () if found is None else found.listed
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[blob]


def measured(root: Path, language: str) -> Counts:
    """The counts of a repository."""
    counts, functions, started = Counts(), Functions(), time.process_time()
    commits = find_mainline(root, "HEAD").commits(READ_AT_US)
    while chunk := list(islice(commits, _COMMITS_AT_ONCE)):
        listed = [list(_changes(commit.raw, language)) for commit in chunk]
        listed = [changes for changes in listed if 0 < len(changes) <= _MOST_FILES]
        blobs = {blob for changes in listed for each in changes for blob in (each.old_blob, each.blob)} - {_NO_BLOB}
        texts = {blob: text for blob, text in contents(root, sorted(blobs)) if text is not None}
        for changes in listed:
            _count(counts, changes, texts, functions)
    counts.own_s = time.process_time() - started
    return counts


def _changes(commit: RawCommit, language: str) -> Iterator[FileChange]:
    for change in commit.changes:
        languages = [found.name for path in (change.path, change.old_path) if (found := language_of(path)) is not None]
        if languages == [language] * 2 and change.mode in _REGULAR:
            yield change


def _count(counts: Counts, changes: Sequence[FileChange], texts: dict[str, bytes], functions: Functions) -> None:
    all_gone, all_come = _moves(changes, texts, functions)
    defined = _defined_edges(changes, all_gone, all_come)
    gone, come = (list(filter(_is_function, each)) for each in (all_gone, all_come))
    single = _single(gone).keys() & _single(come).keys()
    counterpart = {each.definition.last_name: each for each in come}
    telling = [each for each in come if each.words.is_telling]
    edges: Counter[tuple[str, str]] = Counter()
    for function in gone:
        name = function.definition.last_name
        if name not in single:
            continue
        truth = counterpart[name]
        if function.file != truth.file:
            edges[changes[function.file].old_path, changes[truth.file].path] += 1
        if function.words.is_telling and truth.words.is_telling:
            scores = [similarity(function.words, each.words) for each in telling]
            order = sorted(range(len(scores)), key=lambda index: -scores[index])
            is_recognised = is_clear([scores[index] for index in order])
            counts.moved += 1
            counts.recognised += is_recognised
            counts.right += is_recognised and telling[order[0]] is truth
    _count_edges(counts, changes, texts, edges, defined)


def _is_function(moved: Function) -> bool:
    return moved.definition.kind is DefinitionKind.FUNCTION


def _defined_edges(
    changes: Sequence[FileChange], gone: Sequence[Function], come: Sequence[Function]
) -> set[tuple[str, str]]:
    """The pairs of files between which a definition of any kind moved, alone with its name and kind in the commit."""
    counterparts: dict[tuple[str, str], list[Function]] = {}
    for each in come:
        counterparts.setdefault((each.definition.kind, each.definition.last_name), []).append(each)
    counts = Counter((each.definition.kind, each.definition.last_name) for each in gone)
    return {
        (changes[each.file].old_path, changes[counterparts[key][0].file].path)
        for each in gone
        for key in [(each.definition.kind, each.definition.last_name)]
        if counts[key] == 1 and len(counterparts.get(key, ())) == 1
    }


def _count_edges(
    counts: Counts,
    changes: Sequence[FileChange],
    texts: dict[str, bytes],
    edges: Counter[tuple[str, str]],
    defined: set[tuple[str, str]],
) -> None:
    added = {each.path for each in changes if each.status == "A"}
    if not added:
        return
    files = [
        FileContents(
            each.old_path,
            each.path,
            None if each.status == "A" else texts.get(each.old_blob, b""),
            None if each.status == "D" else texts.get(each.blob, b""),
        )
        for each in changes
    ]
    parts = file_parts(files, {each.old_path for each in changes if each.status != "A"})
    found = {(old, part.path) for old, listed in parts.items() for part in listed if part.path in added}
    true = {edge for edge, moved in edges.items() if moved > 1 and edge[1] in added}
    counts.edges += len(true)
    counts.found += len(found)
    counts.found_edges += len(true & found)
    counts.found_right += len(found & edges.keys())
    counts.found_defined += len(found & (defined | edges.keys()))


def _moves(
    changes: Sequence[FileChange], texts: dict[str, bytes], functions: Functions
) -> tuple[list[Function], list[Function]]:
    """The functions that a commit took out of its files, and those that it put in."""
    gone: list[Function] = []
    come: list[Function] = []
    for number, change in enumerate(changes):
        old = () if change.status == "A" else functions.of(change.old_path, change.old_blob, texts)
        new = () if change.status == "D" else functions.of(change.path, change.blob, texts)
        old_names, new_names = {each.name for each in old}, {each.name for each in new}
        gone += [Function(number, each, body_words(each)) for each in old if each.name not in new_names]
        come += [Function(number, each, body_words(each)) for each in new if each.name not in old_names]
    return gone, come


def _single(functions: Iterable[Function]) -> dict[str, int]:
    """The names that one function alone has."""
    counts = Counter(each.definition.last_name for each in functions)
    return {name: count for name, count in counts.items() if count == 1}


def _rows(label: str, counts: Counts, *, is_aimed: bool) -> Iterator[Row]:
    name = f"symbols, {label}"
    for what, right, of, goal in (
        ("moved functions recognised by body, precision", counts.right, counts.recognised, 0.985),
        ("moved functions recognised by body, recall", counts.right, counts.moved, 0.87),
        ("splits, precision", counts.found_right, counts.found, 0.85),
        ("splits, precision with moved types and values", counts.found_defined, counts.found, 0.85),
        ("splits, recall", counts.found_edges, counts.edges, 0.90),
    ):
        if of:
            value = round(right / of, 4)
            yield Row(f"{name}: {what}, of {of}", value, "share", "higher", goal if is_aimed else None)


def rows_of(clones: Path, *, is_chosen: bool) -> Iterator[Row]:
    """The rows of the repositories on which the thresholds were chosen, or of the others, each and together."""
    word, total = "chosen" if is_chosen else "reported", Counts()
    for repo, language, chosen in REPOSITORIES:
        root = clone_of(clones / repo.replace("/", "+")) if chosen is is_chosen else None
        if root is None:
            continue
        counts = measured(root, language)
        total += counts
        print(f"{repo}: {counts.moved} moved functions, {counts.own_s:.0f} s", file=sys.stderr)
        yield from _rows(f"{word}, {repo} ({language})", counts, is_aimed=False)
    yield from _rows(f"{word}, together", total, is_aimed=True)


def main() -> None:
    """Measure, print and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--only", choices=("chosen", "reported"))
    given = parser.parse_args()
    parts = (given.only,) if given.only else ("chosen", "reported")
    rows = [row for part in parts for row in rows_of(given.clones, is_chosen=part == "chosen")]
    show(rows)
    kept = [row for row in read("symbols") if not row.name.startswith(tuple(f"symbols, {part}" for part in parts))]
    write("symbols", [*kept, *rows])


if __name__ == "__main__":
    main()
