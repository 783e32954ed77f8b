"""The command that opens Neo4j Browser."""

from __future__ import annotations

from dataclasses import replace
from errno import ENAMETOOLONG
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import line
from graphmem.cli.options import Call, placed
from graphmem.cli.output import give, note
from graphmem.drafts import make_private_folder, write_private

if TYPE_CHECKING:
    from graphmem.browser import Place
    from graphmem.config import Settings

_GUIDE = "guide.html"
_SERVED = "http://localhost:7470/browser"


@click.command()
@click.option("--open", "opens", is_flag=True, help="Open the link in this machine's web browser too.")
@click.option("--at", metavar="URL", help="Neo4j Browser's address. [default: asked of the server]")
@click.option("--port", type=click.IntRange(0, 65535), default=7471, show_default=True, help="0 takes a free one.")
@click.option(
    "--served-by", metavar="URL", help="A `graphmem serve` that hands out the guide in place of this command."
)
@click.option("--save", type=click.Path(path_type=Path, file_okay=False), help="Only write the files into a folder.")
@placed
def browser(*, call: Call, opens: bool, at: str | None, port: int, served_by: str | None, save: Path | None) -> None:
    """Print the link that opens Neo4j Browser on the store, with a guide, a style and saved queries.

    The store is a Neo4j server. The guide is handed out on this machine until Ctrl-C, or by a server that --served-by
    names. Inside of a repository it also knows which of the files that memories are about are gone.
    """
    if save is not None:
        _write(call, save)
        return
    settings = _settings(call)
    place = _find(call, _standing(settings), at)
    if served_by is not None:
        _tell(call, place.link(f"{served_by.rstrip('/')}/browser/{_GUIDE}"), opens=opens)
    else:
        _hand_out(call, place, settings, port, opens=opens)


def _settings(call: Call) -> Settings:
    from graphmem.config import load_settings

    return replace(load_settings(), **call.stands)  # type: ignore[arg-type]


def _standing(settings: Settings) -> Settings:
    """With the repository of this folder, if none is configured: files of others are not looked for here."""
    from graphmem.sources.git.work_tree import repository_name

    return settings if settings.repo is not None else replace(settings, repo=repository_name(Path.cwd()))


def _find(call: Call, settings: Settings, at: str | None) -> Place:
    from graphmem.config import locate
    from graphmem.opening import find_browser

    return find_browser(locate(call.url, settings), settings, at)


def _hand_out(call: Call, place: Place, settings: Settings, port: int, *, opens: bool) -> None:
    from graphmem.browser import Known
    from graphmem.browser.files import shown_of
    from graphmem.browser.handing import Hand

    gone = _gone(place.paths, Path.cwd())
    with Hand(port, place.origin, Known(settings.tenant, settings.repo, gone)) as hand:
        _tell(call, place.link(f"{hand.base}/{_GUIDE}"), opens=opens)
        note(f"handing out guide, style and saved queries at {hand.base} until Ctrl-C")
        if gone:
            named = len(shown_of(gone))
            told = "" if named == len(gone) else f"; the guide names the first {named:,}"
            note(f"{len(gone):,} of {len(place.paths):,} files that memories are about are gone{told}")
        try:
            hand.serve_forever()
        except KeyboardInterrupt:
            note("stopped")


def _tell(call: Call, link: str, *, opens: bool) -> None:
    import webbrowser

    if call.as_json:
        give(call, {"link": link}, lambda _: [])
    else:
        click.echo(link)  # never wrapped: it is to be clicked or copied
    if opens and not webbrowser.open(link):
        note("no web browser could be opened here: open the link yourself")


def _write(call: Call, folder: Path) -> None:
    from graphmem.browser.files import NAMES, handed

    make_private_folder(folder)
    written = []
    for name in NAMES:
        found = handed(name, _SERVED)
        if found is not None:
            write_private(folder / name, found.content)
            written.append(str(folder / name))
    give(call, {"written": written}, lambda _: [line(one) for one in written])


def _gone(paths: tuple[str, ...], start: Path) -> tuple[str, ...]:
    """Those that are not in the repository around a folder; none outside of one."""
    from graphmem.sources.git.work_tree import work_tree

    root = work_tree(start)
    return () if root is None else tuple(path for path in paths if _is_gone(root / path))


def _is_gone(path: Path) -> bool:
    """Not told of what we may not look at; an anchor's name may be longer than any file's."""
    try:
        return not path.exists()
    except OSError as refused:
        return refused.errno == ENAMETOOLONG
