"""The readers of the four kinds of corpus. None of them knows an id or a title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from benchmarks.truth.packs import Declared, Json, Pack, Record, Told, day, json_lines, read_questions, told_by_day
from graphmem.model import Anchor, AnchorKind, Kind, Origin, Statement, Status, SupersessionKind
from graphmem.sources.decisions.lives import read_states
from graphmem.sources.decisions.statuses import leading_status


def read_packs(data: Path, letters: str) -> Iterable[Pack]:
    """The packs of a data folder, those that are there and asked for."""
    for letter, (folder, read) in _READERS.items():
        if letter in letters and (data / folder / "questions.jsonl").is_file():
            yield read(letter, data / folder)


def status_of(word: str) -> Status | None:
    """What a source's word means, by graphmem's own reader of them; None for superseded, unknown words are in force."""
    found = leading_status(word)
    if found is None or found.is_partial:
        return Status.ACTIVE
    return found.status


# ---- A: proposals with headers


def read_peps(letter: str, folder: Path) -> Pack:
    """Proposals: the status header's history, and `Superseded-By` and `Replaces` of both sides."""
    events = _grouped(json_lines(folder / "status_events.jsonl"), "pep")
    records = [_pep(one, events[one["number"]]) for one in json_lines(folder / "peps.jsonl")]
    declared = [_pep_edge(one) for one in _edges(folder, records)]
    return Pack(letter, folder.name, tuple(records), tuple(declared), read_questions(folder / "questions.jsonl"))


def _pep(one: Json, events: list[Json]) -> Record:
    statement = Statement(
        title=one["title"],
        body=one.get("abstract") or "",
        kind=Kind.DECISION,
        origin=Origin.DOCUMENT,
        subject=one["id"],
        aliases=(one["id"],),
        labels=tuple(one.get("topic") or ()),
    )
    return Record(one["id"], statement, _status_life(one, events))


def _pep_edge(one: Json) -> Declared:
    # The old file's own word counts if there is one; the new file's claim only if there is none.
    known = day(one["recorded_date"] or one["new_header_added"])
    accepted = day(one["valid_date"]) if one["valid_date"] else known
    is_partial = one["kind"] == "partial_or_claimed"
    return Declared(
        old=one["old"],
        new=one["new"],
        at=min(accepted, known),  # declared before its acceptance: nobody knew that date, and the kernel waits for it
        known=known,
        kind=SupersessionKind.AMENDMENT if is_partial else SupersessionKind.UPDATE,
        part="what the new one claims" if is_partial else None,
        evidence=", ".join(one["declared_by"]),
        is_claim=all(side.startswith("new.") for side in one["declared_by"]),
    )


# ---- B: enhancements with a status and a stage


def read_keps(letter: str, folder: Path) -> Pack:
    """Enhancements: status is the memory's own life; its stage is a memory of its own, of subject `ID.stage`."""
    events = _grouped(json_lines(folder / "history_events.jsonl"), "kep")
    records: list[Record] = []
    for one in json_lines(folder / "keps.jsonl"):
        records.append(Record(one["id"], _kep(one), _status_life(one, events[one["number"]])))
        stages = [_stage(e) for e in events[one["number"]] if e["stage"]]
        if stages:
            records.append(Record(f"{one['id']}.stage", _kep_stage(one), told_by_day(stages)))
    declared = [_kep_edge(one) for one in _edges(folder, records)]
    return Pack(letter, folder.name, tuple(records), tuple(declared), read_questions(folder / "questions.jsonl"))


def _kep(one: Json) -> Statement:
    return Statement(
        title=one["title"],
        body=one.get("summary") or "",
        kind=Kind.DECISION,
        origin=Origin.DOCUMENT,
        subject=one["id"],
        aliases=(one["id"],),
        anchors=(Anchor(AnchorKind.FILE, one["path"]),),
    )


def _kep_stage(one: Json) -> Statement:
    return Statement(
        title=f"Stage, by its metadata ({one['id']})", origin=Origin.DOCUMENT, subject=f"{one['id']}.stage"
    )


def _stage(event: Json) -> Told:
    return Told(status_of(event["stage"]), event["stage"], day(event["date"]), day(event["date"]))


def _kep_edge(one: Json) -> Declared:
    known = day(one["link_recorded_date"])
    at = day(one["new_implementable_date"]) if one["new_implementable_date"] else known
    is_claim = all(side.startswith("new.") for side in one["declared_by"])
    return Declared(
        one["old"], one["new"], min(at, known), known, evidence=", ".join(one["declared_by"]), is_claim=is_claim
    )


# ---- C: decision records


