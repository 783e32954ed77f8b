"""API keys: the tenant, users and repositories that a key opens, and its permissions."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Forbidden, InvalidInput, NotFound
from graphmem.model import Scope
from graphmem.vocabulary import Permission

#: The longest op_id, and the length of the suffix that binds an op_id to a key.
_MAX_OP_ID, _MARK_CHARS = 200, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is stored.

    Attributes:
        id: Public: it appears in lists and logs.
        digest: Hash of its secret.
        name: The holder; the actor of writes without an actor.
        user: The only user whose private memories it opens; None lets the caller name any user of the tenant.
        repos: The only repositories that it opens; empty for all.
        expires_at: When it expires; None if it does not.
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
            raise InvalidInput(f"{self.name!r} is not a valid key name: name the person or program that holds the key")
        if not self.permissions:
            raise InvalidInput(f"a key needs a permission: {', '.join(Permission)}")

    def is_live(self, now: datetime) -> bool:
        """Return whether the key is neither revoked nor expired at a moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def is_bound(self) -> bool:
        """True if the key opens less than its whole tenant."""
        return self.user is not None or bool(self.repos)

    @property
    def is_reader_of_all(self) -> bool:
        """True if the key may read every memory of its tenant."""
        return Permission.READ in self.permissions and not self.is_bound

    def own_op_id(self, op_id: str) -> str:
        """Return the op_id for the ledger; a bound key has a namespace of its own and cannot probe op_ids of others."""
        if not self.is_bound:
            return op_id
        bound = json.dumps([self.user, sorted(self.repos)])
        mark = hashlib.sha256(bound.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_CHARS]
        short = op_id
        if len(op_id) > _MAX_OP_ID - _MARK_CHARS - 1:
            short = hashlib.sha256(op_id.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{short}@{mark}"

    def require(self, permission: Permission) -> None:
        """Check a permission.

        Raises:
            Forbidden: The key does not have it.
        """
        if permission not in self.permissions:
            raise Forbidden(f"key {self.id!r} has no permission to {permission.value}: request a key with it")

    def require_whole(self) -> None:
        """Check that the key opens the whole tenant.

        Raises:
            Forbidden: The key is bound to a user or to repositories.
        """
        if self.is_bound:
            raise Forbidden(
                f"key {self.id!r} is bound to a user or to repositories: this operation needs a key to the whole tenant"
            )

    def place(self, requested: Scope, tenant: str | None, *, is_write: bool) -> Scope:
        """Return the scope of a request with this key.

        Args:
            requested: The requested scope; its tenant is ignored.
            tenant: The requested tenant, if any.
            is_write: A write must name a repository of the key; a read may be org-wide.

        Raises:
            NotFound: Another tenant is requested; the message is the same whether it exists or not.
            Forbidden: A user or repository is requested that the key does not open.
        """
        if tenant is not None and tenant != self.tenant:
            raise NotFound(f"no tenant {tenant!r}")
        if self.user is not None and requested.user not in {None, self.user}:
            raise Forbidden(f"key {self.id!r} does not open memories of user {requested.user!r}")
        repo = requested.repo if requested.repo is not None or len(self.repos) != 1 else self.repos[0]
        repos = [name for name in (repo, *requested.related_repos) if name is not None]
        if closed := [name for name in repos if self.repos and name not in self.repos]:
            raise Forbidden(f"key {self.id!r} opens {', '.join(self.repos)}, not {closed[0]!r}")
        if is_write and self.repos and repo is None:
            raise Forbidden(f"key {self.id!r} writes in {', '.join(self.repos)}: name one of them")
        return Scope(
            self.tenant,
            repo,
            self.user or requested.user,
            requested.branch,
            requested.environment,
            requested.related_repos,
        )
