"""Readings of mainlines: at once or in parts, after rewrites, and of unusual repositories."""

from __future__ import annotations

import os
import random
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import PathOrigin, packed, unpacked
from graphmem.sources.git import mainline_reading, refs
from graphmem.sources.git.mainline_reading import MainlineBatch, MainlineReader
from graphmem.sources.git.runner import GitFailure
from tests.sources.git.repositories import Repository, body

READ_AT = datetime(2040, 1, 1, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


def read(root: Path, history: MainlineHistory | None = None, ref: str | None = None) -> MainlineHistory:
    """The history with all that is new."""
    made = (history or MainlineHistory()).copy()
    for batch in MainlineReader(root, ref=ref, read_at=READ_AT).batches(made.copy()):
        rows = unpacked(packed(batch.rows))
        assert rows == batch.rows
        assert made.takes(rows)
        made.add(made.seq + 1, rows, batch.ref, batch.authors)
    return made


def batches(root: Path, history: MainlineHistory) -> list[MainlineBatch]:
    return list(MainlineReader(root, read_at=READ_AT).batches(history))


def paths(history: MainlineHistory) -> list[list[str]]:
    """The paths of each file, in order."""
    lineages = dict.fromkeys(segment.lineage for segment in history.segments)
    return [[segment.path for segment in history.life(lineage)] for lineage in lineages]


def assert_equal(left: MainlineHistory, right: MainlineHistory) -> None:
    """Two histories tell the same, whatever the numbers of their lineages."""
    assert (left.shas, left.times_us, left.arrivals) == (right.shas, right.times_us, right.arrivals)
    assert left.refs == right.refs
    assert [segment._replace(lineage=0) for segment in left.segments] == [
        segment._replace(lineage=0) for segment in right.segments
    ]
    assert sorted(paths(left)) == sorted(paths(right))


def grown(repository: Repository, seed: int, commits: int) -> list[str]:
    """The hashes of random commits that write, move, copy, delete and restore files."""
    draw = random.Random(seed)  # noqa: S311 - the same commits in every run
    names = [f"f{number}" for number in range(8)]
    texts = {name: body(f"{seed}-{name}") for name in names}
    shas: list[str] = []
    for number in range(commits):
        for _ in range(draw.randint(1, 2)):
            present = [name for name in names if (repository.root / name).exists()]
            absent = [name for name in names if name not in present]
            action = draw.choice(["write", "move", "copy", "delete", "restore", "edit"])
            if action in {"write", "restore"} and absent:
                name = draw.choice(absent)
                text = texts[draw.choice(names)] if action == "restore" else body(f"{seed}-{number}-{name}")
                (repository.root / name).write_text(text, encoding="utf-8")
            elif action in {"move", "copy"} and present and absent:
                old, new = draw.choice(present), draw.choice(absent)
                (repository.root / new).write_bytes((repository.root / old).read_bytes())
                if action == "move":
                    (repository.root / old).unlink()
            elif action == "delete" and present:
                (repository.root / draw.choice(present)).unlink()
            elif action == "edit" and present:
                with (repository.root / draw.choice(present)).open("a", encoding="utf-8") as file:
                    file.write(f"line {number}\n")
        shas.append(repository.commit())
    return shas


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_parts_tell_what_a_whole_reading_tells(
    repository: Repository, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mainline_reading, "BATCH", 7)
    shas = grown(repository, seed, 30)
    whole = read(repository.root)
    for cuts in ((4, 5, 6), (11,), (20, 29)):
        history = MainlineHistory()
        for cut in cuts:
            history = read(repository.root, history, shas[cut])
        assert_equal(read(repository.root, history), whole)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [6, 7, 8])
def test_each_commit_by_itself_tells_what_a_whole_reading_tells(repository: Repository, seed: int) -> None:
    shas = grown(repository, seed, 30)
    history = MainlineHistory()
    for sha in shas:
        history = read(repository.root, history, sha)
    whole = read(repository.root)
    assert_equal(history, whole)
    for number in range(len(whole.segments)):
        edits = [list(each.authors.of_file((), [number], len(shas))) for each in (history, whole)]
        assert edits[0] == edits[1]


