"""Edits by the tools of agents, and patches in Codex's grammar."""

from __future__ import annotations

from typing import Any

import pytest

from graphmem.errors import BadDiff
from graphmem.guard.agent_edits import command_of, read_tool_call
from graphmem.guard.evidence import evidence_of_file
from graphmem.guard.file_changes import ReadChange

TEXTS = {"x.py": "import os\nimport pytz\nvalue = 1\n"}


def read(tool: str, **values: Any) -> ReadChange:  # noqa: ANN401 - arguments of any tool
    change = read_tool_call(tool, values, TEXTS.get)
    assert change is not None
    return change


def added(change: ReadChange) -> list[tuple[str, int, str]]:
    """Path, line and words of the evidence that is not in its file already."""
    files = [evidence_of_file(file) for file in change.files]
    return [
        (one.path, one.line, one.evidence.text)
        for file in files
        for one in file.added
        if one.evidence not in file.before and one.line
    ]


def test_a_written_file_is_compared_with_the_file_that_it_replaces() -> None:
    assert added(read("Write", file_path="x.py", content="import os\nimport pytz\nimport six\n")) == [
        ("x.py", 3, "import of six")
    ]
    assert read("Write", file_path="new.py", content="").files[0].is_new


def test_an_edit_is_read_within_its_file() -> None:
    change = read("Edit", file_path="x.py", old_string="value = 1", new_string="import six\nvalue = 2")
    assert added(change) == [("x.py", 3, "import of six")]


def test_an_edit_of_an_unknown_file_is_read_as_a_part() -> None:
    change = read("Edit", file_path="other.py", old_string="import os", new_string="import os\nimport six")
    assert [words for _, _, words in added(change)] == ["import of six"]


def test_several_edits_are_made_in_order() -> None:
    edits = [
        {"old_string": "import os", "new_string": "import six", "replace_all": True},
        {"old_string": "import six", "new_string": "import attr"},
    ]
    assert [words for _, _, words in added(read("MultiEdit", file_path="x.py", edits=edits))] == ["import of attr"]


def test_a_cell_of_a_notebook_is_python_without_its_magic() -> None:
    change = read("NotebookEdit", notebook_path="a.ipynb", new_source="%pip install x\nimport six\n", cell_type="code")
    assert added(change) == [("a.ipynb.py", 1, "import of six")]
    assert read("NotebookEdit", notebook_path="a.ipynb", new_source="x", cell_type="markdown").files[0].pieces == ()


PATCH = """\
*** Begin Patch
*** Add File: n.py
+import six
*** Delete File: o.py
*** Update File: x.py
*** Move to: y.py
@@ class A
 import os
-import pytz
+import attr
*** End of File
*** End Patch
"""


@pytest.mark.parametrize("values", [{"command": ["apply_patch", PATCH]}, {"input": PATCH}, {"command": PATCH}])
def test_a_patch_adds_deletes_updates_and_moves_files(values: dict[str, Any]) -> None:
    change = read("apply_patch", **values)
    assert [(one.path, one.old_path, one.is_new, one.is_deleted) for one in change.files] == [
        ("n.py", None, True, False),
        ("o.py", None, False, True),
        ("y.py", "x.py", False, False),
    ]
    assert [(path, words) for path, _, words in added(change)] == [
        ("n.py", "import of six"),
        ("y.py", "import of attr"),
    ]


@pytest.mark.parametrize(
    ("patch", "line"),
    [
        ("*** Begin Patch\n*** Add File: x\n+a", 4),
        ("*** Begin Patch\nwords\n*** End Patch\n", 2),
        ("*** Begin Patch\n*** Update File: x\n*** End Patch\n", 3),
        ("*** Begin Patch\n*** Add File: \n+a\n*** End Patch\n", 4),
    ],
)
def test_a_patch_that_does_not_fit_is_refused_with_its_line(patch: str, line: int) -> None:
    with pytest.raises(BadDiff) as refused:
        read("apply_patch", input=patch)
    assert refused.value.line == line


def test_tools_that_edit_nothing_are_told_apart() -> None:
    assert read_tool_call("Read", {"file_path": "x.py"}) is None
    assert read_tool_call("Bash", {"command": "ls"}) is None


@pytest.mark.parametrize(
    ("tool", "values", "command"),
    [
        ("Bash", {"command": "pip install x"}, "pip install x"),
        ("shell", {"command": ["bash", "-lc", "pip install x"]}, "pip install x"),
        ("local_shell", {"command": ["pip", "install", "x"]}, "pip install x"),
        ("shell", {"command": ["apply_patch", PATCH]}, None),
        ("Write", {"command": "x"}, None),
    ],
)
def test_the_command_of_a_shell_tool_is_its_text(tool: str, values: dict[str, Any], command: str | None) -> None:
    assert command_of(tool, values) == command
