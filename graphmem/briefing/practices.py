"""Finds the practices that a task touches (tests, documentation, dependencies and others) by words and by paths.

A task rarely names the rules that govern it: "add a field" is governed by rules on tests and on changelogs. Each
practice has words that announce it, a pattern of paths that belong to it, and a hint: words of typical rules on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from graphmem.deferred_dataclass import dataclass

_WORD = re.compile(r"[a-z]+")
#: The most practices of a task; a long text would touch all.
MOST_PRACTICES = 4
#: The share of evidence for a practice found by paths alone, and for a practice that another practice implies.
BY_PATH, IMPLIED = 0.75, 0.5


@dataclass(frozen=True)
class Practice:
    """A practice.

    Attributes:
        name: A single word, as a block names it.
        words: Words of tasks that announce it, separated by spaces.
        hint: Words of typical rules on it.
        places: A pattern of the paths that belong to it; empty if no path does.
        implied: The name of a practice that it brings along; empty if it brings none.
    """

    name: str
    words: str
    hint: str
    places: str = ""
    implied: str = ""

    @cached_property
    def triggers(self) -> frozenset[str]:
        """The announcing words."""
        return frozenset(self.words.split())

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """The compiled pattern of its paths."""
        return re.compile(self.places) if self.places else None

    def is_on(self, paths: Iterable[str]) -> bool:
        """Return True if any of the paths belongs to it."""
        pattern = self.pattern
        return pattern is not None and any(pattern.search(path) is not None for path in paths)


PRACTICES = (
    Practice(
        "feature",
        "add build implement create introduce support new feature extend expose allow",
        "a new feature needs tests and documentation",
        implied="tests",
    ),
    Practice(
        "tests",
        "test tests testing tested spec specs coverage flaky fixture fixtures mock mocks",
        "tests: framework, fixtures, mocks, assertions, running the test suite",
        r"(^|/)(tests?|specs?|__tests__|e2e)/|[._-](test|spec)\.|(^|/)test_",
    ),
    Practice(
        "docs",
        "docs doc documentation document readme page guide tutorial",
        "documentation: writing pages, style, headings, code examples",
        r"(^|/)docs?/|\.(md|mdx|rst|adoc)$",
    ),
    Practice(
        "change",
        "pull pr prs request commit commits committing merge branch push review rebase hook hooks",
        "pull requests (PR, PRs) and commits: branch, title, description, message, review, checks, lint and format"
        " before committing, changeset, changelog entry",
    ),
    Practice(
        "release",
        "release releases publish tag version changelog ship",
        "release: version, tag, release notes, changelog, publishing",
    ),
    Practice(
        "dependencies",
        "upgrade bump dependency dependencies package packages install update library version",
        "dependencies: versions, adding or upgrading packages, package manager, lockfile",
        r"(^|/)(package\.json|pyproject\.toml|setup\.(py|cfg)|go\.mod|cargo\.toml|requirements[^/]*|pom\.xml|gemfile|"
        r"build\.gradle[^/]*|[^/]*lock[^/]*)$",
    ),
    Practice(
        "database",
        "column columns table tables schema migration migrations index query sql database record transaction",
        "database: schema, migrations, tables, columns, indexes, queries, ORM",
        r"(^|/)(migrations?|schemas?|db|database|models?)(/|\.|$)|\.(sql|prisma)$",
    ),
    Practice(
        "api",
        "endpoint endpoints route routes api handler controller rest graphql rpc webhook",
        "API endpoints: routes, requests, responses, validation, authentication, errors",
        r"(^|/)(routes?|api|controllers?|handlers?|endpoints?)(/|\.|$)|[_.](routes?|controller|handler)\.",
    ),
    Practice(
        "interface",
        "component components button form page screen view layout modal drawer dialog css style theme ui frontend",
        "user interface: components, styling, state, accessibility, translation",
        r"\.(tsx|jsx|vue|svelte|css|scss)$|(^|/)(components?|ui|views?)/",
    ),
    Practice(
        "configuration",
        "setting settings config configuration option options flag flags environment variable variables env",
        "configuration: settings, options, environment variables, feature flags",
        r"(^|/)(config|settings)",
    ),
    Practice(
        "removal",
        "rename remove delete drop deprecate deprecated replace breaking rid",
        "breaking changes: deprecation, removal, renaming, backwards compatibility",
    ),
    Practice(
        "operations",
        "deploy deployment pipeline workflow workflows ci docker container infrastructure terraform kubernetes",
        "CI, deployment and infrastructure: workflows, containers, environments",
        r"(^|/)(\.github|infra|deploy|terraform|k8s|helm)(/|$)|dockerfile|\.tf$",
    ),
    Practice(
        "observability",
        "log logs logging metric metrics trace tracing monitor monitoring alert telemetry",
        "logging, metrics, tracing and monitoring",
    ),
    Practice(
        "errors",
        "error errors exception exceptions failure failures retry retries timeout",
        "error handling: exceptions, messages, retries",
    ),
    Practice(
        "security",
        "auth login oauth token tokens permission permissions secret secrets password session security",
        "authentication, authorization, permissions, secrets and security",
        r"(^|/)auth",
    ),
    Practice(
        "translation",
        "translate translation translations locale locales language languages i18n",
        "translation of user-facing text, locales",
        r"(^|/)(i18n|locales?|translations?)(/|\.|$)",
    ),
    Practice(
        "storage",
        "file files upload uploads download attachment attachments image images pdf storage bucket blob cache",
        "storage of files and documents: uploads, buckets, blobs, caches",
        r"(^|/)(uploads?|storage|attachments?)(/|\.|$)",
    ),
    Practice(
        "processes",
        "command commands shell subprocess spawn exec script scripts cli",
        "running commands, scripts and shell processes",
        r"\.(sh|bash|ps1)$|(^|/)(cli|scripts?|bin)(/|\.|$)",
    ),
    Practice(
        "code",
        "refactor refactoring cleanup simplify typing types module class function",
        "code style: formatting, types, naming, imports, comments, file headers",
        r"\.(py|tsx?|jsx?|mjs|go|rs|java|kt|rb|php|cs|cpp|cc|c|h|swift|scala)$",
    ),
    Practice(
        "concurrency",
        "queue queues worker workers job jobs atomic atomically concurrent lock async background",
        "queues, background jobs, transactions and concurrency",
        r"(^|/)(workers?|queues?|jobs?)(/|\.|$)",
    ),
)


def practices_of(task: str, paths: Iterable[str]) -> tuple[tuple[Practice, float], ...]:
    """Return the practices that a task touches, each with its share of evidence, at most `MOST_PRACTICES`.

    The share is 1 if a word of the task announces it, `BY_PATH` if its paths alone do, and `IMPLIED` if another
    practice brings it along. The plainest come first.
    """
    words, lowered = frozenset(_WORD.findall(task.casefold())), [path.casefold() for path in paths]
    found: list[tuple[float, Practice, float]] = []
    for practice in PRACTICES:
        said, is_on_path = len(practice.triggers & words), bool(lowered) and practice.is_on(lowered)
        if said or is_on_path:
            found.append((said + is_on_path, practice, 1.0 if said else BY_PATH))
    found.sort(key=lambda touched: -touched[0])
    named = {practice.name for _, practice, _ in found}
    shares = [(practice, share) for _, practice, share in found]
    shares += [
        (_BY_NAME[practice.implied], IMPLIED)
        for _, practice, _ in found
        if practice.implied and practice.implied not in named
    ]
    return tuple(shares[:MOST_PRACTICES])


_BY_NAME = {practice.name: practice for practice in PRACTICES}
