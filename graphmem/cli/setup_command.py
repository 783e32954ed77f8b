"""The command that sets graphmem up: the store and the sources of a repository, and the agents of this machine."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, dim, line
from graphmem.cli.host_commands import layer_of, plan_lines, print_diffs
from graphmem.cli.options import Call, output_options
from graphmem.cli.output import give, note

if TYPE_CHECKING:
    from graphmem.hosts.host_table import Host
    from graphmem.hosts.installation import Plan

_RECORD = "setup.json"


@click.command()
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("--yes", is_flag=True, help="Do it without a question.")
@click.option("--undo", is_flag=True, help="Take back what setup did in this repository.")
@click.option("--read/--no-read", "reads", default=True, help="Read what the repository says. [default: read]")
@output_options
@click.pass_context
def setup(ctx: click.Context, /, *, call: Call, dry_run: bool, yes: bool, undo: bool, reads: bool) -> None:
    """Set graphmem up in the current repository: init, read it, install for the agents found here, doctor.

    What would be done is printed first, with a diff of every settings file; at a terminal you are asked before it is
    done, elsewhere --yes does it. --undo removes the entries from the settings, and the store that setup made if nobody
    has written to it since.
    """
    from graphmem.sources.git.work_tree import work_tree

    root = work_tree(Path.cwd()) or Path.cwd().resolve()
    plans = _plans(root, is_removal=undo)
    for plan in plans if not call.as_json else ():
        print_diffs(plan)
    give(
        call,
        _answer(root, plans, is_undo=undo),
        lambda _: _plan_page(root, plans, is_undo=undo, reads=reads, dry_run=dry_run),
    )
    if dry_run or not (yes or _is_confirmed()):
        note("nothing was done" + ("" if dry_run else "; --yes does it"))
        return
    if undo:
        _undo(root, plans)
    else:
        _set_up(ctx, call, root, plans, reads=reads)


def _plans(root: Path, *, is_removal: bool) -> list[Plan]:
    """Return the changes of settings for the hosts that are used on this machine or in this repository."""
    from graphmem.hosts.host_table import HOSTS
    from graphmem.hosts.installation import ChangeKind, plan_installation, plan_removal, root_of
    from graphmem.hosts.program import program_words

    plans: list[Plan] = []
    for host in HOSTS.values():
        if is_removal or _is_found(host, root):
            layer = layer_of(host, is_user=None)
            make = plan_removal if is_removal else plan_installation
            plans.append(make(host, layer, root_of(layer, root), program_words()))
    return [plan for plan in plans if any(change.kind is not ChangeKind.NONE for change in plan.changes)]


def _is_found(host: Host, root: Path) -> bool:
    from graphmem.hosts.host_table import is_used

    return is_used(host) or any((root / trace).exists() for trace in host.traces)


def _is_confirmed() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and click.confirm("Do it?", default=True)


def _answer(root: Path, plans: list[Plan], *, is_undo: bool) -> dict[str, object]:
    files = [
        {"host": plan.host.name, "path": change.path, "change": change.kind, "diff": change.diff()}
        for plan in plans
        for change in plan.changes
    ]
    return {"root": str(root), "is_undo": is_undo, "store": _store_step(root, is_undo=is_undo), "files": files}


def _plan_page(root: Path, plans: list[Plan], *, is_undo: bool, reads: bool, dry_run: bool) -> Iterator[Block]:
    yield line(f"store   {_store_step(root, is_undo=is_undo)}")
    if reads and not is_undo:
        yield line(dim("        its history, decisions, conventions, structure, tasks and incidents are read"))
    for plan in plans:
        yield line(f"{plan.host.title}")
        yield from plan_lines(plan, dry_run=dry_run)
    if not plans:
        yield line("no settings of coding agents are changed")


def _store_step(root: Path, *, is_undo: bool) -> str:
    from graphmem.config import FOLDER

    folder = root / FOLDER
    if is_undo:
        made = _recorded(root) is not None
        return (
            f"{folder} is removed if nobody has written to it" if made else f"{folder} was not made by setup, and stays"
        )
    return f"{folder} exists already" if folder.exists() else f"{folder} is made"


# ---- steps


def _set_up(ctx: click.Context, call: Call, root: Path, plans: list[Plan], *, reads: bool) -> None:
    from graphmem.cli.repository_commands import read_everything
    from graphmem.config import FILE, FOLDER
    from graphmem.doctor import LinkHealth, examine
    from graphmem.hosts.installation import carry_out
    from graphmem.opening import initialise
    from graphmem.sources.git.work_tree import work_tree
    from graphmem.user_state.trusted_folders import trust

    is_new = not (root / FOLDER / FILE).exists()
    path = str(initialise(root))
    if is_new:
        trust(str(root / FOLDER))
    with call.open(path) as memory:
        if reads and work_tree(root) is not None and not call.as_json:
            give(call, path, lambda _: read_everything(ctx, memory, root))
        changes = memory.status().changes
    if is_new:
        _record(root, changes)
    for plan in plans:
        carry_out(plan)
        for change in plan.by_hand:
            note(f"{change.path} {change.reason}; add by hand:\n{change.text}")
    for link in examine(path):
        if link.health is not LinkHealth.OK:
            note(f"{link.name}: {link.found}" + (f"  fix: {link.fix}" if link.fix else ""))
    note(_closing(plans))


def _closing(plans: list[Plan]) -> str:
    agents = ", ".join(dict.fromkeys(plan.host.title for plan in plans if not plan.by_hand))
    reach = f"; {agents} reads it from the next session on" if agents else ""
    return f"The memory is set up{reach}. Taken back by: graphmem setup --undo"


def _undo(root: Path, plans: list[Plan]) -> None:
    from graphmem.config import FILE, FOLDER
    from graphmem.hosts.installation import carry_out
    from graphmem.opening import open_memory

    for plan in plans:
        carry_out(plan)
    recorded = _recorded(root)
    if recorded is None or not (root / FOLDER / FILE).exists():
        return
    with open_memory(str(root / FOLDER / FILE)) as memory:
        written = memory.status().changes - recorded
    if written:
        note(f"{root / FOLDER} stays: {written} changes were recorded since setup")
        return
    shutil.rmtree(root / FOLDER)
    _record(root, None)


def _recorded(root: Path) -> int | None:
    """Return the changes that a store had when setup had made it; None if setup made no store there."""
    changes = _records().get(str(root))
    return changes if isinstance(changes, int) else None


def _records() -> dict[str, object]:
    from graphmem.user_state.state_folder import state_path

    with suppress(OSError, ValueError):
        records = json.loads(Path(state_path(_RECORD)).read_bytes())
        return records if isinstance(records, dict) else {}
    return {}


def _record(root: Path, changes: int | None) -> None:
    from graphmem.drafts import write_private
    from graphmem.user_state.state_folder import state_path

    records = {key: value for key, value in _records().items() if key != str(root)}
    if changes is not None:
        records[str(root)] = changes
    path = Path(state_path(_RECORD))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, json.dumps(records))
