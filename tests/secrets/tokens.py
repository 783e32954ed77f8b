"""Made-up secrets: right in form, drawn from a hash of a name, and of no service."""

from __future__ import annotations

import hashlib


def token(name: str = "") -> str:
    """A text in the form of a GitHub token, another one for each name."""
    return "ghp_" + hashlib.sha256(f"graphmem {name}".encode()).hexdigest()[:36]


def private_key() -> str:
    """A block of several lines in the form of a private key."""
    lines = "\n".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(4))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----"
