"""Compares the evidence in a change with the keys of options; finds the keys that the change brings back, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from graphmem.deferred_dataclass import dataclass
from graphmem.guard.evidence import (
    Added,
    CommandEvidence,
    Evidence,
    FileEvidence,
    FileEvidences,
    ImportEvidence,
    NameEvidence,
    PackageEvidence,
)
from graphmem.model import Alternative, Outcome, Statement
from graphmem.option_keys import FileScope, KeyType, OptionKey
from graphmem.option_keys.package_names import compared_name


@dataclass(frozen=True, slots=True)
class KeyedOption:
    """An option of a memory with its keys, as far as they have the wanted outcome."""

    name: str
    reason: str
    keys: tuple[OptionKey, ...]


@dataclass(frozen=True, slots=True)
class OptionMatch:
    """An option that a change brings in.

    Attributes:
        option: The option.
        key: The first of its keys that matches.
        places: Where the change brings it in, in the order of the change.
    """

    option: KeyedOption
    key: OptionKey
    places: tuple[Added, ...]


def options_of(statement: Statement, outcome: Outcome) -> list[KeyedOption]:
    """Return the options of a memory with an outcome that have keys."""
    return [_option(option) for option in statement.alternatives if option.outcome is outcome and option.keys]


def _option(option: Alternative) -> KeyedOption:
    keys = sorted((OptionKey.read(key) for key in option.keys), key=lambda key: not key.is_typed)
    return KeyedOption(option.name, option.reason, tuple(keys))


def is_brought(key: OptionKey, evidence: Evidence) -> bool:
    """Return True if a piece of evidence shows the use of a key."""
    if isinstance(evidence, ImportEvidence):
        names = (f"{evidence.module}.{name}" for name in evidence.names or ())
        return key.matches_import(evidence.language, evidence.module, evidence.names) or (
            key.type is KeyType.SYMBOL and any(map(key.matches_symbol, (evidence.module, *names)))
        )
    if isinstance(evidence, PackageEvidence):
        return key.matches_package(evidence.ecosystem, evidence.name)
    if isinstance(evidence, CommandEvidence):
        return key.matches_command(evidence.words)
    if isinstance(evidence, FileEvidence):
        return key.matches_path(evidence.path)
    return _is_named(key, evidence)


def _is_named(key: OptionKey, evidence: NameEvidence) -> bool:
    if key.type is KeyType.PACKAGE:
        name = compared_name(key.system, evidence.name)
        return compared_name(key.system, key.name) == name or evidence.name in key.import_names
    return key.type in {KeyType.IMPORT, KeyType.UNTYPED} and key.name == evidence.name


@dataclass
class ChangeEvidence:
    """The evidence in all parts of a change, with that of its files before the change.

    Attributes:
        files: The files that were read.
        others: Evidence of commands and texts.
    """

    files: Sequence[FileEvidences]
    others: Sequence[Added] = ()

    @cached_property
    def _lost_packages(self) -> frozenset[Evidence]:
        """The dependencies that the change takes out of a manifest."""
        return frozenset(
            evidence
            for file in self.files
            for evidence in set(file.before) - set(file.after)
            if isinstance(evidence, PackageEvidence)
        )

    def matches(
        self, options: Iterable[KeyedOption], scope: FileScope | None = None, allowed: Iterable[KeyedOption] = ()
    ) -> list[OptionMatch]:
        """Return the options that the change brings in.

        A file does not bring in an option that it had before the change. Moves to a new file do not count either: if n
        files lose the option, n new files that have it are left out.

        Args:
            options: The options to look for.
            scope: The files in which they count; None for all.
            allowed: Options that are no match, for example names that a linter allows below a banned name.
        """
        found = []
        allowed_keys = [key for option in allowed for key in option.keys if key.is_typed]
        for option in options:
            for key in option.keys:
                places = tuple(
                    place
                    for place in self._places(key, scope)
                    if not any(is_brought(each, place.evidence) for each in allowed_keys)
                )
                if places:
                    found.append(OptionMatch(option, key, places))
                    break
        return found

    def _places(self, key: OptionKey, scope: FileScope | None) -> tuple[Added, ...]:
        moved: int | None = None
        places: list[Added] = []
        for file in self.files:
            own = [added for added in file.added if is_brought(key, added.evidence)]
            if not own or (scope is not None and not scope.covers(file.path)):
                continue
            if any(is_brought(key, before) for before in file.before):
                continue
            own = [added for added in own if not self._is_moved_package(added)]
            if file.is_new and own and not isinstance(own[0].evidence, FileEvidence):
                moved = self._losing(key) if moved is None else moved
                moved -= 1
                if moved >= 0:
                    continue
            places += own
        return (*places, *(added for added in self.others if is_brought(key, added.evidence)))

    def _losing(self, key: OptionKey) -> int:
        """Return how many files the change takes a key out of."""
        return sum(
            any(is_brought(key, evidence) for evidence in file.before)
            and not any(is_brought(key, evidence) for evidence in file.after)
            for file in self.files
        )

    def _is_moved_package(self, added: Added) -> bool:
        return isinstance(added.evidence, PackageEvidence) and added.evidence in self._lost_packages
