"""The rules that recognise secrets, as data: gitleaks' (MIT, see `gitleaks.LICENSE`) and graphmem's own."""

from __future__ import annotations

import json
from enum import Enum
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from graphmem.deferred_dataclass import dataclass

_FOLDER = Path(__file__).parent
_FILES = ("gitleaks.json", "own.json")


class Target(Enum):
    """The text that the patterns of an allowlist are searched in."""

    SECRET = "secret"  # noqa: S105 - no password
    MATCH = "match"
    LINE = "line"


@dataclass(frozen=True)
class Allowlist:
    """Describes findings that are no secrets: they meet any of the conditions, or all of them if `is_all`.

    Attributes:
        patterns: Any of these patterns matches in the target.
        words: Any of these lower-case words is in the secret.
        paths: Any of these patterns matches in the path of the text's file.
    """

    patterns: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    target: Target = Target.SECRET
    is_all: bool = False

    @cached_property
    def pattern(self) -> str:
        """A single pattern that matches if any of `patterns` does."""
        return _joined(self.patterns)

    @cached_property
    def path_pattern(self) -> str:
        """A single pattern that matches if any of `paths` does."""
        return _joined(self.paths)


@dataclass(frozen=True)
class SecretRule:
    """A rule for a type of secret.

    Attributes:
        pattern: In the syntax of RE2.
        keywords: Lower-case texts; a text without any of them has no secret of this type.
        least_entropy: Bits per character that a secret has more than; 0 for any.
        group: Number of the pattern's group that is the secret; 0 for the first group that matched.
        path: The rule applies only to files whose path has this pattern; empty for all texts.
        allowed: Findings of the rule that are no secrets.
    """

    name: str
    pattern: str
    keywords: tuple[str, ...]
    least_entropy: float = 0.0
    group: int = 0
    path: str = ""
    allowed: tuple[Allowlist, ...] = ()


@dataclass(frozen=True)
class RuleBook:
    """All rules, and the allowlist that they have in common."""

    rules: tuple[SecretRule, ...]
    allowed: Allowlist

    @cached_property
    def by_keyword(self) -> dict[str, tuple[SecretRule, ...]]:
        """The rules of each keyword."""
        named: dict[str, list[SecretRule]] = {}
        for rule in self.rules:
            for keyword in rule.keywords:
                named.setdefault(keyword, []).append(rule)
        return {keyword: tuple(rules) for keyword, rules in named.items()}


@cache
def rule_book(*names: str) -> RuleBook:
    """Return the rules of data files in this package; of all files if none is named."""
    documents = [json.loads((_FOLDER / name).read_text("utf-8")) for name in names or _FILES]
    common: dict[str, Any] = next((document["allowed"] for document in documents if "allowed" in document), {})
    rules = tuple(_rule(raw) for document in documents for raw in document["rules"])
    return RuleBook(rules, _allowlist(common))


def _rule(raw: dict[str, Any]) -> SecretRule:
    return SecretRule(
        raw["id"],
        raw["regex"],
        tuple(raw["keywords"]),
        raw.get("entropy", 0.0),
        raw.get("group", 0),
        raw.get("path", ""),
        tuple(map(_allowlist, raw.get("allowed", ()))),
    )


def _allowlist(raw: dict[str, Any]) -> Allowlist:
    return Allowlist(
        tuple(raw.get("regexes", ())),
        tuple(word.lower() for word in raw.get("stopwords", ())),
        tuple(raw.get("paths", ())),
        Target(raw.get("target", Target.SECRET)),
        raw.get("condition") == "AND",
    )


def _joined(patterns: tuple[str, ...]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)
