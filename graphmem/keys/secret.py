"""The text of a key: a prefix for secret scanners, its public id, 160 random bits, and a checksum.

`gmk_<id>_<secret>_<checksum>`: the checksum distinguishes a cut or mistyped key from an unknown key without reading the
key file. Only the SHA-256 of the secret is stored: 160 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from graphmem.deferred_dataclass import dataclass

PREFIX = "gmk"

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_CHARS = 8
_SECRET_CHARS = 32
_CHECK_CHARS = 6
_SHAPE = re.compile(rf"{PREFIX}_([{_ALPHABET}]{{{_ID_CHARS}}})_([{_ALPHABET}]{{{_SECRET_CHARS}}})_([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Presented:
    """A well-formed key of a request: the id to look it up by, and the hash of its secret."""

    id: str
    digest: str


def make_text() -> str:
    """Return the text of a new key."""
    return _with_checksum(f"{PREFIX}_{_random(_ID_CHARS)}_{_random(_SECRET_CHARS)}")


def present(text: str) -> Presented | None:
    """Parse a key; returns None if the text is malformed."""
    shape = _SHAPE.fullmatch(text)
    if shape is None or _with_checksum(text.rpartition("_")[0]) != text:
        return None
    return Presented(shape[1], hashlib.sha256(shape[2].encode()).hexdigest())


def _random(chars: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(chars))


def _with_checksum(head: str) -> str:
    return f"{head}_{hashlib.sha256(head.encode()).hexdigest()[:_CHECK_CHARS]}"
