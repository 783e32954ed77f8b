"""Maps errors of the library to the commands that fix them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from graphmem.doctor.links import CheckContext, CheckResult, broken
from graphmem.errors import CorruptStore, GraphMemError, InvalidInput, NotFound, StoreUnavailable, Unsupported

UPGRADE = "pip install --upgrade graphmem"
_NAME_ANOTHER = "export GRAPHMEM_URL=/path/to/memory.db"
_LOG_IN = "export GRAPHMEM_NEO4J_USER=neo4j GRAPHMEM_NEO4J_PASSWORD=…"
_START_NEO4J = "docker compose up --wait neo4j"

#: Error class, part of the message, fix; the first match counts. `{file}` and `{folder}` are the store's.
_FIXES: tuple[tuple[type[GraphMemError], str, str], ...] = (
    (NotFound, "no .graphmem folder", "graphmem init"),
    (NotFound, "", "graphmem init --url {file}"),
    (
        CorruptStore,
        "",
        "mv {file} {file}.damaged && rm -f {file}-wal {file}-shm {file}-lock && graphmem copy BACKUP {file}",
    ),
    (InvalidInput, "carries a user or password", "export GRAPHMEM_URL=neo4j://host:7687"),
    (InvalidInput, "carries no login", "export GRAPHMEM_URL=http://127.0.0.1:7470 GRAPHMEM_KEY=gmk_…"),
    (InvalidInput, "no server", "export GRAPHMEM_URL=neo4j://host:7687"),
    (InvalidInput, "", _NAME_ANOTHER),
    (Unsupported, "network file system", "mv {file} /path/on/a/local/disk/ && export GRAPHMEM_URL=…"),
    (Unsupported, "apsw", "pip install --force-reinstall apsw"),
    (Unsupported, "schema apply", "graphmem schema apply"),
    (Unsupported, "no store for", _NAME_ANOTHER),
    (Unsupported, "", UPGRADE),
    (StoreUnavailable, "refuses this login", _LOG_IN),
    (StoreUnavailable, "no such database", "export GRAPHMEM_URL=neo4j://host:7687/neo4j"),
    (StoreUnavailable, "read-only", "$EDITOR neo4j.conf   # take the database out of server.databases.read_only"),
    (StoreUnavailable, "cannot be reached", _START_NEO4J),
    (StoreUnavailable, "did not answer", _START_NEO4J),
    (StoreUnavailable, "another writer", "ps -fp {holder}   # end it if it hangs: kill {holder}"),
    (StoreUnavailable, "does not let go", "fuser -v {file}"),
    (StoreUnavailable, "disk is full", "df -h {folder}"),
    (
        StoreUnavailable,
        "cannot be",
        "chmod u+rwX {folder} && chmod u+rw {file}*   # or: sudo chown $USER {folder} {file}*",
    ),
)
_HOLDER = re.compile(r"process (\d+)")


def of_error(error: GraphMemError, context: CheckContext) -> CheckResult:
    """Return the result for an error, with the command that fixes its cause."""
    message = str(error)
    pattern = next((fix for kind, words, fix in _FIXES if isinstance(error, kind) and words in message), None)
    if pattern is None:
        return broken(message, "graphmem check")
    fix = pattern.format(**_paths(context), holder=_holder(message))
    return broken(message.removesuffix(f"; run: {fix}"), fix)


def on_store(command: str, context: CheckContext) -> str:
    """Return a graphmem command with the store's URL as named on the command line."""
    return command if context.url is None else f"{command} --url {quote(context.url)}"


def _paths(context: CheckContext) -> Mapping[str, str]:
    path = Path(context.store_url.removeprefix("sqlite:///") or "memory.db")
    return {"file": quote(str(path)), "folder": quote(str(path.parent))}


def _holder(message: str) -> str:
    holder = _HOLDER.search(message)
    return "PID" if holder is None else holder[1]
