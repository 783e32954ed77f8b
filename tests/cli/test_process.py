"""The tool as a process: exit codes, pipes, interruption, and what it imports."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import IO

TOOL = [sys.executable, "-m", "graphmem.cli"]
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "GRAPHMEM_EMBEDDINGS": "off"}


def run(folder: Path, *words: str, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**ENVIRONMENT, **(more or {})}
    return subprocess.run(
        [*TOOL, *words], cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_a_missing_store_names_the_fix(tmp_path: Path) -> None:
    done = run(tmp_path, "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run: graphmem init" in done.stderr


def test_from_init_to_an_answer(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    assert run(tmp_path, "add", "Logs are lines of JSON", "--subject", "logging.format").returncode == 0
    inner = tmp_path / "src"
    inner.mkdir()
    answer = json.loads(run(inner, "search", "log format", "--json").stdout)
    assert [hit["card"]["title"] for hit in answer["hits"]] == ["Logs are lines of JSON"]
    assert (answer["mode"], "switched off" in answer["note"]) == ("lexical", True)


def test_a_narrow_encoding_is_no_reason_to_fail(tmp_path: Path) -> None:
    run(tmp_path, "init")
    run(tmp_path, "add", "Größe ist 日本")
    assert run(tmp_path, "list", more={"PYTHONIOENCODING": "ascii"}).returncode == 0


def test_a_reader_that_leaves_early_causes_no_noise(tmp_path: Path) -> None:
    run(tmp_path, "init")
    for number in range(3):  # together more than a pipe holds
        run(tmp_path, "add", f"Memory {number} " + "x" * 100_000)
    with subprocess.Popen(
        [*TOOL, "export"], cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (1, b"")


def unread(pipe: IO[str]) -> int:
    """How many bytes were written to a pipe that nobody has read yet."""
    count = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def test_interruption_writes_nothing_and_shows_no_traceback(tmp_path: Path) -> None:
    run(tmp_path, "init")
    with subprocess.Popen(
        [*TOOL, "add", "-"],
        cwd=tmp_path, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write("half a sen")
        process.stdin.flush()
        while unread(process.stdin):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, told = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in told
    assert json.loads(run(tmp_path, "list", "--json").stdout)["cards"] == []


def loaded_by(*words: str) -> set[str]:
    program = f"""
import sys
before = set(sys.modules)
sys.argv = ["graphmem", *{words!r}]
try:
    import graphmem.cli; graphmem.cli.main()
except SystemExit:
    pass
print("loaded:", *(set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_help_imports_no_command() -> None:
    loaded = loaded_by("--help")
    assert {name for name in loaded if name.startswith("graphmem.cli.")} == {"graphmem.cli.app"}
    assert not loaded & {"graphmem.service", "graphmem.model", "rich", "numpy", "apsw"}


def test_completing_a_command_imports_none() -> None:
    words = {"_GRAPHMEM_COMPLETE": "bash_complete", "COMP_WORDS": "graphmem sea", "COMP_CWORD": "1"}
    done = run(ROOT, more=words)
    assert done.stdout.split() == ["plain,search"]


def test_rich_stays_out_of_pipes(tmp_path: Path) -> None:
    run(tmp_path, "init")
    assert "rich" not in loaded_by("list", "--url", str(tmp_path / ".graphmem" / "memory.db"))


def test_init_makes_the_store_that_the_variable_names(tmp_path: Path) -> None:
    named = {"GRAPHMEM_URL": str(tmp_path / "deep" / "x.db")}
    said = run(tmp_path, "list", more=named).stderr
    assert f"no store at '{tmp_path}/deep/x.db'; run: graphmem init --url {tmp_path}/deep/x.db" in said
    done = run(tmp_path, "init", more=named)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/deep/x.db · created\n")
    assert run(tmp_path, "list", more=named).returncode == 0
    assert not (tmp_path / ".graphmem").exists()


def test_init_of_a_folder_says_if_a_variable_names_another_store(tmp_path: Path) -> None:
    done = run(tmp_path, "init", ".", more={"GRAPHMEM_URL": "elsewhere.db"})
    assert (done.returncode, "'elsewhere.db', which other commands still use" in done.stderr) == (0, True)


def test_reading_a_history_imports_no_reader_of_another_source(tmp_path: Path) -> None:
    run(tmp_path, "init")
    for words in (
        ("init", "--quiet"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "x"),
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    loaded = loaded_by("ingest", "git", str(tmp_path), "--url", str(tmp_path / ".graphmem" / "memory.db"))
    assert "graphmem.sources.git.mainline_reading" in loaded
    assert not loaded & {"graphmem.cli.ingest_commands", "graphmem.cli.phrases", "yaml", "tomllib", "configparser"}
    packages = {name.split(".")[2] for name in loaded if name.startswith("graphmem.sources.") and name.count(".") > 2}
    assert not packages & {"bans", "decisions", "incidents", "manifests", "memories", "rules", "tasks", "trailers"}
