"""The layout that docs/architecture.md draws, held by reading the source with `ast`."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "graphmem"

# An import only ever points to an earlier tier. Modules of one tier do not import each other.
LAYERS = (
    ("errors", "deadline", "deferred_dataclass", "digests", "file_locks", "instants"),
    ("vocabulary", "statement_text", "scopes", "repository", "feedback", "redactions", "words", "marks", "points"),
    ("model", "verbs", "relations", "option_keys", "symbols", "capture_rules"),
    ("recalls", "rows", "parameters", "ranking", "canonical_json", "guard", "claims"),
    ("contradictions", "temporal", "terms", "token_count", "statement_json", "store"),
    ("answers", "projection", "schema", "ledger", "verification"),
    ("conflicts", "drafts", "recall_spool", "retrieval", "secrets", "sources", "briefing", "user_state"),
    ("adapters", "service", "config", "keys", "githooks", "extraction"),
    ("wire", "browser", "analysis", "webhooks", "interop"),
    ("client",),
    ("opening", "http"),
    ("hosts",),
    ("mcp_server", "doctor", "compat"),
    ("cli",),
    ("demo",),
)
LEVEL = {module: level for level, layer in enumerate(LAYERS) for module in layer}

# The package itself (`graphmem.open` and the names it re-exports) is the door: only surfaces go through it.
COMPOSITION_ROOT = "opening"
SURFACES = frozenset(module for module, level in LEVEL.items() if level >= LEVEL["http"]) - {COMPOSITION_ROOT}

PURE = frozenset(module for module, level in LEVEL.items() if level < LEVEL["drafts"])
# fmt: off
IMPURE_MODULES = frozenset({
    "apsw", "asyncio", "click", "glob", "http", "io", "logging", "multiprocessing", "neo4j", "os", "random",
    "requests", "rich", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess",
    "tempfile", "time", "urllib", "uuid",
})
IMPURE_CALLS = frozenset({
    "exists", "getenv", "glob", "input", "iterdir", "mkdir", "now", "open", "print", "read_bytes", "read_text",
    "rglob", "stat", "today", "unlink", "urandom", "utcnow", "write_bytes", "write_text",
})
HEAVY = frozenset({
    "fastapi", "graphiti_core", "httpx2", "ipywidgets", "matplotlib", "neo4j", "networkx", "numpy", "onnxruntime",
    "prometheus_client", "pydantic", "re2", "rich", "sentence_transformers", "structlog", "tokenizers", "torch",
    "tree_sitter", "uvicorn",
})
# fmt: on

MAX_FUNCTION_LINES = 50
MAX_FILE_LINES = 500

# Queries are module-level constants. What is put together at run time stands here, with the reason why it is safe.
REVIEWED_QUERIES = {
    "adapters/neo4j/database.py:_read_once": "hands on what `Database.records` is given, which this test reads too",
    "adapters/neo4j/pending_writes.py:write": "hands on what `write_statement` joins",
    "adapters/neo4j/match_query.py:_statement": "joins constants, chosen by flags",
    "adapters/neo4j/match_query.py:search": "hands on what `_statement` joins",
    "adapters/neo4j/ledger_queries.py:statement_pages": "hands on constants of the steps of the schema",
    "adapters/neo4j/write_statement.py:_link": "fills in names of types from a constant beside it",
    "adapters/neo4j/write_statement.py:_mark": "fills in names of types from a constant beside it",
    "adapters/neo4j/write_statement.py:write_statement": "joins constants, chosen by their names",
    "adapters/neo4j/repository_check.py:differences": "a loop over queries that are constants",
    "adapters/neo4j/repository_graph.py:_run": "hands on constants of this file",
    "adapters/neo4j/schema.py:_run_with_retries": "statements of the schema, read from this package's own files",
    "adapters/neo4j/database.py:run_alone": "hands on what it is given, which this test reads too",
    "adapters/sqlite/schema_diff.py:_expected_rules": "steps of the schema, read from this package's own files",
    "adapters/sqlite/backup.py:_copy": "a loop over pragmas that are constants",
    "adapters/sqlite/backup.py:_faults": "a loop over questions that are constants",
    "adapters/sqlite/connection.py:connect": "a loop over pragmas that are constants",
    "adapters/sqlite/migrations.py:migrate": "steps of the schema, read from this package's own files",
}
QUERY_CALLS = frozenset(
    ["execute", "executemany", "executescript", "execute_query", "records", "run", "run_alone", "stream"]
)
QUERY_WORDS = re.compile(
    r"\b(SELECT|INSERT INTO|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|ATTACH|VACUUM|FROM|JOIN|WHERE|VALUES|ORDER BY|"
    r"GROUP BY|LIMIT|OFFSET|UNION|MATCH|OPTIONAL MATCH|MERGE|DETACH|UNWIND|CALL|SET|RETURN)\b"
)
CONSTANT_NAME = re.compile(r"_?[A-Z][A-Z0-9_]*")

FILES = sorted(PACKAGE.rglob("*.py"))


@cache
def trees() -> dict[Path, ast.Module]:
    """Every file as it is parsed; each process of a parallel run imports this file, and one runs it."""
    return {path: ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in FILES}


def module_of(path: Path) -> str:
    """Name of the layer member that a file belongs to; empty for the package's own `__init__`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def inner_imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and layer member of every import of graphmem's own; empty name for the package itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write imports absolutely"
            yield from ((node.lineno, name) for name in _targets(node.module or "", node.names))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from ((node.lineno, name) for name in _targets(alias.name, []))


