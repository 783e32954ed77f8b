"""Bans of golangci-lint's depguard, in the layouts of its versions 1 and 2, with the exclusions of golangci-lint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from graphmem.deferred_dataclass import dataclass
from graphmem.option_keys import FileScope, key_text
from graphmem.option_keys.file_scope import is_expression, is_found
from graphmem.sources.bans.ban import (
    Ban,
    SettingsBans,
    Tree,
    is_true,
    mappings,
    part,
    texts,
    value_at,
)
from graphmem.sources.bans.go_imports import is_possible_import
from graphmem.sources.rules.scopes import scoped

TOOL = "golangci-lint"
_LINTER = "depguard"
_TEST_FILES = "**/*_test.go"
_DENY = frozenset({"", "denylist", "blacklist"})
#: Folders that golangci-lint 1 leaves out by itself.
_DEFAULT_FOLDERS = "(^|/)(vendor|third_party|testdata|examples|Godeps|builtin)($|/)"


@dataclass(frozen=True, slots=True)
class _Denied:
    """An entry of a deny list, before exclusions."""

    name: str
    reason: str
    list_name: str
    scope: FileScope
    allowed: tuple[str, ...] = ()


def read_golangci(tree: Tree, read: SettingsBans) -> None:
    """Take in the bans of golangci-lint's settings."""
    is_second = str(tree.get("version", "")).strip() == "2"
    linters = part(tree, "linters")
    if _LINTER in texts(linters.get("disable")):
        return
    is_enforced = _is_enabled(linters)
    settings = part(tree, "linters.settings.depguard") or part(tree, "linters-settings.depguard")
    exclusions = _Exclusions(tree, is_second=is_second)
    for problem in exclusions.unusable():
        read.refuse(problem, f"{TOOL} excludes {problem[:100]!r}, which is no regular expression: it excludes nothing")
    for denied in (*_old(settings, read), *_lists(settings, read)):
        scope = exclusions.applied(denied)
        if scope is None:
            continue
        key = key_text(f"import:go:{_plain(denied.name)}")
        keys = (key,) if key and is_possible_import(_plain(denied.name)) else ()
        ban = Ban(
            TOOL,
            "go",
            denied.name,
            keys,
            denied.reason,
            list_name=denied.list_name,
            scope=scope,
            allowed=denied.allowed,
            is_enforced=is_enforced,
            note="" if keys else "which no import can be named: the standard library has no such package",
        )
        read.add(ban)


def _plain(name: str) -> str:
    """Return a name of depguard as that of a key: a `$` at its end is exact in both."""
    return name.rstrip("/") if not name.endswith("$") else f"{name[:-1].rstrip('/')}$"


def _is_enabled(linters: Tree) -> bool:
    is_all = is_true(linters.get("enable-all")) or str(linters.get("default", "")) in {"all", "fast"}
    return _LINTER in texts(linters.get("enable")) or is_all


def _old(settings: Tree, read: SettingsBans) -> Iterator[_Denied]:
    """Yield the entries of the layout without lists, and of its additional guards."""
    further = enumerate(mappings(settings.get("additional-guards")), 1)
    for name, guard in (("", settings), *((f"guard {number}", guard) for number, guard in further)):
        entries = dict.fromkeys(texts(guard.get("packages")), "")
        for reasons in mappings(guard.get("packages-with-error-message")):
            entries |= {str(package): str(reason or "") for package, reason in reasons.items()}
        if not entries:
            continue
        if str(guard.get("list-type", "")) not in _DENY:
            read.refuse("list-type", f"{_LINTER} allows a list and bans all else, which is no ban of something")
            continue
        scope = _file_scope([f"!{glob}" for glob in texts(guard.get("ignore-file-rules"))], read.folder)
        if scope is not None:
            yield from (_Denied(package, reason, name, scope) for package, reason in entries.items())


def _lists(settings: Tree, read: SettingsBans) -> Iterator[_Denied]:
    """Yield the entries of the named lists."""
    for list_name, guard in part(settings, "rules").items():
        if not isinstance(guard, Mapping):
            continue
        entries = _entries(guard.get("deny"))
        allowed = texts(guard.get("allow"))
        mode = str(guard.get("list-mode", "original"))
        if mode == "strict" or (allowed and not entries):
            read.refuse(list_name, f"{_LINTER} list {list_name!r} bans all that it does not allow: that is not read")
        scope = _file_scope(texts(guard.get("files")), read.folder)
        if scope is None:
            continue
        for name, reason in entries.items():
            if name.startswith("$"):
                read.refuse(name, f"{_LINTER} bans {name!r}, a group of packages: that is not read")
                continue
            below = (allow for allow in allowed if allow.startswith(f"{name.rstrip('/')}/"))
            keys = tuple(filter(None, (key_text(f"import:go:{_plain(allow)}") for allow in below)))
            yield _Denied(name, reason, list_name, scope, keys)


