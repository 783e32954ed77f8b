"""Arguments and errors of the commands on a git repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
#: `pull_request: str | None`, the branch whose files are read before it is merged.
pull_request_option: Callable[[Body], Body] = click.option(
    "--pull-request",
    metavar="BRANCH",
    help="The files are those of this unmerged branch: what they say is external, and stays on it."
    " [default: the branch of the pull request that GitHub or GitLab run this for]",
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


def running_pull_request(environment: Mapping[str, str]) -> str | None:
    """Return the branch of the pull or merge request for which a pipeline runs; None outside of one.

    A branch with the name of its target, as a fork may have it, is named after the number of the request.

    Args:
        environment: The variables of GitHub Actions or GitLab CI.
    """
    if environment.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        head, target = environment.get("GITHUB_HEAD_REF", ""), environment.get("GITHUB_BASE_REF")
        number = environment.get("GITHUB_REF", "").removeprefix("refs/").removesuffix("/merge")
        return (head if head != target else number) or None
    head = environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "")
    number = f"merge-requests/{environment.get('CI_MERGE_REQUEST_IID', '')}"
    return (head if head != environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") else number) or None


def running_target(environment: Mapping[str, str]) -> str | None:
    """Return the branch into which the request of a pipeline is to be merged, as a ref; None outside of one."""
    names = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    return next((f"origin/{name}" for variable in names if (name := environment.get(variable))), None)


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
