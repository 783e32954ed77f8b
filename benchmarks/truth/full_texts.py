"""Everyday questions over whole decision records, `python -m benchmarks.truth.full_texts A=CLONE B=CLONE [C=FOLDER]`.

The packs hold the first 600 to 800 characters of each record. Here graphmem's own reader of decision records gives each
its whole body, rationale and options; titles, states and questions are the packs'.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.data_folder import data_folder
from benchmarks.truth.everyday import NONE, questions_over
from benchmarks.truth.firsts import ask_all, share
from benchmarks.truth.loaded import OURS, WORDS_ONLY, loaded
from benchmarks.truth.packs import Pack, Record, json_lines
from benchmarks.truth.sources import read_packs
from benchmarks.truth.vectors import kept
from graphmem.model import Statement
from graphmem.retrieval.embedder import EmbedderMissing, find_embedder
from graphmem.sources.decisions.reader import read_decisions

_ROWS: Mapping[str, str] = {"A": "peps/peps.jsonl", "B": "keps/keps.jsonl", "C": "adrs/adrs.jsonl"}
_RECORDS: Mapping[str, str] = {"A": "peps", "B": "keps", "C": ""}


def main(arguments: Sequence[str]) -> int:
    """Print the share of right, near and stale first answers, with vectors and by words alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth.full_texts")
    parser.add_argument("clones", nargs="+", metavar="PACK=FOLDER")
    parser.add_argument("--data", type=Path, default=data_folder(), help="a folder laid out like shared/data")
    options = parser.parse_args(arguments)
    folders = {letter: Path(folder).resolve() for letter, _, folder in (one.partition("=") for one in options.clones)}
    found = find_embedder()
    if isinstance(found, EmbedderMissing):
        print(found.reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, kept(found) as backend:
        for pack in read_packs(options.data, "".join(folders)):
            whole = with_full_texts(pack, options.data, folders[pack.letter])
            with loaded(whole, str(Path(folder) / "texts.db"), backend) as one:
                asked = list(ask_all(one, questions_over(options.data, pack.letter), pack.letter))
            for name in (OURS, WORDS_ONLY):
                firsts = [first for first in asked if first.contestant == name and first.question.type != NONE]
                figures = [
                    share(each) for each in zip(*((f.is_first, f.in_three, f.is_stale) for f in firsts), strict=True)
                ]
                print(f"{pack.letter} {name}: hit@1, hit@3, stale@1 of {len(firsts)}:", *figures)
    return 0


def with_full_texts(pack: Pack, data: Path, folder: Path) -> Pack:
    """The pack with the texts of the files below a folder, for C one folder each repository: `OWNER__NAME`."""
    texts = dict(_texts(data / _ROWS[pack.letter], pack.letter, folder))
    return replace(pack, records=tuple(_with_text(record, texts.get(record.id)) for record in pack.records))


def _with_text(record: Record, whole: Statement | None) -> Record:
    if whole is None:
        return record
    options = tuple(replace(option, keys=()) for option in whole.alternatives)
    texts = replace(record.statement, body=whole.body, rationale=whole.rationale, alternatives=options)
    return replace(record, statement=texts)


def _texts(rows: Path, letter: str, folder: Path) -> Iterator[tuple[str, Statement]]:
    """The id and the whole statement of each record that has a file."""
    roots = [child for child in folder.iterdir() if child.is_dir()] if letter == "C" else [folder]
    listed = list(json_lines(rows))
    for root in roots:
        reading = read_decisions([root / _RECORDS[letter]], root=root, read_at=datetime.now(UTC))
        if letter == "C":
            by_name = {Path(one.path).name: one.statement for one in reading.observations}
            own = [one for one in listed if one["repo"].replace("/", "__") == root.name]
            pairs = [(one["id"], by_name.get(Path(one["path"]).name)) for one in own]
        else:
            by_path = {one.path: one.statement for one in reading.observations}
            pairs = [(one["id"], by_path.get(one["path"])) for one in listed]
        yield from ((key, statement) for key, statement in pairs if statement is not None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
