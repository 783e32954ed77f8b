"""Cases from the history of a repository whose linter forbids imports: git and simple readings of whole files decide.

What a file imports is read from its complete text by a few patterns (in Python by the standard library's parser), which
share nothing with guard. A banned import that came before its ban is asked again while the ban holds; a real removal is
turned round; commits under the ban, and all of these at their own dates, must stay silent.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import yaml

from benchmarks.guard.cases import Case

_SETTINGS = (".golangci.yml", ".golangci.yaml", "pyproject.toml", ".eslintrc.json")
_MOST_CASES, _MOST_COMMITS, _MOST_SILENT = 300, 300, 300
_MOST_CHARS = 2_000_000
_SUFFIXES = {"go": (".go",), "python": (".py",), "npm": (".ts", ".tsx", ".js", ".jsx", ".mjs")}
_FOREIGN = re.compile(r"(?:^|/)(?:vendor|node_modules|testdata)/|\.pb\.go$")
_GO_BLOCK = re.compile(r"^import \(\n(.*?)^\)", re.DOTALL | re.MULTILINE)
_GO_LINE = re.compile(r'^\s*(?:[\w.]+\s+)?"([^"\n]+)"', re.MULTILINE)
_GO_SINGLE = re.compile(r'^import (?:[\w.]+ )?"([^"\n]+)"', re.MULTILINE)
_SCRIPT = re.compile(
    r"^(?:import|export)\s[^;'\"]*?from\s*['\"]([^'\"\n]+)['\"]|^import\s*['\"]([^'\"\n]+)['\"]", re.MULTILINE
)
_EXCUSES = ("nolint", "noqa", "eslint-disable")

Rule = dict[str, Any]


def made_from(folder: Path) -> tuple[list[Rule], list[Case]]:
    """The rules of a repository's linter settings with their times, and the cases that its history has for them."""
    git = partial(_git, folder)
    repo = folder.parent.name.replace("+", "/", 1)
    rules = [rule for name in _SETTINGS for rule in _rules(git, repo, name)]
    cases = list(_cases(git, repo, rules)) if rules else []
    return rules, cases


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", f"--git-dir={folder}", *arguments], capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


Git = Callable[..., str]


# ---- rules


def _rules(git: Git, repo: str, name: str) -> Iterator[Rule]:
    """Yield a rule for each time in which a settings file forbids a key."""
    listed = git("log", "--first-parent", "--reverse", "--format=%H %cI", "--", name).split("\n")
    live: dict[tuple[str, str], Rule] = {}
    for sha, date in (line.split(" ", 1) for line in listed if line):
        bans = dict(_bans(name, git("show", f"{sha}:{name}")))
        for key in live.keys() - bans.keys():
            yield {**live.pop(key), "last_date": date}
        for key, reason in bans.items():
            ecosystem, banned = key
            common = {"repo": repo, "id": f"{repo}/{banned}/{sha[:8]}", "ecosystem": ecosystem, "key": banned}
            live.setdefault(key, {**common, "linter": name, "reason": reason, "first_date": date, "last_date": None})
    yield from live.values()


def _bans(name: str, text: str) -> Iterator[tuple[tuple[str, str], str]]:
    try:
        if name.startswith(".golangci"):
            yield from _depguard(yaml.safe_load(text) or {})
        elif name == "pyproject.toml":
            tool = tomllib.loads(text).get("tool", {}).get("ruff", {})
            banned = tool.get("lint", tool).get("flake8-tidy-imports", {}).get("banned-api", {})
            yield from ((("python", key), str(about.get("msg", ""))) for key, about in banned.items())
        elif name == ".eslintrc.json":
            rule = json.loads(text).get("rules", {}).get("no-restricted-imports", [])
            yield from ((("npm", f"{one['name']}$"), one.get("message", "")) for one in rule[1:] if "name" in one)
    except (ValueError, yaml.YAMLError, AttributeError, TypeError):
        return


