"""Runs git on a repository that is not trusted: none of its hooks, filters, drivers, helpers or remotes is started.

The configuration of the system and of the user is not read either, except for their `safe.directory` entries and, by
`hooks_folder`, their `core.hooksPath`. Only the commands in `COMMANDS` are allowed: each reads objects and references.
Commands that look at the work tree (`status`, `diff`, `add`, `checkout`, `blame` without a commit) run filters whose
names the repository chooses, and no option turns those off. `diff-index` is run with `--cached` alone: it then compares
a tree with the index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from graphmem.sources.git.work_tree import git_directory

if sys.platform == "linux":
    import resource

COMMANDS = frozenset(
    {
        *("blame", "cat-file", "diff-index", "diff-tree", "for-each-ref", "grep", "log"),
        *("ls-tree", "merge-base", "merge-tree", "patch-id", "rev-list", "rev-parse"),
    }
)
TIMEOUT_S = 60.0
MAX_OUTPUT_BYTES = 1 << 30
#: A tree of 200 kB can name a billion files: git then needs gigabytes before it prints the first of them.
MAX_ADDRESS_SPACE_BYTES = 8 << 30

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.sshCommand=false",
    "core.askPass=",
    f"core.attributesFile={os.devnull}",
    "core.packedGitWindowSize=32m",
    "core.packedGitLimit=512m",
    "credential.helper=",
    "protocol.allow=never",
    "log.follow=false",
    "log.mailmap=false",
    "log.showSignature=false",
    f"diff.orderFile={os.devnull}",
)
#: Variables that name the files with the configuration of the user and of the system.
_CONFIGURATION_FILES = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
_HOOKS_PATH = "core.hooksPath="
_CHUNK_BYTES = 1 << 16
_MESSAGE_CHARS = 200
#: User, password or token of a URL in a message of git.
_CREDENTIALS = re.compile(r"//[^\s/'\"]{1,1000}@")


class GitFailure(Exception):
    """Git is not installed, could not answer, took too long, or printed too much. Handled within `graphmem.sources`."""


def git_text(root: Path, arguments: Sequence[str]) -> str:
    """The output of a git command that succeeds; bytes that are not UTF-8 become surrogates.

    Args:
        root: The folder in which git is started.
        arguments: The command, of `COMMANDS`, and its arguments.

    Raises:
        GitFailure: The command failed.
    """
    output, failure = _run(root, arguments)
    if failure is not None:
        raise failure
    return output


def git_partial_text(root: Path, arguments: Sequence[str]) -> tuple[str, bool]:
    """The output of a git command up to its end or its failure, and whether it succeeded.

    A log of a clone that lacks blobs fails at the first commit that needs a missing blob; the output before it is
    complete.

    Raises:
        GitFailure: Git could not be started, or exceeded a limit.
    """
    output, failure = _run(root, arguments)
    return output, failure is None


def git_stream(
    root: Path, arguments: Sequence[str], *, timeout_s: float = TIMEOUT_S, sent: bytes = b""
) -> Iterator[bytes]:
    """The output of a git command in chunks, for histories that need not fit into memory.

    Closing the iterator early stops git.

    Args:
        root: The folder in which git is started.
        arguments: The command, of `COMMANDS`, and its arguments.
        timeout_s: Seconds after which git is stopped.
        sent: The standard input of git.

    Raises:
        GitFailure: The command failed or exceeded a limit; the chunks before that are valid.
    """
    with (
        tempfile.TemporaryFile() as errors,
        tempfile.TemporaryFile() as source,
        _started(root, arguments, _filled(source, sent), errors, timeout_s) as (process, timed_out),
    ):
        yield from _chunks(process, arguments)
        if timed_out.is_set():
            raise GitFailure(f"git {arguments[0]} took more than {timeout_s:g} seconds")
        _refuse_failure(process, arguments, errors)


def git_piped(root: Path, arguments: Sequence[str], reader: Sequence[str], *, timeout_s: float = TIMEOUT_S) -> str:
    """The output of a git command that reads the output of another, of any length.

    Args:
        root: The folder in which both are started.
        arguments: The first command, of `COMMANDS`, and its arguments.
        reader: The command that reads its output, likewise.
        timeout_s: Seconds after which both are stopped.

    Raises:
        GitFailure: A command failed or exceeded a limit.
    """
    with (
        tempfile.TemporaryFile() as errors,
        tempfile.TemporaryFile() as nothing,
        _started(root, arguments, nothing, errors, timeout_s) as (first, timed_out),
    ):
        assert first.stdout is not None  # noqa: S101 - it is a pipe
        with (
            tempfile.TemporaryFile() as reader_errors,
            _started(root, reader, first.stdout, reader_errors, timeout_s) as (second, is_late),
        ):
            # Only the reader may hold the pipe open: the first command then ends when the reader does.
            first.stdout.close()
            output = b"".join(_chunks(second, reader))
            if timed_out.is_set() or is_late.is_set():
                raise GitFailure(f"git {arguments[0]} took more than {timeout_s:g} seconds")
            _refuse_failure(second, reader, reader_errors)
            _refuse_failure(first, arguments, errors)
    return output.decode("utf-8", "surrogateescape")


def _chunks(process: subprocess.Popen[bytes], arguments: Sequence[str]) -> Iterator[bytes]:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    size = 0
    while chunk := process.stdout.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_OUTPUT_BYTES:
            raise GitFailure(f"git {arguments[0]} printed more than {MAX_OUTPUT_BYTES >> 20} MiB")
        yield chunk
    process.wait()


def _refuse_failure(process: subprocess.Popen[bytes], arguments: Sequence[str], errors: IO[bytes]) -> None:
    if code := process.wait():
        raise _Failed(_last_line(errors) or f"git {arguments[0]} ended with status {code}")


def hooks_folder(root: Path) -> Path:
    """The folder whose hooks git runs in a work tree, as the configuration of repository, user and system has it.

    The configuration is read as git reads it at the start of every command; all other settings that start a program are
    replaced as in `git_text`. `rev-parse` prints the path and runs no hook.

    Args:
        root: The root of the work tree; a relative path in the configuration begins there.

    Raises:
        GitFailure: Git is not installed, or could not answer.
    """
    settings = [word for setting in _SETTINGS if not setting.startswith(_HOOKS_PATH) for word in ("-c", setting)]
    configuration = {name: os.environ[name] for name in _CONFIGURATION_FILES if name in os.environ}
    own = {name: value for name, value in _ENVIRONMENT.items() if name not in _CONFIGURATION_FILES}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, an argument list, no shell
            ["git", "--no-pager", *settings, "rev-parse", "--git-path", "hooks"],  # noqa: S607 - the user's own git
            cwd=root,
            env=_environment() | configuration | own,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise GitFailure(f"git cannot be started in {str(root)!r}: {error}") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _Failed(lines[-1][:_MESSAGE_CHARS] if lines else f"git rev-parse ended with status {done.returncode}")
    return root / os.fsdecode(done.stdout).removesuffix("\n")


class _Failed(GitFailure):
    """The command ended with another status than 0."""


def _run(root: Path, arguments: Sequence[str]) -> tuple[str, GitFailure | None]:
    chunks: list[bytes] = []
    failure: GitFailure | None = None
    try:
        chunks.extend(git_stream(root, arguments))
    except _Failed as error:
        failure = error
    return b"".join(chunks).decode("utf-8", "surrogateescape"), failure


@contextmanager
def _started(
    root: Path, arguments: Sequence[str], source: IO[bytes], errors: IO[bytes], timeout_s: float
) -> Iterator[tuple[subprocess.Popen[bytes], threading.Event]]:
    """A running git, killed when the block ends, and an event that is set if it was killed for its time."""
    process = _popen(root, arguments, source, errors)
    timed_out = threading.Event()

    def stop() -> None:
        timed_out.set()
        process.kill()

    timer = threading.Timer(timeout_s, stop)
    timer.daemon = True
    timer.start()
    try:
        yield process, timed_out
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _filled(source: IO[bytes], sent: bytes) -> IO[bytes]:
    source.write(sent)
    source.seek(0)
    return source


def _popen(root: Path, arguments: Sequence[str], source: IO[bytes], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    if not arguments or arguments[0] not in COMMANDS:
        raise ValueError(f"git {' '.join(arguments[:1])} is not in the list of safe commands")
    settings = (*_SETTINGS, *(f"safe.directory={folder}" for folder in _needed_safe_directories(root)))
    options = [word for setting in settings for word in ("-c", setting)]
    try:
        process = subprocess.Popen(  # noqa: S603 - a fixed program, an argument list, no shell
            ["git", "--no-pager", "--no-replace-objects", *options, *arguments],  # noqa: S607 - the user's own git
            cwd=root,
            env=_environment() | _ENVIRONMENT | _index_of(arguments),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
        )
    except OSError as error:
        raise GitFailure(f"git cannot be started in {str(root)!r}: {error.strerror}") from error
    if sys.platform == "linux":
        _limit_memory(process.pid)
    return process


def _limit_memory(process_id: int) -> None:
    if sys.platform == "linux":
        try:
            resource.prlimit(process_id, resource.RLIMIT_AS, (MAX_ADDRESS_SPACE_BYTES, MAX_ADDRESS_SPACE_BYTES))
        except (OSError, ValueError):
            return  # It ended already, or a lower limit is set.


def _environment() -> dict[str, str]:
    """The environment without the variables that git reads."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _index_of(arguments: Sequence[str]) -> dict[str, str]:
    """The index that `git commit -a` or `git commit FILE` prepares for its hooks, for commands that read it."""
    name = os.environ.get("GIT_INDEX_FILE")
    return {"GIT_INDEX_FILE": name} if name and arguments[0] == "diff-index" else {}


