"""Checks the entries of graphmem in the settings of coding agents, and runs each hook with a payload of its host."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from graphmem.config import find_folder
from graphmem.doctor.links import Check, CheckContext, CheckResult, ok, warn
from graphmem.errors import Unsupported
from graphmem.hosts.hook.event_table import EVENTS
from graphmem.hosts.hook.hook_log import last_failures, last_run
from graphmem.hosts.host_table import HOSTS, Host, is_used
from graphmem.hosts.program import command_line, program_words
from graphmem.hosts.registrations import HostState, Registration, host_state
from graphmem.hosts.sample_payloads import sample_payload
from graphmem.user_state.trusted_folders import is_trusted

_LIMIT_S, _HOOK_S = 60.0, 5.0
_WEEK_S = 7 * 86_400.0
_LOG_LINES = 3


def host_checks() -> list[Check]:
    """Return a check for each host that has entries of graphmem, for the store that hooks read, and for their log."""
    found = [host for host in HOSTS.values() if host_state(host, Path.cwd()).is_present]
    checks = [Check(host.name, lambda _, host=host: _host(host), limit_s=_LIMIT_S) for host in found]  # type: ignore[misc]
    return [*checks, TRUST, LOG] if checks else [NONE]


def _none(_: CheckContext) -> CheckResult:
    used = [host.name for host in HOSTS.values() if is_used(host)]
    names = f"; used on this machine: {', '.join(used)}" if used else ""
    return ok(
        f"no coding agent has entries of graphmem, which are optional{names}. Add them with: graphmem install HOST"
    )


def _host(host: Host) -> CheckResult:
    state = host_state(host, Path.cwd())
    for fault in _faults(state):
        return fault
    layers = sorted({entry.layer.value for entry in state.registrations})
    hooks, servers = len(state.hooks), len(state.registrations) - len(state.hooks)
    parts = [f"{hooks} hooks" if hooks else "no hooks", "the tools" if servers else "no tools"]
    return ok(f"{host.title} has {' and '.join(parts)} ({', '.join(layers) or 'plugin'}). {' '.join(host.gaps)}")


def _faults(state: HostState) -> Iterator[CheckResult]:
    """Yield the problems, the worst first."""
    host = state.host
    for path in state.disabled:
        if state.hooks or state.plugins:
            yield warn(f"{path} switches all hooks off", f"$EDITOR {quote(str(path))}   # remove disableAllHooks")
    for entry in state.registrations:
        if not entry.is_reachable:
            yield warn(f"{entry.path} starts {entry.program!r}, which is not there", _install(entry, host))
    yield from _doubled(state)
    for path in state.rivals:
        yield warn(f"{path} has hooks too, and {host.title} reads one of the two", f"$EDITOR {quote(str(path))}")
    yield from _stale(state)
    yield from _untrusted(state)
    for entry in state.hooks:
        problem = _run_problem(host, entry)
        if problem:
            yield warn(f"{entry.event} in {entry.path} {problem}", f"{entry.command} < PAYLOAD")


def _doubled(state: HostState) -> Iterator[CheckResult]:
    host = state.host
    if state.plugins and state.hooks:
        entry = state.hooks[0]
        message = f"the plugin in {state.plugins[0]} and the hooks in {entry.path} run for the same events"
        yield warn(message, f"graphmem uninstall {host.name} --{entry.layer}")
    events = Counter(entry.event for entry in state.hooks)
    for event, count in events.items():
        if count > 1:
            paths = list(dict.fromkeys(str(entry.path) for entry in state.hooks if entry.event == event))
            message = f"{event} is registered {count} times, in {', '.join(paths)}"
            yield warn(message, f"graphmem uninstall {host.name} --{state.hooks[-1].layer}")
    servers = [entry for entry in state.registrations if not entry.event]
    programs = {entry.program for entry in servers}
    if len(programs) > 1:
        message = f"{servers[0].path} and {servers[-1].path} start different programs; one shadows the other"
        yield warn(message, f"graphmem uninstall {host.name} --{servers[-1].layer}")


def _stale(state: HostState) -> Iterator[CheckResult]:
    """Entries of another installation, or hooks that this release does not answer or has besides."""
    try:
        words = program_words()
    except Unsupported:
        return
    program = words[0]
    for entry in state.registrations:
        if entry.program != program:
            yield warn(f"{entry.path} starts another installation, {entry.program!r}", _install(entry, state.host))
        elif entry.event and entry.command != command_line([*words, "on", state.host.name, entry.event]):
            yield warn(f"{entry.path} has a command that graphmem did not write", _install(entry, state.host))
        if entry.event and entry.event not in EVENTS[state.host.name]:
            yield warn(f"{entry.path} has a hook of another release, {entry.event}", _install(entry, state.host))


def _untrusted(state: HostState) -> Iterator[CheckResult]:
    """Codex skips hooks that its user has not accepted since their file changed, and says nothing."""
    if state.host.name == "codex" and state.hooks:
        path = state.hooks[0].path
        if last_run("codex") < path.stat().st_mtime:
            message = f"Codex has not run the hooks in {path} since they changed: it skips them until they are trusted"
            yield warn(message, "codex   # then type /hooks, and accept them")


def _run_problem(host: Host, entry: Registration) -> str:
    """Run a hook with a payload as its host documents it; return the problem, or an empty text.

    Settings can come with a clone: the hook runs with this installation's own words, and not with the command.
    """
    words = [*program_words(), "on", host.name, entry.event]
    payload = json.dumps(sample_payload(host.name, entry.event, str(Path.cwd()))).encode()
    started = time.monotonic()
    try:
        done = subprocess.run(words, input=payload, capture_output=True, timeout=_HOOK_S, check=False)  # noqa: S603 - see above
    except subprocess.TimeoutExpired:
        return f"does not answer within {_HOOK_S:g} seconds"
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        return f"exits with {done.returncode}: {lines[-1][:200]}"
    text = done.stdout.decode("utf-8", "replace").strip()
    try:
        is_answer = not text or isinstance(json.loads(text), dict)
    except ValueError:
        is_answer = False
    if not is_answer:
        return f"answers with no JSON object: {text[:80]!r}"
    failures = last_failures(time.time() - (time.monotonic() - started) - 1)
    return f"fails: {failures[-1]}" if failures else ""


def _install(entry: Registration, host: Host) -> str:
    return f"graphmem install {host.name} --{entry.layer}"


def _trust(_: CheckContext) -> CheckResult:
    folder = find_folder(Path.cwd())
    if folder is None or os.environ.get("GRAPHMEM_URL"):
        return ok(
            "hooks read the store that the environment names" if os.environ.get("GRAPHMEM_URL") else "no store here"
        )
    if is_trusted(str(folder)):
        return ok(f"hooks read {folder}")
    message = (
        f"hooks read nothing from {folder}: it was not made by graphmem init on this machine, or not since this release"
    )
    return warn(message, f"graphmem trust {quote(str(folder.parent))}   # after a look at it")


def _log(_: CheckContext) -> CheckResult:
    failures = last_failures(time.time() - _WEEK_S)
    if not failures:
        return ok("no hook failed in the last week")
    shown = "; ".join(dict.fromkeys(failures[-_LOG_LINES:]))
    return warn(f"hooks failed {len(failures)} times in the last week, lately: {shown}", "graphmem doctor --json")


NONE = Check("hosts", _none)
TRUST = Check("trust", _trust)
LOG = Check("hook log", _log)
