"""Files that are read completely, up to a limit of their size."""

from __future__ import annotations

from pathlib import Path

from graphmem.errors import InvalidInput, NotFound


def limited_content(path: Path, most_bytes: int, fix: str = "") -> bytes:
    """The content of a file.

    Args:
        path: The file.
        most_bytes: A larger file is refused; a multiple of 1 MiB.
        fix: What to do with a larger file, for the message.

    Raises:
        NotFound: There is no file.
        InvalidInput: It cannot be read, or is too large.
    """
    if not path.is_file():
        raise NotFound(f"no file at {str(path)!r}")
    try:
        with path.open("rb") as stream:
            content = stream.read(most_bytes + 1)
    except OSError as error:
        raise InvalidInput(f"{str(path)!r} cannot be read: {error.strerror}") from error
    if len(content) > most_bytes:
        raise InvalidInput(f"{str(path)!r} has more than {most_bytes >> 20} MiB{f': {fix}' if fix else ''}")
    return content
