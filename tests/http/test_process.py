"""`graphmem serve` as a process of its own: it starts, logs, answers, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

import graphmem
from graphmem import GraphMemory
from graphmem.errors import Forbidden
from graphmem.http import server as serving_module
from tests.client.conftest import serving

ROOT = Path(__file__).parent.parent.parent


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "graphmem.cli", *words]


@contextmanager
def server(folder: Path, *words: str, **settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """URL and process of a server on a store in a folder."""
    with listening(folder, *words, **settings) as (line, process):
        yield line.split()[2].rstrip(","), process


@contextmanager
def listening(folder: Path, *words: str, **settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """What a server says once it can be called, and its process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GRAPHMEM_EMBEDDINGS": "off", **settings}
    with subprocess.Popen(
        command("serve", "--port", "0", "--url", "memory.db", *words),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if line.startswith("listening on "):
                    yield line.strip(), process
                    return
            pytest.fail("the server ended before it was ready")
        finally:
            process.kill()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with graphmem.open(str(tmp_path / "memory.db"), create=True) as memory:
        memory.add("w0rds of somebody")
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_logs_lines_of_json_and_ends_when_told(store: Path, number: signal.Signals) -> None:
    with server(store) as (url, process):
        with graphmem.open(url) as memory:
            assert [one.title for one in memory.list().cards] == ["w0rds of somebody"]
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    logged = [json.loads(line) for line in err.splitlines()]
    told = next(one for one in logged if one["event"] == "request")
    assert (told["route"], told["status"], "change" in told) == ("/v1/memories", 200, False)
    assert "w0rds" not in err


def test_it_says_where_a_browser_shows_what_is_seen_from_its_folder(store: Path) -> None:
    with listening(store, GRAPHMEM_REPO="example.org/shop") as (line, _):
        url = line.split()[2].rstrip(",")
        assert line.endswith(f"; open {url}/#/?repo=example.org%2Fshop in a browser")
        page = httpx2.get(f"{url}/", timeout=None)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_where_nobody_can_listen_the_fix_is_named(store: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GRAPHMEM_EMBEDDINGS": "off"}
    with server(store) as (url, _):
        port = url.rpartition(":")[2]
        for words, told in (
            (("--port", port, "--url", "memory.db"), f"cannot listen on 127.0.0.1:{port}"),
            (("--url", url), "is a server already"),
        ):
            done = subprocess.run(
                command("serve", *words), cwd=store, env=environment, capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stdout) == (2, ""), done
            assert told in done.stderr


def listening_socket() -> socket.socket:
    """What serve listens on."""
    door = serving_module.bound_socket(serving_module.ListenAddress(port=0))
    door.listen()
    return door


def test_no_part_of_an_answer_waits_for_an_acknowledgement_of_the_one_before() -> None:
    with (
        listening_socket() as door,
        socket.create_connection(door.getsockname()),
        door.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_server_with_keys_asks_for_one(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = subprocess.run(
        command("key", "create", "ci", "--url", "memory.db", "--json"),
        cwd=store,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    with server(store) as (url, _):
        with graphmem.open(url) as stranger, pytest.raises(Forbidden, match=r"needs a key.*GRAPHMEM_KEY"):
            stranger.list()
        monkeypatch.setenv("GRAPHMEM_KEY", json.loads(made.stdout)["key"])
        with graphmem.open(url) as memory:
            assert len(memory.list().cards) == 1


def test_what_is_under_way_is_answered_before_the_end(memory: GraphMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go, found = threading.Event(), threading.Event(), list[int]()

    def slow(**_: object) -> dict[str, str]:
        begun.set()
        go.wait(30)
        return {}

    monkeypatch.setattr(memory, "conflicts", slow)
    with serving(memory) as url:
        asking = threading.Thread(
            target=lambda: found.append(httpx2.get(f"{url}/v1/conflicts", timeout=None).status_code)
        )
        asking.start()
        begun.wait(30)
        threading.Timer(0.1, go.set).start()
    asking.join()
    assert found == [200]


def _children(process: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text("utf-8").split()]


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_several_processes_serve_one_port_and_one_that_ends_is_replaced(store: Path) -> None:
    with server(store, "--workers", "2") as (url, process):
        first = _children(process.pid)
        assert len(first) == 2
        with httpx2.Client(timeout=None) as client, graphmem.open(url) as memory:
            memory.add("We deploy with Docker")
            for _ in range(20):  # a connection each, which either of them may take
                answer = httpx2.post(f"{url}/v1/search", json={"query": "docker"}, timeout=None).json()
                assert answer["hits"][0]["card"]["title"] == "We deploy with Docker"
            os.kill(first[0], signal.SIGKILL)
            _until(lambda: len(_children(process.pid)) == 2 and first[0] not in _children(process.pid))
            assert client.get(f"{url}/healthz", timeout=60).status_code == 200
        last = _children(process.pid)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert not any(map(_is_there, {*first, *last}))


def test_processes_of_a_server_that_was_killed_end_too(store: Path) -> None:
    with server(store, "--workers", "2") as (_, process):
        workers = _children(process.pid)
        process.kill()
        process.wait()
        _until(lambda: not any(map(_is_there, workers)))


def test_a_port_that_is_taken_is_refused_for_several_processes_too(store: Path) -> None:
    with serving_module.bound_socket(serving_module.ListenAddress(port=0)) as taken:
        taken.listen()
        words = command("serve", "--workers", "2", "--url", "memory.db", "--port", str(taken.getsockname()[1]))
        done = subprocess.run(
            words, cwd=store, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert "cannot listen on" in done.stderr


def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.05)
