"""Installation and removal of graphmem's entries in the settings of a host, each planned before it is applied."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import field
from enum import StrEnum
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.drafts import replace_shared
from graphmem.errors import Conflict, Unsupported
from graphmem.hosts.entries import has_all, insertions, pasted, without_entries
from graphmem.hosts.host_table import Entry, Host, HostFile, Layer, Purpose
from graphmem.hosts.install_record import FileRecord, read_records, record_of, write_records
from graphmem.hosts.json_document import NotJson, parse
from graphmem.hosts.json_edits import Insertion, apply, member_insertions
from graphmem.hosts.settings_file import SettingsFile, Untouchable, read_settings
from graphmem.sources.git.work_tree import work_tree

_NEW_MODE = 0o644


class ChangeKind(StrEnum):
    """The planned change of a file."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    NONE = "none"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """A planned change of a settings file.

    Attributes:
        path: The path as the host knows it.
        target: The file that is written.
        before: Its bytes; None if it does not exist.
        after: Its bytes afterwards; None if it is then removed or does not exist.
        reason: Why the entries must be written by hand; None for any other kind.
        text: The entries to write by hand; empty for any other kind.
        is_own: Whether the file has nothing but entries of graphmem.
    """

    kind: ChangeKind
    purpose: Purpose
    path: Path
    target: Path
    before: bytes | None = None
    after: bytes | None = None
    reason: str | None = None
    text: str = ""
    bom: str = ""
    insertions: tuple[Insertion, ...] = ()
    is_own: bool = False

    def diff(self) -> str:
        """Return the change as a unified diff; empty if nothing changes."""
        if self.before == self.after:
            return ""
        old, new = (_lines(content) for content in (self.before, self.after))
        from_name, to_name = (
            "/dev/null" if content is None else str(self.path) for content in (self.before, self.after)
        )
        return "".join(difflib.unified_diff(old, new, from_name, to_name))


@dataclass(frozen=True, slots=True)
class Plan:
    """The planned changes for a host.

    Attributes:
        is_removal: Whether entries are removed.
    """

    host: Host
    layer: Layer
    root: Path
    changes: tuple[SettingsChange, ...]
    is_removal: bool
    gaps: tuple[str, ...] = field(default=())

    @property
    def by_hand(self) -> tuple[SettingsChange, ...]:
        """The files that must be edited by hand."""
        return tuple(change for change in self.changes if change.kind is ChangeKind.BY_HAND)


def root_of(layer: Layer, folder: Path) -> Path:
    """Return the folder that the paths of a layer start from: the user's, or the repository's around a folder."""
    return Path.home() if layer is Layer.USER else work_tree(folder) or folder.resolve()


def plan_installation(host: Host, layer: Layer, root: Path, program: Sequence[str]) -> Plan:
    """Return the changes that write graphmem's entries; nothing is written.

    Raises:
        Unsupported: The host has no settings in this layer.
    """
    files = host.files.get(layer, ())
    if not files:
        raise Unsupported(f"{host.title} has no {layer} settings for graphmem")
    records = read_records()
    changes = tuple(_installed(file, root, list(program), records) for file in files)
    return Plan(host, layer, root, changes, is_removal=False, gaps=host.gaps)


def plan_removal(host: Host, layer: Layer, root: Path, program: Sequence[str]) -> Plan:
    """Return the changes that remove graphmem's entries; nothing is written."""
    records = read_records()
    changes = tuple(_removed(file, root, list(program), records) for file in host.files.get(layer, ()))
    return Plan(host, layer, root, changes, is_removal=True)


def carry_out(plan: Plan) -> None:
    """Write the changes of a plan, file by file.

    Raises:
        Conflict: A host wrote a file since the plan was made; the files before it are written.
        OSError: A file cannot be written; those before it are.
    """
    records = read_records()
    # A folder that was created for the first file is empty once the others are removed.
    for change in reversed(plan.changes) if plan.is_removal else plan.changes:
        if change.kind in {ChangeKind.NONE, ChangeKind.BY_HAND}:
            continue
        _refuse_changed(change)
        key, old = str(change.path), records.pop(str(change.path), None)
        if change.after is None:
            change.target.unlink()
            _remove_folders(old)
        else:
            folders = list(_missing_folders(change.target))
            replace_shared(change.target, change.after, _NEW_MODE)
            if not plan.is_removal:
                kept = [] if old is None else list(map(Path, old.folders))
                records[key] = record_of(
                    change.after, change.bom, change.insertions, is_created=change.is_own, folders=folders or kept
                )
        write_records(records)


def file_of(file: HostFile, root: Path) -> Path:
    """Return the path of a settings file: the first of its names that exists, else the first."""
    paths = [root / name for name in file.names]
    # Not `Path.exists`, which fails in a folder that this user cannot enter.
    return next((path for path in paths if os.path.exists(path)), paths[0])  # noqa: PTH110 - as above


