"""Installation, state and removal of hooks, in each layout of hooks folders."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.errors import NotFound, Unsupported
from graphmem.githooks.hook_script import EVENTS, hook_lines, with_lines
from graphmem.githooks.installation import HookReport, HookState, hook_status, install_hooks, uninstall_hooks
from tests.githooks.conftest import queue_lines, write_hook
from tests.sources.git.repositories import Repository

PROJECT = Path(__file__).parent.parent.parent


def states(report: HookReport) -> dict[str, str]:
    return {hook.event: hook.state.value for hook in report.hooks}


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of the files of a folder without git's samples."""
    found = [path for path in folder.iterdir() if path.suffix != ".sample"]
    return {path.name: (path.read_bytes(), stat.S_IMODE(path.lstat().st_mode)) for path in found}


def test_missing_hooks_are_created_and_removed(repository: Repository, hooks: Path) -> None:
    before = files(hooks)
    assert set(states(hook_status(repository.root)).values()) == {"missing"}
    report = install_hooks(repository.root)
    assert [path.name for path in report.changed] == list(EVENTS)
    assert {mode for _, mode in files(hooks).values()} == {0o755}
    assert set(states(report).values()) == {"installed"}
    assert not any(hook.is_shared for hook in report.hooks)
    assert len(uninstall_hooks(repository.root).changed) == len(EVENTS)
    assert files(hooks) == before
    assert not (repository.root / ".git" / "graphmem").exists()


def test_a_second_installation_changes_nothing(repository: Repository, hooks: Path) -> None:
    install_hooks(repository.root)
    before = files(hooks)
    assert install_hooks(repository.root).changed == ()
    assert files(hooks) == before


@pytest.mark.parametrize(
    "content",
    [
        b"#!/bin/sh\necho mine\nexec true\n",
        b"#!/bin/sh\nexec true",
        b"#!/bin/bash",
        b"#!/bin/sh\n",
        b"#!/bin/sh\necho one\r\necho two\r\n",
    ],
)
@pytest.mark.parametrize("mode", [0o755, 0o700, 0o775])
def test_an_existing_script_keeps_its_bytes_and_mode(
    repository: Repository, hooks: Path, content: bytes, mode: int
) -> None:
    write_hook(hooks / "post-commit", content, mode)
    report = install_hooks(repository.root)
    assert stat.S_IMODE((hooks / "post-commit").stat().st_mode) == mode
    assert next(hook.is_shared for hook in report.hooks if hook.event == "post-commit")
    uninstall_hooks(repository.root)
    assert files(hooks) == {"post-commit": (content, mode)}


def test_lines_added_to_a_created_hook_are_kept(repository: Repository, hooks: Path) -> None:
    install_hooks(repository.root)
    with (hooks / "post-commit").open("a", encoding="utf-8") as hook:
        hook.write("echo mine\n")
    uninstall_hooks(repository.root)
    assert files(hooks) == {"post-commit": (b"#!/bin/sh\necho mine\n", 0o755)}


@pytest.mark.parametrize(
    ("content", "mode", "part"),
    [
        (b"#!/usr/bin/env python3\n", 0o755, "is no script"),
        (b"#!/bin/sh\nexit 1\n", 0o644, "is not executable"),
        (b"#!/bin/sh\r\n", 0o755, "CR LF"),
        (b"#!/bin/sh\n" + b"#\n" * (1 << 19), 0o755, "1 MiB"),
    ],
)
def test_a_hook_that_cannot_have_the_lines_is_left_alone(
    repository: Repository, hooks: Path, content: bytes, mode: int, part: str
) -> None:
    write_hook(hooks / "post-merge", content, mode)
    report = install_hooks(repository.root)
    (manual,) = report.manual
    assert (manual.event, part in str(manual.reason)) == ("post-merge", True)
    assert files(hooks)["post-merge"] == (content, mode)
    assert list(report.manual_lines()) == ["post-merge"]
    assert states(report)["post-commit"] == "installed"


