"""The group of commands on repositories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import click

from graphmem.cli.blocks import Block, dim, line
from graphmem.cli.options import Call, output_options
from graphmem.cli.output import give
from graphmem.cli.repository_options import git_errors
from graphmem.cli.verb_commands import verb_command
from graphmem.deferred_dataclass import dataclass

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@dataclass(frozen=True, slots=True)
class ProposedLink:
    """Two folders with equal files, and the command that links them."""

    files: int
    command: str


@dataclass(frozen=True, slots=True)
class ProposedLinks:
    """The links that equal files of two clones propose, those with the most files first."""

    proposed: tuple[ProposedLink, ...]


@click.group()
def repo() -> None:
    """Link a repository to one that was renamed, or from which a package moved."""


@repo.command()
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@output_options
def compare(*, call: Call, old: Path, new: Path) -> None:
    """Compare the clones in folders OLD and NEW, and list the links that files of equal content propose.

    Nothing is recorded: look at a proposal, name the commit of the move with --at, and run the command.
    """
    from graphmem.sources.git.equal_contents import equal_folders
    from graphmem.sources.git.repository_identity import repository_name

    with git_errors():
        pairs = equal_folders(old, new)
    names = " ".join(quote(repository_name(folder.resolve()) or folder.name) for folder in (old, new))
    command = f"graphmem repo link {names} --path"
    proposed = (ProposedLink(pair.files, f"{command} {quote(f'{pair.old}:{pair.new}')}") for pair in pairs)
    comparison = ProposedLinks(tuple(proposed))
    give(call, comparison, lambda _: _lines(comparison))


def _lines(comparison: ProposedLinks) -> Iterator[Block]:
    for link in comparison.proposed:
        yield line(link.command, dim(f"   # {link.files} equal files"))
    if not comparison.proposed:
        yield line("No folders with three or more equal files.")


repo.add_command(verb_command("link_repository"))