def _depguard(content: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    settings = content.get("linters-settings") or (content.get("linters") or {}).get("settings") or {}
    guard = settings.get("depguard") or {}
    for rule in (guard.get("rules") or {}).values():
        if not rule.get("files"):
            yield from ((("go", one["pkg"]), one.get("desc", "")) for one in rule.get("deny") or ())
    for one in guard.get("packages-with-error-message") or ():
        yield from ((("go", key), reason) for key, reason in one.items())


# ---- cases


def _cases(git: Git, repo: str, rules: list[Rule]) -> Iterator[Case]:
    ecosystem = rules[0]["ecosystem"]
    suffixes = _SUFFIXES[ecosystem]
    rules = [rule for rule in rules if rule["ecosystem"] == ecosystem]
    words = "|".join(re.escape(rule["key"].removesuffix("$").replace(".", " ").split()[-1]) for rule in rules)
    paths = [f"*{suffix}" for suffix in suffixes]
    touched = git("log", "--first-parent", "-m", "-E", f"-G{words}", "--format=%H %cI", "--", *paths).split("\n")
    count = 0
    rows = [line.split(" ", 1) for line in touched if line]
    for sha, date in rows[:: max(len(rows) // _MOST_COMMITS, 1)]:
        for change in _changes(git, sha, ecosystem):
            if count >= _MOST_CASES:
                break
            for case in _of_change(repo, rules, change, sha, _time(date)):
                count += case.is_return
                yield case
    yield from _in_force(git, repo, rules, ecosystem)


def _of_change(repo: str, rules: list[Rule], change: Mapping[str, Any], sha: str, date: datetime) -> Iterator[Case]:
    for number, rule in enumerate(rules):
        was, now = (any(_is_of(rule["key"], one) for one in change[side]) for side in ("before", "after"))
        start, end = _time(rule["first_date"]), rule["last_date"]
        middle = start + ((_time(end) if end else datetime(2026, 11, 1, tzinfo=UTC)) - start) / 2
        made = partial(_case, repo, rules, change, f"{sha[:9]}-{number}-{change['path']}")
        if now and not was and date < start and not change["is_moved"]:
            yield made(middle, "addition_before_rule_replayed_in_force")
            yield made(date, "addition_at_own_date")
            if end is not None:
                yield made(_time(end), "after_lift")
        elif was and not now and change["after"] and not change["is_moved"]:
            yield made(middle, "removal_inverted_in_force")
            yield made(middle, "removal_in_force")


def _case(repo: str, rules: list[Rule], change: Mapping[str, Any], name: str, at: datetime, why: str) -> Case:
    """A case of a change or of its inverse; it is a return if a rule in force forbids what it adds."""
    if why == "removal_inverted_in_force":
        return Case(f"{why}-{name}", repo, at, why, change["inverse"], is_return=True)
    return Case(f"{why}-{name}", repo, at, why, change["diff"], is_return=_any_in_force(rules, change, at))


def _any_in_force(rules: list[Rule], change: Mapping[str, Any], at: datetime) -> bool:
    """Whether a rule in force at a time forbids what the change adds."""
    new = [one for one in change["after"] if one not in change["before"]]
    live = [rule for rule in rules if _is_in_force(rule, at)]
    return any(
        any(_is_of(rule["key"], one) for one in new) and not any(_is_of(rule["key"], one) for one in change["before"])
        for rule in live
    )


def _is_in_force(rule: Rule, at: datetime) -> bool:
    return _time(rule["first_date"]) <= at and (rule["last_date"] is None or at < _time(rule["last_date"]))


def _in_force(git: Git, repo: str, rules: list[Rule], ecosystem: str) -> Iterator[Case]:
    """Yield real commits under a ban; the few that break it are returns."""
    since = min(rule["first_date"] for rule in rules)
    paths = [f"*{suffix}" for suffix in _SUFFIXES[ecosystem]]
    listed = git("log", "--first-parent", f"--since={since}", "--format=%H %cI", "--", *paths).split("\n")
    rows = [line.split(" ", 1) for line in listed if line]
    step = max(len(rows) // _MOST_SILENT, 1)
    for sha, date in rows[::step][:_MOST_SILENT]:
        at = _time(date)
        changes = [change for change in _changes(git, sha, ecosystem) if len(change["diff"]) < _MOST_CHARS]
        broken = [change for change in changes if _any_in_force(rules, change, at) and not change["is_moved"]]
        is_excused = any(word in change["diff"] for change in broken for word in _EXCUSES)
        diff = git("diff", "-M", f"{sha}^", sha)
        if len(diff) < _MOST_CHARS and not is_excused:
            why = "in_force_addition" if broken else "in_force_commit"
            yield Case(f"force-{sha[:9]}", repo, at, why, diff, is_return=bool(broken))


def _changes(git: Git, sha: str, ecosystem: str) -> Iterator[dict[str, Any]]:
    """Yield the changed source files of a commit, with what they import before and after."""
    listed = git("diff-tree", "-r", "-M", "--no-commit-id", "-z", f"{sha}^", sha).split("\0")
    position = 0
    while position < len(listed) and listed[position].startswith(":"):
        _, _, old, new, status = listed[position].split(" ")
        paths = listed[position + 1 : position + (3 if status[0] in "RC" else 2)]
        position += 1 + len(paths)
        if not paths[-1].endswith(_SUFFIXES[ecosystem]) or _FOREIGN.search(paths[-1]):
            continue
        before = imports_of(ecosystem, git("cat-file", "blob", old)) if set(old) != {"0"} else frozenset()
        after = imports_of(ecosystem, git("cat-file", "blob", new)) if set(new) != {"0"} else frozenset()
        if before != after:
            yield {
                "path": paths[-1],
                "before": before,
                "after": after,
                "is_moved": status[0] in "RC",
                "diff": git("diff", "-M", f"{sha}^", sha, "--", *paths),
                "inverse": git("diff", "-M", sha, f"{sha}^", "--", *paths),
            }


@lru_cache(maxsize=20_000)
def imports_of(ecosystem: str, text: str) -> frozenset[str]:
    """What a complete file imports, by patterns or by Python's own parser."""
    if ecosystem == "go":
        blocks = _GO_BLOCK.findall(text)
        lines = [line for block in blocks for line in block.split("\n") if not line.strip().startswith("//")]
        return frozenset([*_GO_LINE.findall("\n".join(lines)), *_GO_SINGLE.findall(text)])
    if ecosystem == "npm":
        return frozenset(first or second for first, second in _SCRIPT.findall(text))
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def _is_of(key: str, imported: str) -> bool:
    if key.endswith("$"):
        return imported == key[:-1]
    return imported == key or imported.startswith((f"{key}/", f"{key}."))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
