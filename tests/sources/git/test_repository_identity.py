"""The name of a repository: of each form of a remote, without one, of clones and work trees; never a credential."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git.repository_identity import earlier_name, remote_identity, repository_name
from tests.sources.git.repositories import Repository

NAME = "example.org/team/project"
SECRET = "glpat-Zx81qv9TTk20wPdY"  # noqa: S105 - it opens nothing


@pytest.fixture
def project(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "project")
    made.write(a="a")
    made.commit()
    return made


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/team/project.git",
        "https://EXAMPLE.org:8443/team/project/",
        "http://example.org/team//project.git/",
        f"https://oauth2:{SECRET}@example.org/team/project.git",
        f"https://{SECRET}@example.org/team/project",
        f"https://example.org/team/project.git?private_token={SECRET}#{SECRET}",
        "git://example.org/team/project.git",
        "ssh://git@example.org/team/project",
        "ssh://git@example.org:2222/team/project.git",
        "git+ssh://git@example.org/team/project.git",
        "git@example.org:team/project.git",
        "git@example.org:/team/project.git",
        "example.org:team/project",
        f"{SECRET}@example.org:team/project.git",
    ],
)
def test_every_form_of_a_remote_is_one_name(url: str) -> None:
    assert remote_identity(url) == NAME


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("ssh://git@ssh.github.com:443/team/project.git", "github.com/team/project"),
        ("git@altssh.gitlab.com:team/project.git", "gitlab.com/team/project"),
        ("https://[2001:db8::1]:8080/team/project.git", "2001:db8::1/team/project"),
        ("git@[2001:db8::1]:team/project.git", "2001:db8::1/team/project"),
        ("https://example.org/a%20b/project.git", "example.org/a b/project"),
        ("https://example.org/~ann/project", "example.org/~ann/project"),
    ],
)
def test_hosts_and_paths_are_written_in_one_way(url: str, name: str) -> None:
    assert remote_identity(url) == name


@pytest.mark.parametrize(
    "url",
    [
        *("/srv/git/project.git", "../project", "./project:x/y", "file:///srv/git/project.git"),
        *("C:\\work\\project", "C:/work/project", "\\\\server\\share\\project", ""),
        *("ext::sh -c evil", "https://example.org", "https://example.org/", "unknown://example.org/team/project"),
    ],
)
def test_a_path_of_this_machine_is_no_name(url: str) -> None:
    assert remote_identity(url) is None


@pytest.mark.parametrize(
    "url",
    [
        f"https://ann:half/{SECRET}@example.org/team/project.git",
        f"https://half/{SECRET}@example.org/team/project.git",
        f"https://ann:{SECRET}\\@example.org/team/project.git",
        f"git@example.org:{SECRET}@team/project",
    ],
)
def test_a_part_that_may_be_a_password_gives_no_name(url: str) -> None:
    assert remote_identity(url) is None


def test_a_folder_below_the_root_has_the_name_of_the_remote(project: Repository) -> None:
    project.git("remote", "add", "origin", "git@example.org:team/project.git")
    project.write(src__deep__a="a")
    assert repository_name(project.root / "src" / "deep") == NAME


def test_of_several_remotes_origin_counts_then_upstream_then_the_first_by_name(project: Repository) -> None:
    project.git("remote", "add", "zeta", "https://example.org/zeta/project")
    project.git("remote", "add", "alpha", "https://example.org/alpha/project")
    assert repository_name(project.root) == "example.org/alpha/project"
    project.git("remote", "add", "upstream", "https://example.org/team/project")
    assert repository_name(project.root) == NAME
    project.git("remote", "add", "origin", "https://example.org/fork/project")
    project.git("config", "remote.origin.pushurl", "https://example.org/push/project")
    project.git("config", "url.https://other.example/.insteadOf", "https://example.org/")
    assert repository_name(project.root) == "example.org/fork/project"


def test_a_configuration_by_hand_is_read_as_git_reads_it(project: Repository) -> None:
    config = project.root / ".git" / "config"
    config.write_text(
        '[ Remote "origin" ]\n\tURL = "https://example.org/team/project.git" ; ours\n\turl = https://example.org/second\n'
    )
    assert repository_name(project.root) == NAME


def test_without_a_remote_the_first_commit_is_the_name_of_every_clone(project: Repository, tmp_path: Path) -> None:
    first = project.git("rev-list", "--max-parents=0", "HEAD")
    project.write(b="b")
    project.commit()
    assert repository_name(project.root) == f"root-{first[:12]}"
    assert earlier_name(project.root) == "project"
    project.git("clone", "--quiet", str(project.root), str(tmp_path / "elsewhere"))
    project.git("clone", "--quiet", "--bare", f"file://{tmp_path}/elsewhere", str(tmp_path / "third.git"))
    project.git("clone", "--quiet", str(tmp_path / "third.git"), str(tmp_path / "fourth"))
    assert {repository_name(tmp_path / clone) for clone in ("elsewhere", "fourth")} == {f"root-{first[:12]}"}


def test_a_clone_of_a_clone_has_the_remote_of_the_first(project: Repository, tmp_path: Path) -> None:
    project.git("remote", "add", "origin", "https://example.org/team/project.git")
    project.git("clone", "--quiet", str(project.root), str(tmp_path / "elsewhere"))
    assert repository_name(tmp_path / "elsewhere") == NAME


def test_remotes_on_this_machine_that_lead_in_a_circle_or_nowhere_do_not_count(project: Repository) -> None:
    first = project.git("rev-list", "--max-parents=0", "HEAD")
    for url in (str(project.root), "/nowhere/at/all", "C:\\work\\project", "bad\0path".replace("\0", "")):
        project.git("config", "remote.origin.url", url)
        assert repository_name(project.root) == f"root-{first[:12]}"


def test_an_unrelated_history_that_is_merged_later_does_not_rename(project: Repository) -> None:
    first = project.git("rev-list", "--max-parents=0", "HEAD")
    project.git("checkout", "--quiet", "--orphan", "other")
    project.write(c="c")
    project.commit()
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--allow-unrelated-histories", "-m", "both", "other")
    assert repository_name(project.root) == f"root-{first[:12]}"


def test_work_trees_and_forks(project: Repository, tmp_path: Path) -> None:
    """Work trees share the name, forks share only the first commit."""
    project.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "x")
    assert repository_name(tmp_path / "tree") == repository_name(project.root)
    project.git("clone", "--quiet", str(project.root), str(tmp_path / "fork"))
    fork = Repository(tmp_path / "fork")
    fork.git("remote", "set-url", "origin", "https://example.org/ann/project")
    project.git("remote", "add", "origin", "https://example.org/team/project")
    assert (repository_name(fork.root), repository_name(project.root)) == ("example.org/ann/project", NAME)
    assert repository_name(tmp_path / "tree") == NAME


def test_a_submodule_has_a_name_of_its_own(project: Repository, tmp_path: Path) -> None:
    inner = Repository.made(tmp_path / "inner")
    inner.write(a="inner")
    inner.commit()
    inner.git("remote", "add", "origin", "https://example.org/team/inner")
    project.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "lib/inner")
    project.git("remote", "add", "origin", "https://example.org/team/project")
    assert repository_name(project.root / "lib" / "inner") == "example.org/team/inner"
    assert repository_name(project.root / "lib") == NAME


def test_without_commits_and_in_a_shallow_clone_the_folder_is_the_name(project: Repository, tmp_path: Path) -> None:
    assert repository_name(Repository.made(tmp_path / "empty").root) == "empty"
    project.write(b="b")
    project.commit()
    project.git("clone", "--quiet", "--depth=1", f"file://{project.root}", str(tmp_path / "shallow"))
    shallow = Repository(tmp_path / "shallow")
    shallow.git("remote", "remove", "origin")
    assert repository_name(shallow.root) == "shallow"
    assert repository_name(tmp_path) is None
