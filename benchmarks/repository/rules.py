"""How the reader of conventions does on real histories: `python -m benchmarks.repository.rules PACK CLONE...`.

PACK is the folder `rules` of the corpora: `rule_events.jsonl`, `rule_lifetimes.jsonl` and `questions.jsonl`, for
several repositories. A CLONE is `OWNER/NAME=FOLDER`, a clone of one of them. Each is read from its first commit,
ingested into a store, and asked the questions of its repository by `search`, without vectors.

The pack's pairs are silver: made by similarity of words, for each file by itself. Here equal words in several files
are one convention, so pairs are compared by their words, and a rule whose old words a file still has is not superseded:
such pairs are left out. `--show` prints what is wrong, missing or beyond the pack.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import graphmem
from benchmarks.rows import Row, show, write
from benchmarks.truth.packs import Json, json_lines
from graphmem.answers import Card, Hit
from graphmem.model import At, Scope, Statement
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.service import GraphMemory
from graphmem.sources.observations import Reading
from graphmem.sources.rules import read_rules
from graphmem.sources.rules.rule_files import holds_rules
from graphmem.sources.rules.rule_text import Rule, plain
from graphmem.store import Page
from graphmem.temporal import Standing

READ_AT = datetime(2100, 1, 1, tzinfo=UTC)
#: Texts of the pack are cut: so many characters of them are compared.
_COMPARED_CHARS = 360
#: An end of this length or more is no chance.
_TELLING_CHARS = 60
_A_DAY = timedelta(days=1)
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PackOfRepo:
    """The facts of a repository in the pack.

    Attributes:
        texts: The comparable text of each rule by its id.
        pairs: (old, new) of each rewording, as comparable texts, in files that the reader knows.
        last: The last day of its events.
    """

    repo: str
    texts: Mapping[str, str]
    pairs: frozenset[Pair]
    questions: tuple[Json, ...]
    last: datetime


@dataclass(slots=True)
class Measured:
    """The figures of a repository."""

    pack: PackOfRepo
    reading: Reading
    read_s: float
    ingest_s: float = 0.0
    wrong: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.titles = {item.key: comparable(full_text(item.statement)) for item in self.reading.observations}

    @property
    def found(self) -> set[Pair]:
        """(old, new) of the supersessions whose two texts the pack has."""
        known = set(self.pack.texts.values())
        pairs = {(self.titles[item.old], self.titles[item.new]) for item in self.reading.replacements}
        return {pair for pair in pairs if known.issuperset(pair)}

    @property
    def readable(self) -> set[Pair]:
        """Pairs of the pack whose two texts the reader takes for rules too; the pack splits some paragraphs."""
        known = set(self.titles.values())
        return {pair for pair in self.pack.pairs if known.issuperset(pair)}

    def rows(self) -> Iterator[Row]:
        """The figures as rows."""
        name, asked = self.pack.repo, len(self.pack.questions)
        common = len(self.found & self.pack.pairs)
        if asked:
            yield Row(f"{name}: questions right", 1 - len(self.wrong) / asked, "share", "higher", 0.97)
            yield Row(f"{name}: stale answers", len(self.stale), "answers", "lower", 0)
        yield Row(f"{name}: pairs, precision", common / max(1, len(self.found)), "share", "higher")
        yield Row(f"{name}: pairs, recall", common / max(1, len(self.pack.pairs)), "share", "higher")
        recall = len(self.found & self.readable) / max(1, len(self.readable))
        yield Row(f"{name}: pairs, recall, both texts read", recall, "share", "higher", 0.95)
        yield Row(f"{name}: conventions", len(self.reading.observations), "count", "higher")
        yield Row(f"{name}: reading", self.read_s, "s", "lower")
        yield Row(f"{name}: ingestion", self.ingest_s, "s", "lower")


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/rules.json`; 0 if every goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("clones", nargs="+", metavar="OWNER/NAME=FOLDER")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for clone in options.clones:
        repo, _, folder = clone.partition("=")
        measured = measure(read_pack(options.pack, repo), Path(folder))
        rows += measured.rows()
        if options.show:
            print_differences(measured)
    show(rows)
    write("rules", rows)
    return int(any(row.is_met is False for row in rows))


def measure(pack: PackOfRepo, clone: Path) -> Measured:
    """Read, ingest and ask one repository."""
    began = time.perf_counter()
    reading = read_rules(clone, read_at=READ_AT)
    measured = Measured(pack, reading, time.perf_counter() - began)
    with tempfile.TemporaryDirectory() as folder:
        scope = Scope("default", pack.repo)
        path = str(Path(folder) / "memory.db")
        with graphmem.open(path, create=True, scope=scope, embedder=lambda: EmbedderMissing("words alone")) as memory:
            began = time.perf_counter()
            memory.ingest(reading)
            measured.ingest_s = time.perf_counter() - began
            for question in pack.questions:
                ask(measured, memory, question)
    return measured


def ask(measured: Measured, memory: GraphMemory, question: Json) -> None:
    """Ask one question, at the end of its day."""
    day = datetime.fromisoformat(question["as_of"]).replace(tzinfo=UTC) if question["as_of"] else measured.pack.last
    found = memory.search(question["question"], at=At(day + _A_DAY - timedelta(microseconds=1)), page=Page(limit=10))
    gold = {measured.pack.texts[key] for key in question["gold"]}
    wrong = {measured.pack.texts[key] for key in (*question["not"], *question.get("not_yet", ()))} - gold
    holding = next((hit for hit in found.hits if hit.standing is Standing.HOLDS), None)
    first = found.hits[0] if found.hits else None
    if gold:
        is_right = holding is not None and _is_among(holding.card, gold)
    else:
        is_right = first is not None and first.standing is Standing.LAST and _leads_from(memory, first, wrong)
    shown = f"{question['qid']} {question['type']} {question['as_of']} {question['question'][:300]}\n    gold: "
    shown += f"{question['answer']}\n    got: {first and (first.standing.value, first.card.memory.statement)}"
    if not is_right:
        measured.wrong.append(shown)
    is_stale = _any_holds([hit for hit in found.hits if hit is holding] if gold else found.hits, wrong)
    if is_stale and not is_right:
        measured.stale.append(shown)


def _leads_from(memory: GraphMemory, hit: Hit, texts: set[str]) -> bool:
    """Whether the last wording of a rule that is gone, or a former one, has one of some texts."""
    return any(_is_among(card, texts) for card in memory.history(hit.card.id).chain)


def _any_holds(hits: Sequence[Hit], texts: set[str]) -> bool:
    return any(hit.standing is Standing.HOLDS and _is_among(hit.card, texts) for hit in hits)


def _is_among(card: Card | None, texts: set[str]) -> bool:
    """Whether a memory has one of some texts; the pack ends some texts early, at a line that begins in bold."""
    statement = card.memory.statement if card is not None else None
    if statement is None:
        return False
    text = comparable(full_text(statement))
    return any(text == other or (len(other) >= _TELLING_CHARS and text.startswith(other)) for other in texts)


def full_text(statement: Statement) -> str:
    """The words of a convention: its title, or the end of its body if the title is cut."""
    is_cut = statement.title.endswith("\u2026")
    return statement.body.rpartition("\n\n")[2] if is_cut else statement.title


def comparable(text: str) -> str:
    """A text as it is compared between the pack and the reader."""
    return Rule(plain(text.removeprefix("[ ] "))).identity.rstrip("\u2026")[:_COMPARED_CHARS].rstrip(" .:;,")


def read_pack(folder: Path, repo: str) -> PackOfRepo:
    """The facts of a repository."""
    events = [event for event in json_lines(folder / "rule_events.jsonl") if event["repo"] == repo]
    lives = [life for life in json_lines(folder / "rule_lifetimes.jsonl") if life["repo"] == repo]
    in_force = {comparable(life["text"]) for life in lives if life["to"] is None}
    pairs = {
        (comparable(event["old"]), comparable(event["new"]))
        for event in events
        if event["op"] == "replace" and holds_rules(event["file"]) and comparable(event["old"]) not in in_force
    }
    return PackOfRepo(
        repo,
        {life["id"]: comparable(life["text"]) for life in lives},
        frozenset(pair for pair in pairs if pair[0] != pair[1]),
        tuple(question for question in json_lines(folder / "questions.jsonl") if question["repo"] == repo),
        max(datetime.fromisoformat(event["date"]).replace(tzinfo=UTC) for event in events),
    )


def print_differences(measured: Measured) -> None:
    """Print what differs from the pack."""
    for words in (*measured.wrong, *(f"stale {words}" for words in measured.stale)):
        print(words)
    for name, pairs in (
        ("beyond the pack", measured.found - measured.pack.pairs),
        ("missing", measured.pack.pairs - measured.found),
    ):
        for old, new in sorted(pairs):
            print(f"{name}:\n    {old[:160]}\n    {new[:160]}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
