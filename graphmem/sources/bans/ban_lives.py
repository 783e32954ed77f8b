"""The lives of bans: from the commit that brought a ban to the commit that lifted it, with each of its wordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.bans.ban import Ban
from graphmem.sources.bans.settings_files import files_in_use

#: (Tool, folder of the settings, banned name).
_Base = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class BanCommit:
    """A commit of the mainline: its position, hash and effective time."""

    position: int
    sha: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlacedBan:
    """A ban with its settings file, and the folder that the file applies to."""

    ban: Ban
    path: str
    folder: str

    @property
    def base(self) -> _Base:
        """The identity of the ban: it stays the same when the ban is reworded or moves between lists."""
        return (self.ban.tool, self.folder, self.ban.name)

    def without(self, folders: Sequence[str]) -> PlacedBan:
        """Return the ban with some folders excluded, each with a closing slash."""
        if not folders:
            return self
        globs = tuple(dict.fromkeys((*self.ban.scope.excluded_globs, *(f"{folder}**" for folder in folders))))
        return replace(self, ban=replace(self.ban, scope=replace(self.ban.scope, excluded_globs=globs)))


@dataclass(frozen=True, slots=True)
class FileBans:
    """The bans of a settings file.

    Attributes:
        folder: The folder that the settings apply to, with a closing slash; '' for the whole repository.
        replaced_tool: As in `SettingsBans`.
    """

    bans: tuple[PlacedBan, ...] = ()
    folder: str = ""
    replaced_tool: str = ""

    def is_instead_of(self, placed: PlacedBan) -> bool:
        """Return True if a ban of a folder above does not hold in the folder of this file."""
        is_below = self.folder.startswith(placed.folder) and self.folder != placed.folder
        return is_below and self.replaced_tool == placed.ban.tool


@dataclass(frozen=True, slots=True)
class BanWording:
    """A ban with the same words and scope, since a commit."""

    placed: PlacedBan
    since: BanCommit


@dataclass(slots=True, eq=False)
class BanLife:
    """The life of a ban.

    Attributes:
        number: The position among the lives of bans of this name, from 1.
        wordings: Its wordings in the order of time.
        lifted: The commit that lifted it; None while it is in force.
        touched: Position of the last commit that changed it.
    """

    number: int
    wordings: list[BanWording]
    touched: int
    lifted: BanCommit | None = None

    @property
    def placed(self) -> PlacedBan:
        """The ban in its last words."""
        return self.wordings[-1].placed

    def see(self, placed: PlacedBan, commit: BanCommit) -> None:
        """Take in the ban as a commit has it; other words begin with that commit."""
        last = self.wordings[-1]
        before, after = last.placed, placed
        if (before.ban.without_line(), before.path) == (after.ban.without_line(), after.path):
            return
        self.touched = commit.position
        if last.since.position == commit.position:
            self.wordings.pop()
        self.wordings.append(BanWording(placed, commit))


@dataclass(slots=True)
class BanHistory:
    """Lives of bans that grow commit by commit, in the order of the mainline.

    Attributes:
        lives: All lives, in the order of their beginnings.
    """

    lives: list[BanLife] = field(default_factory=list)
    _files: dict[str, FileBans] = field(default_factory=dict)
    _alive: dict[tuple[_Base, str], BanLife] = field(default_factory=dict)
    _counts: dict[_Base, int] = field(default_factory=dict)

    def bans_of(self, path: str) -> FileBans:
        """Return the bans of a file as it was seen last."""
        return self._files.get(path, FileBans())

    def take(self, commit: BanCommit, changes: Mapping[str, FileBans | None]) -> None:
        """Take in the bans of the files that a commit changed; None for a removed file."""
        for path, bans in changes.items():
            if bans is None:
                self._files.pop(path, None)
            else:
                self._files[path] = bans
        present = self._present()
        gone = [key for key in self._alive if key not in present]
        for key, placed in present.items():
            life = self._alive.get(key) or self._moved(key, gone)
            if life is None:
                self._begin(key, placed, commit)
            else:
                life.see(placed, commit)
        for key in gone:
            life = self._alive.pop(key)
            life.lifted, life.touched = commit, commit.position

    def _present(self) -> dict[tuple[_Base, str], PlacedBan]:
        """Return the bans of all files, excluding folders with settings of their own."""
        files = [self._files[path] for path in files_in_use(self._files)]
        others = [file for file in files if file.replaced_tool]
        present: dict[tuple[_Base, str], PlacedBan] = {}
        for placed in (placed for file in files for placed in file.bans):
            folders = sorted(file.folder for file in others if file.is_instead_of(placed))
            present.setdefault((placed.base, placed.ban.list_name), placed.without(folders))
        return present

    def _moved(self, key: tuple[_Base, str], gone: list[tuple[_Base, str]]) -> BanLife | None:
        """Return the life that goes on in another list of the same commit; it is no longer gone."""
        before = next((each for each in gone if each[0] == key[0]), None)
        if before is None:
            return None
        gone.remove(before)
        life = self._alive[key] = self._alive.pop(before)
        return life

    def _begin(self, key: tuple[_Base, str], placed: PlacedBan, commit: BanCommit) -> None:
        number = self._counts[placed.base] = self._counts.get(placed.base, 0) + 1
        life = self._alive[key] = BanLife(number, [BanWording(placed, commit)], commit.position)
        self.lives.append(life)
