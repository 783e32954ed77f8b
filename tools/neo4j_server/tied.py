"""Becomes another program that cannot outlive the process which started it, even if that one is killed.

Usage: python tied.py PARENT_PID PROGRAM [ARGUMENT ...]
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Replace this process; only Linux can tie it, elsewhere the parent alone must stop what it started."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != int(parent):  # it died before the tie held
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the caller's own program


if __name__ == "__main__":
    main()
