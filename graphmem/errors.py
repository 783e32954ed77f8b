"""Every error that graphmem raises.

::

    GraphMemError
    ├── InvalidInput       the request is wrong as it stands          (code: invalid_input)
    ├── NotFound           nothing of that name that the caller sees  (not_found)
    ├── Conflict           somebody was first, or a claim is taken    (conflict)
    ├── Forbidden          seen, but not the caller's to change       (forbidden)
    ├── StoreUnavailable   the store cannot be reached or written now (store_unavailable, retryable)
    ├── CommitUnknown      the connection broke during commit: resend with the same `op_id` (commit_unknown)
    ├── Unsupported        this store, file or model cannot do that   (unsupported)
    └── CorruptStore       what is stored contradicts itself          (corrupt_store)

`code` is stable across releases and is what surfaces and clients map from; `is_retryable` says whether the
same call may simply be made again.
"""

from __future__ import annotations

from typing import ClassVar


class GraphMemError(Exception):
    """Base of every graphmem error; its message names the value at fault and the fix."""

    code: ClassVar[str] = "error"
    is_retryable: ClassVar[bool] = False


class InvalidInput(GraphMemError):
    """The request is wrong as it stands: a naive time, an inverted interval, a cycle, a text too long."""

    code = "invalid_input"


class NotFound(GraphMemError):
    """Nothing of that name exists, or nothing that the caller may see: the two are never told apart."""

    code = "not_found"


class Conflict(GraphMemError):
    """Another writer was first, or an `op_id` was used for something else.

    Attributes:
        heads: Ids that lead now in place of what the caller expected; only ids that the caller may see.
    """

    code = "conflict"

    def __init__(self, message: str, heads: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.heads = heads


class Forbidden(GraphMemError):
    """The caller sees it but may not change it."""

    code = "forbidden"


class StoreUnavailable(GraphMemError):
    """The store cannot be reached, locked or written at the moment; nothing was written."""

    code = "store_unavailable"
    is_retryable = True


class CommitUnknown(GraphMemError):
    """The connection was lost during commit. Send the same request with the same `op_id` to find out."""

    code = "commit_unknown"


class Unsupported(GraphMemError):
    """This store, file version or model cannot do what was asked."""

    code = "unsupported"


class CorruptStore(GraphMemError):
    """What is stored contradicts itself; reads that touch it are refused rather than answered wrongly."""

    code = "corrupt_store"
