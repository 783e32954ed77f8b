"""The evidence for memories that may govern a task: searches for the task, its practices and its paths, and anchors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graphmem.briefing.block import Why
from graphmem.briefing.practices import Practice, practices_of
from graphmem.briefing.task_clauses import MOST_TASK_CHARS, clauses_of
from graphmem.briefing.task_paths import (
    best_coverage,
    covering_names,
    nearness,
    paths_in,
    plain_path,
    words_of,
)
from graphmem.briefing.usefulness import EvidenceTable, MemoryEvidence, is_universal
from graphmem.claims.work_claim import WorkClaim
from graphmem.deferred_dataclass import dataclass, field, replace
from graphmem.instants import to_micros
from graphmem.model import Anchor, AnchorKind, Kind, Memory, Point, Scope, Statement
from graphmem.repository.path_patterns import is_glob
from graphmem.retrieval.leads import Lead
from graphmem.retrieval.path_reach import areas_of, is_area, reach
from graphmem.retrieval.request import Query, Sort
from graphmem.retrieval.search import Searcher
from graphmem.service.context import ServiceContext
from graphmem.sources.source_marks import STATED_IN
from graphmem.store import Filter, Page
from graphmem.temporal import Resolver, Standing, View
from graphmem.temporal.trust import is_mandatory

#: Hits of each search that count.
_HITS, _FURTHER_HITS = 60, 40
#: Kinds of memories that may govern a task without a common word; the latest that the reader sees are noted.
_PRESENT_KINDS = (Kind.CONVENTION, Kind.PREFERENCE, Kind.TASK)
_MOST_PRESENT = 200
#: Anchors with a smaller share of common folders are in another part of the repository.
_NEAR = 0.2
#: How closely a component or module covers a path: as a folder some levels above it does.
_AREA_COVERAGE = 0.5


@dataclass(frozen=True, slots=True)
class Task:
    """A task with its paths, those in its text included."""

    text: str
    paths: tuple[str, ...]
    components: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, paths: Iterable[str], components: Iterable[str] = ()) -> Task:
        """Return a task; a long text is cut, since its beginning names its subject."""
        plain_paths = [plain_path(path) for path in (*paths, *paths_in(text))]
        named = tuple(dict.fromkeys(components))
        return cls(text[:MOST_TASK_CHARS], tuple(dict.fromkeys(path for path in plain_paths if path)), named)


@dataclass(slots=True)
class TaskEvidence:
    """The evidence for a task.

    Attributes:
        table: The evidence of memories that are in force.
        reasons: The best reason for each memory, with the given path or the practice.
        coming: Memories that are declared and not in force yet, with their evidence.
        ended: Memories that are no longer in force, with their evidence.
        mandatory: Memories whose mandate covers the task.
        overruled: Memories that another leads on their subject.
        claims: The claims in force that the block may have.
        own_claims: Those of them that are the reader's.
        mode: `hybrid`, or `lexical` if no vectors were compared.
        note: The remark of the search on that.
    """

    table: EvidenceTable = field(default_factory=EvidenceTable)
    coming: EvidenceTable = field(default_factory=EvidenceTable)
    ended: EvidenceTable = field(default_factory=EvidenceTable)
    practices: dict[str, tuple[float, str]] = field(default_factory=dict)
    on_path: dict[str, str] = field(default_factory=dict)
    mandatory: set[str] = field(default_factory=set)
    overruled: set[str] = field(default_factory=set)
    claims: dict[str, WorkClaim] = field(default_factory=dict)
    own_claims: set[str] = field(default_factory=set)
    mode: str = "lexical"
    note: str | None = None

    def reason(self, memory_id: str) -> tuple[Why, str]:
        """Return why a memory is there, and the path or the practice."""
        evidence = (
            self.table.found.get(memory_id) or self.coming.found.get(memory_id) or self.ended.found.get(memory_id)
        )
        if memory_id in self.own_claims:
            return Why.CLAIM, ""
        if memory_id in self.on_path:
            return Why.PATH, self.on_path[memory_id]
        if memory_id in self.mandatory:
            return Why.MANDATORY, ""
        if evidence is None or (not evidence.is_direct and not evidence.practice_words):
            return Why.GENERAL, ""
        strength, practice = self.practices.get(memory_id, (0.0, ""))
        if practice and strength > max(evidence.words, evidence.meaning, evidence.name):
            return Why.PRACTICE, practice
        if evidence.words or evidence.name:
            return Why.WORDS, ""
        return (Why.MEANING, "") if evidence.meaning else (Why.GENERAL, "")


class EvidenceSearch:
    """Collects the evidence for a task at a point.

    Args:
        context: The dependencies of the verb.
        reader: The reader's scope.
        point: The point of the answer.
        searcher: Searches by words and vectors, or by words alone.
        words_searcher: Searches by words alone.
    """

    def __init__(
        self, context: ServiceContext, reader: Scope, point: Point, searcher: Searcher, words_searcher: Searcher
    ) -> None:
        self._context = context
        self._reader = reader
        self._point = point
        self._searcher = searcher
        self._words = words_searcher

    def evidence(self, task: Task) -> TaskEvidence:
        """Return the evidence for a task."""
        evidence = TaskEvidence()
        for text in (task.text, *clauses_of(task.text)):
            self._note_task(evidence, text)
        for practice, share in practices_of(task.text, task.paths):
            self._note_practice(evidence, practice, share)
        if named := words_of(task.paths):
            for hit in self._hits(self._words, named, _FURTHER_HITS, evidence):
                evidence.table.note(hit.memory, path_words=hit.parts.get("words", 0.0))
        self._note_anchored(evidence, task.paths)
        self._note_areas(evidence, task.paths)
        self._note_components(evidence, task.components)
        self._note_present(evidence)
        return evidence

    def _note_present(self, evidence: TaskEvidence) -> None:
        """Note the latest conventions, preferences and tasks: they may govern a task that shares no word with them."""
        point, where = self._point, Filter(kinds=_PRESENT_KINDS)
        ids = self._context.store.select(self._reader, where, at=None, before=point.seq + 1, limit=_MOST_PRESENT)
        view = self._context.view(self._reader, ids, point.seq)
        for memory_id in ids:
            if memory_id not in evidence.overruled and view.holds(memory_id, point.valid):
                evidence.table.note(memory_id)

    def _note_task(self, evidence: TaskEvidence, text: str) -> None:
        if not text.strip():
            return
        for hit in self._hits(self._searcher, text, _HITS, evidence, is_task=True):
            parts = _direct_parts(hit)
            if hit.standing is Standing.HOLDS:
                evidence.table.note(self._leader(evidence, hit), **parts)
            elif hit.standing is Standing.LAST:
                evidence.ended.note(hit.memory, **parts)
            else:
                evidence.coming.note(hit.memory, **parts)

    def _note_practice(self, evidence: TaskEvidence, practice: Practice, share: float) -> None:
        for hit in self._hits(self._searcher, practice.hint, _FURTHER_HITS, evidence):
            words, meaning = share * hit.parts.get("words", 0.0), share * hit.parts.get("meaning", 0.0)
            memory_id = self._leader(evidence, hit)
            evidence.table.note(memory_id, practice_words=words, practice_meaning=meaning)
            best = max(words, meaning)
            if best > evidence.practices.get(memory_id, (0.0, ""))[0]:
                evidence.practices[memory_id] = (best, practice.name)

    @staticmethod
    def _leader(evidence: TaskEvidence, hit: Lead) -> str:
        """Return the memory that leads the subject of a hit: overruled memories do not govern."""
        if hit.leader is None:
            return hit.memory
        evidence.overruled.add(hit.memory)
        return hit.leader

    def _hits(
        self, searcher: Searcher, text: str, limit: int, evidence: TaskEvidence, *, is_task: bool = False
    ) -> Iterator[Lead]:
        point = self._point
        query = Query(text, point.valid, point.seq, self._reader, Filter(), Sort.RELEVANCE, Page(limit), 0.0)
        # Hints and names of files are spelt as they are: only a person's words are read as others.
        answer = searcher.leads(replace(query, corrects_words=is_task))
        if is_task:
            evidence.mode, evidence.note = answer.mode, answer.note
        return (hit for hit in answer.hits if is_task or hit.standing is Standing.HOLDS)

    # ---- paths

    def _note_anchored(self, evidence: TaskEvidence, paths: Sequence[str]) -> None:
        """Note the memories whose file anchors cover a path, and those whose mandate covers the task."""
        aliases = {path: (path, *self._earlier_names(path)) for path in paths}
        spellings = {name: path for path, names in aliases.items() for name in names}
        names = sorted({name for path in spellings for name in covering_names(path)})
        ids = self._context.store.guiding(self._reader, names)
        if not ids:
            return
        view = self._context.view(self._reader, ids, self._point.seq)
        resolver = Resolver(view, self._point.valid)
        for memory_id in ids:
            for resolved in resolver.resolve(memory_id) if self._is_known(view, memory_id) else ():
                if resolved.standing is Standing.HOLDS:
                    self._note_guiding(evidence, view, (memory_id, resolved.memory), spellings)

    def _note_areas(self, evidence: TaskEvidence, paths: Sequence[str]) -> None:
        """Note the memories in force about components and modules to which a path belongs."""
        history = self._context.mainlines.at(self._reader, self._reader.repo, self._point.seq)
        areas = {name: path for path in paths for name in areas_of(history, path, to_micros(self._point.valid))}
        if not areas:
            return
        where = Filter(components=tuple(sorted(areas)))
        ids = self._context.store.select(self._reader, where, at=None, before=self._point.seq + 1, limit=_MOST_PRESENT)
        view = self._context.view(self._reader, ids, self._point.seq)
        for memory_id in ids:
            memory = view.memory(memory_id)
            if memory is None or memory.statement is None or not view.holds(memory_id, self._point.valid):
                continue
            anchors = (anchor for anchor in memory.statement.anchors if is_area(anchor) and anchor.name in areas)
            named = [each.name for each in anchors if (each.repo or memory.scope.repo) == self._reader.repo]
            if named and memory_id not in evidence.overruled:
                evidence.table.note(memory_id, coverage=_AREA_COVERAGE)
                evidence.on_path.setdefault(memory_id, areas[named[0]])

    def _note_components(self, evidence: TaskEvidence, names: Sequence[str]) -> None:
        """Note the memories in force that are about components and modules, or about their files."""
        for name in names:
            files = reach(
                self._context.mainlines, Filter(components=(name,)), self._reader, self._point.seq, self._point.valid
            )
            assert files is not None, "a component is named"  # noqa: S101
            ids = self._context.store.select(
                self._reader, files.where, at=None, before=self._point.seq + 1, limit=_MOST_PRESENT
            )
            view = self._context.view(self._reader, ids, self._point.seq)
            for memory_id in ids:
                is_in_force = view.holds(memory_id, self._point.valid)
                if is_in_force and files.admits(view, memory_id) and memory_id not in evidence.overruled:
                    evidence.table.note(memory_id, coverage=_AREA_COVERAGE)
                    evidence.on_path.setdefault(memory_id, name)

    def _note_guiding(
        self, evidence: TaskEvidence, view: View, pair: tuple[str, str], spellings: Mapping[str, str]
    ) -> None:
        """Note a memory in force that has an anchor itself, or that superseded an anchored memory and has no anchor."""
        memory_id, holding = pair
        memory = view.memory(holding)
        if memory is None or memory.statement is None:
            return
        own, has_files = self._files(memory), bool(about_files(memory.statement))
        anchors = self._files(view.memory(memory_id)) if not has_files and memory_id != holding else own
        value, path = best_coverage(anchors, tuple(spellings))
        if value:
            evidence.table.note(holding, coverage=value)
            evidence.on_path[holding] = spellings[path]
        if is_mandatory(memory.statement) and (value or not has_files):
            evidence.mandatory.add(holding)
            evidence.table.note(holding)

    def _is_known(self, view: View, memory_id: str) -> bool:
        return view.memory(memory_id) is not None

    def _files(self, memory: Memory | None) -> list[str]:
        """Return the names of a memory's file anchors in the repositories that the paths may belong to."""
        if memory is None or memory.statement is None:
            return []
        repos = {None, self._reader.repo, *self._reader.related_repos}
        return [anchor.name for anchor in about_files(memory.statement) if anchor.repo in repos]

    def _earlier_names(self, path: str) -> list[str]:
        """Return the other paths that the file of a path had, as far as its repository was read."""
        if path.endswith("/") or is_glob(path):
            return []
        history = self._context.mainlines.at(self._reader, self._reader.repo, self._point.seq)
        lineage = history.binding(path, to_micros(self._point.valid))
        if lineage is None:
            return []
        return [segment.path for segment in history.life(lineage) if segment.path != path]