def _entries(value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {str(name): str(reason or "") for name, reason in value.items()}
    entries = {str(entry["pkg"]): str(entry.get("desc") or "") for entry in mappings(value) if entry.get("pkg")}
    return entries | dict.fromkeys(texts(value), "")


def _file_scope(files: Sequence[str], folder: str) -> FileScope | None:
    """Return the scope of a list's `files`; None if they admit no file."""
    wanted = [_glob(name) for name in files if not name.startswith("!")]
    unwanted = [_glob(name[1:]) for name in files if name.startswith("!")]
    if "**" in unwanted:
        return None
    here = (f"{folder}**",) if folder else ()
    globs = here if not wanted or "**" in wanted else scoped(folder, wanted)
    excluded = scoped(folder, unwanted) if unwanted else ()
    return FileScope(globs, excluded)


def _glob(name: str) -> str:
    """Return a pattern of `files` as a glob: its variables are replaced."""
    if name == "$all":
        return "**"
    if name == "$test":
        return _TEST_FILES
    for variable in ("${config-path}/", "${base-path}/"):
        name = name.removeprefix(variable)
    return name


class _Exclusions:
    """The files that golangci-lint's settings exclude from depguard's findings."""

    def __init__(self, tree: Tree, *, is_second: bool) -> None:
        exclusions = part(tree, "linters.exclusions")
        issues, run = part(tree, "issues"), part(tree, "run")
        files = (exclusions.get("paths"), issues.get("exclude-files"), run.get("skip-files"))
        self.paths = [pattern for value in files for pattern in texts(value)]
        only = texts(exclusions.get("paths-except"))
        self.required = ["|".join(f"(?:{pattern})" for pattern in only)] if only else []
        self.folders = [*texts(issues.get("exclude-dirs")), *texts(run.get("skip-dirs"))]
        uses_default = all(
            str(value).casefold() != "false"
            for value in (issues.get("exclude-dirs-use-default"), run.get("skip-dirs-use-default"))
        )
        if not is_second and uses_default:
            self.folders.append(_DEFAULT_FOLDERS)
        self.rules = [*mappings(exclusions.get("rules")), *mappings(issues.get("exclude-rules"))]
        self.texts = texts(issues.get("exclude"))

    def unusable(self) -> list[str]:
        """Return the expressions that google-re2 does not take."""
        patterns = [*self.paths, *self.required, *self.folders, *self.texts]
        patterns += [str(rule[name]) for rule in self.rules for name in ("path", "path-except", "text") if name in rule]
        return [pattern for pattern in dict.fromkeys(patterns) if not is_expression(pattern)]

    def applied(self, denied: _Denied) -> FileScope | None:
        """Return the scope of an entry with its exclusions; None if its findings are excluded everywhere."""
        message = f"import '{denied.name}' is not allowed from list '{denied.list_name}': {denied.reason}"
        excluded, required = list(self.paths), list(self.required)
        for rule in self.rules:
            if not _is_about(rule, message):
                continue
            if "path" in rule:
                excluded.append(str(rule["path"]))
            elif "path-except" in rule:
                required.append(str(rule["path-except"]))
            else:
                return None
        if any(is_found(text, message) for text in self.texts):
            return None
        return replace(
            denied.scope,
            excluded_patterns=tuple(dict.fromkeys(excluded)),
            excluded_folder_patterns=tuple(dict.fromkeys(self.folders)),
            required_patterns=tuple(dict.fromkeys(required)),
        )


def _is_about(rule: Tree, message: str) -> bool:
    """Return True if an exclusion concerns a finding of depguard with a message."""
    linters = texts(value_at(rule, "linters"))
    is_narrower = bool(rule.get("source"))
    return (
        (not linters or _LINTER in linters)
        and not is_narrower
        and ("text" not in rule or is_found(str(rule["text"]), message))
        and bool({"path", "path-except", "text"} & rule.keys() or linters)
    )
