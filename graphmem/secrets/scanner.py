"""Searches a text for secrets: for keywords first, then for the patterns of the rules whose keywords it has."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from graphmem.deferred_dataclass import dataclass
from graphmem.secrets.keyword_search import KeywordSearch
from graphmem.secrets.rules import Allowlist, RuleBook, SecretRule, Target, rule_book

if TYPE_CHECKING:
    import re2

#: No secret that a rule finds is shorter.
LEAST_CHARS = 8
_GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """A secret in a text, from `start` up to but excluding `end`, and the name of the rule that found it."""

    rule: str
    start: int
    end: int


class Scanner:
    """Finds secrets. Patterns are compiled when a text first has a keyword of their rule.

    Args:
        book: The rules; all that come with graphmem by default.
    """

    def __init__(self, book: RuleBook | None = None) -> None:
        self._book = book or rule_book()
        self._keywords = KeywordSearch(tuple(self._book.by_keyword))

    def has_keyword(self, text: str) -> bool:
        """Return whether a text has a keyword of a rule; without any it has no secret."""
        return bool(self._keywords.found(text.lower()))

    def find(self, text: str, path: str = "") -> list[SecretFinding]:
        """Return the secrets in a text, in order and without overlaps.

        Of findings that overlap, the result has the part of the text that any of them covers, under the name of the
        most specific rule.

        Args:
            text: Any text.
            path: Path of the file that the text comes from, if there is a file: a few rules and allowlists use it.
        """
        if len(text) < LEAST_CHARS:
            return []
        rules = self._possible(text.lower())
        if not rules or (path and _has_match(self._book.allowed.path_pattern, path)):
            return []
        readable = _encodable(text)
        findings = [finding for rule in rules for finding in self._findings(rule, readable, path)]
        return _merged(findings) if findings else findings

    def _possible(self, lowered: str) -> list[SecretRule]:
        """Return the rules with a keyword in a text of lower case."""
        found = self._keywords.found(lowered)
        return (
            list(dict.fromkeys(rule for keyword in found for rule in self._book.by_keyword[keyword])) if found else []
        )

    def _findings(self, rule: SecretRule, text: str, path: str) -> Iterator[SecretFinding]:
        if rule.path and not (path and _has_match(rule.path, path)):
            return
        for match in _compiled(rule.pattern).finditer(text):
            start, end = _secret(rule, match)
            secret = text[start:end]
            if rule.least_entropy and entropy(secret) <= rule.least_entropy:
                continue
            if not any(
                _is_allowed(allowed, secret, match, text, path) for allowed in (self._book.allowed, *rule.allowed)
            ):
                yield SecretFinding(rule.name, start, end)


def entropy(text: str) -> float:
    """Return the Shannon entropy of a text in bits per character."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values())


def _secret(rule: SecretRule, match: re2._Match[str]) -> tuple[int, int]:
    """Return where the secret of a match is: a group of the pattern, else the match without line ends around it."""
    groups = range(1, match.re.groups + 1) if not rule.group else (rule.group,)
    for group in groups:
        start, end = match.span(group)
        if end > start:
            return start, end
    start, end = match.span()
    text = match.group()
    return start + len(text) - len(text.lstrip("\n")), end - len(text) + len(text.rstrip("\n"))


def _is_allowed(allowed: Allowlist, secret: str, match: re2._Match[str], text: str, path: str) -> bool:
    conditions: list[bool] = []
    if allowed.paths:
        conditions.append(bool(path) and _has_match(allowed.path_pattern, path))
    if allowed.patterns:
        conditions.append(_has_match(allowed.pattern, _target(allowed.target, secret, match, text)))
    if allowed.words:
        lowered = secret.lower()
        conditions.append(any(word in lowered for word in allowed.words))
    return all(conditions) if allowed.is_all else any(conditions)


def _target(target: Target, secret: str, match: re2._Match[str], text: str) -> str:
    if target is Target.SECRET:
        return secret
    start, end = match.span()
    if target is Target.MATCH:
        return text[start:end].strip("\n")
    closing = text.find("\n", end)
    return text[text.rfind("\n", 0, start) + 1 : len(text) if closing < 0 else closing]


def _has_match(pattern: str, text: str) -> bool:
    return bool(pattern) and _compiled(pattern).search(text) is not None


@cache
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 has no public type of a pattern
    import re2

    return re2.compile(pattern)


def _encodable(text: str) -> str:
    """Return the text with a question mark for each half of a surrogate pair, so that RE2 can read it."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def _merged(findings: list[SecretFinding]) -> list[SecretFinding]:
    merged: list[SecretFinding] = []
    for finding in sorted(findings, key=lambda each: (each.start, -each.end)):
        last = merged[-1] if merged else None
        if last is None or finding.start >= last.end:
            merged.append(finding)
            continue
        named = finding if last.rule.startswith(_GENERIC) else last
        merged[-1] = SecretFinding(named.rule, last.start, max(last.end, finding.end))
    return merged
