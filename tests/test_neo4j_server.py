"""The server that `make neo4j` starts: both releases answer, keep their data, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from neo4j.exceptions import AuthError

from tests.servers import SMALL, SMALL_CALENDAR, Access, access
from tools.neo4j_server import RELEASES, CannotStart, jars, java, start
from tools.neo4j_server import server as starting
from tools.neo4j_server.java import find_java

# A server starts in seconds, but in a minute where the machine is busy and its class archive is still to be written.
pytestmark = pytest.mark.timeout(400)

ROOT = Path(__file__).parent.parent
LTS = RELEASES["5.26"]


def installed_java(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch()
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\n', encoding="utf-8")
    return folder


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


def test_the_shared_server_answers_over_bolt(neo4j: Access) -> None:
    with neo4j.driver() as driver:
        assert driver.execute_query("RETURN 1 AS one").records[0]["one"] == 1


def test_a_wiped_server_holds_its_schema_alone(neo4j: Access) -> None:
    with neo4j.driver() as driver:
        driver.execute_query("CREATE (:Left)-[:TO]->(:Over)")
        neo4j.wipe()
        left = driver.execute_query("MATCH (n) WHERE NOT n:GraphmemSchema RETURN count(n) AS left").records
    assert left[0]["left"] == 0


@pytest.mark.heavy
def test_the_calendar_release_answers_too_and_throws_its_folder_away() -> None:
    with start(SMALL_CALENDAR) as server, access(server).driver() as driver:
        found = driver.execute_query("CALL dbms.components() YIELD versions RETURN versions[0] AS version").records
        assert found[0]["version"] == SMALL_CALENDAR.release.version
    assert not server.folder.exists()


@pytest.mark.heavy
def test_a_kept_folder_outlives_a_killed_server_and_asks_for_the_same_password(tmp_path: Path) -> None:
    server = start(replace(SMALL, folder=tmp_path))
    with access(server).driver() as driver:
        driver.execute_query("CREATE (:Kept)")
    with pytest.raises(CannotStart, match="another server uses"):
        start(replace(SMALL, folder=tmp_path))
    server.kill()
    with start(server.options) as again:
        assert (again.url, again.password) == (server.url, server.password)
        with access(again).driver() as driver:
            assert driver.execute_query("MATCH (n:Kept) RETURN count(n) AS kept").records[0]["kept"] == 1
        with pytest.raises(AuthError), replace(access(again), password=server.user).driver() as driver:
            driver.verify_connectivity()


@pytest.mark.heavy
def test_the_command_announces_one_json_line_and_its_server_dies_with_it() -> None:
    command = [sys.executable, "-m", "tools.neo4j_server", "--quick", "--no-auth"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as runner:
        assert runner.stdout is not None
        told = json.loads(runner.stdout.readline())
        runner.kill()
    assert told["password"] is None
    while not is_gone(told["pid"]):  # the test's own limit ends a wait in vain
        time.sleep(0.05)


@pytest.mark.heavy
def test_an_interrupted_command_stops_in_order() -> None:
    command = [sys.executable, "-m", "tools.neo4j_server", "--quick"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        assert runner.stderr is not None
        told = json.loads(runner.stdout.readline())
        runner.send_signal(signal.SIGTERM)
        said = runner.stderr.read()
    assert (runner.returncode, said.splitlines()[-1]) == (0, "stopped")
    assert is_gone(told["pid"])
    assert not Path(told["folder"]).exists()


@pytest.mark.heavy
def test_a_setting_that_neo4j_does_not_know_is_told() -> None:
    with pytest.raises(CannotStart, match=r"server\.bolt\.colour"):
        start(replace(SMALL, settings={"server.bolt.colour": "red"}))


def test_without_a_java_that_fits_the_message_names_those_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "_WELL_KNOWN", ())
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("GRAPHMEM_JAVA17_HOME", raising=False)
    monkeypatch.delenv("GRAPHMEM_JAVA21_HOME", raising=False)
    monkeypatch.setenv("JAVA_HOME", str(installed_java(tmp_path, "11.0.2")))
    with pytest.raises(CannotStart, match=r"needs Java 17 or 21; found Java 11 in .*GRAPHMEM_JAVA17_HOME"):
        find_java(LTS)
    monkeypatch.delenv("JAVA_HOME")
    with pytest.raises(CannotStart, match="found no Java"):
        find_java(LTS)


def test_a_java_that_is_named_must_be_what_its_name_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_JAVA17_HOME", str(tmp_path))
    with pytest.raises(CannotStart, match="where no Java is"):
        find_java(LTS)
    installed_java(tmp_path, "1.8.0_422")
    with pytest.raises(CannotStart, match="where Java 8 is"):
        find_java(LTS)


def test_fetching_needs_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(CannotStart, match="needs Maven"):
        jars.jars_of(LTS, lambda _: None)
    assert list((tmp_path / "jars").iterdir()) == []


class Stopped:
    """Stands for a server that was started."""

    def __init__(self) -> None:
        self.stops = 0

    def stop(self) -> None:
        self.stops += 1


def test_a_release_is_prepared_by_one_start_that_writes_its_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, home = tmp_path / "jars-1", installed_java(tmp_path / "java", "17.0.1")
    monkeypatch.setenv("GRAPHMEM_JAVA17_HOME", str(home))
    monkeypatch.setattr(starting, "jars_of", lambda *_: place)
    started: list[Stopped] = []

    def start_one(*_: object) -> Stopped:
        started.append(Stopped())
        (tmp_path / f"{place.name}-java17{str(home).replace('/', '-')}.jsa").touch()
        return started[-1]

    monkeypatch.setattr(starting, "start", start_one)
    for _ in range(2):
        starting.prepare(LTS)
    assert [one.stops for one in started] == [1]
