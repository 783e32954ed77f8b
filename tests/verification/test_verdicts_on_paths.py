"""Verdicts on memories that name files and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.model import Anchor, AnchorKind
from graphmem.verification import CodeStatus
from tests.sources.git.repositories import Repository, body
from tests.verification.memories import file_anchor, memory, verdict


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(src__store_dot_py=body("store"), src__other_dot_py=body("other"), docs__a_dot_md=body("a"))
    made.commit()
    return made


def test_a_file_that_is_there_verifies(repository: Repository) -> None:
    found = verdict(repository, memory("Read `src/store.py`."))
    assert found.status is CodeStatus.VERIFIED
    assert found.findings[0].evidence[0].path == "src/store.py"
    assert found.commit == repository.git("rev-parse", "HEAD")


def test_a_removed_file_breaks_with_the_commit_that_removed_it(repository: Repository) -> None:
    repository.git("rm", "-q", "src/store.py")
    removed = repository.commit()
    repository.commit()
    found = verdict(repository, memory("Read `src/store.py`."))
    assert found.status is CodeStatus.BROKEN
    assert [(each.commit, each.path) for each in found.findings[0].evidence] == [(removed, "src/store.py")]


def test_a_renamed_file_has_moved(repository: Repository) -> None:
    (repository.root / "lib").mkdir()
    repository.git("mv", "src/store.py", "lib/rows.py")
    repository.commit()
    finding = verdict(repository, memory("Read `src/store.py`.")).findings[0]
    assert (finding.status, finding.current, finding.similarity) == (CodeStatus.MOVED, ("lib/rows.py",), 100)


def test_a_path_that_was_removed_before_the_memory_is_undecided(repository: Repository) -> None:
    repository.git("rm", "-q", "src/store.py")
    repository.commit()
    assert verdict(repository, memory("Read `src/store.py`.", since=2)).status is CodeStatus.UNDECIDED


def test_a_path_that_came_after_the_memory_can_break(repository: Repository) -> None:
    repository.write(src__new_dot_py=body("new"))
    repository.commit()
    repository.git("rm", "-q", "src/new.py")
    repository.commit()
    assert verdict(repository, memory("Read `src/new.py`.", since=1)).status is CodeStatus.BROKEN


def test_a_path_that_never_was_is_undecided(repository: Repository) -> None:
    assert verdict(repository, memory("Read `src/never.py`.")).status is CodeStatus.UNDECIDED
    assert verdict(repository, memory("Be kind.")).findings == ()


def test_a_path_is_found_beside_its_file_and_by_its_end(repository: Repository) -> None:
    assert verdict(repository, memory("[a](a.md)", path="docs/rules.md")).status is CodeStatus.VERIFIED
    assert verdict(repository, memory("[a](../src/store.py)", path="docs/rules.md")).status is CodeStatus.VERIFIED
    repository.write(web__app__src__view_dot_ts=body("page"))
    repository.commit()
    assert verdict(repository, memory("Read `app/src/view.ts` and `view.ts`.")).status is CodeStatus.VERIFIED
    repository.git("rm", "-qr", "web")
    repository.commit()
    found = verdict(repository, memory("Read `app/src/view.ts` and `view.ts`.", since=2))
    assert [finding.status for finding in found.findings] == [CodeStatus.BROKEN, CodeStatus.BROKEN]


def test_a_folder_has_moved_to_where_its_files_went(repository: Repository) -> None:
    repository.git("mv", "src", "lib")
    repository.commit()
    finding = verdict(repository, memory("The code is in `src/`.")).findings[0]
    assert (finding.status, finding.current) == (CodeStatus.MOVED, ("lib",))
    repository.git("rm", "-qr", "docs")
    removed = repository.commit()
    finding = verdict(repository, memory("The pages are in `docs/`.")).findings[0]
    assert (finding.status, finding.evidence[0].commit) == (CodeStatus.BROKEN, removed)


def test_a_name_without_a_folder_verifies_wherever_the_file_is_now(repository: Repository) -> None:
    (repository.root / "docs/deep").mkdir()
    repository.git("mv", "docs/a.md", "docs/deep/a.md")
    repository.commit()
    assert verdict(repository, memory("Read `a.md`.", path="docs/rules.md")).status is CodeStatus.VERIFIED
    repository.git("mv", "docs/deep/a.md", "docs/deep/b.md")
    repository.commit()
    assert verdict(repository, memory("Read `a.md`.", path="docs/rules.md")).status is CodeStatus.MOVED


def test_what_git_ignores_now_is_undecided(repository: Repository) -> None:
    repository.git("rm", "-q", "src/store.py")
    repository.write(_dot_gitignore="src/st*.py\n")
    repository.commit()
    assert verdict(repository, memory("Read `src/store.py`.")).status is CodeStatus.UNDECIDED


def test_links_to_folders_are_followed(repository: Repository) -> None:
    (repository.root / "code").symlink_to("src")
    repository.commit()
    assert verdict(repository, memory("Read `code/store.py`.")).status is CodeStatus.VERIFIED
    repository.git("rm", "-q", "src/store.py")
    repository.commit()
    assert verdict(repository, memory("Read `code/store.py`.", since=2)).status is CodeStatus.UNDECIDED


def test_anchors_count_even_if_their_name_is_common_but_not_in_other_repositories(repository: Repository) -> None:
    repository.write(config_dot_yaml=body("config"))
    repository.commit()
    repository.git("rm", "-q", "config.yaml")
    repository.commit()
    assert verdict(repository, memory("Read it.", file_anchor("config.yaml"), since=2)).status is CodeStatus.BROKEN
    elsewhere = Anchor(AnchorKind.FILE, "config.yaml", repo="other")
    assert verdict(repository, memory("Read it.", elsewhere, since=2)).status is CodeStatus.UNDECIDED


def test_folders_and_modules_can_be_anchors(repository: Repository) -> None:
    folder, module = Anchor(AnchorKind.FILE, "src/"), Anchor(AnchorKind.MODULE, "docs/deep")
    repository.write(docs__deep__b_dot_md=body("b"))
    repository.commit()
    listed = memory("Both", folder, module, Anchor(AnchorKind.MODULE, "shop.store"), since=2)
    found = verdict(repository, listed)
    assert [(each.target, each.status) for each in found.findings] == [
        ("src", CodeStatus.VERIFIED),
        ("docs/deep", CodeStatus.VERIFIED),
    ]
    repository.git("rm", "-qr", "src", "docs/deep")
    repository.write(_dot_gitignore="/src/\n")
    repository.commit()
    statuses = [each.status for each in verdict(repository, listed).findings]
    assert statuses == [CodeStatus.UNDECIDED, CodeStatus.BROKEN]


def test_a_folder_whose_files_are_scattered_is_broken(repository: Repository) -> None:
    for number in range(6):
        (repository.root / "many").mkdir(exist_ok=True)
        (repository.root / f"many/f{number}.py").write_text(body(str(number)))
    repository.commit()
    (repository.root / "lib").mkdir()
    repository.git("mv", "many/f0.py", "lib/f0.py")
    repository.git("rm", "-qr", "many")
    repository.commit()
    finding = verdict(repository, memory("The parts are in `many/`.", since=2)).findings[0]
    assert (finding.status, finding.current) == (CodeStatus.BROKEN, ("lib",))


def test_a_removed_file_has_moved_to_a_new_file_of_the_same_ending_only(repository: Repository) -> None:
    repository.write(old__app__start_dot_py=body("old"), other__app__start_dot_py=body("other"))
    repository.commit()
    repository.git("rm", "-q", "old/app/start.py")
    repository.commit()
    subject = memory("Read `app/start.py`.", path="old/rules.md", since=2)
    assert verdict(repository, subject).status is CodeStatus.BROKEN
    repository.write(new__app__start_dot_py=body("rewritten"))
    repository.commit()
    finding = verdict(repository, subject).findings[0]
    assert (finding.status, finding.current) == (CodeStatus.MOVED, ("new/app/start.py",))


def test_a_file_that_was_split_is_in_its_parts(tmp_path: Path) -> None:
    made = Repository.made(tmp_path / "split")
    made.write(whole_dot_py=body("one", 20) + body("two", 20))
    made.commit()
    made.git("rm", "--quiet", "whole.py")
    made.write(one_dot_py=body("one", 20) + body("more", 25), two_dot_py=body("two", 20) + body("less", 25))
    made.commit()
    finding = verdict(made, memory("It is in `whole.py`")).findings[0]
    assert (finding.status, finding.reason) == (CodeStatus.MOVED, "went to one.py (50%), two.py (50%)")
    assert finding.current == ("one.py", "two.py")
