"""Exports whose hashes are right and whose contents no write can have left: refused by name, and nothing is written."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.instants import to_micros
from graphmem.model import Erase
from graphmem.store import ModelCard, Store
from tests.contract.forging import Line, body_of, parsed, resealed
from tests.contract.scenario import DIMENSION
from tests.contract.test_keeping import with_hidden
from tests.laws.world import CLOCK, R, add, read, send, supersede
from tests.oracle import OracleStore
from tests.store_template import place_empty_store
from tests.stores import BACKENDS, opened

FORMAT_1 = Path(__file__).parent / "data" / "format1.jsonl"
ENGINES = [one for one in BACKENDS if one.is_durable]


@pytest.fixture(params=BACKENDS, ids=lambda one: f"into {one.name}")
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "target"
    folder.mkdir()
    with opened(request.param, folder) as store:
        yield store


@pytest.fixture(params=ENGINES, ids=lambda one: f"into {one.name}")
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "target"
    folder.mkdir()
    with opened(request.param, folder) as store:
        yield store


@pytest.fixture(scope="module")
def whole() -> list[str]:
    """The whole project with an erased memory, and A replaced by B again after a revoke."""
    store = OracleStore()
    store.adopt_model(ModelCard("one", DIMENSION, "a"))
    with_hidden(store)
    send(store, "erase", Erase("S"))
    send(store, "q", add("Q"))
    send(store, "replace", supersede("Q", "T", 9))
    return list(store.export(R))


def altered(lines: list[str], place: int, **values: object) -> list[str]:
    """An entry that says something else; 0 is the header."""
    raws = parsed(lines)
    raws[place] |= values
    return resealed(raws)


def saying(lines: list[str], place: int, change: Callable[[dict[str, Any]], object]) -> list[str]:
    """An entry whose body says something else."""
    raws = parsed(lines)
    body = body_of(raws[place])
    change(body)
    raws[place]["body"] = json.dumps(body)
    return resealed(raws)


def place_of(lines: list[str], word: str, nth: int = 0) -> int:
    """Where the nth entry of an operation stands."""
    return [place for place, raw in enumerate(parsed(lines)) if place and body_of(raw)["do"] == word][nth]


def appended(lines: list[str], *bodies: dict[str, Any]) -> list[str]:
    raws = parsed(lines)
    for body in bodies:
        last = copy.deepcopy(raws[-1])
        seq = last["seq"] + 1
        last |= {"seq": seq, "recorded_at": last["recorded_at"] + 1, "op_id": f"forged {seq}", "body": json.dumps(body)}
        last |= {"salt": "ab" * 16, "digest": "cd" * 32}
        raws.append(last)
    return resealed(raws)


def by(do: str, **said: object) -> dict[str, Any]:
    return {"by": {}, "do": do, "writer": {"repo": "r"}, **said}


def refused(target: Store, lines: list[str], fault: str, kind: type[Exception] = CorruptStore) -> None:
    with pytest.raises(kind, match=fault):
        target.restore(lines, tenant="default")
    assert (target.position(R).seq, target.info(R).is_restoring) == (0, False)
    assert send(target, "next", add("next")).seq == 1, "others may write"


def test_a_key_that_the_ledger_was_not_written_with_is_refused(engine: Store, whole: list[str]) -> None:
    refused(engine, altered(whole, 0, key="another"), "line 1: .*key")


def test_an_export_that_is_only_resealed_is_restored(target: Store, whole: list[str]) -> None:
    assert target.restore(resealed(parsed(whole)), tenant="default") == len(whole) - 1
    assert target.check() == []


def test_a_cycle_of_supersessions_is_refused(target: Store, whole: list[str]) -> None:
    lines = appended(whole, by("supersede", old=["T"], new=["Q"], at=to_micros(CLOCK)))
    refused(target, lines, "cycle")


def test_a_fork_is_refused(engine: Store, whole: list[str]) -> None:
    lines = appended(whole, by("supersede", old=["Q"], new=["B"], at=to_micros(CLOCK)))
    refused(engine, lines, rf"line {len(lines)}: .*'Q' for good")


def test_what_was_never_recorded_is_not_named(engine: Store, whole: list[str]) -> None:
    lines = appended(whole, by("retract", id="nobody"))
    refused(engine, lines, rf"line {len(lines)}: .*'nobody'")


def test_a_content_that_is_gone_without_an_erasure_is_refused(target: Store, whole: list[str]) -> None:
    place = place_of(whole, "retract")
    raws = parsed(whole)
    body = {**body_of(raws[place]), "by": {"actor": "somebody else"}}
    raws[place] |= {"salt": None, "digest": None, "body": json.dumps(body, separators=(",", ":"))}
    refused(target, resealed(raws), f"content of entry {place} is gone|a content is gone")


def test_an_erased_content_that_is_still_there_is_refused(engine: Store, whole: list[str]) -> None:
    lines = appended(whole, by("erase", id="T"))
    refused(engine, lines, rf"line {len(lines)}: .*erased memory 'T'")


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"model": 5}, "model 5"),
        ({"model": {"name": "a"}}, "model"),
        ({"model": {"name": 1, "dimension": "x", "weights_hash": None}}, "model"),
        ({"key": None}, "key is None"),
        ({"key": ""}, "key is ''"),
        ({"answered_to": "soon"}, "answered_to is invalid"),
        ({"answered_to": to_micros(datetime(9999, 12, 31, tzinfo=UTC))}, "9999"),
        ({"graphmem": 99}, "99"),
        ({"tenant": ["default"]}, "tenant"),
    ],
)
def test_a_header_of_other_types_is_invalid(engine: Store, whole: list[str], values: Line, fault: str) -> None:
    refused(engine, altered(whole, 0, **values), f"line 1: .*{fault}", InvalidInput)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"seq": "2"}, "seq is '2'"),
        ({"op_id": 7}, "op_id is 7"),
        ({"op_id": "\ud800"}, "op_id is"),
        ({"recorded_at": "soon"}, "not an entry"),
        ({"recorded_at": 10**30}, "not an entry"),
        ({"recorded_at": to_micros(datetime(9999, 12, 31, tzinfo=UTC))}, "9999"),
        ({"salt": 5}, "salt is 5"),
        ({"body": None}, "body is None"),
        ({"vector": "?"}, "not an entry"),
        ({"vector": "AAAA"}, "vector"),
        ({"tombstone": 1}, "tombstone is 1"),
        ({"tombstone": "ab"}, "tombstone 'ab'"),
    ],
)
def test_an_entry_of_other_types_is_invalid(engine: Store, whole: list[str], values: Line, fault: str) -> None:
    refused(engine, altered(whole, 2, **values), f"line 3: .*{fault}", InvalidInput)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda body: body.update(do="fly"), "fly"),
        (lambda body: body["by"].update(actor=5), "actor is 5"),
        (lambda body: body["memory"].update(id=["A"]), "entry 1"),
        (lambda body: body["memory"]["statement"].update(title=5), "entry 1"),
        (lambda body: body["memory"]["statement"].update(body=None), "entry 1"),
        (lambda body: body["memory"]["statement"].update(confidence="high"), "entry 1"),
        (lambda body: body["memory"]["statement"].update(title="\ud800"), "title"),
        (lambda body: body["moves"][0].update(at=10**30), "entry 1"),
        (lambda body: body["moves"][0].update(ordinal=10**30), "ordinal"),
        (lambda body: body["moves"][0].update(status="asleep"), "asleep"),
        (lambda body: body["writer"].update(repo=[]), "entry 1"),
    ],
)
def test_a_body_of_other_types_is_corrupt(
    engine: Store, whole: list[str], change: Callable[[dict[str, Any]], object], fault: str
) -> None:
    refused(engine, saying(whole, 1, change), f"line 2: .*{fault}")


def test_a_deep_line_is_invalid_and_a_deep_body_corrupt(engine: Store, whole: list[str]) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    with pytest.raises(InvalidInput, match="line 3: nested too deeply"):
        engine.restore([*whole[:2], f'{{"seq":{deep}}}'], tenant="default")
    refused(engine, altered(whole, 2, body=f'{{"do":{deep}}}'), "line 3: ")


def test_an_entry_of_tomorrow_is_restored_and_one_of_next_year_is_not(engine: Store, whole: list[str]) -> None:
    last = parsed(whole)[-1]["recorded_at"]
    with pytest.raises(InvalidInput, match="check the clock"):
        engine.restore(whole, tenant="default", clock=lambda: CLOCK - timedelta(days=2))
    assert last < to_micros(CLOCK + timedelta(hours=1))
    assert engine.restore(whole, tenant="default", clock=lambda: CLOCK - timedelta(hours=20)) == len(whole) - 1


def test_an_export_of_the_first_releases_is_restored(target: Store) -> None:
    lines = FORMAT_1.read_text(encoding="utf-8").splitlines()
    assert target.restore(lines, tenant="default") == len(lines) - 1
    assert list(target.export(R))[1:] == lines[1:]
    assert target.check() == []


# ---- anything at all

JUNK: tuple[Any, ...] = (None, True, -1, 0, 3, 10**30, 1.5, "", "x", "A", "\ud800", "\x1f", [], ["A"], {}, {"a": 1})


def mutated(rng: random.Random, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value with one part of it replaced, removed or doubled."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {name: one for name, one in value.items() if name != key}
        if key == "body" and isinstance(value[key], str) and value[key].startswith("{"):
            return {**value, key: json.dumps(mutated(rng, json.loads(value[key])), separators=(",", ":"))}
        return {**value, key: mutated(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        kept = rng.choice(([], [value[place]] * 2, [mutated(rng, value[place])]))
        return [*value[:place], *kept, *value[place + 1 :]]
    return rng.choice(JUNK)


def refusal_of(store: Store, lines: list[str]) -> str | None:
    """In which words an export is refused; None if it is restored."""
    try:
        store.restore(lines, tenant="default")
    except (InvalidInput, CorruptStore) as refusal:
        return str(refusal)
    return None


@pytest.mark.heavy
@pytest.mark.parametrize("is_resealed", [False, True], ids=["as it is", "resealed"])
@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_export_is_refused_by_name_or_restored_whole(
    tmp_path: Path, whole: list[str], seed: int, *, is_resealed: bool
) -> None:
    rng, outcomes = random.Random(seed), set[str]()  # noqa: S311 - the same mutations each time
    for number in range(60):
        raws = parsed(whole)
        for _ in range(rng.choice((1, 1, 2))):
            place = rng.choice((0, *range(len(raws)), *range(len(raws))))
            raws[place] = mutated(rng, raws[place])
            if rng.random() < 0.1:
                raws.insert(place, raws[rng.randrange(len(raws))])
        lines = resealed(raws) if is_resealed else [json.dumps(raw) for raw in raws]
        with SQLiteStore.open(place_empty_store(tmp_path / f"{number}.db"), create=False) as store:
            refusal = refusal_of(store, lines)
            outcomes.add("restored" if refusal is None else "refused")
            if refusal is not None:
                assert re.search("line [0-9]+: .|the export ends", refusal)
                assert store.position(R).seq == 0
                continue
            assert store.check() == []
            read(store, R)
            again = [json.loads(line) for line in list(store.export(R))[1:]]
            assert [one["hash"] for one in again] == [json.loads(line)["hash"] for line in lines[1:]]
    assert "refused" in outcomes
