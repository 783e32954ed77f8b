"""The authors of a repository's commits are known by a hash under the tenant's key, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphmem.model import At, Origin, Scope, Statement
from graphmem.repository.file_lives import FileLife
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.service import GraphMemory
from graphmem.service.context import Write
from graphmem.service.mainline_ingestion import ingest_mainline
from graphmem.sources.git.commit_authors import names_of_commits
from graphmem.sources.git.mainline_reading import MainlineBatch, MainlineReader
from tests.sources.git.repositories import Repository, body

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
FIRST = datetime(2023, 11, 15, 22, 13, 20, tzinfo=UTC)
DAY = timedelta(days=1)
ADA, BOB = "Ada Quillon <ada@quillon.example>", "Bob Vexley <bob@vexley.example>"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(a_dot_py=body("a"), b_dot_py=body("b"))
    moments = iter(range(1, 9))

    def dated(author: str) -> None:
        made.git("add", "--all")
        at_s = int((FIRST + (next(moments) - 1) * DAY).timestamp())
        made.git("commit", "--quiet", "--message=change", f"--author={author}", at_s=at_s)

    dated(ADA)
    made.write(a_dot_py=body("a") + "more\n")
    dated(BOB)
    made.write(a_dot_py=body("a") + "more\nand more\n")
    dated("Bob <BOB@vexley.example>")
    made.git("mv", "a.py", "c.py")
    dated("A. Quillon <ada@old.example>")
    return made


def read(memory: GraphMemory, repository: Repository) -> int:
    return ingest_mainline(memory, MainlineReader(repository.root, read_at=READ_AT).batches).change


def life(memory: GraphMemory, path: str, at: At | None = None, scope: Scope | None = None) -> FileLife:
    return memory.file_life(path, at=at, scope=scope).lives[0]


def shares(of: FileLife) -> list[int]:
    return [share.commits for share in of.authors]


def test_a_file_has_the_authors_of_its_commits(memory: GraphMemory, repository: Repository) -> None:
    read(memory, repository)
    whole = life(memory, "c.py")
    assert shares(whole) == [2, 1, 1]
    bob, old, ada = (share.author for share in whole.authors)
    assert [path.author for path in whole.paths] == [ada, old]
    assert whole.authors[0].commit == repository.git("rev-parse", "HEAD~1")
    assert whole.authors[0].at == FIRST + 2 * DAY
    assert shares(life(memory, "a.py", At(FIRST + DAY))) == [1, 1]
    assert [share.author for share in life(memory, "b.py").authors] == [ada]
    assert len({bob, old, ada}) == 3


def test_a_mailmap_joins_the_addresses_of_an_author(memory: GraphMemory, repository: Repository) -> None:
    first = read(memory, repository)
    repository.write(_dot_mailmap="# People\nAda Quillon <ada@quillon.example> <ADA@old.example>\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=map", f"--author={BOB}", at_s=int((FIRST + 9 * DAY).timestamp()))
    last = read(memory, repository)
    assert shares(life(memory, "c.py")) == [2, 2]
    assert shares(life(memory, "c.py", At(known_at=first))) == [2, 1, 1]
    assert read(memory, repository) == last
    assert memory.check() == []
    head = repository.git("rev-parse", "HEAD~1")
    assert names_of_commits(repository.root, [head, "0" * 40]) == {head: "Ada Quillon"}
    assert names_of_commits(repository.root.parent, [head]) == {}


def test_no_name_and_no_address_is_stored_or_leaves_its_tenant(memory: GraphMemory, repository: Repository) -> None:
    read(memory, repository)
    elsewhere = Scope("elsewhere", memory.scope.repo)
    ingest_mainline(memory, MainlineReader(repository.root, read_at=READ_AT).batches, write=Write(scope=elsewhere))
    ours, theirs = life(memory, "c.py"), life(memory, "c.py", scope=elsewhere)
    assert shares(ours) == shares(theirs)
    assert {share.author for share in ours.authors}.isdisjoint(share.author for share in theirs.authors)
    text = "\n".join(memory.export()) + repr(memory.readings()) + repr(ours)
    for word in ("quillon", "vexley", "Ada", "Bob"):
        assert word not in text


def test_what_an_earlier_release_read_gets_its_authors_once(memory: GraphMemory, repository: Repository) -> None:
    source = MainlineReader(repository.root, read_at=READ_AT).batches

    def former(history: MainlineHistory) -> Iterator[MainlineBatch]:
        return (replace(batch, authors=None) for batch in source(history))

    ingest_mainline(memory, former)
    assert life(memory, "c.py").authors == ()
    assert life(memory, "c.py").paths[0].author is None
    change = read(memory, repository)
    assert shares(life(memory, "c.py")) == [2, 1, 1]
    assert read(memory, repository) == change


def test_a_rewritten_mainline_has_the_authors_of_its_own_commits(memory: GraphMemory, repository: Repository) -> None:
    read(memory, repository)
    repository.git("reset", "-q", "--hard", "HEAD~2")
    repository.write(a_dot_py=body("a") + "other\n")
    repository.git("add", "--all")
    repository.git("commit", "-q", "-m", "other", f"--author={ADA}", at_s=int((FIRST + 3 * DAY).timestamp()))
    read(memory, repository)
    assert shares(life(memory, "a.py")) == [2, 1]


def test_a_merge_counts_for_the_author_of_what_it_brought(memory: GraphMemory, repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "side")
    repository.write(b_dot_py=body("b") + "of the side\n")
    repository.git("add", "--all")
    repository.git("commit", "-q", "-m", "side", f"--author={BOB}", at_s=int((FIRST + 5 * DAY).timestamp()))
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "side", at_s=int((FIRST + 6 * DAY).timestamp()))
    read(memory, repository)
    by = {share.author for share in life(memory, "c.py").authors[:1]}
    assert {share.author for share in life(memory, "b.py").authors} > by


def test_a_memory_that_a_commit_dates_names_the_commit_and_its_author(
    memory: GraphMemory, repository: Repository
) -> None:
    early = memory.add(Statement(title="A rule of the second commit", origin=Origin.DOCUMENT), start=FIRST + DAY).ids[0]
    assert memory.explain(early).dated_by is None
    change = read(memory, repository)
    dated_by = memory.explain(early).dated_by
    assert dated_by is not None
    assert dated_by.sha == repository.git("rev-parse", "HEAD~2")
    assert dated_by.author == life(memory, "c.py").authors[0].author
    assert memory.history(early).dated_by == dated_by
    assert memory.explain(early, at=At(known_at=change - 1)).dated_by is None
    elsewhere = Write(scope=Scope(memory.scope.tenant, "elsewhere"))
    other = memory.add(Statement(title="Of no commit", origin=Origin.DOCUMENT), start=FIRST + DAY / 2).ids[0]
    said = memory.add(Statement(title="A person's", origin=Origin.HUMAN), start=FIRST + DAY).ids[0]
    assert [memory.explain(key).dated_by for key in (other, said)] == [None, None]
    apart = memory.add(Statement(title="Apart", origin=Origin.DOCUMENT), start=FIRST + DAY, write=elsewhere).ids[0]
    assert memory.explain(apart, scope=elsewhere.scope).dated_by is None