def test_a_link_to_a_tracked_script_is_left_alone(repository: Repository, hooks: Path) -> None:
    script = write_hook(repository.root / "hook.sh", "#!/bin/sh\n")
    (hooks / "post-commit").symlink_to("../../hook.sh")
    report = install_hooks(repository.root)
    assert [(hook.event, hook.reason) for hook in report.manual] == [("post-commit", "is a link to ../../hook.sh")]
    assert script.read_bytes() == b"#!/bin/sh\n"
    write_hook(script, f"#!/bin/sh\n{report.manual_lines()['post-commit']}")
    assert states(hook_status(repository.root))["post-commit"] == "installed"
    repository.commit()
    assert queue_lines(repository)[0][:2] == ["1", "post-commit"]
    uninstall_hooks(repository.root)
    assert (hooks / "post-commit").is_symlink()


def test_lines_of_another_release_are_stale_until_they_are_installed_again(repository: Repository, hooks: Path) -> None:
    old = with_lines(None, "post-commit").replace(b"hooks 1 ", b"hooks 0 ")
    write_hook(hooks / "post-commit", old)
    assert states(hook_status(repository.root))["post-commit"] == "stale"
    assert states(install_hooks(repository.root))["post-commit"] == "installed"
    uninstall_hooks(repository.root)
    assert files(hooks) == {}


def test_damaged_marks_are_left_and_reported(repository: Repository, hooks: Path) -> None:
    torn = write_hook(hooks / "post-commit", with_lines(None, "post-commit")[:200]).read_bytes()
    assert states(install_hooks(repository.root))["post-commit"] == "manual"
    report = uninstall_hooks(repository.root)
    assert report.kept == (hooks / "post-commit",)
    assert files(hooks) == {"post-commit": (torn, 0o755)}


_CONTENTS = st.sampled_from(
    ["#!/bin/sh", "#!/usr/bin/env bash", "#!/usr/bin/python3", "#!/bin/sh\r", "", "exit 0"]
).flatmap(
    lambda first: st.lists(st.sampled_from(["", "exec true", "cat\r", "é", "# >>> other >>>"])).map(
        lambda rest: "\n".join([first, *rest]).encode()
    )
)
_HOOKS = st.dictionaries(
    st.sampled_from([*EVENTS, "pre-commit", "post-commit.legacy"]),
    st.tuples(_CONTENTS, st.sampled_from([0o755, 0o700, 0o644, 0o555])),
)


@given(written=st.lists(_HOOKS, min_size=20, max_size=20))
@settings(max_examples=4)
def test_any_set_of_hooks_is_the_same_after_an_uninstallation(written: list[dict[str, tuple[bytes, int]]]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name) / "repository"
        hooks = Repository.made(root).root / ".git" / "hooks"
        for before in written:
            shutil.rmtree(hooks)
            hooks.mkdir()
            for event, (content, mode) in before.items():
                write_hook(hooks / event, content, mode)
            install_hooks(root)
            install_hooks(root)
            uninstall_hooks(root)
            assert files(hooks) == before


# ---- folders


@pytest.mark.parametrize("folder", [".husky/_", "../shared-hooks", "/dev/null", ".git/hooks/mine"])
def test_a_foreign_hooks_folder_is_not_written(repository: Repository, hooks: Path, folder: str) -> None:
    repository.git("config", "core.hooksPath", folder)
    report = install_hooks(repository.root)
    assert set(states(report).values()) == {"manual"}
    assert list(report.manual_lines()) == list(EVENTS)
    assert files(hooks) == {}
    assert not (repository.root / ".git" / "graphmem").exists()
    assert report.folder == Path(os.path.normpath(repository.root / folder))


