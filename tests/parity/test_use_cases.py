"""One table of use cases through every surface that offers the verb: the same answer, the same error code."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from graphmem import GraphMemory, Scope
from graphmem.service import ServiceContext
from tests.fake_embedder import no_embedder
from tests.parity.claim_cases import CLAIMING
from tests.parity.guard_cases import GUARDING
from tests.parity.keeping_cases import KEEPING, LEDGER, TORN
from tests.parity.reading_cases import READING
from tests.parity.surface_mcp import comparable
from tests.parity.surfaces import VERBS, Asked, surface_on, surface_over
from tests.parity.use_case import NEXT, Refused, Surface, UseCase, at_path
from tests.parity.using_cases import USING
from tests.parity.world import FILE, HERE, NOW, make
from tests.parity.writing_cases import WRITING
from tests.stores import BACKENDS

CASES = (*READING, *GUARDING, *CLAIMING, *WRITING, *KEEPING, *USING)
#: What tells of the store's own file.
PLACES = ("url", "size_bytes")
#: What tells of the questions before.
USE = ("use",)
#: Verbs whose answers are about the engine.
OF_THE_STORE = {"status", "backup"}


def table() -> Iterator[tuple[UseCase, Surface]]:
    """Every use case on every surface that has its verb and words for it."""
    for case in CASES:
        for surface, verbs in VERBS.items():
            if case.verb in verbs and surface not in case.lacks:
                yield case, surface


@dataclass(frozen=True, slots=True)
class Bench:
    """Where use cases are tried.

    Attributes:
        seeded: The file of the seeded store.
        readers: Surfaces on one copy of it, for use cases that change nothing.
        answers: What the library answered to the use cases so far.
    """

    seeded: Path
    readers: dict[Surface, Asked]
    answers: dict[str, Any] = field(default_factory=dict)

    def answer(self, surface: Surface, case: UseCase, folder: Path) -> Any:  # noqa: ANN401 - JSON
        """What a surface says to a use case, or what it refused it with."""
        asked = self.filled(case)
        if case in READING and not case.has_model:
            return said(self.readers[surface], case, asked)
        folder.mkdir()
        if not case.is_empty:
            shutil.copy(self.seeded, folder / FILE)
        if case.before:
            with surface_on(Surface.LIBRARY, folder) as library:
                for verb, earlier in case.before:
                    library.ask(verb, dict(earlier))
        with surface_on(surface, folder, has_model=case.has_model) as found:
            return said(found, case, asked)

    def filled(self, case: UseCase) -> dict[str, Any]:
        """A use case's arguments with what only the library can tell."""
        asked, library = dict(case.asked), self.readers[Surface.LIBRARY]
        if asked.get("lines") in (LEDGER, TORN):
            text = "\n".join(library.ask("export", {}))
            asked["lines"] = (text if asked["lines"] == LEDGER else text.replace("MySQL", "MySQl")).split("\n")
        page = asked.get("page", {})
        if page.get("cursor") == NEXT:
            question = {**case.asked, "page": {"limit": page["limit"]}}
            if case.code is not None:
                del question["where"]
            asked["page"] = {**page, "cursor": library.ask(case.verb, question)["cursor"]}
        return asked


def said(surface: Asked, case: UseCase, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The answer of a surface, or what it refused the use case with."""
    try:
        answer = surface.ask(case.verb, asked)
    except Refused as refusal:
        return refusal
    own = {"status": PLACES, "explain": USE}.get(case.verb)
    return answer if own is None else {name: one for name, one in answer.items() if name not in own}


def parts_of(answer: Any, case: UseCase) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The parts of an answer that a use case tells of."""
    return {path: at_path(answer, path) if path else answer for path in case.told}


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("parity")
    with ExitStack() as stack:
        seeded = make(folder)
        yield Bench(seeded, {one: stack.enter_context(surface_on(one, _copy(seeded, folder, one))) for one in Surface})


def _copy(seeded: Path, folder: Path, surface: Surface) -> Path:
    own = folder / surface
    own.mkdir()
    shutil.copy(seeded, own / FILE)
    return own


@pytest.mark.filterwarnings("ignore:You should not use the 'timeout' argument with the TestClient")
@pytest.mark.parametrize(("case", "surface"), list(table()), ids=str)
def test_a_use_case(case: UseCase, surface: Surface, bench: Bench, tmp_path: Path) -> None:
    answer = bench.answer(surface, case, tmp_path / "own")
    if case.code is not None:
        assert isinstance(answer, Refused), answer
        assert (answer.code, answer.heads) == (case.code, case.heads), answer
        return
    assert not isinstance(answer, Refused), answer
    is_small = surface is Surface.MCP and case.verb in {"context", "search"}
    if not is_small:
        assert parts_of(answer, case) == case.told, answer
    if surface is Surface.LIBRARY:
        bench.answers[str(case)] = answer
    elif str(case) not in bench.answers:
        bench.answers[str(case)] = bench.answer(Surface.LIBRARY, case, tmp_path / "library")
    expected = bench.answers[str(case)]
    if is_small:
        assert parts_of(expected, case) == case.told, expected
        if case.verb == "context":
            expected = {"markdown": expected["markdown"] or answer["markdown"]}
        else:
            answer, expected = comparable(answer), comparable(expected)
    assert answer == expected


# ---- the same on a server of Neo4j


def on_neo4j() -> Iterator[UseCase]:
    """One use case of each verb that is answered, and one that is refused."""
    seen: set[tuple[str, bool]] = set()
    for case in CASES:
        mark = (case.verb, case.code is None)
        if case.verb in VERBS[Surface.HTTP] - OF_THE_STORE and not (case.before or case.has_model) and mark not in seen:
            seen.add(mark)
            yield case


@pytest.mark.usefixtures("neo4j")
@pytest.mark.parametrize("case", list(on_neo4j()), ids=str)
def test_a_use_case_on_neo4j(case: UseCase, bench: Bench, tmp_path: Path) -> None:
    (backend,) = (one for one in BACKENDS if one.name == "neo4j")

    def opening(scope: Scope) -> GraphMemory:
        context = ServiceContext(
            backend.open(tmp_path), scope=scope, actor="ada", clock=lambda: NOW, embedder=no_embedder
        )
        return GraphMemory(context)

    if not case.is_empty:
        with opening(HERE) as memory:
            memory.restore(bench.readers[Surface.LIBRARY].ask("export", {}))
    with surface_over(Surface.HTTP, tmp_path, opening) as found:
        answer = said(found, case, bench.filled(case))
    if isinstance(answer, Refused):
        assert (answer.code, answer.heads) == (case.code, case.heads), answer
    else:
        assert parts_of(answer, case) == case.told, answer
        assert answer == bench.answer(Surface.LIBRARY, case, tmp_path / "embedded")
