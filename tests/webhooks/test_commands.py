"""What waits is told by the doctor and on the command line, which does the work too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphmem.config import Settings
from graphmem.doctor.links import CheckContext, LinkHealth
from graphmem.doctor.webhook_events import WEBHOOKS
from graphmem.webhooks.event_folder import Event, EventFolder
from tests.cli.conftest import Tool
from tests.sources.git.repositories import Repository
from tests.webhooks.conftest import configured
from tests.webhooks.samples import AFTER, NAME, PROJECT


def put(folder: Path, repo: str, sha: str | None = AFTER) -> None:
    event = Event(
        f"{repo}-{sha}".replace("/", "-"), "default", repo, "refs/heads/main", sha, "2026-01-01T00:00:00+00:00"
    )
    EventFolder(folder / "events").put(event)


def look(path: Path) -> tuple[LinkHealth, str, str | None]:
    context = CheckContext(None, {}, None, Settings(webhooks=str(path)), "", lambda: None)  # type: ignore[arg-type, return-value]
    found = WEBHOOKS.look(context)
    return found.health, found.found, found.fix


def test_the_doctor_tells_what_waits_and_for_what(tmp_path: Path) -> None:
    path = configured(tmp_path, mirror=tmp_path / "mirror")
    assert look(path)[0] is LinkHealth.BROKEN
    mirror = Repository.made(tmp_path / "mirror")
    mirror.write(a="a")
    mirror.commit()
    assert look(path) == (LinkHealth.OK, "3 repositories, no events wait", None)
    put(tmp_path, NAME)
    assert look(path) == (LinkHealth.WARN, f"events wait: 1 of {NAME}", "graphmem webhooks run")
    put(tmp_path, PROJECT)
    assert look(path)[1:] == (
        f"events wait: 1 of {NAME}, 1 of {PROJECT}; no mirror of {PROJECT}",
        "graphmem ci   # in its pipeline",
    )
    path.chmod(0o644)
    assert look(path)[0] is LinkHealth.BROKEN


def test_the_commands_show_and_do_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store").mkdir()
    tool = Tool(tmp_path / "store")
    assert "set GRAPHMEM_WEBHOOKS" in tool.run("webhooks", "status").stderr
    mirror = Repository.made(tmp_path / "mirror")
    mirror.write(a="a")
    head = mirror.commit()
    monkeypatch.setenv("GRAPHMEM_WEBHOOKS", str(configured(tmp_path, mirror=mirror.root)))
    put(tmp_path, NAME, head)
    put(tmp_path, PROJECT)
    assert f"webhooks: 1 events of {NAME} wait" in tool.run("status").stderr
    shown = tool.json("webhooks", "status")["repositories"]
    assert [(one["repo"], one["waiting"]) for one in shown] == [(NAME, 1), (PROJECT, 1), ("github.com/acme/other", 0)]
    done = tool.json("webhooks", "run")
    assert (done["read"], done["done"], done["waiting"], done["failed"]) == ([NAME], 1, {PROJECT: 1}, {})
    assert "1 event waits" in tool.out("webhooks", "status")
    assert json.dumps(done).count("secret") == 0
