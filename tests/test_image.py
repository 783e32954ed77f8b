"""The Dockerfile, read: what it copies and pins, who it runs as, and that the Compose file agrees with it.

`tools/check_image.py` carries it out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.http.authentication import PUBLIC
from tools.compose import service
from tools.dockerfile import PATH, Stage, is_sent, stages

ROOT = Path(__file__).parent.parent
BUILD, FINAL = stages()
API = service("api", {"GRAPHMEM_NEO4J_PASSWORD": "long-enough"})


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    copied = [source for step in BUILD.all("COPY") for source in step.words[:-1]]
    assert [source for source in copied if not (ROOT / source).exists() or not is_sent(source)] == []
    assert {"graphmem", "schema", "pyproject.toml", "README.md", "LICENSE"} <= set(copied)


@pytest.mark.parametrize("path", [".env", ".git/config", ".graphmem/memory.db", "tests/x.py", "graphmem/__pycache__/x"])
def test_nothing_else_is_sent(path: str) -> None:
    assert not is_sent(path)


def test_whatever_is_installed_is_pinned_by_its_hash_but_our_own_wheel() -> None:
    commands = [part for step in BUILD.all("RUN") for part in step.value.split("&&") if "pip install" in part]
    assert len(commands) == 4
    assert [part for part in commands if "--require-hashes" not in part and "/dist/graphmem-*.whl" not in part] == []
    assert [part for part in commands if "--no-deps" not in part] == []


def test_one_environment_is_moved_as_it_stands_to_an_image_of_the_same_python() -> None:
    (step,) = FINAL.all("COPY")
    assert step.words == ["--from=build", "/opt/graphmem", "/opt/graphmem"]
    assert (BUILD.name, BUILD.base, FINAL.base) == ("build", FINAL.base, "python:3.13-slim")


def test_it_runs_as_a_fixed_user_without_rights_and_keeps_everything_in_one_folder() -> None:
    assert (FINAL.all("USER")[-1].value, FINAL.all("VOLUME")[-1].value) == ("7470:7470", "/data")
    assert FINAL.all("RUN")[-1].value == "install -d -o 7470 -g 7470 -m 700 /data"
    assert FINAL.environment()["GRAPHMEM_KEYS"].startswith("/data/")
    assert FINAL.environment()["HOME"] in API["tmpfs"]


def test_its_commands_are_words_and_no_shell_stands_between_it_and_its_signal() -> None:
    assert FINAL.all("ENTRYPOINT")[-1].value == '["graphmem"]'
    assert FINAL.all("CMD")[-1].value.startswith("[")
    assert FINAL.all("STOPSIGNAL")[-1].value == "SIGTERM"


@pytest.mark.parametrize("stage", [BUILD, FINAL], ids=["build", "final"])
def test_it_holds_no_secret_and_asks_for_none(stage: Stage) -> None:
    assert [name for name in stage.environment() if "PASSWORD" in name or "TOKEN" in name or name.endswith("KEY")] == []
    assert (stage.all("ARG"), "--mount=type=secret" in PATH.read_text(encoding="utf-8")) == ([], False)


def test_health_is_asked_of_a_route_that_needs_no_key_alike_in_both_files() -> None:
    words = FINAL.health_command()
    assert API["healthcheck"]["test"] == ["CMD", *words]
    assert [route for route in PUBLIC if f":{FINAL.all('EXPOSE')[-1].value}{route}'" in words[-1]] == ["/readyz"]


def test_the_service_is_closed_in_and_waits_for_its_store() -> None:
    assert (API["read_only"], API["cap_drop"], API["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert API["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert API["command"][: len(FINAL.all("CMD")[-1].words)] == FINAL.all("CMD")[-1].words
    assert API["volumes"] == ["api-data:/data"]
