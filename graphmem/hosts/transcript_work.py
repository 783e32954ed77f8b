"""Background work on queued transcripts: a process of low priority, started at most once a minute."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from graphmem.githooks.background import PAUSE_S, start_command
from graphmem.hosts.hook.capture_queue import waiting_transcripts
from graphmem.sources.git.work_tree import work_tree
from graphmem.user_state.state_folder import state_path

_STAMP = ("capture", "started")


def work_if_due(folder: Path) -> bool:
    """Start `graphmem capture --waiting` in a folder's project, if transcripts of it wait and none was started lately.

    A command that is neither a hook of an agent nor a guard calls this. It raises no error: the transcripts stay, and
    the next command tries again.

    Returns:
        Whether work was started.
    """
    root = work_tree(folder) or folder
    stamp = Path(state_path(*_STAMP))
    with suppress(OSError):
        if 0 <= time.time() - stamp.stat().st_mtime < PAUSE_S:
            return False
    try:
        if not any(part.is_due and Path(part.folder).is_relative_to(root) for part in waiting_transcripts()):
            return False
        stamp.touch()
        start_command(["capture", "--waiting"], root)
    except OSError:
        return False
    return True
