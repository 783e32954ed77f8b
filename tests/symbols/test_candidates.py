"""What a lost definition became: found by its name, by its body, proposed, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.repository.relocations import RelocationBasis
from graphmem.symbols.candidates import Candidate, matches
from graphmem.symbols.definitions import Definition, DefinitionKind, definitions_in

BODY = """
    total = 0
    for order in orders:
        if order.is_paid and order.day > since:
            total += order.amount * order.count
    return round(total, 2)
"""
OTHER = """
    with open(orders) as file:
        rows = [line.split(",") for line in file]
    names = sorted({row[0] for row in rows if len(row) > 3})
    return dict.fromkeys(names, since)
"""


def defined(name: str, body: str = BODY) -> Definition:
    found = definitions_in("a.py", f"def {name}(orders, since):{body}".encode())
    assert found is not None
    return found.listed[0]


def told(lost: Definition, *candidates: tuple[str, Definition]) -> Sequence[tuple[str, str, RelocationBasis]]:
    found = matches(lost, "a.py", [Candidate(path, definition) for path, definition in candidates])
    return [(each.candidate.path, each.candidate.definition.name, each.basis) for each in found]


def test_the_only_definition_of_the_name_is_the_same() -> None:
    edited = defined("income", BODY.replace("round(total, 2)", "total"))
    assert told(defined("income"), ("b.py", defined("other", OTHER)), ("c.py", edited)) == [
        ("c.py", "income", RelocationBasis.NAME)
    ]


def test_a_name_with_another_body_is_another_definition() -> None:
    assert told(defined("income"), ("b.py", defined("income", OTHER))) == []


def test_a_body_under_another_name_is_the_same() -> None:
    candidates = ("b.py", defined("earned")), ("c.py", defined("other", OTHER))
    assert told(defined("income"), *candidates) == [("b.py", "earned", RelocationBasis.BODY)]


def test_of_two_alike_bodies_none_is_certain() -> None:
    twins = ("b.py", defined("earned")), ("c.py", defined("won"))
    assert told(defined("income"), *twins) == [
        ("b.py", "earned", RelocationBasis.SIMILAR),
        ("c.py", "won", RelocationBasis.SIMILAR),
    ]


def test_a_body_that_is_a_little_alike_is_proposed() -> None:
    half = (
        BODY.replace("if order.is_paid and order.day > since:", "if order.state == 'paid':")
        .replace("return round(total, 2)", "print(total)")
        .replace("order.amount * order.count", "order.sum")
    )
    assert told(defined("income"), ("b.py", defined("earned", half))) == [("b.py", "earned", RelocationBasis.SIMILAR)]


def test_short_bodies_are_the_same_by_their_whole_name_alone() -> None:
    short, other = defined("income", "\n    return 1\n"), defined("earned", "\n    return 1\n")
    assert told(short, ("b.py", other)) == []
    assert told(short, ("b.py", defined("income", "\n    return 2\n"))) == [("b.py", "income", RelocationBasis.NAME)]


def test_a_type_is_no_function() -> None:
    found = definitions_in("b.py", b"class income:\n    pass\n")
    assert found is not None
    assert found.listed[0].kind is DefinitionKind.TYPE
    assert told(defined("income"), ("b.py", found.listed[0])) == []


def test_a_stub_is_not_the_source() -> None:
    short = "\n    return 1\n"
    found = ("b.pyi", defined("income", "\n    ...\n")), ("b.py", defined("income", short))
    assert told(defined("income", short), *found) == [("b.py", "income", RelocationBasis.NAME)]