def _targets(module: str, names: list[ast.alias]) -> list[str]:
    first, *rest = module.split(".")
    if first != "graphmem":
        return []
    return [rest[0]] if rest else [alias.name if alias.name in LEVEL else "" for alias in names] or [""]


def outer_imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every import of something else."""
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        outer = [name.split(".")[0] for name in names if name.split(".")[0] != "graphmem"]
        yield from ((getattr(node, "lineno", 0), name) for name in outer)


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(PACKAGE.parent)}:{line}"


def test_every_module_has_a_layer() -> None:
    homeless = {module_of(path) for path in FILES} - set(LEVEL) - {"", "__main__"}
    assert not homeless, f"say in LAYERS where these stand: {sorted(homeless)}"


def test_imports_point_left() -> None:
    wrong = [
        f"{where(path, line)}: {module_of(path)} imports graphmem.{there}"
        for path, tree in trees().items()
        for line, there in inner_imports(tree)
        if not may_import(module_of(path), there)
    ]
    assert not wrong, "\n".join(wrong)


def test_there_are_no_more_tiers_than_the_longest_chain_of_imports() -> None:
    chain = longest_chain()
    assert len(LAYERS) == len(chain), f"tiers can be merged; the longest chain is {' < '.join(chain)}"


def longest_chain() -> list[str]:
    """Layer members of which each imports the one before it, as many as there are."""
    longest: dict[str, list[str]] = {}
    imported = {module: set[str]() for module in LEVEL}
    for path, tree in trees().items():
        if module_of(path) in LEVEL:
            imported[module_of(path)].update(there for _, there in inner_imports(tree) if there in LEVEL)
    for module in LEVEL:  # in the order of the tiers, so that what it imports comes first
        chains = (longest[there] for there in imported[module] if there in longest)
        longest[module] = [*max(chains, key=len, default=[]), module]
    return max(longest.values(), key=len)


def may_import(here: str, there: str) -> bool:
    """Whether one layer member may import another; `graphmem/__init__.py` and `__main__` stand right of all."""
    if there == "":
        return here in SURFACES or here not in LEVEL
    return here == there or LEVEL[there] < LEVEL.get(here, len(LAYERS))


def test_only_the_composition_root_names_an_adapter() -> None:
    wrong = [
        where(path, line)
        for path, tree in trees().items()
        for line, there in inner_imports(tree)
        if there == "adapters" and module_of(path) not in {"adapters", COMPOSITION_ROOT}
    ]
    assert not wrong, "\n".join(wrong)


def test_the_core_does_no_io_and_reads_no_clock() -> None:
    wrong = []
    for path, tree in trees().items():
        if module_of(path) in PURE:
            wrong += [where(path, line) for line, name in outer_imports(tree) if name in IMPURE_MODULES]
            wrong += [where(path, line) for line, name in calls(tree) if name in IMPURE_CALLS]
    assert not wrong, "\n".join(wrong)


def calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and last name of every call: `datetime.now()` is `now`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.lineno, node.func.id if isinstance(node.func, ast.Name) else node.func.attr


@pytest.mark.parametrize("start", ["import graphmem", "import graphmem.cli; graphmem.cli.main()"])
def test_starting_loads_nothing_heavy(start: str) -> None:
    program = f"""
