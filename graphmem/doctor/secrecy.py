"""Nothing that is told may hold a secret, wherever the words came from: another program's message, say."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HIDDEN = "…"
_SECRET_NAMES = re.compile(r"GRAPHMEM_\w*(PASSWORD|TOKEN|KEY)(_\w+)?")
_LOGIN = re.compile(r"(?<=//)[^\s'\"]*@")
_NAMED = re.compile(r"(?i)((?:password|token|secret)=)[^\s'\"&]+")
_KEY = re.compile(r"gmk_\w+_\w+")
#: What is shorter says nothing that others could not guess, and stands in many words.
_LEAST_CHARS = 4


def secrets_in(environment: Mapping[str, str]) -> list[str]:
    """The values of variables that are secrets, the longest first."""
    values = {
        value for name, value in environment.items() if _SECRET_NAMES.fullmatch(name) and len(value) >= _LEAST_CHARS
    }
    return sorted(values, key=len, reverse=True)


def without_secrets(text: str, secrets: list[str]) -> str:
    """The text with every secret, key and login of a URL taken out."""
    for one in secrets:
        text = text.replace(one, _HIDDEN)
    return _KEY.sub("gmk_" + _HIDDEN, _NAMED.sub(rf"\1{_HIDDEN}", _LOGIN.sub(f"{_HIDDEN}@", text)))
