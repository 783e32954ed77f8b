"""Every way in which an embedded store and what lies around it can be broken, each with the real thing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import pytest

import graphmem
from graphmem.adapters.sqlite.migrations import SCHEMA_VERSION
from graphmem.doctor import CheckedLink, LinkHealth, examine
from graphmem.opening import initialise
from tests.doctor.conftest import link

ROOT = Path(__file__).parent.parent.parent


def told(found: CheckedLink) -> tuple[str, str]:
    """What is shown of a broken link."""
    assert found.health is LinkHealth.BROKEN, found
    return found.found, str(found.fix)


def shell(command: str, folder: Path) -> None:
    """Carry a fix out as a reader would."""
    there = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{there}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    words = ["bash", "-c", command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


def by_hand(store: Path, statement: str) -> None:
    """Change a store past every check of ours."""
    from graphmem.adapters.sqlite.connection import connect

    connection = connect(store, is_writer=True)
    connection.execute(statement)
    connection.close()


def test_a_whole_project_has_no_broken_link(project: Path) -> None:
    initialise(project)
    links = list(examine())
    assert [one for one in links if one.health is LinkHealth.BROKEN] == []
    assert [one.name for one in links] == [
        *("settings", "project", "store", "schema", "contents", "writing", "vector index", "model", "vectors"),
        *("keys", "port", "agents", "hooks", "hosts"),
    ]


def test_looking_changes_nothing(store: Path) -> None:
    before = store.read_bytes()
    assert link("agents", store).health is not LinkHealth.BROKEN
    assert store.read_bytes() == before


@pytest.mark.usefixtures("project")
def test_a_missing_store_does_not_hide_what_comes_behind_it() -> None:
    links = {one.name: one for one in examine()}
    assert told(links["store"])[1] == "graphmem init"
    assert links["vectors"].found == "not checked: fix contents first"
    assert links["agents"].found.startswith("graphmem mcp")


def test_a_missing_file_is_made_by_its_fix(project: Path) -> None:
    shell(told(link("store"))[1], project)
    assert link("store").health is LinkHealth.OK


def test_a_file_that_is_damaged_at_its_start_is_mended_from_a_backup_by_its_fix(store: Path) -> None:
    with graphmem.open(str(store)) as memory:
        memory.backup(store.with_name("backup.db"))
    with store.open("r+b") as file:
        file.write(b"x" * 40)
    found, fix = told(link("store", store))
    assert "its header is damaged" in found
    shell(fix.replace("BACKUP", "backup.db"), store.parent)
    assert link("contents", store).found.startswith("1 memories")


def test_a_page_that_is_damaged_in_the_middle_is_found(store: Path) -> None:
    size = store.stat().st_size
    with store.open("r+b") as file:
        for place in range(8192 + 100, size, 8192):
            file.seek(place)
            file.write(b"\xff" * 64)
    found, fix = told(next(one for one in examine(str(store)) if one.health is LinkHealth.BROKEN))
    assert "damaged" in found
    assert fix.startswith(f"mv {store} {store}.damaged")


def test_a_file_of_another_program_is_told(project: Path) -> None:
    apsw.Connection(str(project / "other.db")).execute("CREATE TABLE t (x)")
    found, fix = told(link("store", project / "other.db"))
    assert ("another program" in found, fix) == (True, "export GRAPHMEM_URL=/path/to/memory.db")


def test_a_newer_schema_is_told_with_the_upgrade(store: Path) -> None:
    by_hand(store, "UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    assert told(link("schema", store)) == (
        f"version 99, newer than {SCHEMA_VERSION} of this release",
        "pip install --upgrade graphmem",
    )
    assert link("contents", store).found == "not checked: fix schema first"


def test_an_older_schema_is_not_moved_but_told(store: Path) -> None:
    by_hand(store, "UPDATE meta SET value = '0' WHERE key = 'schema_version'")
    found, fix = told(link("schema", store))
    assert (f"version 0 of {SCHEMA_VERSION}" in found, fix) == (True, f"graphmem schema apply --url {store}")


def test_an_index_that_somebody_dropped_or_made_is_told(store: Path) -> None:
    by_hand(store, "CREATE INDEX mine ON link (kind)")
    assert link("schema", store).health is LinkHealth.WARN
    by_hand(store, "DROP INDEX link_target")
    assert "missing link_target" in told(link("schema", store))[0]


_HOLD = """
import sys, time
from pathlib import Path
from graphmem.adapters.sqlite.write_lock import WriteLock, lock_file
with WriteLock(lock_file(Path(sys.argv[1] + "-lock")), 10):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_writer_that_does_not_let_go_is_named(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_LOCK_TIMEOUT_S", "0.2")
    words = [sys.executable, "-c", _HOLD, str(store)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        found, fix = told(link("writing", store))
        assert (f"process {holder.pid}" in found, fix.split("  ")[0]) == (True, f"ps -fp {holder.pid}")
        assert link("contents", store).health is LinkHealth.OK
        holder.communicate("")
    assert link("writing", store).health is LinkHealth.OK


# Everything is imported before the rights go: the interpreter itself may lie where only root reads.
_AS_NOBODY = """
import os, sys
import graphmem.doctor.examination
from graphmem.doctor import examine
from graphmem.adapters.sqlite.store import SQLiteStore
from graphmem.adapters.sqlite.schema_diff import SQLiteSchema
from graphmem.adapters.sqlite.connection import load_checksums
load_checksums()
os.chdir("/")
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
names = sys.argv[2:]
for one in examine(sys.argv[1]):
    if one.name in names:
        print(one.health.value, one.found, "|", one.fix)
    if one.name == names[-1]:
        os._exit(sys.stdout.flush() or 0)
"""


def as_nobody(store: Path, *names: str) -> list[str]:
    """Links as somebody without rights finds them."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GRAPHMEM_EMBEDDINGS": "off"}
    words = [sys.executable, "-c", _AS_NOBODY, str(store), *names]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()


@pytest.fixture
def shared(store: Path) -> Iterator[Path]:
    """A copy of the store in a folder that everybody may enter."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Path(shutil.copy(store, folder))
        folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_is_told_and_still_read(shared: Path) -> None:
    shared.chmod(0o444)
    shared.parent.chmod(0o555)
    contents, writing = as_nobody(shared, "contents", "writing")
    assert contents.startswith("ok 1 memories")
    assert writing.startswith("broken ")
    assert f"| chmod u+rwX {shared.parent}" in writing


def test_a_file_that_cannot_be_read_is_told(shared: Path) -> None:
    shared.chmod(0o000)
    (found,) = as_nobody(shared, "store")
    assert found.startswith("broken ")
    assert f"| chmod u+rwX {shared.parent}" in found


def test_keys_that_cannot_be_read_are_told(shared: Path) -> None:
    keys = shared.with_suffix(".keys.json")
    keys.write_text('{"version": 1, "keys": []}')
    keys.chmod(0o000)
    (found,) = as_nobody(shared, "keys")
    assert found.startswith("broken the key file ")
    assert f"chmod u+r {keys}" in found


# ---- keys


def created(store: Path) -> Path:
    shell(f"graphmem key create ci --url {store}", store.parent)
    return store.with_suffix(".keys.json")


def test_keys_that_others_can_change_or_see_are_closed_by_their_fix(store: Path) -> None:
    keys = created(store)
    assert link("keys", store).found == f"live keys in {keys}: 1"
    keys.chmod(0o644)
    assert (link("keys", store).health, link("keys", store).fix) == (LinkHealth.WARN, f"chmod 600 {keys}")
    keys.chmod(0o620)
    shell(told(link("keys", store))[1], store.parent)
    assert link("keys", store).health is LinkHealth.OK


def test_a_store_that_other_users_can_read_is_closed_by_its_fix(store: Path) -> None:
    assert link("contents", store).health is LinkHealth.OK
    store.chmod(0o644)
    assert "other users of this machine can read" in link("contents", store).found
    assert link("contents", store).health is LinkHealth.WARN
    shell(link("contents", store).fix or "", store.parent)
    assert link("contents", store).health is LinkHealth.OK


def test_a_file_that_holds_no_keys_is_told(store: Path) -> None:
    keys = store.with_suffix(".keys.json")
    keys.write_text("{}")
    keys.chmod(0o600)
    found, fix = told(link("keys", store))
    assert ("not a key file" in found, fix.startswith(f"mv {keys} ")) == (True, True)


def test_keys_that_are_all_revoked_are_told(store: Path) -> None:
    keys = created(store)
    number = json.loads(keys.read_text())["keys"][0]["id"]
    shell(f"graphmem key revoke {number} --url {store}", store.parent)
    assert "revoked or expired" in link("keys", store).found


def test_listening_to_others_without_keys_is_broken_until_its_fix(store: Path) -> None:
    assert link("keys", store).health is link("keys", store, host="127.0.0.1").health is LinkHealth.OK
    found, fix = told(link("keys", store, host="192.0.2.7"))
    assert "refuses to listen on 192.0.2.7" in found
    shell(fix, store.parent)
    assert link("keys", store, host="192.0.2.7").health is LinkHealth.OK
