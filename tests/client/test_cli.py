"""The command line against a server: the scenarios of its own tests, unchanged but for the URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from graphmem import GraphMemory, Scope
from graphmem.opening import open_memory
from tests.cli import test_import_command, test_read_commands, test_write_commands
from tests.cli.conftest import Tool, chain
from tests.cli.test_import_command import graph
from tests.client.conftest import serving

__all__ = ["chain", "graph"]


class RemoteTool(Tool):
    """`graphmem` on a server, which keeps its store open between calls."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder)
        self.url = stack.enter_context(serving(stack.enter_context(super().open(None, {}))))

    def open(self, url: str | None, stands: Mapping[str, str | None]) -> GraphMemory:
        return open_memory(url or self.url, scope=replace(Scope(), **stands), actor="ada")  # type: ignore[arg-type]


@pytest.fixture
def tool(tmp_path: Path) -> Iterator[Tool]:
    with ExitStack() as stack:
        yield RemoteTool(tmp_path, stack)


def scenarios(module: ModuleType) -> dict[str, object]:
    return {f"{name}_on_a_server": one for name, one in vars(module).items() if name.startswith("test_")}


globals().update(scenarios(test_import_command) | scenarios(test_read_commands) | scenarios(test_write_commands))
