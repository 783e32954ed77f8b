"""Scopes: where a memory lives, and where its reader stands."""

from __future__ import annotations

import re
from typing import TypedDict

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput

MAX_NAME_CHARS = 1_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_OPENING = re.compile(r"[^:]+:[1-9][0-9]{0,17}")


def check_branch(branch: str) -> None:
    """Refuse a branch that is neither a name nor a name with the ledger position of its opening.

    Raises:
        InvalidInput: It has a colon that no ledger position follows.
    """
    if ":" in branch and not _OPENING.fullmatch(branch):
        fault = f"{branch!r} is no branch name: git allows no ':' in one"
        raise InvalidInput(f"{fault}; an earlier branch is named with the entry that opened it, as in 'fix:123'")


def branch_key(repo: str | None, branch: str) -> str:
    """The key of a branch of a repository.

    The key of a named opening ends in a colon, which no branch name has: no two branches share a key.
    """
    return f"{repo or ''}:{branch}{':' if ':' in branch else ''}"


def branch_parts(branch: str) -> tuple[str, int | None]:
    """The name of a branch, and the ledger position of its opening; None if only the name is given."""
    name, _, opened = branch.partition(":")
    return name, int(opened) if opened else None


@dataclass(frozen=True, slots=True)
class Scope:
    """The home scope of a memory, or the scope of a reader; a part that is `None` is the wider level.

    A scope is complete: `Scope(user="ana")` has no repository, whatever a memory's default scope is. To change only the
    user of the default, pass `user="ana"` to the verb.

    `branch` names a branch of `repo` (of the whole tenant if `repo` is None): `fix` the latest of that name, `fix:123`
    the branch that ledger entry 123 opened. A reader also reads shared memories of `related_repos`; the scope of a
    memory has none.
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
        if self.branch is not None:
            check_branch(self.branch)

    @property
    def branch_key(self) -> str | None:
        """The branch with its repository: two repositories may use the same branch name."""
        return None if self.branch is None else branch_key(self.repo, self.branch)

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
