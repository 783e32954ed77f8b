"""A secret in each text of each verb that writes, by the table of verbs: none reaches the store, a log or an error."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest

from graphmem import (
    Alternative,
    GraphMemError,
    GraphMemory,
    LinkKind,
    Move,
    New,
    Origin,
    Outcome,
    Statement,
    Status,
    Write,
)
from graphmem.claims.claim_statement import claim_statement
from graphmem.conflicts import Settlement
from graphmem.model import CodeVerdict, ReadMainline
from graphmem.repository.mainline_rows import MainlineRows, packed
from graphmem.service.capture import Review
from graphmem.sources.observations import DeclaredLink, Inventory, Observation, Reading, Replacement
from graphmem.sources.transcripts import Message
from graphmem.verbs import VERBS
from graphmem.wire.contracts import contract
from tests.parity.surfaces import VERBS as OFFERED
from tests.parity.surfaces import over_client, surface_on
from tests.parity.use_case import Refused, Surface
from tests.parity.world import make, opened
from tests.secrets.tokens import token

WRITES = [name for name, verb in VERBS.items() if verb.is_write]
AT = datetime(2026, 3, 1, tzinfo=UTC)
#: Arguments that name what is there, so that the verb does its work.
NAMED: dict[str, dict[str, Any]] = {
    "supersede": {"old": "lint"},
    "amend": {"old": "spaces"},
    "transition": {"key": "spaces", "status": Status.DEFERRED},
    "end": {"key": "tabs"},
    "retract": {"key": "postgres"},
    "confirm": {"key": "license"},
    "link": {"source": "license", "target": "postgres", "kind": LinkKind.DEPENDS_ON},
    "revoke": {"change": 6 + 3},
    "feedback": {"key": "left"},
    "allow": {"key": "banned"},
    "link_repository": {"old": "store", "new": "shop", "at": None},
    "review": {"key": "proposed", "verdict": Review.EDIT},
    "settle": {"how": Settlement.BOTH, "winner": None},
    "claim": {"works_on": "right"},
    "renew": {"key": "claimed"},
    "release": {"key": "claimed"},
    "hand_over": {"key": "right"},
    "erase": {"key": "mysql"},
    "retain": {"dry_run": False},
    "open_branch": {"name": "opened"},
    "merge_branch": {"name": "feature"},
    "abandon_branch": {"name": "opened"},
}
#: Arguments without words, and names.
PLAIN = {
    *("at", "start", "until", "by", "parent", "move", "on_similar", "kind", "seen"),
    *("conflict", "session", "policy", "lasting", "done"),
}
#: Names of places, of writes and of memories: a secret in one is refused, and tested below.
NAMES = {
    *((Write, name) for name in ("scope", "op_id", "seen", "origin")),
    *((New, name) for name in ("id", "scope", "supersedes", "supersession", "until", "start")),
    *((Observation, name) for name in ("key", "is_state", "is_history", "is_partial")),
    *((Replacement, name) for name in ("old", "new")),
    *((DeclaredLink, name) for name in ("source", "target")),
    *((Inventory, name) for name in ("folder", "keys", "unread")),
    (CodeVerdict, "memory"),
    (ReadMainline, "content"),
    (ReadMainline, "authors"),
}
GIVEN: dict[tuple[type, str], Any] = {
    (Observation, "key"): "notes.md",
    (Observation, "is_state"): False,
    (Observation, "is_history"): False,
    (Observation, "is_partial"): False,
    (Replacement, "old"): "notes.md",
    (Replacement, "new"): "other.md",
    (DeclaredLink, "source"): "notes.md",
    (DeclaredLink, "target"): "other.md",
    (Inventory, "folder"): "nowhere/",
    (Inventory, "keys"): (),
    (CodeVerdict, "memory"): "license",
    (ReadMainline, "content"): packed(MainlineRows()),
    (ReadMainline, "authors"): "",
    (Statement, "is_mandatory"): False,
}


class Seeds:
    """Makes values of the library with a secret in every text, each another one."""

    def __init__(self) -> None:
        self.sown: dict[str, str] = {}

    def value(self, kind: Any, place: str) -> Any:  # noqa: ANN401 - any type
        origin, inner = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self.value(inner[0], place)
        if origin in {Union, UnionType}:
            members = [member for member in inner if member is not NoneType]
            return self.value(next((one for one in members if is_dataclass(one)), members[0]), place)
        if origin in {tuple, list, Sequence} or getattr(origin, "__name__", "") == "Iterable":
            return (self.value(inner[0], place),) if origin is not tuple or ... in inner else self._pair(inner, place)
        if kind is str:
            return self.text(place)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return next(iter(kind))
        if is_dataclass(kind) and isinstance(kind, type):
            return self.record(kind, place)
        return {int: 1, float: 1.0, bool: True, datetime: AT}.get(kind)

    def _pair(self, inner: tuple[Any, ...], place: str) -> tuple[Any, ...]:
        return tuple(self.value(member, f"{place}{index}") for index, member in enumerate(inner))

    def text(self, place: str) -> str:
        self.sown[place] = token(place)
        return f"words with {self.sown[place]} in them"

    def record(self, kind: type, place: str) -> Any:  # noqa: ANN401 - a dataclass
        values = {}
        hints = get_type_hints(kind)
        for spec in fields(kind):
            if (kind, spec.name) in GIVEN:
                values[spec.name] = GIVEN[kind, spec.name]
            elif (kind, spec.name) == (Alternative, "keys"):
                values[spec.name] = (f"command:{self.text(f'{place}.keys')}",)
            elif (kind, spec.name) not in NAMES and spec.init:
                values[spec.name] = self.value(hints[spec.name], f"{place}.{spec.name}")
            else:
                assert spec.default is not MISSING or spec.default_factory is not MISSING, (kind, spec.name)
        if kind is ReadMainline:
            values |= {"commits": 1, "previous": 0}
        return kind(**values)


def arguments(verb: str, seeds: Seeds, *, as_text: bool) -> dict[str, Any]:
    """Arguments of a verb with a secret in every text but names; those of the method, also what no surface reads."""
    given = dict(NAMED.get(verb, {}))
    for parameter in contract(verb).parameters:
        name, place = parameter.name, f"{verb} {parameter.name} {as_text}"
        if name in given or name in PLAIN or (verb, name) == ("add", "messages"):
            continue
        if verb == "capture" and name == "messages":
            given[name] = (Message("user", f"We decided to use {seeds.text(place)}."),)
        elif name in {"statement", "new"} and (as_text or verb == "review"):
            given[name] = f"A title\n{seeds.text(place)}"
        elif name == "new":
            given[name] = seeds.value(Statement, place)
        elif name == "reading" and verb == "ingest":
            given[name] = seeds.record(Reading, place)
        else:
            given[name] = seeds.value(parameter.annotation, place)
    return given


def calls(seeds: Seeds) -> Iterator[tuple[str, dict[str, Any]]]:
    for verb in WRITES:
        for as_text in (
            (False, True) if {"statement", "new"} & {p.name for p in contract(verb).parameters} else (False,)
        ):
            yield verb, arguments(verb, seeds, as_text=as_text)
    said = f"Never use {seeds.text('add messages')}."
    yield "add", {"messages": (Message("user", said),), "write": seeds.value(Write, "add messages write")}


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged, but for the addresses that the caller's own HTTP client logs in the caller's process."""
    return "\n".join(record.getMessage() for record in caplog.records if record.name != "httpx2")


