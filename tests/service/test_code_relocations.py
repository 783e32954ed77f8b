"""Symbols and files of memories are followed, and answers say where they are by now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.errors import Forbidden
from graphmem.model import Anchor, AnchorKind, At, Origin, Statement
from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.service import GraphMemory, Write
from graphmem.service.code_relocations import follow_code
from graphmem.service.local_notes import LocalNotes
from graphmem.service.mainline_ingestion import FollowReport, ingest_mainline
from graphmem.sources.git.mainline_reading import MainlineReader
from graphmem.store import Filter
from tests.sources.git.repositories import Repository
from tests.symbols.test_trail import POOL, REST

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
START = datetime(2023, 11, 16, tzinfo=UTC)
HALF = "".join(f"HALF_OF_ALL_{number} = {number}\n" for number in range(20))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(src__pool_dot_py=POOL + REST + HALF)
    made.commit()
    return made


def read(memory: GraphMemory, repository: Repository, notes: Path | None = None) -> FollowReport:
    ingest_mainline(memory, MainlineReader(repository.root, read_at=READ_AT).batches)
    return follow_code(memory, repository.root, notes=LocalNotes(notes, "followed", "mark"))


def about(memory: GraphMemory, title: str, *anchors: Anchor) -> str:
    return memory.add(Statement(title=title, anchors=anchors), start=START, on_similar=None).ids[-1]


def symbol(name: str) -> Anchor:
    return Anchor(AnchorKind.SYMBOL, name)


def file(name: str) -> Anchor:
    return Anchor(AnchorKind.FILE, name)


def places(memory: GraphMemory, key: str, at: At | None = None) -> list[str]:
    card = memory.get(key, at=at)
    return [*(place.sentence for place in card.files), *(place.sentence for place in card.symbols)]


def test_a_symbol_is_where_a_commit_moved_it(memory: GraphMemory, repository: Repository) -> None:
    key = about(memory, "Waits for a free one", symbol("src/pool.py#Pool.acquire"))
    repository.write(src__pool_dot_py=REST + HALF, src__conn_dot_py=POOL)
    moved = repository.commit()
    report = read(memory, repository)
    assert report.relocations == (
        Relocation(moved, "src/pool.py", RelocationBasis.NAME, "Pool.acquire", "src/conn.py", "Pool.acquire"),
    )
    repository.git("mv", "src/conn.py", "conn.py")
    repository.commit()
    assert read(memory, repository).relocations == ()
    (place,) = memory.get(key).symbols
    assert (place.symbol, place.now) == ("src/pool.py#Pool.acquire", "conn.py#Pool.acquire")
    assert [(move.new, move.basis, move.similarity) for move in place.moves] == [
        ("src/conn.py#Pool.acquire", "name", 100),
        ("conn.py#Pool.acquire", "file", 100),
    ]
    assert places(memory, key, At(datetime(2023, 11, 15, 23, tzinfo=UTC))) == []
    assert places(memory, key, At(known_at=1)) == []
    hit = memory.search("waits for a free one").hits[0]
    assert hit.card.symbols == (place,)


def test_a_moved_symbol_is_found_by_its_new_file(memory: GraphMemory, repository: Repository) -> None:
    keys = {
        about(memory, "Waits for a free one", symbol("src/pool.py#Pool.acquire")),
        about(memory, "Waits with its file", file("src/pool.py"), symbol("Pool.acquire")),
    }
    rest = about(memory, "Waits for the rest", file("src/pool.py"))

    def found(*paths: str, at: At | None = None) -> set[str]:
        where = Filter(paths=paths)
        listed = {card.id for card in memory.list(where, at=at).cards}
        assert listed <= {hit.card.id for hit in memory.search("waits", where=where, at=at).hits}
        return listed

    repository.write(src__pool_dot_py=REST + HALF, src__conn_dot_py=POOL)
    repository.commit()
    read(memory, repository)
    repository.git("mv", "src/conn.py", "conn.py")
    repository.commit()
    read(memory, repository)
    for path in ("src/conn.py", "conn.py", "./conn.py", "con*.py"):
        assert found(path) == keys, path
    assert found("src/pool.py") == {*keys, rest}
    assert found("src/pool.py", at=At(START)) == {*keys, rest}
    assert keys.isdisjoint(found("conn.py", at=At(datetime(2023, 11, 15, 23, tzinfo=UTC))))
    places = [card.symbols[0].now for card in memory.list(Filter(paths=("conn.py",))).cards]
    assert places == ["conn.py#Pool.acquire"] * 2


def test_a_symbol_that_is_gone_has_proposals(memory: GraphMemory, repository: Repository) -> None:
    key = about(memory, "Waits", file("src/pool.py"), symbol("pool.Pool.acquire"))
    twins = [POOL.replace("acquire", f"take{number}").replace("Pool", f"Pool{number}") for number in range(2)]
    repository.write(src__pool_dot_py=REST + HALF, src__a_dot_py=twins[0], src__b_dot_py=twins[1])
    sha = repository.commit()
    read(memory, repository)
    proposals = "it may be src/a.py#Pool0.take0 or src/b.py#Pool1.take1"
    assert places(memory, key) == [f"pool.Pool.acquire is gone since 2023-11-16 (commit {sha[:10]}); {proposals}"]


def test_a_split_file_is_found_by_its_halves(memory: GraphMemory, repository: Repository) -> None:
    key = about(memory, "All constants are numbers", file("src/pool.py"))
    repository.write(src__pool_dot_py=POOL + REST, src__half_dot_py=HALF)
    sha = repository.commit()
    (found,) = read(memory, repository).relocations
    assert (found.commit, found.new_path, found.similarity) == (sha, "src/half.py", 36)
    assert places(memory, key) == ["src/pool.py went to src/half.py (36%)"]
    later = memory.add(
        Statement(title="Numbers are written in full", anchors=(file("src/pool.py"),)), on_similar=None
    ).ids[-1]
    assert {card.id for card in memory.list(Filter(paths=("src/half.py",))).cards} == {key}
    assert {card.id for card in memory.list(Filter(paths=("src/pool.py",))).cards} == {key, later}


def test_a_merged_file_has_both_pasts(memory: GraphMemory, repository: Repository) -> None:
    other = HALF.replace("HALF_OF_ALL", "ALL_THE_OTHERS")
    repository.write(src__half_dot_py=other)
    repository.commit()
    keys = {about(memory, "Of the pool", file("src/pool.py")), about(memory, "Of the half", file("src/half.py"))}
    repository.git("rm", "--quiet", "src/half.py", "src/pool.py")
    repository.write(src__all_dot_py=POOL + REST + HALF + other)
    repository.commit()
    read(memory, repository)
    found = {card.id for card in memory.list(Filter(paths=("src/all.py",))).cards}
    assert found == keys


def test_a_folder_answers_with_all_places_of_its_files(memory: GraphMemory, repository: Repository) -> None:
    for number in range(4):
        (repository.root / "lib").mkdir(exist_ok=True)
        (repository.root / f"lib/{number}.py").write_text(f"{number} is a file\n" * 40)
    repository.commit()
    key = about(memory, "The library", file("lib/"))
    for number, folder in enumerate(("one", "one", "two")):
        (repository.root / folder).mkdir(exist_ok=True)
        repository.git("mv", f"lib/{number}.py", f"{folder}/{number}.py")
    repository.git("rm", "--quiet", "lib/3.py")
    repository.commit()
    read(memory, repository)
    assert places(memory, key) == ["lib/ went to one/ (50%), two/ (25%), deleted (25%)"]
    assert {card.id for card in memory.list(Filter(paths=("two/",))).cards} <= {key}


def test_only_what_a_commit_touched_is_followed_again(
    memory: GraphMemory, repository: Repository, tmp_path: Path
) -> None:
    about(memory, "Waits", symbol("src/pool.py#Pool.acquire"))
    notes = tmp_path / "notes"
    assert read(memory, repository, notes).symbols == 1
    repository.write(other="x")
    repository.commit()
    assert read(memory, repository, notes).symbols == 0
    repository.write(src__pool_dot_py=REST)
    repository.commit()
    report = read(memory, repository, notes)
    assert (report.symbols, [each.basis for each in report.relocations]) == (1, [RelocationBasis.GONE])
    assert read(memory, repository, notes).symbols == 0


def test_a_rewritten_mainline_drops_what_its_commits_moved(memory: GraphMemory, repository: Repository) -> None:
    key = about(memory, "Waits", symbol("src/pool.py#Pool.acquire"))
    repository.write(src__pool_dot_py=REST, src__conn_dot_py=POOL)
    repository.commit()
    before = read(memory, repository)
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    assert read(memory, repository).relocations == ()
    assert places(memory, key) == []
    assert places(memory, key, At(known_at=before.change)) != []


def test_memories_of_one_reader_alone_are_not_followed(memory: GraphMemory, repository: Repository) -> None:
    statement = Statement(title="Mine", anchors=(symbol("src/pool.py#Pool.acquire"),))
    memory.add(statement, start=START, write=Write(scope=memory.scope.__class__(repo="r", user="ann")))
    repository.write(src__pool_dot_py=REST)
    repository.commit()
    assert read(memory, repository) == FollowReport()


def test_an_untrusted_origin_records_none(memory: GraphMemory) -> None:
    gone = Relocation("0" * 40, "a.py", RelocationBasis.GONE, "f")
    with pytest.raises(Forbidden, match="may not say what a repository contains"):
        memory.record_relocations([gone], write=Write(origin=Origin.EXTERNAL))
