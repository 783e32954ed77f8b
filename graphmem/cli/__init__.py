"""The command line: every verb of the library under the same name, for people and for pipes."""

from __future__ import annotations

import sys

INTERRUPTED = 130  # 128 and SIGINT's number, as shells have it


def main() -> None:
    """Run `graphmem` with the process's arguments; always ends in `SystemExit`."""
    try:
        from graphmem.cli.app import app

        app.main(prog_name="graphmem")
    except KeyboardInterrupt:  # while still importing; later ones are seen to by the group
        sys.exit(INTERRUPTED)
