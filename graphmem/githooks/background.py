"""Work on events of hooks that nobody waits for: a process of low priority, started at most once a minute."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from graphmem.errors import GraphMemError
from graphmem.githooks.event_queue import STAMP, Work, drain, has_events
from graphmem.githooks.repository_folders import RepositoryFolders, repository_folders

PAUSE_S = 60.0
_NICENESS = 15
if sys.platform == "win32":
    _WINDOWS_FLAGS = subprocess.DETACHED_PROCESS | subprocess.BELOW_NORMAL_PRIORITY_CLASS
else:
    _WINDOWS_FLAGS = 0


def work_if_due(root: Path, work: Work | None = None) -> bool:
    """Start the work on events of hooks, if there are events and no work was started in the last minute.

    A command that is neither a hook of an agent nor a guard calls this. It costs a look at two files if nothing is due,
    and raises no error: the events stay, and the next command tries again.

    Args:
        root: A path in the repository, or in none.
        work: Done in this process; without it, a detached process is started.

    Returns:
        Whether work was started.
    """
    try:
        if work is None:
            return start_detached(root) is not None
        folders = repository_folders(root)
        return _is_due(folders) and drain(root, work) is not None
    except (GraphMemError, OSError):
        return False


def start_detached(root: Path) -> subprocess.Popen[bytes] | None:
    """Start `graphmem hooks run` in a process that outlives this, if there are events and none was started lately.

    Returns:
        The process, for those who want to wait for it; None if nothing is due.

    Raises:
        NotFound: The path is in no repository.
        OSError: The process cannot be started, or the stamp not be written.
    """
    folders = repository_folders(root)
    if not _is_due(folders):
        return None
    return start_command(["hooks", "run", str(folders.root)], folders.root)


def start_command(words: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a graphmem command of low priority that outlives this process, without input and output.

    Args:
        words: The command after `graphmem`.
        folder: Its working folder.

    Raises:
        OSError: The process cannot be started.
    """
    # -P: files of the repository must not take the place of modules.
    command = [sys.executable, "-P", "-m", "graphmem.cli", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    process = subprocess.Popen(  # noqa: S603 - the running program
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=sys.platform != "win32",
        creationflags=_WINDOWS_FLAGS,
    )
    if sys.platform != "win32":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    # A server that goes on running must not collect ended processes.
    threading.Thread(target=process.wait, name="graphmem-hooks", daemon=True).start()
    return process


def _is_due(folders: RepositoryFolders) -> bool:
    """Whether there are events and no stamp of the last minute; sets the stamp if so."""
    stamp = folders.queue_folder / STAMP
    with suppress(FileNotFoundError):
        age_s = time.time() - stamp.stat().st_mtime
        if 0 <= age_s < PAUSE_S:
            return False
    if not has_events(folders):
        return False
    stamp.touch()
    return True