def test_a_commit_that_only_edits_files_needs_no_commit_before_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write(a=body("a"), b=body("b"))
    repository.commit()
    history = read(repository.root)
    repository.write(a=body("a") + "more\n")
    repository.commit()
    monkeypatch.setattr(MainlineReader, "_resumed", None)
    edited = read(repository.root, history)
    assert edited.segments == history.segments
    assert len(edited.shas) == 2
    repository.write(b="other\n", c="new\n")
    repository.commit()
    with pytest.raises(TypeError):
        read(repository.root, edited)


_PEOPLE = (
    "Ann <ann@example.org>",
    "Ann <a@old.example>",
    "Bo <bo@example.org>",
    "Zo\udce9 <zo\udce9@example.org>",
    "Cy <>",
)


def written(repository: Repository, seed: int, commits: int) -> list[str]:
    """The hashes of random commits of several authors, some of them merges, that edit files and `.mailmap`."""
    draw = random.Random(seed)  # noqa: S311 - the same commits in every run
    shas: list[str] = []
    for number in range(commits):
        if draw.random() < 0.3 and shas:
            repository.git("checkout", "--quiet", "-b", f"b{number}", draw.choice(shas[-3:]))
            (repository.root / f"side{number}").write_text(body(str(number)), encoding="utf-8")
            repository.git("add", "--all")
            repository.git("commit", "--quiet", "--message=side", f"--author={draw.choice(_PEOPLE)}")
            repository.git("checkout", "--quiet", "main")
            repository.git("merge", "--quiet", "--no-ff", "--message=merge", f"b{number}")
        else:
            name = draw.choice(["a", "b", ".mailmap"]) if number else "a"
            line = f"An <ann@example.org> <{draw.choice(['a@old.example', 'bo@example.org'])}>\n"
            path = repository.root / name
            if name == ".mailmap" and path.exists() and draw.random() < 0.5:
                path.unlink()
            else:
                with path.open("a", encoding="utf-8") as file:
                    file.write(line if name == ".mailmap" else f"{number}\n")
            repository.git("add", "--all")
            at_s = 1_700_000_000 + 60 * number
            repository.git("commit", "--quiet", "--message=edit", f"--author={draw.choice(_PEOPLE)}", at_s=at_s)
        shas.append(repository.git("rev-parse", "HEAD"))
    return shas


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("most", [3, 5_000])
def test_authors_in_parts_are_those_of_a_whole_reading(
    repository: Repository, seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = written(repository, seed, 24)
    whole = read(repository.root)
    expected = [whole.authors.author_of(position) for position in range(len(shas))]
    assert None not in expected
    monkeypatch.setattr(mainline_reading, "BATCH", most)
    history = read(repository.root, None, shas[3])
    for sha in (shas[4], *shas[9::2], shas[-1]):
        history = read(repository.root, history, sha)
        assert history.authors.has_all
        part = read(repository.root, None, sha)
        positions = range(len(history.shas))
        assert [*map(history.authors.author_of, positions)] == [*map(part.authors.author_of, positions)]
    assert [*map(history.authors.author_of, range(len(shas)))] == expected


def test_nothing_new_makes_no_batch(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    history = read(repository.root)
    assert batches(repository.root, history) == []
    repository.git("tag", "v1")
    (batch,) = batches(repository.root, history)
    assert (batch.rows.shas, [ref.name for ref in batch.rows.refs]) == ((), ["v1"])


@pytest.mark.parametrize("seed", [4, 5])
def test_a_rewritten_mainline_is_read_from_the_fork(repository: Repository, seed: int) -> None:
    shas = grown(repository, seed, 14)
    before = read(repository.root)
    repository.git("reset", "--quiet", "--hard", shas[8])
    repository.days = 9
    grown(repository, seed + 50, 5)
    (batch,) = batches(repository.root, before)
    assert batch.rows.start == 9
    assert_equal(read(repository.root, before), read(repository.root))


def test_a_history_may_begin_within_the_mainline_and_stays_so(repository: Repository) -> None:
    shas = grown(repository, 9, 10)
    history = MainlineHistory()
    reader = MainlineReader(repository.root, since=shas[6], read_at=READ_AT)
    for number, batch in enumerate(reader.batches(history.copy()), 1):
        history.add(number, batch.rows, authors=batch.authors)
    assert history.shas == shas[6:]
    whole = read(repository.root)
    assert history.files_at(history.times_us[0]) == whole.files_at(whole.times_us[6])
    assert history.files_at(history.times_us[-1]) == whole.files_at(whole.times_us[-1])
    repository.days = 10
    later = grown(repository, 10, 1)
    assert read(repository.root, history).shas == [*shas[6:], *later]
    repository.git("checkout", "--quiet", "-b", "side", shas[2])
    side = repository.commit()
    with pytest.raises(GitFailure, match="not on the mainline"):
        MainlineReader(repository.root, ref="main", since=side, read_at=READ_AT)


def test_a_history_that_begins_within_the_mainline_follows_files_that_were_there(repository: Repository) -> None:
    repository.write(a=body("a"), b=body("b"))
    repository.commit()
    second = repository.commit()
    history = MainlineHistory()
    for batch in MainlineReader(repository.root, since=second, read_at=READ_AT).batches(history.copy()):
        history.add(1, batch.rows, authors=batch.authors)
    repository.git("mv", "a", "c")
    (repository.root / "b").unlink()
    repository.commit()
    later = read(repository.root, history)
    assert later.files_at(later.times_us[-1]) == {"c"}
    assert sorted(paths(later)) == [["a", "c"], ["b"]]


def test_chunks_of_few_changes_tell_what_a_whole_reading_tells(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(repository, 14, 25)
    whole = read(repository.root)
    monkeypatch.setattr(mainline_reading, "_CHUNK_CHANGES", 2)
    monkeypatch.setattr(mainline_reading, "BATCH", 4)
    assert_equal(read(repository.root), whole)


def test_a_mainline_that_was_reset_to_an_earlier_commit_is_cut(repository: Repository) -> None:
    shas = grown(repository, 11, 12)
    before = read(repository.root)
    repository.git("reset", "--quiet", "--hard", shas[5])
    assert_equal(read(repository.root, before), read(repository.root))


def test_a_checkout_of_another_branch_does_not_change_the_mainline(repository: Repository) -> None:
    grown(repository, 12, 3)
    before = read(repository.root)
    assert before.ref == "refs/heads/main"
    repository.git("checkout", "--quiet", "-b", "side")
    grown(repository, 13, 2)
    after = read(repository.root, before)
    assert (after.shas, len(after.sides)) == (before.shas, 2)
    assert len(read(repository.root, before, "side").shas) == 5


def test_another_repository_in_the_same_place_replaces_all(repository: Repository, tmp_path: Path) -> None:
    grown(repository, 6, 5)
    other = Repository.made(tmp_path / "other")
    grown(other, 7, 3)
    assert_equal(read(other.root, read(repository.root)), read(other.root))


def test_a_shallow_clone_says_so_and_deepens_without_doubles(repository: Repository, tmp_path: Path) -> None:
    grown(repository, 8, 12)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", "4", f"file://{repository.root}", str(clone))
    shallow = read(clone)
    assert (shallow.is_shallow, len(shallow.shas)) == (True, 4)
    git(clone, "fetch", "--quiet", "--unshallow")
    deep = read(clone, shallow)
    assert (deep.is_shallow, len(deep.shas)) == (False, 12)
    assert sorted(paths(deep)) == sorted(paths(read(repository.root)))


def test_merged_commits_arrive_with_their_merge(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "side")
    repository.write(b=body("b"))
    first = repository.commit()
    second = repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.commit()
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    history = read(repository.root)
    assert history.arrivals == {first: 2, second: 2}
    assert len(history.shas) == 3


def test_an_octopus_merge_and_several_roots_are_read(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    for name in ("x", "y"):
        repository.git("checkout", "--quiet", "-b", name, "main")
        repository.write(**{name: body(name)})
        repository.commit()
    repository.git("checkout", "--quiet", "--orphan", "root2")
    repository.git("rm", "--quiet", "-r", "--force", ".")
    repository.write(z=body("z"))
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.commit()
    repository.git("merge", "--quiet", "--no-edit", "x", "y")
    repository.git("merge", "--quiet", "--no-edit", "--allow-unrelated-histories", "root2")
    history = read(repository.root)
    assert history.files_at(history.times_us[-1]) == {"a", "x", "y", "z"}
    assert sorted(history.arrivals.values()) == [2, 2, 3]


def test_a_tag_beside_the_mainline_has_its_own_line(repository: Repository) -> None:
    repository.write(a=body("a"), b=body("b"))
    fork = repository.commit()
    repository.git("checkout", "--quiet", "-b", "release")
    repository.write(c=body("c"))
    (repository.root / "b").unlink()
    repository.commit()
    head = repository.commit()
    repository.git("tag", "-a", "-m", "release", "v1")
    repository.git("checkout", "--quiet", "main")
    repository.write(d=body("d"))
    repository.commit()
    history = read(repository.root)
    assert {name: ref.sha for (kind, name), ref in history.refs.items() if kind == "tag"} == {"v1": head}
    line = history.sides[head]
    assert history.sides[line.parent][1:] == (fork, history.sides[line.parent].at_us, ("c",), ("b",))
    repository.git("branch", "--quiet", "-D", "release")
    later = read(repository.root, history)
    assert ("branch", "release") not in later.refs
    assert later.sides == history.sides


def test_too_many_commits_beside_the_mainline_are_reported(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refs, "MOST_SIDE_COMMITS", 1)
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit()
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    history = read(repository.root)
    assert [unread.reason for unread in history.unread] == [
        "beside the mainline: more than 1 commits lie beside the mainline"
    ]


def test_unusual_paths_are_kept_in_a_reversible_form(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    for name in (b"new\nline", b"caf\xe9", b'"quoted"', "ü ok".encode()):
        (repository.root / os.fsdecode(name)).write_text(body(repr(name)), encoding="utf-8")
    repository.commit()
    history = read(repository.root)
    assert history.files_at(history.times_us[-1]) == {"a", '"new\\nline"', '"caf\\351"', '"\\"quoted\\""', "ü ok"}
    (repository.root / os.fsdecode(b"caf\xe9")).rename(repository.root / "cafe")
    repository.commit()
    assert_equal(read(repository.root, history), read(repository.root))
    assert ['"caf\\351"', "cafe"] in paths(read(repository.root, history))


def test_a_commit_of_the_future_counts_from_the_reading_and_is_reported(repository: Repository) -> None:
    repository.commit(1_000)
    repository.commit(int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()))
    history = read(repository.root)
    assert history.times_us[1] == int(READ_AT.timestamp()) * 1_000_000
    assert [unread.position for unread in history.unread] == [1]
    repository.commit()
    assert read(repository.root, history).times_us[1:] == [history.times_us[1], history.times_us[1] + 1]


def test_a_commit_that_cannot_be_read_does_not_stop_the_next(repository: Repository) -> None:
    repository.write(a=body("a"))
    repository.commit()
    repository.write(b=body("b"))
    repository.commit()
    tree = repository.git("rev-parse", "HEAD^{tree}")
    repository.write(c=body("c"))
    repository.commit()
    repository.git("mv", "c", "d")
    repository.commit()
    damage(repository, tree)
    history = read(repository.root)
    assert len(history.shas) == 4
    assert {unread.position for unread in history.unread} <= {1, 2}
    assert history.unread
    assert "d" in history.files_at(history.times_us[-1])
    assert batches(repository.root, history) == []


def test_submodules_links_and_empty_files_are_no_renames(repository: Repository) -> None:
    repository.write(empty="", a=body("a"))
    (repository.root / "link").symlink_to("a")
    first = repository.commit()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},module")
    repository.git("commit", "--quiet", "--message=module")
    (repository.root / "empty").unlink()
    repository.write(other="")
    repository.git("rm", "--quiet", "--cached", "module")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=again")
    history = read(repository.root)
    assert all(segment.origin is PathOrigin.ADDED for segment in history.segments)
    assert history.files_at(history.times_us[-1]) == {"a", "link", "other"}


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def damage(repository: Repository, name: str) -> None:
    """Overwrite an object of the repository."""
    file = repository.root / ".git" / "objects" / name[:2] / name[2:]
    file.chmod(0o600)
    file.write_bytes(b"damaged")
