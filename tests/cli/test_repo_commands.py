"""Links between repositories on the command line."""

from __future__ import annotations

from tests.cli.conftest import Tool
from tests.sources.git.repositories import Repository
from tests.sources.git.test_equal_contents import moved

__all__ = ["moved"]


def test_the_command_lists_the_links_and_records_nothing(tool: Tool, moved: tuple[Repository, Repository]) -> None:
    old, new = moved
    old.git("remote", "add", "origin", "https://token@example.org/acme/tools.git")
    new.git("remote", "add", "origin", "git@example.org:acme/parser.git")
    shown = tool.out("repo", "compare", str(old.root), str(new.root))
    command = "graphmem repo link example.org/acme/tools example.org/acme/parser --path packages/parser:src"
    assert shown == f"{command}   # 3 equal files\n"
    assert tool.json("repo", "compare", str(old.root), str(new.root))["proposed"][0]["files"] == 3
    assert tool.out("repo", "compare", str(new.root), str(old.root)) == "No folders with three or more equal files.\n"
    assert not (tool.folder / "memory.db").exists()


def test_a_link_is_recorded_and_undone(tool: Tool) -> None:
    tool.add("Orders are kept in one file", "--repo", "acme/old", "--path", "src/db.py")
    words = ("--path", "src:lib", "--since", "2021-01-01")
    assert "readers of acme/new read what is recorded for acme/old" in tool.out(
        "repo", "link", "acme/old", "acme/new", *words
    )
    listed = ("list", "--repo", "acme/new", "--path", "lib/")
    assert [card["title"] for card in tool.json(*listed)["cards"]] == ["Orders are kept in one file"]
    assert tool.json(*listed, "--as-of", "2020-06-01")["cards"] == []
    tool.out("revoke", "2", "--repo", "acme/new")
    assert tool.json(*listed)["cards"] == []
