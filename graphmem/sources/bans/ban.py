"""A ban as the settings of a linter have it, and the result of reading a settings file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from graphmem.deferred_dataclass import dataclass
from graphmem.option_keys import FileScope

#: A parsed settings file, or a part of it.
Tree = Mapping[str, object]
#: More bans of a file are left out.
MOST_BANS = 500


@dataclass(frozen=True, slots=True)
class Ban:
    """A ban of an import or a dependency.

    Attributes:
        tool: The linter that enforces it.
        language: The language of the code that it is about.
        name: The banned name, as the settings write it.
        keys: Typed keys of it, canonical; empty if nothing can match.
        reason: The text of the settings.
        line: Line in the settings file, from 1.
        list_name: Name of the list with the ban; several lists may ban the same name in different files.
        scope: The files in which it applies.
        allowed: Typed keys of exceptions below the banned name.
        is_enforced: True if the settings turn the rule on, as an error.
        note: A limit of the ban, or why nothing can match it.
    """

    tool: str
    language: str
    name: str
    keys: tuple[str, ...]
    reason: str = ""
    line: int = 1
    list_name: str = ""
    scope: FileScope = field(default_factory=FileScope)
    allowed: tuple[str, ...] = ()
    is_enforced: bool = True
    note: str = ""

    def without_line(self) -> Ban:
        """Return the ban without its place in the file."""
        return replace(self, line=0)


@dataclass(slots=True)
class SettingsBans:
    """The bans of a settings file.

    Attributes:
        text: The content of the file.
        folder: The folder that the settings apply to, with a closing slash; '' for the whole repository.
        bans: The bans, in the order of the file.
        problems: Lines that could not be read as a ban, with the reason.
        replaced_tool: The linter for whose files in the folder these settings take the place of those in folders above;
            empty if they add to them.
        extended: Paths of files that these settings may extend, whether they exist or not.
    """

    text: str
    folder: str
    bans: list[Ban] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    replaced_tool: str = ""
    extended: list[str] = field(default_factory=list)

    def add(self, ban: Ban) -> None:
        """Take in a ban with its line; a ban that nothing can match is a problem too."""
        ban = replace(ban, line=self.line_of(ban.name), reason=" ".join(ban.reason.split())[:2_000])
        if len(self.bans) < MOST_BANS:
            self.bans.append(ban)
            if not ban.keys:
                self.problems.append((ban.line, f"{ban.tool} bans {ban.name[:100]!r}, {ban.note}"))

    def refuse(self, name: str, reason: str) -> None:
        """Take in a problem at the line of a name."""
        self.problems.append((self.line_of(name), reason))

    def line_of(self, name: str) -> int:
        """Return the first line that has a name in quotes or as a whole, else the first that contains it; 1 if none."""
        lines = self.text.split("\n")
        for wanted in (f'"{name}"', f"'{name}'", f": {name}", f"- {name}", name):
            for number, text in enumerate(lines, 1):
                if wanted in text:
                    return number
        return 1


def part(tree: object, path: str) -> Tree:
    """Return the mapping at a path of keys with dots; empty if there is none."""
    value = value_at(tree, path)
    return value if isinstance(value, Mapping) else {}


def value_at(tree: object, path: str) -> object:
    """Return the value at a path of keys with dots; None if there is none."""
    value = tree
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def texts(value: object) -> list[str]:
    """Return the texts of a list, or a single text as a list."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def mappings(value: object) -> Iterator[Tree]:
    """Yield the mappings of a list."""
    yield from (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def is_true(value: object) -> bool:
    """Return True if a setting is true, in TOML, JSON or YAML."""
    return str(value).casefold() == "true"
