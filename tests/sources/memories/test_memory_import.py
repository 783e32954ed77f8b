"""What an import records: alike on every store, once, and an edit as what it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.answers import State
from graphmem.errors import InvalidInput
from graphmem.model import At, LinkKind, Scope
from graphmem.opening import open_memory
from graphmem.service import GraphMemory, ServiceContext, Write
from graphmem.service.memory_import import UNOWNED, ImportReport, dry_report, import_memories
from graphmem.sources.memories import MemoryFormat, ReadOptions, read_export
from graphmem.sources.memories.basic_memory import NO_TARGET
from graphmem.sources.memories.text_files import UNREADABLE
from graphmem.sources.move_comparison import GONE
from graphmem.store import Filter, Page
from tests.fake_embedder import no_embedder
from tests.service.conftest import REPO, TickingClock
from tests.sources.memories.conftest import ASKED, DATA
from tests.sources.memories.test_mem0 import SERVICE, event
from tests.sources.memories.test_mem0 import memory as entry

MEM0, HISTORY = DATA / "mem0" / "export.json", DATA / "mem0" / "history.json"


def bring(memory: GraphMemory, path: Path, asked: ReadOptions = ASKED, **more: object) -> ImportReport:
    return import_memories(memory, read_export(path, asked), **more)  # type: ignore[arg-type]


def counts(report: ImportReport) -> dict[str, int]:
    told = {name: len(getattr(report, name)) for name in ("added", "changed", "moved", "replaced", "related", "ended")}
    return {name: count for name, count in told.items() if count} | {"unchanged": report.unchanged}


def holding(memory: GraphMemory, day: str | None = None) -> set[str]:
    at = At(None if day is None else datetime.fromisoformat(f"{day}T00:00:00+00:00"))
    return {card.title for card in memory.list(at=at, page=Page(200)).cards}


def close(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a folder be unreadable, as it is never for the superuser."""
    scan = os.scandir

    def refusing(path: str | Path) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "no leave", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (DATA / "memory.jsonl", ASKED),
        (MEM0, replace(ASKED, history=HISTORY)),
        (DATA / "basic-memory", ASKED),
    ],
    ids=["mcp-memory", "mem0", "basic-memory"],
)
def test_the_second_time_nothing_is_written(memory: GraphMemory, path: Path, asked: ReadOptions) -> None:
    first = bring(memory, path, asked)
    before = memory.status().changes
    second = bring(memory, path, replace(asked, read_at=asked.read_at.replace(year=2027)))
    assert (memory.status().changes, second.unchanged) == (before, first.statements)
    assert counts(second).keys() == {"unchanged"}
    assert memory.check() == []


def test_wordings_follow_each_other_in_time(memory: GraphMemory) -> None:
    bring(memory, MEM0, replace(ASKED, history=HISTORY))
    days = ("2025-04-01", "2025-07-01", "2025-12-01")
    held = [{title for title in holding(memory, day) if title.startswith(SERVICE)} for day in days]
    assert held == [{f"{SERVICE}Kotlin"}, {f"{SERVICE}Go"}, {f"{SERVICE}Rust"}]
    assert "Standup is at nine" not in holding(memory)
    assert "Standup is at nine" in holding(memory, "2025-05-01")


def test_relations_and_successions_arrive(memory: GraphMemory) -> None:
    report = bring(memory, DATA / "basic-memory")
    assert counts(report) == {"added": 8, "replaced": 1, "related": 1, "unchanged": 0}
    assert "Token Design" not in holding(memory)
    (old,) = [card for card in memory.list(Filter(include_history=True)).cards if card.title == "Token Design"]
    assert old.state is State.SUPERSEDED
    (source, target), told = report.related[0], memory.explain(report.related[0][0])
    assert [(one.memory.id, one.kind) for one in told.related] == [(target, LinkKind.DEPENDS_ON)]
    assert told.card.id == source


