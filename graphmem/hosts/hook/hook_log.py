"""The log of hooks: a line for each answer that failed, which `graphmem doctor` reads. No text of prompts or code."""

from __future__ import annotations

import contextlib
import os
import time

from graphmem.hosts.hook.state_folder import append_line, state_path

_NAME = "hooks.log"
_MAX_BYTES, _MAX_LINE_CHARS = 256 << 10, 500


def note_failure(host: str, event: str, reason: str) -> None:
    """Append a line to the log; errors are ignored, since a hook has nobody to tell."""
    with contextlib.suppress(OSError):
        path = state_path(_NAME)
        with contextlib.suppress(FileNotFoundError):
            if os.stat(path).st_size > _MAX_BYTES:
                os.replace(path, f"{path}.old")
        plain = " ".join(reason.split())[:_MAX_LINE_CHARS]
        append_line(path, f"{int(time.time())} {host} {event} {plain}\n".encode("utf-8", "replace"))


def last_failures(since_s: float) -> list[str]:
    """The lines of the log that are not older than a time in seconds since 1970, the latest last."""
    found: list[str] = []
    for name in (f"{_NAME}.old", _NAME):
        with contextlib.suppress(OSError), open(state_path(name), encoding="utf-8", errors="replace") as stream:
            for line in stream:
                second, _, rest = line.partition(" ")
                if second.isdigit() and int(second) >= since_s:
                    found.append(rest.strip())
    return found
