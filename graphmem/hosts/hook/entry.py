"""`graphmem on HOST EVENT`: reads a host's payload, and answers within two seconds or writes nothing.

A host waits for its hooks, and some treat an error as a refusal. So every failure here is a line in the log, and the
output has no answer.
"""

from __future__ import annotations

import _thread
import gc
import os
import sys
import time

from graphmem.hosts.hook.event_table import EVENTS
from graphmem.hosts.hook.hook_log import note_failure, note_run
from graphmem.hosts.hook.output import Output, output_of, silence
from graphmem.hosts.hook.payload import MAX_BYTES, BadPayload, read_payload
from graphmem.hosts.hook.project_folder import find_project

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from graphmem.hosts.hook.moments import HookMemory
    from graphmem.hosts.hook.project_folder import Project
    from graphmem.hosts.hook.server_copy import ServerCopy

LIMIT_S = 2.0
_NO_COPY = "hooks ask no Neo4j server: run graphmem copy-for-hooks, or run graphmem serve and name its URL"
#: Exit code 2 is a refusal for several hosts.
_MISUSED = 1


def main(words: list[str]) -> NoReturn:
    """Answer a hook, and end the process.

    Args:
        words: Host and event.
    """
    problem = misuse(words)
    if problem:
        os.write(2, f"graphmem: {problem}\n".encode())
        host, event, *_ = (*(word[:40] for word in words), "-", "-")
        note_failure(host, event, problem)
        os._exit(_MISUSED)
    host, event = words
    gc.disable()  # the process ends before there is much to collect
    sys.stdout = sys.stderr  # libraries must print nothing before the answer
    turn = _thread.allocate_lock()
    _thread.start_new_thread(_watch, (turn, host, event))
    output = answered(host, event, sys.stdin.buffer.read(MAX_BYTES + 1))
    turn.acquire()  # Once it has the turn, the watch ends the process without another word.
    _write(output)
    os._exit(output.code)


def misuse(words: list[str]) -> str:
    """Return the reason why the words are no host and event of it; empty if they are."""
    if len(words) != 2:  # noqa: PLR2004 - a host and an event
        return f"on takes a host and an event; hosts: {', '.join(EVENTS)}"
    host, event = words
    if host not in EVENTS:
        return f"no host {host!r}; hosts: {', '.join(EVENTS)}"
    if event not in EVENTS[host]:
        names = ", ".join(EVENTS[host]) or "none, since it runs no hooks"
        return f"no event {event!r} of {host}; events: {names}"
    return ""


def answered(host: str, event: str, content: bytes, open_memory: Callable[[], HookMemory] | None = None) -> Output:
    """Return the output for a payload; a failure is noted in the log, and the output has no answer.

    Args:
        host: The host that the hook was registered for.
        event: Its event.
        content: The payload.
        open_memory: Opens the memory; by default that of the working folder.
    """
    try:
        payload = read_payload(host, event, content)
    except BadPayload as problem:
        note_failure(host, event, str(problem))
        return silence(host)
    try:
        folder = payload.folder if payload.folder and os.path.isdir(payload.folder) else os.getcwd()
        project = find_project(folder)
        if project is None:
            return silence(payload.host)
        copied = _copy_of(project) if project.is_neo4j else None
        if project.is_neo4j and copied is None:
            note_failure(payload.host, payload.event, _NO_COPY)
            return silence(payload.host)
        os.chdir(folder)
        note_run(payload.host, payload.session)
        from graphmem.hosts.hook.moments import answer

        opens = _open_memory if copied is None else lambda: _open_memory(project.file)
        said = answer(payload, project, _once(open_memory or opens))
        if copied is not None and said.text:
            said.text = f"{said.text}\n{copied.sentence()}"
        return output_of(payload.host, payload.event, payload.moment, said)
    except Exception as problem:  # noqa: BLE001 - a hook that fails must not stop the host
        note_failure(payload.host, payload.event, f"{type(problem).__name__}: {problem}")
        return silence(payload.host)


def _once(open_memory: Callable[[], HookMemory]) -> Callable[[], HookMemory]:
    """Open the memory at the first call alone."""
    opened: list[HookMemory] = []

    def memory() -> HookMemory:
        if not opened:
            opened.append(open_memory())
        return opened[0]

    return memory


def _open_memory(url: str | None = None) -> HookMemory:
    from graphmem.hosts.memory_answers import open_hook_memory

    return open_hook_memory(url)


def _copy_of(project: Project) -> ServerCopy | None:
    """Return the copy of a server's store, which the project then reads; None if there is none."""
    from graphmem.hosts.hook.server_copy import ServerCopy

    copied = ServerCopy.of(project.url)
    if copied is not None:
        project.read_copy(copied.file)
    return copied


def _watch(turn: _thread.LockType, host: str, event: str) -> None:
    """End the process after the limit, unless it is writing its answer."""
    time.sleep(LIMIT_S)
    if turn.acquire(blocking=False):
        note_failure(host, event, f"no answer within {LIMIT_S:g} seconds")
        _write(silence(host))
        os._exit(0)


def _write(output: Output) -> None:
    for handle, text in ((1, output.stdout), (2, output.stderr)):
        content = text.encode("utf-8", "replace")
        try:
            while content:
                content = content[os.write(handle, content) :]
        except OSError:
            return
