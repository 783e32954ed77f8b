"""The command that opens Neo4j Browser."""

from __future__ import annotations

from dataclasses import replace
from errno import ENAMETOOLONG
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import line
from graphmem.cli.options import Call, scope_options
from graphmem.cli.output import give, note
from graphmem.drafts import make_private_folder, write_private

if TYPE_CHECKING:
    from graphmem.browser import BrowserAddress
    from graphmem.config import Settings

_GUIDE = "guide.html"
_SERVED = "http://localhost:7470/browser"


@click.command()
@click.option("--open", "opens", is_flag=True, help="Also open the link in this machine's web browser.")
@click.option("--at", metavar="URL", help="Address of Neo4j Browser. [default: as the server reports it]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=7471,
    show_default=True,
    help="Port for the guide; 0 takes a free port.",
)
@click.option(
    "--served-by", metavar="URL", help="URL of a `graphmem serve` that serves the guide instead of this command."
)
@click.option("--save", type=click.Path(path_type=Path, file_okay=False), help="Only write the files to a folder.")
@scope_options
def browser(*, call: Call, opens: bool, at: str | None, port: int, served_by: str | None, save: Path | None) -> None:
    """Print the link that opens Neo4j Browser on the store, with a guide, a style and saved queries.

    The store must be on a Neo4j server. The guide is served from this machine until Ctrl-C, or by the server in
    --served-by. Inside a repository it also lists the files of memories that no longer exist.
    """
    if save is not None:
        _write(call, save)
        return
    settings = _settings(call)
    target = _find(call, _with_repo(settings), at)
    if served_by is not None:
        _give_link(call, target.link(f"{served_by.rstrip('/')}/browser/{_GUIDE}"), opens=opens)
    else:
        _serve_guide(call, target, settings, port, opens=opens)


def _settings(call: Call) -> Settings:
    from graphmem.config import load_settings

    return replace(load_settings(), **call.scope_parts)  # type: ignore[arg-type]


def _with_repo(settings: Settings) -> Settings:
    """Return the settings with the repository of this folder, if none is configured."""
    from graphmem.sources.git.repository_identity import repository_name

    return settings if settings.repo is not None else replace(settings, repo=repository_name(Path.cwd()))


def _find(call: Call, settings: Settings, at: str | None) -> BrowserAddress:
    from graphmem.config import locate
    from graphmem.opening import find_browser

    return find_browser(locate(call.url, settings), settings, at)


def _serve_guide(call: Call, target: BrowserAddress, settings: Settings, port: int, *, opens: bool) -> None:
    from graphmem.browser import GuideParameters
    from graphmem.browser.file_server import FileServer
    from graphmem.browser.files import shown_of

    gone = _gone(target.paths, Path.cwd())
    with FileServer(port, target.origin, GuideParameters(settings.tenant, settings.repo, gone)) as server:
        _give_link(call, target.link(f"{server.base}/{_GUIDE}"), opens=opens)
        note(f"serving guide, style and saved queries at {server.base} until Ctrl-C")
        if gone:
            shown = len(shown_of(gone))
            remark = "" if shown == len(gone) else f"; the guide lists the first {shown:,}"
            note(f"{len(gone):,} of {len(target.paths):,} files of memories no longer exist{remark}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            note("stopped")


def _give_link(call: Call, link: str, *, opens: bool) -> None:
    import webbrowser

    if call.as_json:
        give(call, {"link": link}, lambda _: [])
    else:
        click.echo(link)  # never wrapped, so that it can be clicked or copied
    if opens and not webbrowser.open(link):
        note("no web browser could be started: open the link yourself")


def _write(call: Call, folder: Path) -> None:
    from graphmem.browser.files import NAMES, file_for

    make_private_folder(folder)
    written = []
    for name in NAMES:
        file = file_for(name, _SERVED)
        if file is not None:
            write_private(folder / name, file.content)
            written.append(str(folder / name))
    give(call, {"written": written}, lambda _: [line(path) for path in written])


def _gone(paths: tuple[str, ...], start: Path) -> tuple[str, ...]:
    """Return the paths that do not exist in the repository around a folder; empty outside of a repository."""
    from graphmem.sources.git.work_tree import work_tree

    root = work_tree(start)
    return () if root is None else tuple(path for path in paths if _is_gone(root / path))


def _is_gone(path: Path) -> bool:
    """Return True if a path does not exist.

    An unreadable path counts as existing; a name may be too long for a file.
    """
    try:
        return not path.exists()
    except OSError as problem:
        return problem.errno == ENAMETOOLONG