def test_lines_added_by_hand_to_a_hook_of_husky_count_and_work(repository: Repository) -> None:
    husky = repository.root / ".husky"
    (husky / "_").mkdir(parents=True)
    repository.git("config", "core.hooksPath", ".husky/_")
    for event, lines in install_hooks(repository.root).manual_lines().items():
        write_hook(husky / "_" / event, f'#!/usr/bin/env sh\nexec sh -e "{husky}/{event}" "$@"\n')
        (husky / event).write_text(f"echo first\n{lines}echo last\n", encoding="utf-8")
    report = install_hooks(repository.root)
    assert (set(states(report).values()), report.changed) == ({"installed"}, ())
    repository.commit()
    repository.git("commit", "--quiet", "--amend", "--allow-empty", "--message=again")
    assert [line[1] for line in queue_lines(repository)] == ["post-commit", "post-commit", "post-rewrite"]
    assert len(uninstall_hooks(repository.root).kept) == len(EVENTS)


def test_lines_of_another_release_by_hand_are_to_be_replaced_by_hand(repository: Repository) -> None:
    repository.git("config", "core.hooksPath", ".husky/_")
    husky = repository.root / ".husky"
    husky.mkdir()
    old = hook_lines("post-commit", is_in_git_directory=False).replace("hooks 1 ", "hooks 0 ")
    (husky / "post-commit").write_text(old, encoding="utf-8")
    hook = hook_status(repository.root).hooks[0]
    assert (hook.state, hook.reason) == (HookState.MANUAL, "has lines of another release of graphmem")


def test_another_folder_of_the_git_directory_is_written(repository: Repository) -> None:
    repository.git("config", "core.hooksPath", ".git/my-hooks")
    install_hooks(repository.root)
    repository.commit()
    assert [line[1] for line in queue_lines(repository)] == ["post-commit"]
    uninstall_hooks(repository.root)
    assert files(repository.root / ".git" / "my-hooks") == {}


def test_hooks_that_another_setting_disabled_are_removed_too(repository: Repository, hooks: Path) -> None:
    install_hooks(repository.root)
    repository.git("config", "core.hooksPath", ".husky/_")
    uninstall_hooks(repository.root)
    assert files(hooks) == {}


def test_a_git_directory_without_hooks_folder_gets_it(repository: Repository, hooks: Path) -> None:
    shutil.rmtree(hooks)
    assert set(states(install_hooks(repository.root)).values()) == {"installed"}


def test_work_trees_share_their_hooks(repository: Repository, hooks: Path, tmp_path: Path) -> None:
    repository.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    assert install_hooks(tmp_path / "side").folder == hooks
    assert set(states(hook_status(repository.root)).values()) == {"installed"}
    uninstall_hooks(repository.root)
    assert set(states(hook_status(tmp_path / "side")).values()) == {"missing"}


def test_a_folder_without_a_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no git work tree"):
        install_hooks(tmp_path)


def test_without_git_nothing_is_installed(repository: Repository, hooks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(Unsupported, match="cannot name the hooks folder"):
        install_hooks(repository.root)
    assert files(hooks) == {}


# Modules are imported before the rights go: the interpreter itself may lie where only root reads.
_AS_NOBODY = """
import os, sys
from pathlib import Path
from graphmem.githooks.installation import install_hooks
os.chdir("/")
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    install_hooks(Path(sys.argv[1]))
except OSError as error:
    print(type(error).__name__)
"""


def test_a_read_only_folder_is_an_error_and_keeps_its_files(repository: Repository) -> None:
    with TemporaryDirectory() as name:
        root = Path(name) / "repository"
        shutil.copytree(repository.root, root, symlinks=True)
        hook = write_hook(root / ".git" / "hooks" / "post-commit", "#!/bin/sh\n", 0o555)
        (root / ".git" / "graphmem").mkdir()
        for path in (Path(name), root, root / ".git", root / ".git" / "hooks", root / ".git" / "graphmem"):
            path.chmod(0o555)
        before = files(hook.parent)
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "HOME": "/", "GIT_CONFIG_GLOBAL": f"{name}/config"}
        Path(name, "config").write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
        words = [sys.executable, "-c", _AS_NOBODY, str(root)]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "PermissionError\n"
        assert files(hook.parent) == before


# ---- the tool pre-commit, whose moves of files these are


