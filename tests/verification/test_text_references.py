"""References in the text of memories."""

from __future__ import annotations

import pytest

from graphmem.verification.path_names import path_reference
from graphmem.verification.sentences import is_hedged
from graphmem.verification.text_references import text_references

TOX = ("command:tox -e py311", "command:tox -e lint")


def targets(text: str) -> list[str]:
    return [f"{found.kind}:{found.target}" for found in text_references(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Read `src/store.py:12` first.", ["file:src/store.py"]),
        ("The tests are in `tests/unit/`.", ["folder:tests/unit"]),
        ("All of `src/views/**/*.ts` is written by hand.", ["folder:src/views"]),
        ("The parser is src/parser.go, read it.", ["file:src/parser.go"]),
        ("Tools (src/tools/) come first.", ["folder:src/tools"]),
        ("See [the guide](docs/the%20guide.md#start).", ["file:docs/the guide.md"]),
        ("See [rules](mdc:.cursor/rules/a.mdc).", ["file:.cursor/rules/a.mdc"]),
        ("Read `/docs/rules.md`.", ["file:docs/rules.md"]),
        ("@docs/rules.md", ["file:docs/rules.md"]),
        ("Use `make test lint`.", ["command:make test", "command:make lint"]),
        ("Use `cd web && npm run build -- --watch`.", ["command:npm run build"]),
        ("Use `pnpm test`.", ["command:npm run test"]),
        ("Use `just check`, `uv run tox -e py311,lint`.", ["command:just check", *TOX]),
        ("Run `./scripts/build.sh --fast`.", ["file:scripts/build.sh"]),
        ("Run `cd web/app && bin/rails test models/user x/y`.", ["file:web/app", "file:bin/rails"]),
        ("```bash\n$ make docs  # slow\npython tools/run.py\n```", ["command:make docs", "file:tools/run.py"]),
    ],
)  # fmt: skip
def test_paths_and_commands_are_references(text: str, expected: list[str]) -> None:
    assert targets(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "See https://example.org/src/store.py and `https://a.b/c.md`.",
        "Push to `origin/main`.",
        "See [the site](guide/start.html).",
        "Copy `requirements.txt` and `config.yaml`.",
        "The class `StoreReader` calls `read_rows`.",
        "The store was in `src/store.py` and was removed.",
        "Previously `src/store.py` did this.",
        "For example `src/store.py`.",
        "Create `src/store.py`.",
        "Read `local/notes.md` if it exists.",
        "Name tests such as `tests/test_store.py`.",
        "Name it like `task_001.txt`.",
        "Files, e.g. `src/store.py`.",
        "Use `make CC=clang`.",
        "`src/<name>/store.py` and `src/$NAME/a.py` and `path/to/file.py`",
        "`~/.config/tool.toml` and `/api/users` and `C:/a/b.txt`",
        "```python\nopen('src/store.py')\n```",
        "For example:\n- `src/store.py`\n- `src/other.py`",
        "Create the following:\n```\nmake all\n```",
    ],
)
def test_what_names_no_part_of_the_code_of_today_is_no_reference(text: str) -> None:
    assert targets(text) == []


def test_a_hedge_concerns_its_own_sentence_alone() -> None:
    assert targets("The cache was removed. Read `src/store.py`.") == ["file:src/store.py"]


def test_names_of_files_do_not_hedge() -> None:
    assert not is_hedged("Read `examples/create.py` and docs/removed.md")


@pytest.mark.parametrize("text", ["", "a b", "word", "e.g", "...", "./", "<x>/y.py", "a/b/$c.py"])
def test_words_that_are_no_paths(text: str) -> None:
    path = path_reference(text)
    assert path is None or not path.is_file or text == "e.g"


def test_long_hostile_lines_are_read_in_time() -> None:
    for text in ("`" * 50_000, "[" * 20_000, "a/" * 30_000, "a." * 30_000 + "/", "(" * 20_000 + "](" * 1_000):
        assert targets(text) is not None
