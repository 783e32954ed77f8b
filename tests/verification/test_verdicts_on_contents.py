"""Verdicts on memories about commands, dependencies, symbols and the contents of files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graphmem.verification import CodeStatus, ReferenceKind
from graphmem.verification.manifest_search import dependency_names
from tests.sources.git.repositories import Repository, body
from tests.verification.memories import day, file_anchor, memory, symbol_anchor, verdict

CODE = """class Store:
    def read(self, key):
        row = self.rows[key]
        return row


def main():
    pass
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(Makefile="test:\n\techo\n", src__store_dot_py=CODE, src__big_dot_py=body("big"))
    made.write(pyproject_dot_toml="[project]\ndependencies = [\n  'httpx>=1',\n]\n")
    made.commit()
    return made


def test_a_task_that_is_gone_breaks_with_its_last_line(repository: Repository) -> None:
    assert verdict(repository, memory("Run `make test`.")).status is CodeStatus.VERIFIED
    first = repository.git("rev-parse", "HEAD")
    repository.write(Makefile="check:\n\techo\n")
    second = repository.commit()
    finding = verdict(repository, memory("Run `make test`.")).findings[0]
    assert (finding.kind, finding.status) == (ReferenceKind.COMMAND, CodeStatus.BROKEN)
    places = [(each.commit, each.path, each.lines) for each in finding.evidence]
    assert places == [(first, "Makefile", ((1, 1),)), (second, "Makefile", ())]
    assert verdict(repository, memory("Run `make test`.", since=2)).status is CodeStatus.UNDECIDED
    assert verdict(repository, memory("Run `make other`.")).status is CodeStatus.UNDECIDED


def test_a_task_that_was_there_between_breaks(repository: Repository) -> None:
    repository.write(Makefile="test:\n\techo\nfast:\n\techo\n")
    repository.commit()
    repository.git("rm", "-q", "Makefile")
    repository.commit()
    assert verdict(repository, memory("Run `make fast`.")).status is CodeStatus.BROKEN


def test_a_dependency_breaks_only_if_the_memory_is_about_it(repository: Repository) -> None:
    about = memory("Use httpx", subject="dependency.python.httpx")
    assert verdict(repository, about).status is CodeStatus.VERIFIED
    repository.write(pyproject_dot_toml="[project]\ndependencies = []\n")
    repository.commit()
    assert verdict(repository, about).status is CodeStatus.BROKEN
    assert verdict(repository, memory("Use `httpx` for requests")).status is CodeStatus.UNDECIDED
    assert verdict(repository, memory("Use x", subject="dependency.python.never")).status is CodeStatus.UNDECIDED


def test_names_that_a_subject_can_mean() -> None:
    assert dependency_names("python.httpx") == ("python.httpx", "httpx")
    assert dependency_names("go.github.com/a/b") == ("go.github.com/a/b", "github.com/a/b")
    assert dependency_names("maven.org.example:core")[1:] == ("org.example:core", "core")


@pytest.mark.parametrize("name", ["src/store.py:Store.read", "src/store.py::read", "src.store.Store.read"])
def test_a_symbol_that_is_no_longer_defined_breaks(repository: Repository, name: str) -> None:
    subject = memory("Rows are read here", symbol_anchor(name))
    found = verdict(repository, subject)
    assert (found.status, found.findings[0].evidence[0].lines) == (CodeStatus.VERIFIED, ((2, 4),))
    repository.write(src__store_dot_py=CODE.replace("read", "fetch"))
    repository.commit()
    assert verdict(repository, subject).status is CodeStatus.BROKEN


def test_a_symbol_in_another_file_has_moved(repository: Repository) -> None:
    subject = memory("Rows are read here", symbol_anchor("src/store.py:Store"))
    repository.write(src__store_dot_py="def main():\n    pass\n", src__rows_dot_py=CODE.partition("\n\n\n")[0])
    repository.commit()
    finding = verdict(repository, subject).findings[0]
    assert (finding.status, finding.current) == (CodeStatus.MOVED, ("src/rows.py",))


def test_a_symbol_drifts_by_its_own_lines(repository: Repository) -> None:
    subject = memory("Rows are read here", symbol_anchor("src/store.py:read"), file_anchor("src/store.py"))
    repository.write(src__store_dot_py=CODE.replace("row = self.rows[key]", "x = 1").replace("return row", "return x"))
    repository.commit()
    found = verdict(repository, subject)
    symbol = next(finding for finding in found.findings if finding.kind is ReferenceKind.SYMBOL)
    assert (symbol.status, symbol.changed_share) == (CodeStatus.DRIFTED, 0.667)
    assert symbol.evidence[0].lines == ((3, 4),)


