"""Scopes: where a memory lives, and where its reader stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TypedDict

from graphmem.errors import InvalidInput

MAX_NAME_CHARS = 1_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Scope:
    """The home scope of a memory, or the scope of a reader; a part that is `None` is the wider level.

    A scope is complete: `Scope(user="ana")` has no repository, whatever a memory's default scope is. To change only the
    user of the default, pass `user="ana"` to the verb.

    `branch` names a branch of `repo` (of the whole tenant if `repo` is None). A reader also reads shared memories of
    `related_repos`; the scope of a memory has none.
    """

    tenant: str = "default"
    repo: str | None = None
    user: str | None = None
    branch: str | None = None
    environment: str | None = None
    related_repos: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("tenant", "repo", "user", "branch", "environment"):
            value = getattr(self, name)
            if value is None and name != "tenant":
                continue
            if not value or len(value) > MAX_NAME_CHARS or _CONTROL.search(value):
                raise InvalidInput(f"{value!r} is no {name}: use 1 to {MAX_NAME_CHARS} printable characters")
        if self.branch is not None and ":" in self.branch:
            raise InvalidInput(f"{self.branch!r} is no branch name: git allows no ':' in one")

    @property
    def branch_key(self) -> str | None:
        """The branch with its repository: two repositories may use the same branch name."""
        return None if self.branch is None else f"{self.repo or ''}:{self.branch}"

    @property
    def width(self) -> tuple[bool, bool, bool]:
        """(user, environment, repo) set or not; the lexicographically greater scope is narrower."""
        return (self.user is not None, self.environment is not None, self.repo is not None)

    def admits(self, home: Scope) -> bool:
        """Return whether a reader in this scope sees memories of the scope `home`, regardless of branches."""
        repo_ok = home.repo is None or home.repo == self.repo or (home.repo in self.related_repos and home.user is None)
        return (
            home.tenant == self.tenant
            and repo_ok
            and (home.user is None or home.user == self.user)
            and (home.environment is None or home.environment == self.environment)
        )


class ScopeParts(TypedDict, total=False):
    """Parts of a scope that a call names to replace those of the default scope."""

    tenant: str
    repo: str | None
    user: str | None
    branch: str | None
    environment: str | None
    related_repos: tuple[str, ...]


def scope_with(scope: Scope, parts: ScopeParts) -> Scope:
    """Return the scope with some parts replaced.

    Raises:
        TypeError: A name is not a part of a scope.
    """
    return replace(scope, **parts) if parts else scope


def may_see_in(reader: Scope, home: Scope) -> bool:
    """Return whether a reader would see memories of the scope `home` from home's repository, regardless of branches."""
    return replace(reader, repo=home.repo, related_repos=()).admits(home)
