"""Keys that readers take from real repositories: `python -m benchmarks.repository.keys --data FOLDER NAME=CLONE ...`.

FOLDER is laid out like `shared/data`, with pack I in `bans`. NAME is `OWNER/NAME` of a clone. Three parts, each for the
clones that have something of it:

- `bans`: the bans of the pack's repositories against `rules.jsonl`: typed key, reason, days, and the exclusions at each
  time. A ban beyond the pack counts against precision.
- `trailers`: every trailer with a known key in the messages of the mainline's ancestors, as `git interpret-trailers`
  finds it message by message, against the memories of the reader; equal words count once.
- `decisions`: typed and untyped keys of the rejected options in decision records. Whether they are right was judged by
  eye: `--show` prints them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rows import Row, show, write
from benchmarks.truth.packs import Json, json_lines
from graphmem.model import Outcome
from graphmem.option_keys import OptionKey
from graphmem.option_keys.file_scope import EXCLUDED_FOLDER_PATTERN, EXCLUDED_PATTERN
from graphmem.sources.bans import read_bans
from graphmem.sources.decisions import read_decisions
from graphmem.sources.observations import Observation
from graphmem.sources.trailers import read_trailers
from graphmem.sources.trailers.trailer_statements import SORTS, ReadTrailer

READ_AT = datetime(2100, 1, 1, tzinfo=UTC)
_RECORDS = ("adr", "adrs", "decisions", "architectural-decision-records")
#: (Key, reason, first day, last day) of a ban.
Fact = tuple[str, str, str, str | None]


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/keys.json`; 0 if the goals are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("clones", nargs="+", metavar="NAME=CLONE")
    options = parser.parse_args(arguments)
    rules = list(json_lines(options.data / "bans" / "rules.jsonl"))
    rows: list[Row] = []
    for text in options.clones:
        name, _, folder = text.partition("=")
        own = [rule for rule in rules if rule["repo"] == name]
        rows += [*_ban_rows(name, Path(folder), own), *_trailer_rows(name, Path(folder))]
        rows += _decision_rows(name, Path(folder), is_shown=options.show)
    show(rows)
    write("keys", rows)
    return 0 if all(row.is_met is not False for row in rows) else 1


# ---- bans


def _ban_rows(name: str, clone: Path, rules: Sequence[Json]) -> Iterator[Row]:
    reading = read_bans(clone, read_at=READ_AT)
    lives: dict[str, list[Observation]] = {}
    for observation in reading.observations:
        lives.setdefault(observation.key, []).append(observation)
    if not lives:
        return
    yield Row(f"{name}: bans ever read", len(lives), "bans", "higher")
    if not rules:
        return
    expected = {_fact_of_rule(rule): rule for rule in rules}
    found = {_fact_of_life(life): life for life in lives.values()}
    common = expected.keys() & found.keys()
    yield Row(
        f"{name}: rules of the pack found, with key, reason and days", len(common) / len(expected), "share", "higher", 1
    )
    yield Row(f"{name}: bans that are rules of the pack", len(common) / len(found), "share", "higher", 1)
    right = sum(_exclusions(found[fact]) == _exclusions_of_rule(expected[fact]) for fact in common)
    yield Row(f"{name}: exclusions at each time", right / max(1, len(common)), "share", "higher", 1)


def _fact_of_rule(rule: Json) -> Fact:
    language = {"go": "go", "python": "python"}[rule["ecosystem"]]
    return (f"import:{language}:{rule['key']}", rule["reason"], rule["first_date"], rule["last_date"])


def _fact_of_life(life: Sequence[Observation]) -> Fact:
    last = life[-1]
    (option, *_) = last.statement.alternatives
    ended = last.moves[1].at if len(last.moves) > 1 else None
    return (
        next(iter(option.keys), ""),
        option.reason,
        _day(life[0].moves[0].at),
        None if ended is None else _day(ended),
    )


def _exclusions(life: Sequence[Observation]) -> set[tuple[str, str, str | None]]:
    """The exclusions of a ban, each with the first and the last time at which it has it."""
    ends = [later.moves[0].at for later in life[1:]]
    found: dict[str, tuple[str, str | None]] = {}
    for wording, end in zip(life, [*ends, None], strict=True):
        for anchor in wording.statement.anchors:
            if anchor.role in {EXCLUDED_PATTERN, EXCLUDED_FOLDER_PATTERN}:
                start = found.get(anchor.name, (_day(wording.moves[0].at), None))[0]
                found[anchor.name] = (start, None if end is None else _day(end))
    return {(pattern, *times) for pattern, times in found.items()}


def _exclusions_of_rule(rule: Json) -> set[tuple[str, str, str | None]]:
    return {(each["regex"], each["from"], each["to"]) for each in rule.get("excluded") or ()}


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- trailers


def _trailer_rows(name: str, clone: Path) -> Iterator[Row]:
    found = {observation.key for observation in read_trailers(clone, read_at=READ_AT).observations}
    if not found:
        return
    expected = {trailer.source_key for trailer in _expected_trailers(clone)}
    yield Row(f"{name}: trailers", len(expected), "trailers", "higher")
    yield Row(f"{name}: trailers found", len(found & expected) / len(expected), "share", "higher", 1)
    yield Row(f"{name}: found ones that are trailers", len(found & expected) / len(found), "share", "higher", 1)


def _expected_trailers(clone: Path) -> Iterator[ReadTrailer]:
    listed = _git(clone, "log", "-z", "--format=%H%n%B", _default(clone))
    for entry in listed.split("\0"):
        sha, _, message = entry.partition("\n")
        if not any(f"{word}:" in message.casefold() for word in SORTS):
            continue
        parsed = _git(clone, "interpret-trailers", "--parse", "--no-divider", text=message)
        for line in parsed.splitlines():
            key, _, value = line.partition(":")
            if key.casefold() in SORTS and value.strip():
                yield ReadTrailer(key, value.strip(), sha)


def _default(clone: Path) -> str:
    names = _git(clone, "for-each-ref", "--format=%(refname)", "refs/remotes/origin/HEAD").split()
    return names[0] if names else "HEAD"


def _git(clone: Path, *words: str, text: str | None = None) -> str:
    done = subprocess.run(
        ["git", "-C", str(clone), *words], input=text, capture_output=True, text=True, check=True, errors="replace"
    )
    return done.stdout


# ---- decision records


def _decision_rows(name: str, clone: Path, *, is_shown: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write_records(clone, root)
        reading = read_decisions([root], root=root, dates={}, read_at=READ_AT)
    options = [
        option
        for observation in reading.observations
        for option in observation.statement.alternatives
        if option.outcome is Outcome.REJECTED
    ]
    if not options:
        return
    keys = [(option.name, key) for option in options for key in option.keys]
    if is_shown:
        print(*(f"{name}: {option}: {key}" for option, key in keys), sep="\n")
    typed = sum(OptionKey.read(key).is_typed for _, key in keys)
    yield Row(f"{name}: rejected options", len(options), "options", "higher")
    yield Row(f"{name}: typed keys of them", typed, "keys", "higher")
    yield Row(f"{name}: untyped keys of them", len(keys) - typed, "keys", "lower")


def _write_records(clone: Path, root: Path) -> None:
    """Write the Markdown files in folders of decision records; a partial clone may lack some."""
    for line in _git(clone, "ls-tree", "-r", _default(clone)).splitlines():
        head, _, path = line.partition("\t")
        if path.endswith(".md") and not set(_RECORDS).isdisjoint(path.split("/")[:-1]):
            blob = head.split()[2]
            try:
                text = _git(clone, "cat-file", "blob", blob)
            except subprocess.CalledProcessError:
                continue
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
