"""The content of a mainline reading: its rows, and their compressed text form in the ledger."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from enum import StrEnum
from typing import Any, NamedTuple

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.repository.areas import AreaRow, AreaRule

FORMAT = 1
#: Larger contents are refused: an entry of the ledger is read as a whole.
MAX_UNPACKED_BYTES = 256 << 20
#: A level of 6 takes half as long again and saves a thirtieth.
_LEVEL = 4
_HASH_CHARS = 40


class PathOrigin(StrEnum):
    """The way that a lineage came to a path."""

    ADDED = "added"
    RENAMED = "renamed"
    RESTORED = "restored"
    COPIED = "copied"


class SegmentRow(NamedTuple):
    """A path of a file, for a part of the mainline; a later row of the same number replaces an earlier row.

    Attributes:
        number: Its place in the list of all segments of the repository, from 0.
        lineage: Number of the file's lineage.
        path: With `/` separators; a path that is no UTF-8 or has control characters is in git's quoted form.
        start: Position on the mainline of the commit that brought the path.
        end: Position of the commit that removed it; None while it is there.
        similarity: Percent of the rename; None for an addition.
        previous: Number of the segment that it continues; None for an addition.
    """

    number: int
    lineage: int
    path: str
    start: int
    end: int | None
    origin: PathOrigin
    similarity: int | None
    previous: int | None


class SideCommit(NamedTuple):
    """A commit off the mainline, on the first-parent line of a tag or branch.

    Attributes:
        parent: Hash of its first parent; "" for a first commit.
        at_us: The committer's time in microseconds since 1970.
        added: Paths that it added, against its first parent.
        removed: Paths that it removed.
    """

    sha: str
    parent: str
    at_us: int
    added: tuple[str, ...]
    removed: tuple[str, ...]


class RefRow(NamedTuple):
    """A tag or a branch head and its commit; None if it is gone. A later row of a name replaces an earlier row."""

    kind: str
    name: str
    sha: str | None


class UnreadCommit(NamedTuple):
    """A commit of the mainline that was not read completely, and the reason."""

    position: int
    sha: str
    reason: str


@dataclass(frozen=True, slots=True)
class MainlineRows:
    """The rows of a reading.

    Attributes:
        start: Position of its first commit. Everything that earlier readings have from there on is replaced.
        shas: Hashes of its commits, in order.
        times_us: Their effective times, in microseconds since 1970.
        segments: Segments that are new or changed.
        segment_count: Number of all segments after the reading; earlier segments beyond it are dropped.
        arrivals: (hash, position) of each other commit and the mainline commit that brought it.
        sides: Commits off the mainline that are new.
        refs: Tags and branch heads that are new, moved or gone.
        unread: Commits that were not read, or whose renames were read in part.
        is_shallow: The history begins at the boundary of a shallow clone.
        areas: Components and modules that files declare, where they changed; None if nothing looked for it, as in
            readings of earlier releases.
    """

    start: int = 0
    shas: tuple[str, ...] = ()
    times_us: tuple[int, ...] = ()
    segments: tuple[SegmentRow, ...] = ()
    segment_count: int = 0
    arrivals: tuple[tuple[str, int], ...] = ()
    sides: tuple[SideCommit, ...] = ()
    refs: tuple[RefRow, ...] = ()
    unread: tuple[UnreadCommit, ...] = ()
    is_shallow: bool = False
    areas: tuple[AreaRow, ...] | None = None


def packed(rows: MainlineRows) -> str:
    """Return the text form of rows: compressed JSON in base 64; other releases of zlib may compress otherwise."""
    plain: dict[str, Any] = {
        "format": FORMAT,
        "hash_chars": len(next(iter(rows.shas), "")) or _HASH_CHARS,
        "start": rows.start,
        "shas": "".join(rows.shas),
        "times_us": _differences(rows.times_us),
        "segments": [list(column) for column in zip(*rows.segments, strict=True)],
        "segment_count": rows.segment_count,
        "arrivals": ["".join(sha for sha, _ in rows.arrivals), _differences([at for _, at in rows.arrivals])],
        "sides": rows.sides,
        "refs": rows.refs,
        "unread": rows.unread,
        "is_shallow": rows.is_shallow,
    }
    if rows.areas is not None:
        plain["areas"] = rows.areas
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), _LEVEL)).decode("ascii")


def unpacked(content: str) -> MainlineRows:
    """Return the rows of a text form.

    Raises:
        InvalidInput: The text is not the form of rows, or they are too large.
    """
    try:
        return _rows(json.loads(inflated(content)))
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput(f"the content of a mainline reading cannot be read: {error!r:.120}") from error


def inflated(content: str) -> bytes:
    """Return what a packed text holds.

    Raises:
        ValueError: The text is cut off, or it holds more than `MAX_UNPACKED_BYTES`.
    """
    inflater = zlib.decompressobj()
    data = inflater.decompress(base64.b64decode(content, validate=True), MAX_UNPACKED_BYTES)
    if inflater.unconsumed_tail or not inflater.eof:
        raise ValueError(f"it is cut off, or more than {MAX_UNPACKED_BYTES >> 20} MiB")
    return data


def _rows(plain: dict[str, Any]) -> MainlineRows:
    if plain["format"] != FORMAT:
        raise ValueError(f"format {plain['format']!r} is not {FORMAT}")
    sha_text, positions = plain["arrivals"]
    size = int(plain["hash_chars"])
    rows = MainlineRows(
        start=int(plain["start"]),
        shas=_hashes(plain["shas"], size),
        times_us=_sums(plain["times_us"]),
        segments=tuple(map(_segment, zip(*plain["segments"], strict=True))),
        segment_count=int(plain["segment_count"]),
        arrivals=tuple(zip(_hashes(sha_text, size), _sums(positions), strict=True)),
        sides=tuple(
            SideCommit(str(sha), str(parent), int(at), tuple(map(str, added)), tuple(map(str, removed)))
            for sha, parent, at, added, removed in plain["sides"]
        ),
        refs=tuple(RefRow(str(kind), str(name), sha and str(sha)) for kind, name, sha in plain["refs"]),
        unread=tuple(UnreadCommit(int(at), str(sha), str(reason)) for at, sha, reason in plain["unread"]),
        is_shallow=bool(plain["is_shallow"]),
        areas=tuple(map(_area, plain["areas"])) if "areas" in plain else None,
    )
    if len(rows.shas) != len(rows.times_us) or rows.start < 0:
        raise ValueError("it has another number of times than of commits")
    return rows


_ORIGINS = {origin.value: origin for origin in PathOrigin}


def _segment(values: tuple[Any, ...]) -> SegmentRow:
    number, lineage, path, start, end, origin, similarity, previous = values
    return SegmentRow(
        int(number),
        int(lineage),
        str(path),
        int(start),
        None if end is None else int(end),
        _ORIGINS[origin],
        None if similarity is None else int(similarity),
        None if previous is None else int(previous),
    )


def _area(values: tuple[Any, ...]) -> AreaRow:
    position, path, rules = values
    made = [AreaRule(tuple(map(str, globs)), tuple(map(str, names)), str(section)) for globs, names, section in rules]
    return AreaRow(int(position), str(path), tuple(made))


def _hashes(text: str, size: int) -> tuple[str, ...]:
    if size < 1 or len(text) % size:
        raise ValueError("a hash is cut off")
    return tuple([text[at : at + size] for at in range(0, len(text), size)])


def _differences(values: Any) -> list[int]:  # noqa: ANN401 - a sequence of integers
    """Return the first value, then the difference of each value to the value before it."""
    return [value - before for before, value in zip([0, *values], values, strict=False)]


def _sums(differences: list[int]) -> tuple[int, ...]:
    values: list[int] = []
    total = 0
    for difference in differences:
        total += int(difference)
        values.append(total)
    return tuple(values)
