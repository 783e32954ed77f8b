"""Removes secrets from messages, including those of other programs."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HIDDEN = "…"
_SECRET_NAMES = re.compile(r"GRAPHMEM_\w*(PASSWORD|TOKEN|KEY)(_\w+)?")
_LOGIN = re.compile(r"(?<=//)[^\s'\"]*@")
_NAMED = re.compile(r"(?i)((?:password|token|secret)=)[^\s'\"&]+")
_KEY = re.compile(r"gmk_\w+_\w+")
#: Shorter values are not removed: they occur in ordinary words.
_LEAST_CHARS = 4


def secrets_in(environment: Mapping[str, str]) -> list[str]:
    """Return the values of secret environment variables, longest first."""
    values = {
        value for name, value in environment.items() if _SECRET_NAMES.fullmatch(name) and len(value) >= _LEAST_CHARS
    }
    return sorted(values, key=len, reverse=True)


def without_secrets(text: str, secrets: list[str]) -> str:
    """Replace every secret, key and URL login in a text."""
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return _KEY.sub("gmk_" + _HIDDEN, _NAMED.sub(rf"\1{_HIDDEN}", _LOGIN.sub(f"{_HIDDEN}@", text)))
