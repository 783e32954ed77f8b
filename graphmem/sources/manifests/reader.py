"""Reads the structure of a repository from the manifests of every commit of its mainline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros, to_micros
from graphmem.sources.git.file_versions import FileVersion, contents, file_versions
from graphmem.sources.git.mainline import MainlineCommit, find_mainline
from graphmem.sources.manifests.document_texts import MAX_MANIFEST_BYTES, UnreadableManifest
from graphmem.sources.manifests.languages import LanguageCount, language_of
from graphmem.sources.manifests.manifest_paths import Parser, is_manifest, parser_of, present
from graphmem.sources.manifests.parts import MAX_PARTS, Manifest, clipped
from graphmem.sources.manifests.statement_lives import FOLDER, CommitMoment, StatementLives
from graphmem.sources.manifests.structure import structure_of
from graphmem.sources.observations import Inventory, Problem, Reading
from graphmem.store import Progress, silent

_MAX_PATH_CHARS = 500


def read_manifests(
    root: Path, *, ref: str | None = None, read_at: datetime, since: str | None = None, progress: Progress = silent
) -> Reading:
    """Read the structure of a repository: statements that hold from the commit that brought them to their change.

    Statements are runtime dependencies with their constraints, groups of other dependencies, supported versions,
    commands, entry points, services, base images, CI workflows and languages. At most `MAX_STATEMENTS` hold at a time.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; see `find_mainline`.
        read_at: Time of the reading; no statement begins later.
        since: The cursor of an earlier reading: only statements that began or ended after it are returned. Earlier
            commits are read again if a later commit touches a manifest or adds or removes code, as a statement is named
            after the commit that brought it. A hash that is not on the mainline counts as None.
        progress: Called with the number of read manifest versions and their total.

    Returns:
        Observations, and a replacement for each change. A complete reading has an inventory, which ends statements
        of commits that are no longer on the mainline. A manifest that cannot be read is a problem; what it declared
        before goes on holding.

    Raises:
        GitFailure: There is no repository, or git could not read it.
    """
    mainline = find_mainline(root, ref)
    last_read = mainline.position_after(since) - 1
    read_at_us = to_micros(read_at)
    if last_read >= 0 and not any(_may_change(commit) for commit in mainline.commits(read_at_us, last_read + 1)):
        return Reading((), (), (), cursor=mainline.tip)
    mainline.quarantined.clear()
    history = _ManifestHistory(root)
    history.read(list(_steps(mainline.commits(read_at_us))), progress)
    versions = history.lives.versions
    fresh = [version for version in versions if version.has_changed_after(last_read)]
    replacements = [version.replacement() for version in fresh if version.start.position > last_read]
    quarantined = [
        Problem(".", 1, f"commit {commit.sha[:12]}: {commit.reason}")
        for commit in mainline.quarantined
        if commit.position > last_read
    ]
    return Reading(
        tuple(version.observation() for version in fresh),
        tuple(replacement for replacement in replacements if replacement is not None),
        (*quarantined, *(problem for position, problem in history.problems if position > last_read)),
        cursor=mainline.tip,
        inventory=None
        if last_read >= 0
        else Inventory(FOLDER, tuple(version.key for version in versions), ends_missing=True),
    )


def _may_change(commit: MainlineCommit) -> bool:
    """True if a commit touches a manifest, or changes the number of files of a language."""
    return any(
        is_manifest(change.path)
        or is_manifest(change.old_path)
        or (change.status in "ADR" and {language_of(change.path), language_of(change.old_path)} != {None})
        for change in commit.raw.changes
    )


@dataclass(frozen=True, slots=True)
class _ReadingStep:
    """A commit that changes manifests or languages, with the versions of manifests that it brings."""

    point: CommitMoment
    versions: tuple[FileVersion, ...]
    languages: tuple[str, ...]


def _steps(commits: Iterable[MainlineCommit]) -> Iterator[_ReadingStep]:
    held: tuple[str, ...] = ()
    for commit, languages in LanguageCount().observed(commits):
        versions = tuple(file_versions((commit,), is_manifest))
        if versions or languages != held:
            yield _ReadingStep(
                CommitMoment(commit.position, commit.raw.sha, from_micros(commit.at_us)), versions, languages
            )
            held = languages


@dataclass(slots=True)
class _ManifestHistory:
    """The manifests along a mainline, as the commit in hand has them.

    Attributes:
        problems: Manifests that could not be read, each once for a run of versions, with the position of its commit.
    """

    root: Path
    lives: StatementLives = field(default_factory=StatementLives)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    _manifests: dict[str, Manifest] = field(default_factory=dict)
    _unread: set[str] = field(default_factory=set)
    _parsed: dict[tuple[Parser, str], Manifest | UnreadableManifest] = field(default_factory=dict)

    def read(self, steps: Sequence[_ReadingStep], progress: Progress) -> None:
        """Take in the steps of a mainline, and call `progress` after each."""
        progress(0, len(steps))
        parsed = self._parsed_in_order([version for step in steps for version in step.versions])
        languages: tuple[str, ...] | None = None
        for done, step in enumerate(steps, start=1):
            changes = [self._take(version, parsed) for version in step.versions]
            if any(changes) or step.languages != languages:
                self.lives.take(step.point, structure_of(self._manifests, step.languages))
            languages = step.languages
            progress(done, len(steps))

    def _take(self, version: FileVersion, parsed: Iterator[Manifest | UnreadableManifest]) -> bool:
        """Take in a version; True if it declares other things than before.

        A version that cannot be read leaves the manifest as it was, and is a problem.
        """
        path, former = version.path, self._manifests.get(version.path)
        if version.is_deleted or version.change.status == "R":
            self._unread.discard(version.change.old_path)
            former = self._manifests.pop(version.change.old_path, None)
        if version.is_deleted or not is_manifest(path):
            return former is not None
        manifest = self._manifest_of(version, parsed)
        if isinstance(manifest, Manifest):
            self._manifests[path] = manifest
            self._unread.discard(path)
            return manifest != former or version.change.status == "R"
        if path not in self._unread:
            self._unread.add(path)
            reason = f"commit {version.sha[:12]}: {manifest}; what it declared before goes on holding"
            self.problems.append((version.position, Problem(clipped(path, _MAX_PATH_CHARS), manifest.line, reason)))
        return version.change.status == "R"

    def _manifest_of(
        self, version: FileVersion, parsed: Iterator[Manifest | UnreadableManifest]
    ) -> Manifest | UnreadableManifest:
        if not version.is_regular:
            return UnreadableManifest("links and submodules are not followed")
        if clipped(version.path, _MAX_PATH_CHARS) != version.path:
            return UnreadableManifest("the path is too long, or no Unicode text")
        parser = parser_of(version.path)
        if parser is None:
            return present(version.path)
        key = parser, version.change.blob
        while key not in self._parsed:
            next(parsed)
        return self._parsed[key]

    def _parsed_in_order(self, versions: Sequence[FileVersion]) -> Iterator[Manifest | UnreadableManifest]:
        """Parse each content once, in the order in which the versions need them."""
        parsers = ((parser_of(version.path), version) for version in versions if _has_content(version))
        keys = list(dict.fromkeys((parser, version.change.blob) for parser, version in parsers if parser is not None))
        for (parser, blob), (_, content) in zip(keys, contents(self.root, [blob for _, blob in keys]), strict=True):
            self._parsed[parser, blob] = _parsed(parser, content)
            yield self._parsed[parser, blob]


def _has_content(version: FileVersion) -> bool:
    return not version.is_deleted and version.is_regular and is_manifest(version.path)


def _parsed(parser: Parser, content: bytes | None) -> Manifest | UnreadableManifest:
    if content is None or len(content) > MAX_MANIFEST_BYTES:
        return UnreadableManifest(f"git lacks its content, or it has more than {MAX_MANIFEST_BYTES >> 10} KiB")
    try:
        manifest = parser(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return UnreadableManifest("no UTF-8 text")
    except UnreadableManifest as error:
        return error
    return replace(manifest, parts=manifest.parts[:MAX_PARTS])
