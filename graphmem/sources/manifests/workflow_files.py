"""CI workflows of GitHub and GitLab: when they run, and their jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from graphmem.sources.manifests.document_texts import list_at, table_at, text_at, yaml_of
from graphmem.sources.manifests.parts import MAX_NAMES, Manifest, Workflow, clipped, is_name

_WORDS = {
    "pull_request": "on pull requests",
    "pull_request_target": "on pull requests",
    "workflow_dispatch": "when started by hand",
    "workflow_call": "when another workflow calls it",
    "release": "on releases",
    "merge_group": "in the merge queue",
    "issues": "on issues",
    "issue_comment": "on comments",
}
_PIN = re.compile(r"(uses:[ \t]*[\"']?[\w./-]{1,200})@[\w./-]{1,200}([\"']?)(?:[ \t]+#[^\n]*)?")
_EVERY = ("*", "**")
_RESERVED = frozenset(
    {
        *("stages", "variables", "default", "include", "workflow", "image", "services", "cache", "before_script"),
        *("after_script", "pages", "spec"),
    }
)


def read_github_workflow(text: str) -> Manifest:
    """The workflow of a file below `.github/workflows`."""
    return _unpinned_workflow(_PIN.sub(r"\1\2", text))


@lru_cache(maxsize=500)
def _unpinned_workflow(text: str) -> Manifest:
    """The workflow of a text without the versions of its actions: most versions of a file change nothing else."""
    document = yaml_of(text)
    events = document.get("on")
    if isinstance(events, str):
        events = [events]
    named = dict.fromkeys(str(event) for event in events) if isinstance(events, list) else table_at(events)
    triggers = tuple(dict.fromkeys(_trigger(event, settings) for event, settings in named.items()))
    jobs = tuple(name for name in table_at(document, "jobs") if is_name(name))
    if not jobs:
        return Manifest()
    return Manifest((Workflow(clipped(text_at(document, "name")), triggers[:MAX_NAMES], jobs[:MAX_NAMES]),))


def _trigger(event: str, settings: object) -> str:
    table = table_at(settings)
    limits = " (certain paths only)" if {"paths", "paths-ignore"} & table.keys() else ""
    if event == "push":
        return f"on {' and '.join(_pushes(table))}{limits}"
    if event == "schedule":
        crons = [text_at(table_at(entry), "cron") for entry in settings] if isinstance(settings, list) else []
        return clipped(f"on a schedule ({', '.join(filter(None, crons[:4]))})") if any(crons) else "on a schedule"
    if event == "workflow_run":
        return clipped(f"after the workflow {' or '.join(map(str, list_at(table, 'workflows')[:4]))}")
    shown = _WORDS.get(event, f"on {clipped(event, 40)}")
    return f"{shown}{_branches(table)}{limits}" if event.startswith("pull_request") else shown


def _pushes(table: Mapping[str, object]) -> Iterator[str]:
    branches = _branches(table)
    tags = [tag for tag in list_at(table, "tags") if not str(tag).startswith("!")]
    if branches or not tags:
        yield f"pushes{branches}" if branches else "every push"
    if tags:
        yield f"pushes of tags {_listed(tags)}"


def _branches(table: Mapping[str, object]) -> str:
    """` to BRANCHES`; empty if the event is not limited to branches."""
    named = list(map(str, list_at(table, "branches")))
    included = [branch for branch in named if branch not in _EVERY and not branch.startswith("!")]
    excluded = [branch[1:] for branch in named if branch.startswith("!")]
    ignored = [*excluded, *list_at(table, "branches-ignore")]
    if included:
        return f" to {_listed(included)}{f' other than {_listed(ignored)}' if ignored else ''}"
    return f" to branches other than {_listed(ignored)}" if ignored else ""


def _listed(values: Sequence[object]) -> str:
    return ", ".join(clipped(value, 40) for value in values[:5])


def read_gitlab_ci(text: str) -> Manifest:
    """The pipeline of a `.gitlab-ci.yml`."""
    document = yaml_of(text)
    jobs = [
        name
        for name, value in document.items()
        if name not in _RESERVED and not name.startswith(".") and table_at(value)
    ]
    rules = [text_at(table_at(rule), "if") for rule in list_at(document, "workflow", "rules")]
    triggers = tuple(clipped(f"if {rule}") for rule in rules if rule)[:5] or ("on every push",)
    names = tuple(clipped(name, 60) for name in jobs[:MAX_NAMES])
    return Manifest((Workflow("GitLab pipeline", triggers, names),) if names else ())
