"""When workflows run, and their jobs."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests import workflow_files
from graphmem.sources.manifests.parts import Workflow
from graphmem.sources.manifests.workflow_files import read_github_workflow, read_gitlab_ci


def test_a_workflow_says_when_it_runs() -> None:
    text = """
name: Tests
on:
  push: {branches: [main], tags: ['v*']}
  pull_request: {branches: ['**']}
  schedule: [{cron: '0 3 * * *'}]
  workflow_dispatch:
jobs:
  test: {runs-on: ubuntu-latest, steps: [{uses: actions/checkout@v4}]}
  lint: {runs-on: ubuntu-latest}
"""
    assert read_github_workflow(text).parts == (
        Workflow(
            "Tests",
            (
                "on pushes to main and pushes of tags v*",
                "on pull requests",
                "on a schedule (0 3 * * *)",
                "when started by hand",
            ),
            ("test", "lint"),
        ),
    )


def test_events_may_be_a_word_or_a_list() -> None:
    jobs = "jobs: {a: {runs-on: x}}\n"
    assert read_github_workflow(f"on: push\n{jobs}").parts == (Workflow("", ("on every push",), ("a",)),)
    assert read_github_workflow(f"on: [push, release]\n{jobs}").parts == (
        Workflow("", ("on every push", "on releases"), ("a",)),
    )


def test_a_gitlab_pipeline_has_jobs() -> None:
    text = "stages: [a]\n.hidden: {script: x}\ntest: {script: [pytest]}\nlint:\n  script: ruff\n"
    assert read_gitlab_ci(text).parts == (Workflow("GitLab pipeline", ("on every push",), ("test", "lint")),)


def test_limits_of_events_are_named() -> None:
    text = (
        "on:\n  push: {branches-ignore: ['dependabot/**'], paths: [src/**]}\n"
        "  pull_request: {branches: [main, '**']}\njobs: {a: {runs-on: x}}\n"
    )
    assert [part.triggers for part in read_github_workflow(text).parts if isinstance(part, Workflow)] == [
        ("on pushes to branches other than dependabot/** (certain paths only)", "on pull requests to main")
    ]
    excluded = "on: {push: {tags: ['!**']}}\njobs: {a: {runs-on: x}}\n"
    assert "every push" in str(read_github_workflow(excluded))


def test_pins_of_actions_are_no_part_of_a_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "on: push\njobs: \n  a:\n    steps:\n      - uses: 'x/y@{}' # v{}\n        with: {{b: 1}}\n      - uses: z@{}\n"
    )
    first = read_github_workflow(text.format("abc", 1, "v1"))
    monkeypatch.setattr(workflow_files, "yaml_of", None)
    assert read_github_workflow(text.format("def", 2, "v2")) is first