import sys
sys.argv = ["graphmem", "--help"]
try:
    {start}
except SystemExit:
    pass
print("loaded:", *sorted({set(HEAVY)!r} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_functions_fit_on_one_screen() -> None:
    wrong = [
        f"{where(path, node.lineno)}: {node.name} has {lines} lines"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (lines := lines_of(node)) > MAX_FUNCTION_LINES
    ]
    assert not wrong, "\n".join(wrong)


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its `def`, less its docstring."""
    first = function.body[0]
    docstring = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) is not None else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_files_stay_short() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    wrong = [f"{where(path, size)} lines" for path, size in sizes.items() if size > MAX_FILE_LINES]
    assert not wrong, "\n".join(wrong)


def test_queries_are_constants() -> None:
    found = {f"{path.relative_to(PACKAGE).as_posix()}:{name}": line for path, name, line in built_queries()}
    wrong = [f"{place} (line {line})" for place, line in found.items() if place not in REVIEWED_QUERIES]
    assert not wrong, "queries put together at run time:\n" + "\n".join(wrong)
    assert not REVIEWED_QUERIES.keys() - found, "no longer needed in REVIEWED_QUERIES"


def built_queries() -> Iterator[tuple[Path, str, int]]:
    """File, enclosing function and line of every query of an adapter that is not a constant."""
    for path, tree in trees().items():
        if module_of(path) == "adapters":
            for name, node in _with_function(tree):
                if _is_query_call(node) or _is_assembled(node, in_function=name != ""):
                    yield path, name, node.lineno


def _with_function(tree: ast.AST, name: str = "") -> Iterator[tuple[str, ast.expr]]:
    """Every expression with the name of the innermost function around it; empty at module level."""
    for node in ast.iter_child_nodes(tree):
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else name
        if isinstance(node, ast.expr):
            yield inner, node
        yield from _with_function(node, inner)


def _is_query_call(node: ast.expr) -> bool:
    """Whether a query other than a constant is handed to the driver."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    is_own_method = isinstance(node.func.value, ast.Name) and node.func.value.id == "self"
    return node.func.attr in QUERY_CALLS and not is_own_method and not _is_constant(node.args[0])


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_constant(node.body) and _is_constant(node.orelse)
    if isinstance(node, ast.Subscript):
        return _is_constant(node.value)
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return isinstance(node, ast.Constant) or CONSTANT_NAME.fullmatch(name) is not None


def _is_assembled(node: ast.expr, *, in_function: bool) -> bool:
    """Whether text that reads like a query is put together, unless at module level from constants alone."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        is_fixed = not in_function and all(map(_is_constant, parts))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        is_fixed = not in_function and _is_constant(node.left) and _is_constant(node.right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr not in {"format", "join", "replace"}:
            return False
        is_fixed = False
    else:
        return False
    texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return not is_fixed and any(isinstance(text, str) and QUERY_WORDS.search(text) for text in texts)


@pytest.mark.parametrize(
    "source",
    [
        "def f(c, name): c.execute(f'SELECT * FROM {name}')",
        "def f(c, name): c.execute('SELECT * FROM %s' % name)",
        "def f(c, name): c.run('MATCH (m:' + name + ') RETURN m')",
        "def f(c, q): c.execute(q)",
        "def f(parts): return ' WHERE '.join(parts)",
        "def f(name): return 'DELETE FROM {}'.format(name)",
        "SQL = f'SELECT {lower} FROM t'",
    ],
)
def test_the_query_rule_sees_what_is_built(source: str) -> None:
    assert any(
        _is_query_call(node) or _is_assembled(node, in_function=name != "")
        for name, node in _with_function(ast.parse(source))
    )


@pytest.mark.parametrize(
    "source",
    [
        "SQL = 'SELECT 1'\ndef f(c): c.execute(SQL)",
        "COLUMNS = 'a, b'\nSQL = f'SELECT {COLUMNS} FROM t'",
        "def f(c, now): c.execute(_LATEST if now else _PAST, (1,))",
        "def f(c, table): c.execute(_INSERTS[table], (1,))",
        "def f(self, plan): self.execute(plan)",
        "def f(name): raise KeyError(f'{name} is not here')",
    ],
)
def test_the_query_rule_lets_constants_pass(source: str) -> None:
    assert not any(
        _is_query_call(node) or _is_assembled(node, in_function=name != "")
        for name, node in _with_function(ast.parse(source))
    )
