"""What becomes of secrets in what is written."""

from __future__ import annotations

from enum import StrEnum


class SecretPolicy(StrEnum):
    """`redact` replaces a secret and says so, `reject` refuses the write, `off` searches nothing."""

    REDACT = "redact"
    REJECT = "reject"
    OFF = "off"