def read_adrs(letter: str, folder: Path) -> Pack:
    """Decision records of several repositories, with the edges that people reviewed."""
    events = _grouped(json_lines(folder / "status_events.jsonl"), "id")
    records = [_adr(one, events[one["id"]]) for one in json_lines(folder / "adrs.jsonl")]
    first = {record.id: record.told[0].known for record in records}
    declared = [_adr_edge(one, first) for one in _edges(folder, records)]
    return Pack(letter, folder.name, tuple(records), tuple(declared), read_questions(folder / "questions.jsonl"))


def _adr(one: Json, events: list[Json]) -> Record:
    statement = Statement(
        title=one["title"],
        body=one.get("text") or "",
        kind=Kind.DECISION,
        origin=Origin.DOCUMENT,
        subject=one["id"],
        aliases=(f"ADR {one['number']}", one["id"]),
        anchors=(Anchor(AnchorKind.FILE, one["path"], one["repo"]),),
    )
    return Record(one["id"], statement, _adr_life(one, events), one["repo"])


def _adr_life(one: Json, events: list[Json]) -> tuple[Told, ...]:
    """The record's own date is where its life begins; a number that was reused tells of another record's states."""
    first = day(one["first_commit_date"])
    start = min(day(one["date"]), first) if one["date"] else first
    now = _adr_status(one["status_raw"], one["status"])
    if one["number_reused"] or not events:
        return (Told(now or Status.ACTIVE, one["status"], start, first),)
    told = told_by_day(
        [Told(_adr_status(e["status_raw"], e["status"]), e["status"], day(e["date"]), day(e["date"])) for e in events]
    )
    head = told[0]
    if head.status is None:  # superseded already when first seen: it was in force before
        return (Told(Status.ACTIVE, None, start, head.known), *told)
    return (Told(head.status, head.word, min(start, head.at), head.known), *told[1:])


def _adr_status(raw: str | None, plain: str) -> Status | None:
    entry = next(iter(read_states(raw or plain, 1)), None)
    if entry is None or entry.is_partial:
        return Status.ACTIVE if entry is not None else status_of(plain)
    return entry.status


def _adr_edge(one: Json, first: Mapping[str, datetime]) -> Declared:
    known = day(one["recorded_date"]) if one["recorded_date"] else max(first[one["old"]], first[one["new"]])
    is_full = one["kind"] == "supersedes" and not one["partial"]
    return Declared(
        old=one["old"],
        new=one["new"],
        at=day(one["valid_date"]) if one["valid_date"] else known,
        known=known,
        kind=SupersessionKind.UPDATE if is_full else SupersessionKind.AMENDMENT,
        part="in part" if one["partial"] else None,
        evidence=" | ".join(line["line"] for line in one["evidence"]),
        is_claim=one["declared_on"] == "new",
    )


# ---- G: rules of agent instruction files


def read_rules(letter: str, folder: Path) -> Pack:
    """Rules with their lifetimes: text as statement, `replaced_by` as supersession, `end` as end."""
    lives = list(json_lines(folder / "rule_lifetimes.jsonl"))
    records = tuple(_rule(one) for one in lives)
    known = {record.id for record in records}
    declared = tuple(
        Declared(one["id"], one["replaced_by"], day(one["to"]), day(one["to"]))
        for one in lives
        if one["replaced_by"] in known
    )
    return Pack(letter, folder.name, records, declared, read_questions(folder / "questions.jsonl"))


def _rule(one: Json) -> Record:
    start = day(one["from"])
    told = [Told(Status.ACTIVE, None, start, start)]
    if one["to"] and not one["replaced_by"]:
        told.append(Told(Status.ENDED, one["end"], day(one["to"]), day(one["to"])))
    statement = Statement(
        title=one["text"],
        body=one["heading"] or "",
        kind=Kind.CONVENTION,
        origin=Origin.DOCUMENT,
        aliases=(one["id"],),
        anchors=(Anchor(AnchorKind.FILE, one["file"], one["repo"]),),
    )
    return Record(one["id"], statement, tuple(told), one["repo"])


def _status_life(one: Json, events: Iterable[Json]) -> tuple[Told, ...]:
    told = [Told(status_of(e["status"]), e["status"], day(e["date"]), day(e["date"])) for e in events]
    if not told:
        first = day(one["first_commit_date"])
        told = [Told(status_of(one["status"]), one["status"], first, first)]
    return told_by_day(told)


def _edges(folder: Path, records: Iterable[Record]) -> Iterable[Json]:
    """Declared edges between records that the pack holds."""
    known = {record.id for record in records}
    edges = json_lines(folder / "supersession_edges.jsonl")
    return [one for one in edges if one["old"] in known and one["new"] in known]


def _grouped(rows: Iterable[Json], key: str) -> dict[object, list[Json]]:
    groups: dict[object, list[Json]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


_READERS: Mapping[str, tuple[str, Callable[[str, Path], Pack]]] = {
    "A": ("peps", read_peps),
    "B": ("keps", read_keps),
    "C": ("adrs", read_adrs),
    "G": ("rules", read_rules),
}