class TestOnOneStore:
    """What is the importer's own and no store's."""

    @pytest.fixture
    def memory(self, tmp_path: Path, clock: TickingClock) -> Iterator[GraphMemory]:
        place = str(tmp_path / "memory.db")
        with open_memory(place, scope=REPO, actor="ada", clock=clock, embedder=no_embedder, create=True) as memory:
            yield memory

    def test_an_update_of_mem0_supersedes_from_when_it_came(self, memory: GraphMemory, tmp_path: Path) -> None:
        path = tmp_path / "export.json"
        path.write_text(json.dumps([entry("Tea at three")]), encoding="utf-8")
        bring(memory, path)
        path.write_text(json.dumps([entry(updated_at="2025-02-01T00:00:00Z")]), encoding="utf-8")
        assert counts(bring(memory, path)) == {"changed": 1, "unchanged": 0}
        assert (holding(memory, "2025-01-15"), holding(memory)) == ({"Tea at three"}, {"Tea at four"})

    def test_an_old_copy_of_an_export_changes_nothing(self, memory: GraphMemory, tmp_path: Path) -> None:
        path = tmp_path / "export.json"
        for item in (entry(updated_at="2025-02-01T00:00:00Z"), entry("Tea at three")):
            path.write_text(json.dumps([item]), encoding="utf-8")
            report = bring(memory, path)
        assert (counts(report), holding(memory)) == ({"unchanged": 1}, {"Tea at four"})

    def test_history_from_before_what_is_known_changes_nothing(self, memory: GraphMemory, tmp_path: Path) -> None:
        path = tmp_path / "export.json"
        now = entry(updated_at="2025-02-01T00:00:00Z")
        path.write_text(json.dumps([now]), encoding="utf-8")
        bring(memory, path)
        rows = [event("ADD", None, "Tea at three", "01-01"), event("UPDATE", "Tea at three", "Tea at four", "02-01")]
        path.write_text(json.dumps([now, *rows]), encoding="utf-8")
        assert counts(bring(memory, path)) == {"unchanged": 2}
        assert holding(memory) == {"Tea at four"}

    def test_a_history_alone_takes_nothing_away_and_tells_of_deletions(
        self, memory: GraphMemory, tmp_path: Path
    ) -> None:
        path = tmp_path / "export.json"
        path.write_text(json.dumps([entry()]), encoding="utf-8")
        bring(memory, path)
        rows = [event("ADD", None, "Tea at four", "01-01"), event("DELETE", "Tea at four", None, "03-01")]
        path.write_text(json.dumps(rows), encoding="utf-8")
        assert counts(bring(memory, path)) == {"moved": 1, "unchanged": 0}
        (card,) = memory.list(Filter(labels=("user_id=u1",), include_history=True)).cards
        assert (card.state, card.told and card.told.word) == (State.ENDED, "deleted")

    def test_other_labels_of_the_same_words_correct_them(self, memory: GraphMemory, tmp_path: Path) -> None:
        path = tmp_path / "export.json"
        for categories in (["habits"], ["drinks"]):
            path.write_text(json.dumps([entry(categories=categories)]), encoding="utf-8")
            bring(memory, path)
        (card,) = memory.list().cards
        assert [one.id for one in memory.list(Filter(labels=("drinks",))).cards] == [card.id]

    def test_what_belongs_to_a_user_can_be_theirs_alone(self, memory: GraphMemory) -> None:
        bring(memory, MEM0, is_private=True)
        assert holding(memory) == set()
        mine = memory.list(scope=Scope(repo="r", user="u1")).cards
        assert len(mine) == 2
        assert counts(bring(memory, MEM0, is_private=True)) == {"unchanged": 2}

    def test_what_may_be_anothers_is_recorded_for_nobody_under_private(
        self, memory: GraphMemory, tmp_path: Path
    ) -> None:
        path, relation = tmp_path / "export.json", {"source": "u2", "relationship": "owes", "target": "u3"}
        rows = [{**event("ADD", None, "Another's words", "01-01"), "memory_id": "m9"}]
        path.write_text(json.dumps({"results": [entry()], "relations": [relation], "history": rows}), encoding="utf-8")
        report = bring(memory, path, is_private=True)
        assert (counts(report), report.reasons) == ({"added": 1, "unchanged": 0}, {UNOWNED: 2})
        assert holding(memory) == set()

    def test_a_deletion_ends_what_is_a_users_alone(self, memory: GraphMemory, tmp_path: Path) -> None:
        path, other = tmp_path / "export.json", entry("Coffee at ten", id="m2")
        path.write_text(json.dumps([entry(), other]), encoding="utf-8")
        bring(memory, path, is_private=True)
        rows = [event("ADD", None, "Tea at four", "01-01"), event("DELETE", "Tea at four", None, "03-01")]
        path.write_text(json.dumps([other, *rows]), encoding="utf-8")
        assert counts(bring(memory, path, is_private=True)) == {"moved": 1, "unchanged": 1}
        assert counts(bring(memory, path, is_private=True)) == {"unchanged": 2}
        assert [card.title for card in memory.list(scope=Scope(repo="r", user="u1")).cards] == ["Coffee at ten"]
        assert holding(memory) == set()

    def test_an_edited_note_takes_over_from_when_it_was_modified(self, memory: GraphMemory, tmp_path: Path) -> None:
        note, text = tmp_path / "a.md", "---\npermalink: a\ncreated: 2025-01-01\nmodified: 2025-0{}-01\n---\n{}"
        note.write_text(text.format(1, "Drafts are kept"), encoding="utf-8")
        bring(memory, note)
        note.write_text(text.format(6, "Drafts are dropped"), encoding="utf-8")
        assert counts(bring(memory, note)) == {"changed": 1, "unchanged": 0}
        held = [card.holding for card in memory.list(Filter(include_history=True)).cards]
        assert sorted(str(one[0].start)[:10] for one in held) == ["2025-01-01", "2025-06-01"]

    def test_observations_that_differ_in_category_or_context_alone_stand_beside_each_other(
        self, memory: GraphMemory, tmp_path: Path
    ) -> None:
        said = ("- [port] Postgres 5433 (staging)", "- [port] Postgres 5433 (prod)", "- [rule] Postgres 5433 (prod)")
        (tmp_path / "a.md").write_text("\n".join(("---\npermalink: a\n---", *said)), encoding="utf-8")
        assert counts(bring(memory, tmp_path)) == {"added": 4, "unchanged": 0}
        assert counts(bring(memory, tmp_path)) == {"unchanged": 4}

    def test_a_reading_after_the_end_leaves_what_was_before(self, memory: GraphMemory, tmp_path: Path) -> None:
        note, text = (
            tmp_path / "a.md",
            "---\npermalink: a\ntitle: {}\n---\n- [fact] @effective[,2026-01-01) Port is 5432",
        )
        note.write_text(text.format("a"), encoding="utf-8")
        bring(memory, note)
        held = holding(memory, "2025-12-20")
        later = replace(ASKED, read_at=ASKED.read_at.replace(year=2027))
        assert counts(bring(memory, note, later)) == {"unchanged": 2}
        assert holding(memory, "2025-12-20") == held == {"a", "a: Port is 5432"}
        note.write_text(text.format("b"), encoding="utf-8")
        assert counts(bring(memory, note, later)) == {"changed": 2, "unchanged": 0}
        assert counts(bring(memory, note, later)) == {"unchanged": 2}

    @pytest.mark.parametrize("end", ["2024-01-01", "0001-01-01", "2025-12-02"])
    def test_what_was_over_before_it_was_read_first_stays_as_it_is(
        self, memory: GraphMemory, tmp_path: Path, end: str
    ) -> None:
        note = tmp_path / "a.md"
        note.write_text(f"---\npermalink: a\n---\n- [fact] @[,{end}) Port is 5432", encoding="utf-8")
        assert counts(bring(memory, note)) == {"added": 2, "unchanged": 0}
        later = replace(ASKED, read_at=ASKED.read_at.replace(year=2027))
        assert counts(bring(memory, note, later)) == {"unchanged": 2}
        assert holding(memory) == {"a"}

    def test_an_edit_without_a_date_takes_over_at_the_import(self, memory: GraphMemory, tmp_path: Path) -> None:
        path = tmp_path / "CLAUDE.md"
        for text in ("Indent by two", "Indent by four"):
            path.write_text(f"# Style\n{text}", encoding="utf-8")
            memory_of = replace(ASKED, read_at=ASKED.read_at.replace(day=2 if "two" in text else 20))
            report = bring(memory, path, memory_of)
        assert counts(report) == {"changed": 1, "unchanged": 0}
        assert [card.state for card in memory.list(Filter(include_history=True)).cards] == [
            State.HOLDS,
            State.SUPERSEDED,
        ]

    def test_what_the_source_holds_no_more_goes_on_until_it_is_ended(self, memory: GraphMemory, tmp_path: Path) -> None:
        path = tmp_path / "memory.jsonl"
        line = {"type": "entity", "name": "a", "entityType": "x", "observations": ["port 1", "in Go"]}
        path.write_text(json.dumps(line), encoding="utf-8")
        bring(memory, path)
        memory.add("a: written by hand")
        path.write_text(json.dumps({**line, "observations": ["port 2", "in Go"]}), encoding="utf-8")
        report = bring(memory, path)
        assert (counts(report), len(report.missing)) == ({"added": 1, "unchanged": 2}, 1)
        assert {"a: port 1", "a: port 2"} <= holding(memory)
        ended = bring(memory, path, ends_missing=True).ended
        assert [memory.history(key).moves[-1].word for key in ended] == [GONE]
        assert holding(memory) == {"a (x)", "a: port 2", "a: in Go", "a: written by hand"}

    def test_what_came_back_to_its_source_holds_again(self, memory: GraphMemory, tmp_path: Path) -> None:
        path = tmp_path / "memory.jsonl"
        line = {"type": "entity", "name": "a", "entityType": "x", "observations": ["port 1", "in Go"]}
        for _ in range(2):
            path.write_text(json.dumps(line), encoding="utf-8")
            report = bring(memory, path)
            assert holding(memory) == {"a (x)", "a: port 1", "a: in Go"}
            path.write_text(json.dumps({**line, "observations": ["in Go"]}), encoding="utf-8")
            (key,) = bring(memory, path, ends_missing=True).ended
        path.write_text(json.dumps(line), encoding="utf-8")
        report = bring(memory, path)
        assert (report.moved, len(memory.history(key).moves)) == ([key], 5)
        assert counts(bring(memory, path)) == {"unchanged": 3}

    def test_what_a_person_ended_stays_ended(self, memory: GraphMemory) -> None:
        (key, *_) = bring(memory, DATA / "memory.jsonl").added
        memory.end(key)
        assert bring(memory, DATA / "memory.jsonl").moved == []

    def test_what_could_not_be_read_is_not_taken_for_gone(self, memory: GraphMemory, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / f"{name}.md").write_text(f"---\npermalink: {name}\n---\nwords", encoding="utf-8")
        bring(memory, tmp_path)
        (tmp_path / "a.md").write_bytes(b"\xff")
        report = bring(memory, tmp_path, ends_missing=True)
        assert (report.ended, holding(memory)) == ([], {"a", "b"})

    def test_what_is_only_kept_as_words_hides_nothing_that_is_gone(self, memory: GraphMemory, tmp_path: Path) -> None:
        note, text = tmp_path / "a.md", "---\npermalink: a\n---\n- fixes [[Elsewhere]]\n"
        note.write_text(f"{text}- [fact] words", encoding="utf-8")
        bring(memory, tmp_path)
        note.write_text(text, encoding="utf-8")
        report = bring(memory, tmp_path, ends_missing=True)
        assert (len(report.ended), report.reasons[NO_TARGET], holding(memory)) == (1, 1, {"a"})

    def test_a_file_that_cannot_be_read_hides_no_other(self, memory: GraphMemory, tmp_path: Path) -> None:
        for name in ("a.md", "a.md.md"):
            (tmp_path / name).write_text("---\npermalink: a\n---\nwords", encoding="utf-8")
        bring(memory, tmp_path)
        (tmp_path / "a.md").write_bytes(b"\xff")
        (tmp_path / "a.md.md").unlink()
        report = import_memories(memory, read_export(tmp_path, ASKED, MemoryFormat.BASIC_MEMORY), ends_missing=True)
        assert (len(report.ended), holding(memory)) == (1, {"a"})

    @pytest.mark.parametrize("name", ["closed", "."])
    def test_a_folder_that_cannot_be_read_is_told_and_not_taken_for_gone(
        self, memory: GraphMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        root = tmp_path / "notes"
        for path in ("a.md", "closed/b.md"):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("---\npermalink: a\n---\nwords", encoding="utf-8")
        bring(memory, root)
        close(root / name, monkeypatch)
        if name == ".":
            with pytest.raises(InvalidInput, match="cannot be read: no leave"):
                read_export(root, ASKED, MemoryFormat.BASIC_MEMORY)
        else:
            report = bring(memory, root, ends_missing=True)
            assert (report.ended, report.reasons, holding(memory)) == ([], {UNREADABLE: 1}, {"a", "b"})

    def test_two_exports_of_one_kind_are_told_apart_by_their_names(self, memory: GraphMemory, tmp_path: Path) -> None:
        for name, text in (("shop", "Old"), ("bank", "New")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.md").write_text(f"---\npermalink: a\ntitle: {text}\n---\n", encoding="utf-8")
            assert counts(bring(memory, tmp_path / name)) == {"added": 1, "unchanged": 0}
        assert holding(memory) == {"Old", "New"}

    def test_an_interrupted_import_goes_on(self, memory: GraphMemory, tmp_path: Path) -> None:
        path, lines = tmp_path / "memory.jsonl", 1_000
        said = (
            json.dumps({"type": "entity", "name": f"e{number}", "entityType": "x", "observations": []})
            for number in range(lines)
        )
        path.write_text("\n".join(said), encoding="utf-8")
        seen: list[int] = []

        def interrupt(done: int, total: int) -> None:
            seen.append(done)
            assert total == lines
            if done >= 400:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            bring(memory, path, progress=interrupt)
        kept = memory.status().memories
        assert 0 < kept < lines
        report = bring(memory, path)
        assert (len(report.added), report.unchanged) == (lines - kept, kept)

    def test_everything_goes_through_the_gate(self, tmp_path: Path, clock: TickingClock) -> None:
        secret = "ghp_" + "aB3dE5gH7j" * 3 + "kL9mN1"
        (tmp_path / "notes").mkdir()
        note = f"---\npermalink: deploys\n---\n- [fact] the token is {secret}\n"
        (tmp_path / "notes" / "deploys.md").write_text(note, encoding="utf-8")
        with closing(SQLiteStore.open(tmp_path / "gated.db", create=True)) as store:
            context = ServiceContext(store, scope=REPO, actor="ada", clock=clock, embedder=no_embedder)
            gated = GraphMemory(context)
            report = bring(gated, tmp_path / "notes")
            assert {each.rule for each in report.redactions} == {"github-pat"}
            assert secret not in "".join(gated.export())

    def test_everything_says_where_it_was_read(self, memory: GraphMemory) -> None:
        bring(memory, DATA / "basic-memory", write=Write(actor="u1"))
        first = memory.changes(limit=1)[0].provenance
        assert (first.actor, first.source) == ("u1", "import basic-memory: auth.md")

    def test_a_refusal_is_a_loss_and_stops_nothing(self, memory: GraphMemory, tmp_path: Path) -> None:
        text = "---\npermalink: {0}\ncreated: 202{1}-01-01\n---\n- supersedes [[{2}]]\n"
        (tmp_path / "notes").mkdir()
        for name, year, other in (("a", 4, "b"), ("b", 5, "a")):
            (tmp_path / "notes" / f"{name}.md").write_text(text.format(name, year, other), encoding="utf-8")
        report = bring(memory, tmp_path / "notes")
        assert len(report.added) == 2
        assert report.reasons == {"not applied": 1}

    def test_a_dry_run_counts_what_it_read(self) -> None:
        report = dry_report(read_export(DATA / "basic-memory", ASKED))
        assert (report.source, report.statements, report.relations) == (MemoryFormat.BASIC_MEMORY, 8, 2)