PRE_COMMIT = """\
#!/usr/bin/env bash
# File generated by pre-commit: https://pre-commit.com
# ID: 138fd403232d2ddd5efb44317e38bf03
HERE="$(cd "$(dirname "$0")" && pwd)"
exec sh -c 'if [ -x "$0" ]; then "$0" "$@" </dev/null; fi' "$HERE/post-commit.legacy" "$@"
"""


def install_pre_commit(hooks: Path) -> None:
    """Install a hook as pre-commit does: another's hook is moved, and its own is written again."""
    hook = hooks / "post-commit"
    if os.path.lexists(hook) and b"generated by pre-commit" not in hook.read_bytes():
        shutil.move(hook, hooks / "post-commit.legacy")
    write_hook(hook, PRE_COMMIT)


def uninstall_pre_commit(hooks: Path) -> None:
    """Uninstall a hook as pre-commit does: its own is removed, and the other's is moved back."""
    hook, legacy = hooks / "post-commit", hooks / "post-commit.legacy"
    if b"generated by pre-commit" in hook.read_bytes():
        hook.unlink()
        if legacy.exists():
            legacy.replace(hook)


def test_a_hook_that_pre_commit_moved_is_chained_and_works(repository: Repository, hooks: Path) -> None:
    install_hooks(repository.root)
    install_pre_commit(hooks)
    assert states(hook_status(repository.root))["post-commit"] == "chained"
    assert install_hooks(repository.root).changed == ()
    repository.commit()
    assert [line[1] for line in queue_lines(repository)] == ["post-commit"]
    uninstall_pre_commit(hooks)
    assert states(hook_status(repository.root))["post-commit"] == "installed"


def test_a_hook_that_pre_commit_moved_is_uninstalled(repository: Repository, hooks: Path) -> None:
    install_hooks(repository.root)
    install_pre_commit(hooks)
    uninstall_hooks(repository.root)
    assert files(hooks) == {"post-commit": (PRE_COMMIT.encode(), 0o755)}
    uninstall_pre_commit(hooks)
    assert files(hooks) == {}


def test_the_hook_that_was_there_before_both_comes_back(repository: Repository, hooks: Path) -> None:
    write_hook(hooks / "post-commit", "#!/bin/sh\necho mine\n", 0o700)
    install_hooks(repository.root)
    install_pre_commit(hooks)
    uninstall_hooks(repository.root)
    uninstall_pre_commit(hooks)
    assert files(hooks) == {"post-commit": (b"#!/bin/sh\necho mine\n", 0o700)}


def test_lines_in_the_hook_of_pre_commit_are_installed_again_after_it_was_written_anew(
    repository: Repository, hooks: Path
) -> None:
    install_pre_commit(hooks)
    assert states(install_hooks(repository.root))["post-commit"] == "installed"
    repository.commit()
    assert [line[1] for line in queue_lines(repository)] == ["post-commit"]
    install_pre_commit(hooks)
    assert states(hook_status(repository.root))["post-commit"] == "missing"
    assert states(install_hooks(repository.root))["post-commit"] == "installed"


def test_stale_lines_in_a_moved_hook_are_replaced_there(repository: Repository, hooks: Path) -> None:
    old = with_lines(None, "post-commit").replace(b"hooks 1 ", b"hooks 0 ")
    write_hook(hooks / "post-commit", old)
    install_pre_commit(hooks)
    assert states(hook_status(repository.root))["post-commit"] == "stale"
    assert hooks / "post-commit.legacy" in install_hooks(repository.root).changed
    assert states(hook_status(repository.root))["post-commit"] == "chained"


def test_a_moved_hook_that_nothing_runs_does_not_count(repository: Repository, hooks: Path) -> None:
    install_hooks(repository.root)
    shutil.move(hooks / "post-commit", hooks / "post-commit.old")
    write_hook(hooks / "post-commit", "#!/bin/sh\nexec true\n")
    assert states(hook_status(repository.root))["post-commit"] == "missing"
    install_hooks(repository.root)
    uninstall_hooks(repository.root)
    assert files(hooks) == {"post-commit": (b"#!/bin/sh\nexec true\n", 0o755)}
