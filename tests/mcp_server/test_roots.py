"""Over standard input and output a client stands in the repository that it works in, without naming it."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from mcp import Client
from mcp.client.session import ClientRequestContext
from mcp.client.stdio import StdioServerParameters
from mcp_types import ListRootsResult, Root
from pydantic import FileUrl

from graphmem.errors import Forbidden
from graphmem.mcp_server import stdio
from graphmem.mcp_server.roots import repositories_of
from graphmem.model import Scope
from graphmem.opening import initialise, open_memory
from graphmem.service import GraphMemory, Write
from tests.fake_embedder import no_embedder

PROJECT = Path(__file__).parent.parent.parent
SHOP, BILLING = "example.org/team/shop", "example.org/team/billing"
Result = TypeVar("Result")


def clone(folder: Path, repo: str) -> Path:
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(f'[remote "origin"]\n\turl = https://{repo}.git\n', encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Clones of two repositories, and a store that is configured for none, with a memory of each and one of all."""
    initialise(tmp_path)
    clone(tmp_path / "shop", SHOP)
    clone(tmp_path / "billing", BILLING)
    with open_memory(str(tmp_path / ".graphmem" / "memory.db"), embedder=no_embedder) as memory:
        memory.add("Rule of everybody")
        for repo in (SHOP, BILLING):
            memory.add(f"Rule of {repo}", write=Write(scope=Scope(repo=repo)))
    return tmp_path


def asked(
    where: Path,
    act: Callable[[Client], Awaitable[Result]],
    *,
    roots: Sequence[Path] | None = None,
    mode: str = "auto",
    words: Sequence[str] = (),
) -> Result:
    """What a client gets that started the command in a folder, and works in some."""

    async def tell(context: ClientRequestContext) -> ListRootsResult:
        del context
        return ListRootsResult(roots=[Root(uri=FileUrl(one.as_uri())) for one in roots or ()])

    async def connected() -> Result:
        environment = {**os.environ, "GRAPHMEM_EMBEDDINGS": "off", "PYTHONPATH": str(PROJECT)}
        arguments = ["-m", "graphmem.cli", "mcp", *words]
        server = StdioServerParameters(command=sys.executable, args=arguments, env=environment, cwd=str(where))
        async with Client(server, mode=mode, list_roots_callback=None if roots is None else tell) as client:
            return await act(client)

    return anyio.run(connected)


async def rules(client: Client) -> tuple[set[str], list[str]]:
    """Titles found, and notes but the last, which says that there are no vectors."""
    told: Any = (await client.call_tool("memory_search", {"query": "rule"})).structured_content
    return {hit["title"].removeprefix("Rule of ") for hit in told["hits"]}, told["notes"][:-1]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_stands_in_the_repository_of_its_first_folder_and_reads_the_others(folder: Path, mode: str) -> None:
    seen = asked(folder, rules, roots=[folder / "shop" / "src", folder], mode=mode)
    assert seen == ({"everybody", SHOP}, [])
    seen = asked(folder, rules, roots=[folder / "shop", folder / "billing"], mode=mode)
    assert seen == ({"everybody", SHOP, BILLING}, [])


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_what_it_adds_lives_there(folder: Path, mode: str) -> None:
    async def add(client: Client) -> object:
        done: Any = await client.call_tool("memory_add", {"text": "Use tabs"})
        return done.structured_content["change"]["operation"]["memory"]["scope"]["repo"]

    assert asked(folder / "billing", add, roots=[folder / "shop"], mode=mode) == SHOP


@pytest.mark.parametrize("roots", [None, ()], ids=["cannot tell", "has none"])
def test_without_folders_it_stands_in_that_of_the_current_one(folder: Path, roots: Sequence[Path] | None) -> None:
    assert asked(folder / "shop", rules, roots=roots) == ({"everybody", SHOP}, [])


def test_of_no_repository_it_says_that_there_are_some(folder: Path) -> None:
    note = "Only org-wide memories were searched; 2 repositories have more: name it with repo."
    assert asked(folder, rules) == ({"everybody"}, [note])
    assert asked(folder / "shop", rules, words=["--repo", ""]) == ({"everybody"}, [note])


def test_what_is_configured_or_named_goes_first(folder: Path) -> None:
    async def named(client: Client) -> object:
        return (await client.call_tool("memory_search", {"query": "rule", "repo": BILLING})).structured_content

    assert asked(folder / "shop", rules, words=["--repo", BILLING]) == ({"everybody", BILLING}, [])
    found: Any = asked(folder / "shop", named)
    assert found["hits"][0]["title"].endswith((BILLING, "everybody"))
    assert SHOP not in str(found)


def test_folders_that_change_are_asked_for_again(folder: Path) -> None:
    roots = [folder / "shop"]

    async def act(client: Client) -> list[object]:
        first = await rules(client)
        roots[:] = [folder / "billing"]
        with pytest.warns(match="roots"):
            await client.send_roots_list_changed()
        return [first, await rules(client)]

    told = asked(folder, act, roots=roots, mode="legacy")
    assert told == [({"everybody", SHOP}, []), ({"everybody", BILLING}, [])]


def test_a_repository_that_the_key_does_not_open_is_not_stood_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with open_memory(embedder=no_embedder) as memory:

        def listing(_: GraphMemory, repo: str | None = None, **rest: Any) -> None:  # noqa: ANN401 - not looked at
            assert rest
            if repo == SHOP:
                raise Forbidden("key 'x' opens others")

        monkeypatch.setattr(GraphMemory, "list", listing)
        opened = stdio._LazyMemory(lambda: memory, finds_repository=True)  # noqa: SLF001 - what the process keeps
        _, caller = opened((folder / "shop", folder / "billing"))
        assert caller.scope_for(Scope(), is_write=False).repo == BILLING
        _, caller = opened((folder / "shop",))
        assert caller.scope_for(Scope(), is_write=False).repo is None


def test_folders_that_are_no_repositories_have_none(tmp_path: Path) -> None:
    assert repositories_of([tmp_path, tmp_path / "nowhere", clone(tmp_path / "shop", SHOP)]) == [SHOP]
