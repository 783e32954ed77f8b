"""Arguments and errors of the commands on a git repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from graphmem.cli.options import Body

#: A memory has a verdict that `--fail-on` names.
DISAGREES = 3

#: `path: Path`, a folder of the repository.
path_argument: Callable[[Body], Body] = click.argument(
    "path", type=click.Path(path_type=Path, exists=True, file_okay=False), default=".", metavar="[PATH]"
)
#: `ref: str | None`, where the mainline ends.
ref_option: Callable[[Body], Body] = click.option(
    "--ref", help="Where the mainline ends. [default: the remote's default branch, else HEAD]"
)
#: `since: str | None`, where the history begins.
since_option: Callable[[Body], Body] = click.option(
    "--since", help="Begin the history with this commit, tag or branch of the mainline."
)
#: `fail_on: str`, the verdict from which on the command ends with `DISAGREES`.
fail_on_option: Callable[[Body], Body] = click.option(
    "--fail-on",
    type=click.Choice(["broken", "drifted", "nothing"]),
    default="broken",
    show_default=True,
    help=f"Exit with {DISAGREES} if a memory has this verdict or a worse one.",
)
#: `fix: bool`, True to carry out certain fixes.
fix_option: Callable[[Body], Body] = click.option(
    "--fix",
    is_flag=True,
    help=f"Carry out what is certain, and list the rest; exit with {DISAGREES} while something needs a person.",
)


@contextmanager
def git_errors() -> Iterator[None]:
    """Turn a failure of git into the error of a command that names the fix."""
    from graphmem.sources.git.runner import GitFailure

    try:
        yield
    except GitFailure as error:
        raise click.ClickException(f"{error}; name a git repository with at least one commit") from error


def notes_folder(path: Path) -> Path | None:
    """Return the folder of graphmem in the git directory of a repository; None if the path is in no work tree."""
    from graphmem.errors import NotFound
    from graphmem.githooks.repository_folders import repository_folders

    try:
        return repository_folders(path).queue_folder
    except NotFound:
        return None