# ---- plans


def _installed(file: HostFile, root: Path, program: list[str], records: dict[str, FileRecord]) -> SettingsChange:
    path, entries = file_of(file, root), file.entries(program)
    try:
        settings = read_settings(path, root)
        _refuse(file, root, settings)
        base = _base(file, entries, settings, records.get(str(path)))
        if settings.content is not None and has_all(settings.text, entries):
            return SettingsChange(
                ChangeKind.NONE, file.purpose, path, settings.target, settings.content, settings.content
            )
        text = base or ""
        done = [*_skeleton(text, file), *insertions(apply(text, _skeleton(text, file)), entries)]
    except Untouchable as problem:
        return SettingsChange(ChangeKind.BY_HAND, file.purpose, path, path, reason=str(problem), text=pasted(entries))
    after = (settings.bom + apply(text, done)).encode()
    kind = ChangeKind.CREATE if settings.content is None else ChangeKind.CHANGE
    if after == settings.content:
        kind = ChangeKind.NONE
    content = settings.content
    return SettingsChange(
        kind,
        file.purpose,
        path,
        settings.target,
        content,
        after,
        bom=settings.bom,
        insertions=tuple(done),
        is_own=base is None,
    )


def _removed(file: HostFile, root: Path, program: list[str], records: dict[str, FileRecord]) -> SettingsChange:
    path, entries = file_of(file, root), file.entries(program)
    record = records.get(str(path))
    try:
        settings = read_settings(path, root)
        if settings.content is None:
            return SettingsChange(ChangeKind.NONE, file.purpose, path, settings.target)
        base = _base(file, entries, settings, record)
    except Untouchable as problem:
        reason = f"{problem}; remove the entries named graphmem"
        return SettingsChange(ChangeKind.BY_HAND, file.purpose, path, path, reason=reason)
    after = None if base is None else (settings.bom + base).encode()
    kind = ChangeKind.DELETE if after is None else ChangeKind.CHANGE
    if after == settings.content:
        kind = ChangeKind.NONE
    return SettingsChange(kind, file.purpose, path, settings.target, settings.content, after)


def _base(file: HostFile, entries: Sequence[Entry], settings: SettingsFile, record: FileRecord | None) -> str | None:
    """Return the text without entries of graphmem, without a byte order mark; None if no file is then needed."""
    if settings.content is None:
        return None
    undone = None if record is None else record.undone(settings.content)
    if record is not None and undone is not None:
        return None if record.is_created else undone.decode().removeprefix(settings.bom)
    text = settings.text
    base = without_entries(text, file, entries)
    if base == text:
        return text
    is_empty = not base.strip() or (record is not None and record.is_created and base.strip() == "{}")
    return None if is_empty else base


def _skeleton(text: str, file: HostFile) -> list[Insertion]:
    """Insertions of members that the file needs besides and lacks."""
    done: list[Insertion] = []
    value = parse(text).value() if text.strip() and file.skeleton else {}
    for key, needed in file.skeleton.items():
        if isinstance(value, dict) and key not in value:
            done += member_insertions(apply(text, done), (key,), needed)
    return done


def _refuse(file: HostFile, root: Path, settings: SettingsFile) -> None:
    """Refuse a file that another file overrides, or whose format is newer than known."""
    if file.rival is not None and (root / file.rival).is_file():
        with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            if "hooks" in tomllib.loads((root / file.rival).read_text(encoding="utf-8-sig")):
                raise Untouchable(
                    f"would be a second place of hooks: {file.rival} has a table hooks, so add them there"
                )
    if not settings.text.strip() or not file.names[0].endswith((".json", ".jsonc")):
        return
    try:
        value = parse(settings.text).value()
    except NotJson as exc:
        raise Untouchable(f"is not JSON: {exc}") from exc
    version = value.get("version") if isinstance(value, dict) else None
    if file.version is not None and version not in {None, file.version}:
        raise Untouchable(f"has format version {version!r}; this release of graphmem knows {file.version}")


# ---- parts


def _refuse_changed(change: SettingsChange) -> None:
    now = change.target.read_bytes() if change.target.is_file() else None
    if now != change.before:
        raise Conflict(f"{str(change.path)!r} was changed by another program just now; run the command again")


def _lines(content: bytes | None) -> list[str]:
    text = "" if content is None else content.decode("utf-8", "replace")
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines


def _missing_folders(path: Path) -> Iterator[Path]:
    folder = path.parent
    while not folder.exists():
        yield folder
        folder = folder.parent


def _remove_folders(record: FileRecord | None) -> None:
    for folder in () if record is None else record.folders:
        with suppress(OSError):
            Path(folder).rmdir()
