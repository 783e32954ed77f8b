"""A hook that has nothing to say imports next to nothing."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import graphmem
from graphmem import Statement
from graphmem.hosts.sample_payloads import sample_payload
from graphmem.opening import initialise
from graphmem.user_state.trusted_folders import trust

PACKAGE = Path(graphmem.__file__).parent
HOOK = PACKAGE / "hosts/hook"
#: Hooks share these with others; the same rule holds for them.
SHARED = PACKAGE / "user_state"
#: Modules that take a millisecond or more to import, and what nobody should need to say nothing.
SLOW = (
    "typing",
    "dataclasses",
    "inspect",
    "pathlib",
    "subprocess",
    "datetime",
    "tomllib",
    "sqlite3",
    "apsw",
    "click",
    "uuid",
)


def test_a_hook_that_says_nothing_imports_no_slow_module(project: Path) -> None:
    (project / ".graphmem").mkdir()
    program = (
        "import sys; sys.argv = ['graphmem', 'on', 'claude-code', 'UserPromptSubmit']\n"
        "import os; leave, before = os._exit, set(sys.modules)\n"
        "def left(code):\n"
        f"    os.write(1, ' '.join(sorted((set(sys.modules) - before) & set({SLOW!r}))).encode()); leave(code)\n"
        "os._exit = left\n"
        "from graphmem.cli import main; main()\n"
    )
    payload = json.dumps(sample_payload("claude-code", "UserPromptSubmit", str(project)) | {"prompt": "yes"}).encode()
    # -S: the environment of tests starts with modules of its own.
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.append({str(HOOK.parents[2])!r})\n{program}"]
    done = subprocess.run(command, input=payload, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


#: What a block needs no part of, and what takes milliseconds to import.
NOT_FOR_A_BLOCK = (
    "dataclasses",
    "inspect",
    "hashlib",
    "numpy",
    "click",
    "graphmem.ledger",
    "graphmem.canonical_json",
    "graphmem.adapters.sqlite.vectors",
    "graphmem.adapters.sqlite.lexical_search",
    "graphmem.adapters.sqlite.write_batch",
    "graphmem.service.memory",
    "graphmem.service.linked_store",
    "graphmem.service.cut_store",
)


def test_a_hook_with_a_block_imports_no_part_that_it_does_not_need(project: Path) -> None:
    store = initialise(project)
    trust(str(store.parent))
    with graphmem.open(str(store)) as memory:
        memory.add(Statement(title="The ledger keeps its currency in the invoice"))
    program = (
        "import sys; sys.path.append(sys.argv[1]); before = set(sys.modules)\n"
        "from graphmem.hosts.hook.entry import answered\n"
        "answer = answered('claude-code', 'UserPromptSubmit', sys.stdin.buffer.read())\n"
        "assert 'ledger' in answer.stdout\n"
        f"print(*sorted((set(sys.modules) - before) & set({NOT_FOR_A_BLOCK!r})))\n"
    )
    fields = sample_payload("claude-code", "UserPromptSubmit", str(project)) | {
        "prompt": "which currency has the ledger"
    }
    # -S: the environment of tests starts with modules of its own; apsw and the stemmer come from it.
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.append({sysconfig.get_path('platlib')!r})\n{program}"]
    command.append(str(PACKAGE.parent))
    done = subprocess.run(command, input=json.dumps(fields).encode(), capture_output=True, check=False)
    assert (done.stderr, done.stdout) == (b"", b"\n")


@pytest.mark.parametrize(
    "path",
    [*sorted(HOOK.glob("*.py")), *sorted(SHARED.glob("*.py"))],
    ids=lambda path: path.stem,
)
def test_a_module_of_hooks_imports_only_its_neighbours_until_the_memory_is_asked(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
    own = [name for name in imported if name.startswith("graphmem") and name != "graphmem"]
    assert [name for name in own if not name.startswith(("graphmem.hosts.hook", "graphmem.user_state"))] == []
