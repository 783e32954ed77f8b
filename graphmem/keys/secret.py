"""The text of a key: a prefix that scanners know, its public id, 160 random bits, and a checksum.

`gmk_<id>_<secret>_<checksum>`: the checksum tells a key that was cut or mistyped from one that is unknown, without a
look into the file of keys. Only the SHA-256 of the secret is ever stored: of 160 random bits, no slow hash is needed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

PREFIX = "gmk"

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_CHARS = 8
_SECRET_CHARS = 32
_CHECK_CHARS = 6
_SHAPE = re.compile(rf"{PREFIX}_([{_ALPHABET}]{{{_ID_CHARS}}})_([{_ALPHABET}]{{{_SECRET_CHARS}}})_([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Presented:
    """A well-formed key as a caller shows it: the id to look it up by, and the hash of its secret."""

    id: str
    digest: str


def make_text() -> str:
    """The text of a new key."""
    return _with_checksum(f"{PREFIX}_{_random(_ID_CHARS)}_{_random(_SECRET_CHARS)}")


def present(text: str) -> Presented | None:
    """A key's parts; None if the text is no whole key."""
    shape = _SHAPE.fullmatch(text)
    if shape is None or _with_checksum(text.rpartition("_")[0]) != text:
        return None
    return Presented(shape[1], hashlib.sha256(shape[2].encode()).hexdigest())


def _random(chars: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(chars))


def _with_checksum(head: str) -> str:
    return f"{head}_{hashlib.sha256(head.encode()).hexdigest()[:_CHECK_CHARS]}"
