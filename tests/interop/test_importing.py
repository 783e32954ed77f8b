"""graphiti is imported when it is used, quietly, and only where the store is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from graphmem.client import Connection, RemoteMemory
from graphmem.errors import Unsupported
from graphmem.interop.graphiti import graphmem_driver, import_graphiti, quiet_import


def test_the_module_alone_imports_nothing_of_it() -> None:
    program = "import graphmem.interop.graphiti, sys; sys.exit('graphiti_core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_its_telemetry_and_env_files_are_off() -> None:
    import_graphiti()
    assert os.environ["GRAPHITI_TELEMETRY_ENABLED"] == "false"
    assert os.environ["PYTHON_DOTENV_DISABLED"] == "1"


def test_without_it_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_name: str) -> None:
        raise ImportError("No module named 'graphiti_core'")

    monkeypatch.setattr(quiet_import, "import_module", fail)
    with pytest.raises(Unsupported, match=r"pip install 'graphmem\[graphiti\]'"):
        import_graphiti()


def test_a_memory_on_a_server_is_refused() -> None:
    with RemoteMemory(Connection("http://127.0.0.1:9", None)) as memory, pytest.raises(Unsupported, match="over HTTP"):
        graphmem_driver(memory)
