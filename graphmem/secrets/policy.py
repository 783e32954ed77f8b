"""The policy for secrets in texts that a caller writes."""

from __future__ import annotations

from enum import StrEnum


class SecretPolicy(StrEnum):
    """`redact` replaces a secret and says so, `reject` refuses the write, `off` searches nothing."""

    REDACT = "redact"
    REJECT = "reject"
    OFF = "off"
