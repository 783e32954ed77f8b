"""The policy of retention: how long memories of a kind, an origin or a scope stay in force without being confirmed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import Kind, Memory, Origin, Scope

_DURATION = re.compile(r"([1-9][0-9]{0,4})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
NEVER = "never"


class HomeWord(StrEnum):
    """A word of a rule for the scope in which memories live."""

    ORG = "org"
    REPO = "repo"
    USER = "user"
    BRANCH = "branch"
    ENVIRONMENT = "environment"


_KINDS, _ORIGINS, _HOMES = (frozenset(map(str, words)) for words in (Kind, Origin, HomeWord))


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """A rule: the memories that all its words describe are ended after a time.

    Attributes:
        words: Kinds, origins and scopes, in the order in which they were given.
        age: The time without a confirmation; None for `never`.
        text: The rule as it was given, such as `task+agent = 90d`.
    """

    words: tuple[str, ...]
    age: timedelta | None
    text: str

    def is_of(self, memory: Memory) -> bool:
        """Return True if the rule describes a memory."""
        statement = memory.statement
        if statement is None:
            return False
        own = {statement.kind.value, statement.origin.value, *_home_words(memory.scope)}
        return own.issuperset(self.words)


def _home_words(home: Scope) -> Iterable[str]:
    yield HomeWord.ORG if home.repo is None else HomeWord.REPO
    parts = ((home.user, HomeWord.USER), (home.branch, HomeWord.BRANCH), (home.environment, HomeWord.ENVIRONMENT))
    yield from (word for value, word in parts if value is not None)


def retention_rules(text: str) -> tuple[RetentionRule, ...]:
    """Return the rules of the setting `retain`.

    Args:
        text: `conversation=180d, task+agent=90d`, or the table `[retain]` of a settings file as a JSON object.

    Raises:
        InvalidInput: A word is no kind, origin or scope, a duration is none, or two rules have the same words.
    """
    rules: dict[frozenset[str], RetentionRule] = {}
    for words, duration in _pairs(text):
        rule = _rule(words, duration)
        key = frozenset(rule.words)
        if key in rules:
            raise InvalidInput(
                f"[retain] has two rules for {words!r}: {rules[key].text!r} and {rule.text!r}; leave one"
            )
        rules[key] = rule
    return tuple(rules.values())


def rule_for(memory: Memory, rules: Iterable[RetentionRule]) -> RetentionRule | None:
    """Return the rule that decides on a memory: the one of most words, of these the one of the longest time."""

    def weight(rule: RetentionRule) -> tuple[int, timedelta, str]:
        return len(rule.words), timedelta.max if rule.age is None else rule.age, rule.text

    return max((rule for rule in rules if rule.is_of(memory)), key=weight, default=None)


def _pairs(text: str) -> Iterable[tuple[str, object]]:
    """Yield the words and the duration of each rule.

    Raises:
        InvalidInput: A part of the text has no `=`.
    """
    if text.startswith("{"):
        yield from json.loads(text).items()
        return
    for part in filter(None, (part.strip() for part in text.split(","))):
        words, mark, duration = part.partition("=")
        if not mark:
            raise InvalidInput(f"retain {part[:80]!r} is no rule; write it as conversation=180d")
        yield words.strip(), duration.strip()


def _rule(words: str, duration: object) -> RetentionRule:
    parts = tuple(part.strip() for part in words.split("+"))
    for part in parts:
        if part not in _KINDS | _ORIGINS | _HOMES:
            lists = (f"{name} {', '.join(sorted(names))}" for name, names in _NAMES)
            raise InvalidInput(f"[retain] names {part[:80]!r}, which is no kind, origin or scope: {'; '.join(lists)}")
    for name, names in _NAMES[:2]:
        if len(names.intersection(parts)) > 1:
            raise InvalidInput(f"[retain] {words!r} has more than one of the {name}, so it describes no memory")
    return RetentionRule(parts, _age(words, duration), f"{'+'.join(parts)} = {duration}")


_NAMES = (("kinds", _KINDS), ("origins", _ORIGINS), ("scopes", _HOMES))


def _age(words: str, duration: object) -> timedelta | None:
    if duration == NEVER:
        return None
    match = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if match is None:
        raise InvalidInput(
            f"[retain] {words!r} has the duration {str(duration)[:80]!r}; write days, weeks, months or years as '180d',"
            f" '26w', '6m' or '2y', or {NEVER!r}"
        )
    return timedelta(days=int(match[1]) * _DAYS[match[2]])
