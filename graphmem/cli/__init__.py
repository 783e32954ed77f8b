"""The command line: the verbs of the library under the same names, for people and for pipes."""

from __future__ import annotations

import sys

INTERRUPTED = 130  # 128 + SIGINT, the convention of shells


def main() -> None:
    """Run `graphmem` with the process's arguments; always ends in `SystemExit`."""
    try:
        from graphmem.cli.app import app

        app.main(prog_name="graphmem")
    except KeyboardInterrupt:  # during imports; the root command handles later ones
        sys.exit(INTERRUPTED)
