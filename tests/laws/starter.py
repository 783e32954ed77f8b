"""Starts trials out of a process that has loaded all but graphmem, which takes most of what a trial's start does.

`python -m tests.laws.starter` reads `[folder, [argument, ...]]`, a line of JSON for each trial, and answers with
`[exit status, standard output, standard error]` when it has ended.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from typing import NoReturn

import hypothesis.stateful
import numpy as np
import pytest

#: What trials import besides graphmem, and tests that import it.
LOADED = (hypothesis.stateful, np, pytest)
_OUT, _ERR = "out.txt", "err.txt"


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        name, words = json.loads(line)
        folder = Path(name)
        trial = os.fork()
        if not trial:
            _become_trial(folder, words)
        _, status = os.waitpid(trial, 0)
        told = [(folder / one).read_text(encoding="utf-8", errors="replace") for one in (_OUT, _ERR)]
        print(json.dumps([os.waitstatus_to_exitcode(status), *told]), flush=True)  # noqa: T201


def _become_trial(folder: Path, words: list[str]) -> NoReturn:
    """Run a trial on the graphmem that is in a folder, and end with its exit status."""
    assert "graphmem" not in sys.modules
    os.chdir(folder)
    for file, flags, handle in ((os.devnull, os.O_RDONLY, 0), (_OUT, os.O_WRONLY, 1), (_ERR, os.O_WRONLY, 2)):
        os.dup2(os.open(file, flags | os.O_CREAT, 0o600), handle)
    sys.path.insert(0, str(folder))
    sys.argv = ["trial", *words]
    code: object = 1
    try:
        runpy.run_module("tests.laws.trial", run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter would
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