def test_a_symbol_of_an_unknown_file_is_undecided(repository: Repository) -> None:
    assert verdict(repository, memory("x", symbol_anchor("Reader"))).status is CodeStatus.UNDECIDED


def test_an_anchored_file_drifts_when_more_than_half_is_gone(repository: Repository) -> None:
    subject = memory("It is long", file_anchor("src/big.py"))
    lines = body("big").splitlines(keepends=True)
    repository.write(src__big_dot_py="".join(lines[:15]) + body("new"))
    repository.commit()
    assert verdict(repository, subject).status is CodeStatus.VERIFIED
    repository.write(src__big_dot_py="".join(lines[:14]) + body("new"))
    repository.commit()
    finding = verdict(repository, subject).findings[0]
    assert (finding.status, finding.changed_share) == (CodeStatus.DRIFTED, 0.533)
    assert finding.evidence[0].lines == ((15, 30),)
    assert verdict(repository, memory("It is long `src/big.py`")).status is CodeStatus.VERIFIED


def test_a_confirmation_starts_drift_anew(repository: Repository) -> None:
    subject = memory("It is long", file_anchor("src/big.py"))
    repository.write(src__big_dot_py=body("new"))
    repository.commit()
    assert verdict(repository, subject).status is CodeStatus.DRIFTED
    assert verdict(repository, replace(subject, confirmed_at=day(2))).status is CodeStatus.VERIFIED


def test_several_anchored_files_drift_together(repository: Repository) -> None:
    subject = memory("Both", file_anchor("src/big.py"), file_anchor("src/store.py"))
    repository.write(src__store_dot_py="x\n")
    repository.commit()
    assert verdict(repository, subject).status is CodeStatus.VERIFIED


LONG = """class Store:
    def read(self, key, since):
        rows = [row for row in self.rows if row.key == key and row.day > since]
        found = sorted(rows, key=lambda row: row.day)
        return found[-1] if found else None
"""


def test_a_symbol_under_another_name_has_moved_with_its_commit(tmp_path: Path) -> None:
    made = Repository.made(tmp_path / "repository")
    made.write(src__store_dot_py=LONG)
    made.commit()
    made.write(src__store_dot_py=LONG.replace("Store", "Rows").replace("read", "latest"))
    sha = made.commit()
    finding = verdict(made, memory("Rows are read here", symbol_anchor("src/store.py#Store.read"))).findings[0]
    assert (finding.status, finding.current, finding.similarity) == (CodeStatus.MOVED, ("src/store.py",), 100)
    assert finding.reason == f"is now src/store.py#Rows.latest since commit {sha[:10]} (by its body, 100 % alike)"
    assert finding.evidence[1].commit == sha


def test_a_symbol_with_twins_is_undecided_and_names_them(tmp_path: Path) -> None:
    made = Repository.made(tmp_path / "repository")
    made.write(src__store_dot_py=LONG)
    made.commit()
    one, two = (LONG.replace("Store", name).replace("read", name.lower()) for name in ("One", "Two"))
    made.write(src__store_dot_py="", src__one_dot_py=one, src__two_dot_py=two)
    made.commit()
    finding = verdict(made, memory("Rows are read here", symbol_anchor("src/store.py#Store.read"))).findings[0]
    proposals = "may be src/one.py#One.one (100 % alike) or src/two.py#Two.two (100 % alike)"
    assert (finding.status, finding.reason) == (CodeStatus.UNDECIDED, proposals)


def test_a_symbol_in_a_file_that_does_not_parse_is_known_by_its_path(repository: Repository) -> None:
    repository.write(src__store_dot_py="<<<<<<< HEAD\n(read\n=======\nx = 1\n")
    repository.commit()
    finding = verdict(repository, memory("Rows are read here", symbol_anchor("src/store.py#Store.read"))).findings[0]
    reason = "src/store.py does not parse; the symbol is known by its path alone"
    assert (finding.status, finding.reason) == (CodeStatus.UNDECIDED, reason)


def test_an_uncommitted_symbol_is_there(repository: Repository) -> None:
    subject = memory("Rows are written here", symbol_anchor("src/store.py#Store.write"))
    assert verdict(repository, subject).status is CodeStatus.UNDECIDED
    repository.write(src__store_dot_py=CODE.replace("read", "write"))
    found = verdict(repository, subject, with_work_tree=True)
    assert (found.status, found.findings[0].evidence[0].commit) == (CodeStatus.VERIFIED, None)
    gone = memory("Rows are read here", symbol_anchor("src/store.py#Store.read"))
    assert verdict(repository, gone, with_work_tree=True).status is CodeStatus.BROKEN
