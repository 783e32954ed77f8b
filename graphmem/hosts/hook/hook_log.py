"""The log of hooks for `graphmem doctor`: a line for each failed answer, and the last time that each host ran a hook.

No text of prompts or code is in it.
"""

from __future__ import annotations

import contextlib
import os
import time

from graphmem.user_state.state_folder import append_line, state_path

#: Begins the session of a payload that no host sent.
SAMPLE_SESSION = "graphmem-sample"
_NAME, _RUNS = "hooks.log", "runs"
_MAX_BYTES, _MAX_LINE_CHARS = 256 << 10, 500


def note_failure(host: str, event: str, reason: str) -> None:
    """Append a line to the log; errors are ignored."""
    with contextlib.suppress(OSError):
        path = state_path(_NAME)
        with contextlib.suppress(FileNotFoundError):
            if os.stat(path).st_size > _MAX_BYTES:
                os.replace(path, f"{path}.old")
        plain = " ".join(reason.split())[:_MAX_LINE_CHARS]
        append_line(path, f"{int(time.time())} {host} {event} {plain}\n".encode("utf-8", "replace"))


def last_failures(since_s: float) -> list[str]:
    """Return the lines of the log that are not older than a time in seconds since 1970, the latest last."""
    found: list[str] = []
    for name in (f"{_NAME}.old", _NAME):
        with contextlib.suppress(OSError), open(state_path(name), encoding="utf-8", errors="replace") as stream:
            for line in stream:
                second, _, rest = line.partition(" ")
                if second.isdigit() and int(second) >= since_s:
                    found.append(rest.strip())
    return found


def note_run(host: str, session: str) -> None:
    """Note that a host ran a hook; errors are ignored."""
    if not session.startswith(SAMPLE_SESSION):
        with contextlib.suppress(OSError):
            path = state_path(_RUNS, host)
            try:
                os.utime(path)
            except FileNotFoundError:
                append_line(path, b"")


def last_run(host: str) -> float:
    """Return the time of a host's last hook, in seconds since 1970; 0 if it ran none."""
    with contextlib.suppress(OSError):
        return os.stat(state_path(_RUNS, host)).st_mtime
    return 0.0
