"""Settings of ESLint that extend others: files of the repository are followed, shared packages are named."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import field

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.bans.ban import SettingsBans
from graphmem.sources.bans.eslint_bans import TOOL, ConfigBlock

#: Returns the content of a path of the repository at the commit that is read; None if there is no such file.
Lookup = Callable[[str], str | None]
_MOST_FILES = 50
#: Names that Node tries for a path, in order.
_ENDINGS = ("", ".js", ".json", ".cjs", "/index.js", "/index.json")
#: Presets of ESLint itself; they restrict no import.
_OWN = "eslint:"


@dataclass(frozen=True, slots=True)
class EslintFile:
    """A settings file in the form of `.eslintrc`, as it is written.

    Attributes:
        blocks: Its blocks that ban imports; later blocks take precedence.
        ignored: Patterns of files that it ignores.
        extends: The names of settings that it extends; later ones take precedence, its own blocks before them.
    """

    blocks: list[ConfigBlock] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    extends: list[str] = field(default_factory=list)


def local_paths(path: str, name: str) -> list[str]:
    """Return the paths that the name of extended settings may mean; none for a package or a path out of the repository.

    Args:
        path: The path of the file that extends.
        name: The name in it.
    """
    if not name.startswith(("./", "../")) and name not in {".", ".."}:
        return []
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    return [] if target.startswith("../") or target == ".." else [f"{target}{ending}" for ending in _ENDINGS]


@dataclass
class ExtendedSettings:
    """Follows the settings that a file extends, as of one commit.

    Attributes:
        parse: Returns the settings of a path and its content; raises `ValueError` for a malformed file.
        lookup: Reads files of the repository.
        read: The bans of the file; shared packages and files that are missing become problems of it.
        paths: Paths that the extended names may mean, found or not.
    """

    parse: Callable[[str, str], EslintFile]
    lookup: Lookup
    read: SettingsBans
    paths: list[str] = field(default_factory=list)
    _shared: list[str] = field(default_factory=list)

    def combined(self, path: str, own: EslintFile) -> EslintFile:
        """Return the settings of a file with all that it extends before them."""
        files = list(self._followed(path, own, (path,)))
        if self._shared:
            names = ", ".join(dict.fromkeys(self._shared))
            self.read.refuse(self._shared[0], f"{TOOL} extends the shared settings {names[:200]}: they are not read")
        blocks = [block for each in files for block in each.blocks]
        return EslintFile(blocks, [pattern for each in files for pattern in each.ignored])

    def _followed(self, path: str, own: EslintFile, above: tuple[str, ...]) -> Iterator[EslintFile]:
        for name in own.extends:
            candidates = local_paths(path, name)
            if not candidates:
                if not name.startswith(_OWN):
                    self._shared.append(name)
                continue
            self.paths += candidates
            found = next(((each, text) for each in candidates if (text := self.lookup(each)) is not None), None)
            if found is None:
                self.read.refuse(name, f"{TOOL} extends {name[:100]!r}, which the repository does not have")
            elif found[0] not in above and len(above) < _MOST_FILES:
                try:
                    extended = self.parse(*found)
                except ValueError as error:
                    self.read.refuse(name, f"{TOOL} extends {name[:100]!r}, which is malformed: {error}")
                else:
                    yield from self._followed(found[0], extended, (*above, found[0]))
        yield own
