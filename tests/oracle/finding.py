"""Which memories fit a filter or answer a probe, by scanning all of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from graphmem.model import Anchor, AnchorKind, Statement
from graphmem.ranking import Corpus, bm25, length_norm, name_keys
from graphmem.store import Evidence, Filter, Probe
from graphmem.terms import statement_terms

if TYPE_CHECKING:
    from graphmem.store import Vector


def fits(said: Statement, where: Filter, keys: Iterable[str] = ()) -> bool:
    """Whether a statement is what a filter asks for."""
    files = [*keys, *(one.name for one in said.anchors if one.kind is AnchorKind.FILE)]
    files += [re.split("[#:]", one.name)[0] for one in said.anchors if _names_a_file(one)]
    parts = [one.name for one in said.anchors if one.kind in (AnchorKind.COMPONENT, AnchorKind.MODULE)]
    symbols = {one.name for one in said.anchors if one.kind is AnchorKind.SYMBOL}
    moved = bool(symbols & {*where.reach.symbols}) and _is_on_any(files, where.reach.symbol_files)
    return (
        _any(where.kinds, [said.kind])
        and _any(where.labels, said.labels)
        and _any(where.languages, [said.language])
        and _any(where.subjects, [said.subject])
        and _any(where.origins, [said.origin])
        and (_any(where.components, parts) or _is_on_any(files, where.reach.component_paths))
        and (not where.paths or bool({*parts} & {*where.reach.areas}) or _is_on_any(files, where.paths) or moved)
        and said.confidence >= where.min_confidence
    )


def _names_a_file(anchor: Anchor) -> bool:
    """Whether a symbol is written as `path/file.py#name`, `path/file.py:name` or `path/file.py::name`."""
    found = re.split("#|::|:", anchor.name, maxsplit=1) if anchor.kind is AnchorKind.SYMBOL else []
    return len(found) == 2 and _is_path(found[0]) and found[1] != "" and found[1][0] not in ":#"


def _is_path(text: str) -> bool:
    return ("/" in text or "." in text) and not text.endswith("/")


def _is_on_any(files: Iterable[str], paths: Iterable[str]) -> bool:
    return any(on_path(name, path) for name in files for path in paths)


def _any(asked: Iterable[object], had: Iterable[object]) -> bool:
    wanted = set(asked)
    return not wanted or bool(wanted & set(had))


def on_path(name: str, path: str) -> bool:
    """Whether a file lies under a folder, fits a glob, or is the path."""
    if not any(sign in path for sign in "*?"):
        return name.startswith(path) if path.endswith("/") else name == path
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", path)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pattern = "".join(meaning.get(piece, re.escape(piece)) for piece in pieces)
    return re.fullmatch(pattern + (".+" if path.endswith("/") else ""), name, re.DOTALL) is not None


def lexical(
    corpus: Mapping[str, Statement], chosen: Mapping[str, Statement], probe: Probe
) -> tuple[tuple[str, float], ...]:
    """BM25 over the whole corpus for those chosen, best first, ties by id."""
    documents, known = _counted(corpus)
    scores = {key: bm25(known, probe.terms, Counter(documents[key]), len(documents[key])) for key in chosen}
    ranked = sorted(((key, score) for key, score in scores.items() if score > 0), key=lambda hit: (-hit[1], hit[0]))
    return tuple(ranked[: probe.limit])


def _counted(corpus: Mapping[str, Statement]) -> tuple[dict[str, list[str]], Corpus]:
    documents = {key: statement_terms(said) for key, said in corpus.items()}
    frequency = Counter(term for words in documents.values() for term in set(words))
    mean = sum(map(len, documents.values())) / max(len(documents), 1)
    return documents, Corpus(len(documents), mean, frequency)


def evidence(
    corpus: Mapping[str, Statement], vectors: Mapping[str, Vector], probe: Probe, found: Iterable[str]
) -> tuple[tuple[float, ...], dict[str, Evidence]]:
    """The weight of each term, and what speaks for each memory found: each term alone, and the cosine."""
    documents, known = _counted(corpus)
    weights = tuple(known.weight(term) for term in probe.terms)
    told = {}
    for key in found:
        counts = Counter(documents.get(key, ()))
        norm = length_norm(known, len(documents.get(key, ())))
        words = tuple(counts[term] / (counts[term] + norm) for term in probe.terms)
        cosine = dict(nearest({key: vectors[key]}, probe)).get(key) if key in vectors else None
        told[key] = Evidence(words, cosine)
    return weights, told


def unheld(corpus: Mapping[str, Statement], terms: Iterable[str]) -> frozenset[str]:
    """The terms that no statement has."""
    documents, _ = _counted(corpus)
    return frozenset(term for term in terms if not any(term in words for words in documents.values()))


def nearest(vectors: Mapping[str, Vector], probe: Probe) -> tuple[tuple[str, float], ...]:
    """Cosines, best first, ties by id."""
    if probe.vector is None:
        return ()
    scores = {
        key: sum(float(a) * float(b) for a, b in zip(vector, probe.vector, strict=True))
        for key, vector in vectors.items()
    }
    return tuple(sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[: probe.limit])


def named(chosen: Mapping[str, Statement], probe: Probe) -> dict[str, tuple[str, ...]]:
    """Who carries a name as title or alias."""
    found = {
        name: tuple(sorted(key for key, said in chosen.items() if name in name_keys(said))) for name in probe.names
    }
    return {name: keys for name, keys in found.items() if keys}
