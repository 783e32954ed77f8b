"""The command that finds the documentation of this release."""

from __future__ import annotations

from pathlib import Path

import click

from graphmem.cli.options import Call, output_options
from graphmem.cli.output import give, note
from graphmem.errors import NotFound

#: The site that `make docs` builds; a wheel has it.
SITE = Path(__file__).parent.parent / "_site"


@click.command()
@click.option("--open", "opens", is_flag=True, help="Open the first page in this machine's web browser too.")
@output_options
def docs(*, call: Call, opens: bool) -> None:
    """Print the address of the documentation of this release, which needs no network.

    It is a folder of pages in the installed package. In a checkout, `make docs` builds them.
    """
    page = SITE / "index.html"
    if not page.is_file():
        raise NotFound(f"no documentation at {str(page)!r}: it was not built; in a checkout run: make docs")
    address = page.resolve().as_uri()
    if call.as_json:
        give(call, {"address": address}, lambda _: [])
    else:
        click.echo(address)  # never wrapped: it is to be clicked or copied
    if opens:
        _open(address)


def _open(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        note("no web browser could be opened here: open the address yourself")