def about_files(statement: Statement) -> list[Anchor]:
    """Return the file anchors of the subject of a statement, without the files that state it."""
    return [anchor for anchor in statement.anchors if anchor.kind is AnchorKind.FILE and anchor.role != STATED_IN]


def _is_placed(anchors: Sequence[str]) -> bool:
    """Return whether all anchors lie in folders of the code: the root and hidden folders concern every part."""
    return bool(anchors) and all("/" in name.rstrip("/") and not name.startswith(".") for name in anchors)


def own_parts(evidence: MemoryEvidence, memory: Memory, paths: Sequence[str], reader: Scope) -> dict[str, float]:
    """Return the parts of the evidence that the memory itself has: its kind, its wording, its anchors."""
    statement = memory.statement
    assert statement is not None, "only live memories are asked about"  # noqa: S101
    anchors = [anchor.name for anchor in about_files(statement)]
    near = max((nearness(anchor, path) for anchor in anchors for path in paths), default=0.0)
    return {
        "nearness": near,
        "elsewhere": float(bool(paths) and not evidence.coverage and near < _NEAR and _is_placed(anchors)),
        "universal": float(is_universal(statement.title)),
        "convention": float(statement.kind is Kind.CONVENTION),
        "preference": float(memory.scope.user is not None and memory.scope.user == reader.user),
        "in_flight": float(statement.kind is Kind.TASK),
    }


def _direct_parts(hit: Lead) -> dict[str, float]:
    return {name: hit.parts.get(name, 0.0) for name in ("words", "meaning", "title", "name")}
