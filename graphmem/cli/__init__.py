"""The command line: the verbs of the library under the same names, for people and for pipes."""

from __future__ import annotations

import sys

#: `graphmem on HOST EVENT`
_HOOK_WORDS = 4
INTERRUPTED = 130  # 128 + SIGINT, the convention of shells


def main() -> None:
    """Run `graphmem` with the process's arguments; always ends in `SystemExit`."""
    if len(sys.argv) == _HOOK_WORDS and sys.argv[1] == "on":
        # A hook of a host must answer in milliseconds: nothing of the command line is imported.
        from graphmem.hosts.hook import entry

        entry.main(sys.argv[2:])
    try:
        from graphmem.cli.app import app

        app.main(prog_name="graphmem")
    except KeyboardInterrupt:  # during imports; the root command handles later interrupts
        sys.exit(INTERRUPTED)
