"""A key: whose memories it opens, and what may be done with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from graphmem.errors import Forbidden, InvalidInput, NotFound
from graphmem.model import Scope
from graphmem.vocabulary import Permission

#: Of the name of a write, and of what makes it a key's own.
_MAX_OP_ID, _MARK_CHARS = 200, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is stored.

    Attributes:
        id: Public: it is shown in lists and logs.
        digest: Hash of its secret.
        name: Who or what holds it; the actor of writes that name none.
        user: Whose private memories it opens, and no other's; None lets the caller name anybody of the tenant.
        repos: The only repositories in which its holder may stand; empty for all.
        expires_at: From when on it opens nothing; None if it does not expire.
    """

    id: str
    digest: str
    name: str
    tenant: str
    permissions: tuple[Permission, ...]
    user: str | None = None
    repos: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        Scope(self.tenant, user=self.user)
        for repo in self.repos:
            Scope(self.tenant, repo=repo)
        if not self.name.strip():
            raise InvalidInput(f"{self.name!r} is no name of a key: say who or what holds it")
        if not self.permissions:
            raise InvalidInput(f"a key needs a permission: {', '.join(Permission)}")

    def is_live(self, now: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def is_bound(self) -> bool:
        """Whether it opens less than its whole tenant."""
        return self.user is not None or bool(self.repos)

    @property
    def is_reader_of_all(self) -> bool:
        """Whether it may read everything that its tenant holds."""
        return Permission.READ in self.permissions and not self.is_bound

    def own_op_id(self, op_id: str) -> str:
        """The name of a write in the ledger: a bound key's is its own, since others' must not be found by trying."""
        if not self.is_bound:
            return op_id
        bound = json.dumps([self.user, sorted(self.repos)])
        mark = hashlib.sha256(bound.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_CHARS]
        short = op_id
        if len(op_id) > _MAX_OP_ID - _MARK_CHARS - 1:
            short = hashlib.sha256(op_id.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{short}@{mark}"

    def require(self, permission: Permission) -> None:
        """Let pass what the key allows.

        Raises:
            Forbidden: It does not allow this.
        """
        if permission not in self.permissions:
            raise Forbidden(f"key {self.id!r} has no permission to {permission.value}: ask for one that has")

    def require_whole(self) -> None:
        """Let pass what touches the whole tenant.

        Raises:
            Forbidden: The key opens only a part of it.
        """
        if self.is_bound:
            raise Forbidden(f"key {self.id!r} is bound to a user or to repositories: this needs the whole tenant")

    def place(self, asked: Scope, tenant: str | None, *, is_write: bool) -> Scope:
        """Where its holder stands.

        Args:
            asked: The scope that the caller names, whose tenant does not count.
            tenant: The tenant that the caller names, if any.
            is_write: A write must be in one of the key's repositories; a read may be of what belongs to none.

        Raises:
            NotFound: Another tenant was named: whether it exists is not told.
            Forbidden: Another user or repository was named than those of the key.
        """
        if tenant is not None and tenant != self.tenant:
            raise NotFound(f"no tenant {tenant!r}")
        if self.user is not None and asked.user not in {None, self.user}:
            raise Forbidden(f"key {self.id!r} is not of user {asked.user!r}")
        repo = asked.repo if asked.repo is not None or len(self.repos) != 1 else self.repos[0]
        named = [one for one in (repo, *asked.related_repos) if one is not None]
        if closed := [one for one in named if self.repos and one not in self.repos]:
            raise Forbidden(f"key {self.id!r} opens {', '.join(self.repos)}, not {closed[0]!r}")
        if is_write and self.repos and repo is None:
            raise Forbidden(f"key {self.id!r} writes in {', '.join(self.repos)}: name one of them")
        return Scope(self.tenant, repo, self.user or asked.user, asked.branch, asked.environment, asked.related_repos)