def leaked(seeds: Seeds, folder: Path, *texts: str) -> dict[str, str]:
    """The secrets that stand in a file of the folder or in a text."""
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return {
        place: secret
        for place, secret in seeds.sown.items()
        if secret[4:].encode() in kept or any(secret[4:] in text for text in texts)
    }


def test_every_verb_that_writes_and_each_of_its_texts_is_asked() -> None:
    seeds = Seeds()
    asked = {verb for verb, _ in calls(seeds)}
    assert asked == set(WRITES)
    for wanted in (
        "add statement False.alternatives.keys",
        "add statement False.anchors.name",
        "add write False.reason",
    ):
        assert wanted in seeds.sown
    assert len(seeds.sown) > 100


@pytest.mark.filterwarnings("ignore:You should not use the 'timeout' argument with the TestClient")
@pytest.mark.parametrize("surface", [Surface.LIBRARY, Surface.CLIENT])
def test_no_text_of_any_verb_lets_a_secret_through(
    surface: Surface, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make(tmp_path)
    seeds, told, done = Seeds(), list[str](), set[str]()
    with opened(tmp_path) as memory:
        if surface is Surface.LIBRARY:
            done |= _all_asked(memory, seeds, told)
        else:
            with over_client(memory, tmp_path) as client:
                done |= _all_asked(client.memory, seeds, told)  # type: ignore[attr-defined]
        told += memory.export()
        told += [repr(hit.card) for hit in memory.search("words").hits]
        assert memory.check() == []
        assert leaked(seeds, tmp_path, *told, logged(caplog)) == {}
    assert leaked(seeds, tmp_path) == {}
    assert done == set(WRITES), [text for text in told if text.split(":")[0] in set(WRITES) - done]


def _all_asked(memory: GraphMemory, seeds: Seeds, told: list[str]) -> set[str]:
    """Ask every verb; return those that were carried out."""
    done = set[str]()
    memory.add_many([New(statement="To be reviewed", moves=(Move(Status.PROPOSED, AT),), id="proposed")])
    memory.add_many([New(statement=f"The {side} one", id=side) for side in ("left", "right")])
    rejected = Alternative("pytz", Outcome.REJECTED, "it is old", keys=("pkg:pypi/pytz",))
    memory.add_many([New(statement=Statement(title="No pytz", alternatives=(rejected,)), id="banned")])
    memory.link("left", "right", LinkKind.CONFLICTS_WITH)
    ported = claim_statement("Port the reader", "ana", ["src/"], "shop", Origin.HUMAN)
    memory.add_many([New(statement=ported, id="claimed")])
    for verb, given in calls(seeds):
        if verb == "settle":
            given["conflict"] = memory.conflicts().conflicts[0].id
        try:
            answer = getattr(memory, verb)(**given)
        except GraphMemError as refusal:
            told.append(f"{verb}: {refusal!s}")
            continue
        told.append(repr(answer))
        done.add(verb)
        found = answer if isinstance(answer, list) else [answer]
        assert all(one.redactions for one in found), verb
    return done


@pytest.mark.parametrize("surface", list(Surface))
def test_no_surface_lets_a_secret_through_or_repeats_it_in_an_error(
    surface: Surface, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make(tmp_path)
    seeds, told = Seeds(), list[str]()
    with surface_on(surface, tmp_path) as asked:
        for verb, given in _written_forms(seeds):
            if verb not in OFFERED[surface]:
                continue
            try:
                told.append(repr(asked.ask(verb, given)))
            except Refused as refusal:
                told.append(str(refusal))
    assert any("redactions" in text and "github-pat" in text for text in told)
    assert leaked(seeds, tmp_path, *told, logged(caplog)) == {}


def _written_forms(seeds: Seeds) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a surface is asked: words with a secret, and each name of a place, a write or a memory with one."""
    words = {"title": seeds.text("title"), "origin": "agent", "body": seeds.text("body")}
    write = {"reason": seeds.text("reason"), "source": seeds.text("source")}
    yield "add", {"statement": words, "write": {**write, "op_id": "a"}}
    yield "supersede", {"old": "lint", "new": seeds.text("new"), "write": {**write, "op_id": "b"}}
    yield "end", {"key": "tabs", "write": {**write, "op_id": "c"}}
    yield "add", {"statement": {"title": "x", "origin": "agent"}, "write": {"op_id": seeds.text("op_id")}}
    yield "end", {"key": seeds.text("key"), "write": {"op_id": "d"}}
    yield "end", {"key": "lint", "write": {"op_id": "e", "scope": {"repo": seeds.text("repo")}}}
    yield "add", {"statement": {"title": "x", "origin": "agent"}, "start": seeds.text("start"), "write": {"op_id": "f"}}


def test_a_search_is_neither_kept_nor_logged_nor_repeated_in_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make(tmp_path)
    seeds, told = Seeds(), list[str]()
    for surface in Surface:
        with surface_on(surface, tmp_path) as asked:
            for given in ({"query": seeds.text("query")}, {"query": "x", "at": {"as_of": seeds.text("as_of")}}):
                try:
                    asked.ask("search", given)
                except Refused as refusal:
                    # An exception in the caller's own process may say what the caller asked for.
                    told += [str(refusal)] * (surface is not Surface.LIBRARY)
    assert leaked(seeds, tmp_path, *told, logged(caplog)) == {}
