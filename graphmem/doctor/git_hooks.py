"""Checks the git hooks that note events for the memory; a repository needs none."""

from __future__ import annotations

from pathlib import Path

from graphmem.doctor.links import Check, CheckContext, CheckResult, ok, warn
from graphmem.errors import NotFound, Unsupported
from graphmem.githooks.hook_script import EVENTS
from graphmem.githooks.installation import Hook, HookState, hook_status

_INSTALL = "graphmem hooks install"


def _hooks(context: CheckContext) -> CheckResult:
    del context
    try:
        report = hook_status(Path.cwd())
    except NotFound:
        return ok("no git repository here, so no git hooks")
    except Unsupported as problem:
        return ok(str(problem))
    stale = _named(report.hooks, HookState.STALE)
    if stale:
        return warn(f"git hooks of another release: {', '.join(stale)}", _INSTALL)
    active = [hook.event for hook in report.hooks if hook.is_active]
    if not active:
        where = f"; {report.folder} must be edited by hand" if report.manual else ""
        return ok(f"no git hooks of graphmem, which are optional{where}")
    left = [event for event in EVENTS if event not in active]
    if left:
        return warn(f"git hooks {', '.join(active)} are installed; not installed: {', '.join(left)}", _INSTALL)
    shared = ", ".join(hook.event for hook in report.hooks if hook.is_shared)
    return ok(f"all git hooks are installed; {shared} with other lines" if shared else "all git hooks are installed")


def _named(hooks: tuple[Hook, ...], state: HookState) -> list[str]:
    return [hook.event for hook in hooks if hook.state is state]


HOOKS = Check("hooks", _hooks)
