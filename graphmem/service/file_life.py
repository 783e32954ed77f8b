"""The verb that returns the life of a file."""

from __future__ import annotations

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.instants import to_micros
from graphmem.model import At, Point, Scope
from graphmem.parameters import FileName
from graphmem.repository.file_lives import FileLife, lives_of
from graphmem.service.commit_points import at_commits
from graphmem.service.context import ServiceContext


@dataclass(frozen=True, slots=True)
class FileLives:
    """The lives of the files that ever had a path, the file that had it last first; empty if none was read."""

    lives: tuple[FileLife, ...]
    at: Point


class FileVerbs:
    """The verb about files of the code."""

    _context: ServiceContext

    @at_commits
    def file_life(self, path: FileName, *, at: At | None = None, scope: Scope | None = None) -> FileLives:
        """Tell the life of a file: the paths that it had, since when, and the commits that renamed it.

        `timeline` with the same path has the memories about it.

        Args:
            path: A path that a file of the reader's repository has or had.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope; its repository counts.

        Raises:
            InvalidInput: The path is empty.
        """
        if not path:
            raise InvalidInput("a file's life needs its path, such as src/app.py")
        reader = self._context.reader(scope)
        point = self._context.point(at, reader)
        history = self._context.mainlines.at(reader, reader.repo, point.seq)
        return FileLives(lives_of(history, path.removeprefix("./"), to_micros(point.valid)), point)