def _needed_safe_directories(root: Path) -> tuple[str, ...]:
    """The entries of `safe.directory` for a repository; none if the user owns it, as git then needs none."""
    found = git_directory(root)
    return () if found is not None and found.is_own else safe_directories(root)


def safe_directories(root: Path) -> tuple[str, ...]:
    """The entries of `safe.directory` of the user and the system; for their `*`, the repository itself."""
    listed = _trusted_entries(os.environ.get("HOME", ""), os.environ.get("XDG_CONFIG_HOME", ""))
    return tuple(str(root.resolve()) if entry == "*" else entry for entry in listed)


@cache
def _trusted_entries(_home: str, _config_home: str) -> tuple[str, ...]:
    entries: list[str] = []
    for level in ("--system", "--global"):
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program, an argument list, no shell
                ["git", "config", level, "-z", "--get-all", "safe.directory"],  # noqa: S607 - the user's own git
                cwd=Path(os.sep),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return ()
        if done.returncode == 0:
            entries += os.fsdecode(done.stdout).split("\0")[:-1]
    return tuple(entries)


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read(_CHUNK_BYTES).decode("utf-8", "replace").strip().splitlines()
    return _CREDENTIALS.sub("//", lines[-1])[:_MESSAGE_CHARS] if lines else ""
