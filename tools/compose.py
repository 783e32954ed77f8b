"""docker-compose.yml as `docker compose` reads it: with its variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).resolve().parent.parent / "docker-compose.yml"

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class UnsetError(Exception):
    """A variable without a default is not set."""


def filled_in(settings: Mapping[str, str]) -> str:
    """The text of the file with its variables replaced.

    Raises:
        UnsetError: One is missing that has no default.
    """

    def value(match: re.Match[str]) -> str:
        name, operator, text = match.groups()
        if settings.get(name):
            return settings[name]
        if operator != "-":
            raise UnsetError(f"{name}: {text}")
        return str(text)

    return _VARIABLE.sub(value, PATH.read_text(encoding="utf-8"))


def service(name: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """One service of it."""
    found: dict[str, Any] = yaml.safe_load(filled_in(settings))["services"][name]
    return found
