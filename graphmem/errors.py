"""All errors that graphmem raises.

::

    GraphMemError
    ├── InvalidInput       a parameter is invalid                      (code: invalid_input)
    ├── BadDiff            a diff does not parse                       (bad_diff)
    ├── NotFound           no memory of that name is visible           (not_found)
    ├── Conflict           another write came first                    (conflict)
    ├── SecretRefused      a secret is in the words to be written      (secret_refused)
    ├── Forbidden          the caller lacks the permission             (forbidden)
    ├── StoreUnavailable   the store cannot be reached or written now  (store_unavailable, retryable)
    ├── CommitUnknown      the connection broke during commit: resend with the same `op_id` (commit_unknown)
    ├── Unsupported        the store, file or model does not support it (unsupported)
    └── CorruptStore       the store is inconsistent                   (corrupt_store)

`code` is stable across releases, and surfaces and clients map from it; `is_retryable` is True if the same call can
succeed when it is repeated.
"""

from __future__ import annotations

from typing import ClassVar


class GraphMemError(Exception):
    """Base of every graphmem error; its message names the invalid value and the fix."""

    code: ClassVar[str] = "error"
    is_retryable: ClassVar[bool] = False


class InvalidInput(GraphMemError):
    """A parameter is invalid: a naive time, an inverted interval, a cycle, a text too long."""

    code = "invalid_input"


class BadDiff(GraphMemError):
    """A diff does not parse. It is never taken for a change without findings.

    Attributes:
        line: The number of the line that does not fit, from 1; 0 if another process read the diff.
    """

    code = "bad_diff"

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class NotFound(GraphMemError):
    """No memory of that name exists, or none that the caller may see; the message is the same for both."""

    code = "not_found"


class Conflict(GraphMemError):
    """Another write came first, or the `op_id` was used for a different write.

    Attributes:
        heads: Ids of the memories in force instead of the expected memory; only those that the caller may see.
    """

    code = "conflict"

    def __init__(self, message: str, heads: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.heads = heads


class SecretRefused(GraphMemError):
    """A secret is in what was to be written, and secrets are refused, or cannot be replaced there; none was written."""

    code = "secret_refused"


class Forbidden(GraphMemError):
    """The caller may see the memory but not change it."""

    code = "forbidden"


class StoreUnavailable(GraphMemError):
    """The store cannot be reached, locked or written now; nothing was written."""

    code = "store_unavailable"
    is_retryable = True


class CommitUnknown(GraphMemError):
    """The connection was lost during commit. Send the same request with the same `op_id` to find out."""

    code = "commit_unknown"


class Unsupported(GraphMemError):
    """The store, the file's version or the model does not support the operation."""

    code = "unsupported"


class CorruptStore(GraphMemError):
    """The store is inconsistent; reads of the affected data are refused instead of answered wrongly."""

    code = "corrupt_store"
