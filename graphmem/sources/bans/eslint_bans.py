"""Bans of ESLint: `no-restricted-imports`, of ESLint itself and of typescript-eslint, with the files of overrides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from graphmem.deferred_dataclass import dataclass
from graphmem.option_keys import FileScope, key_text
from graphmem.sources.bans.ban import Ban, SettingsBans, Tree, mappings, part, texts
from graphmem.sources.rules.scopes import scoped

TOOL = "ESLint"
RULES = ("no-restricted-imports", "@typescript-eslint/no-restricted-imports")
_OFF, _ERROR = frozenset({"off", "0"}), frozenset({"error", "2"})
_UNREADABLE = frozenset("?[]{}\\")


class Unknown:
    """A value of a settings file in JavaScript that is no literal."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class ConfigBlock:
    """A part of ESLint's settings that sets a rule for some files; a later block takes precedence.

    Attributes:
        rule: The name of the rule.
        setting: Its value: a severity, or a list of a severity and options.
        files: Globs of the files; empty for all.
        ignores: Globs of files to which the block does not apply.
        has_known_files: False if the files are no literals.
    """

    rule: str
    setting: object
    files: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    has_known_files: bool = True


def blocks_of(tree: Tree) -> Iterator[ConfigBlock]:
    """Yield the blocks of settings in the form of `.eslintrc`: the settings themselves, then their overrides."""
    yield from rule_blocks(tree.get("rules"), (), ())
    for override in mappings(tree.get("overrides")):
        files, ignores = tuple(texts(override.get("files"))), tuple(texts(override.get("excludedFiles")))
        yield from rule_blocks(override.get("rules"), files, ignores)


def rule_blocks(rules: object, files: tuple[str, ...], ignores: tuple[str, ...]) -> Iterator[ConfigBlock]:
    """Yield a block for each of the rules that bans imports."""
    if isinstance(rules, Mapping):
        yield from (ConfigBlock(rule, rules[rule], files, ignores) for rule in RULES if rule in rules)


def read_eslint(blocks: Sequence[ConfigBlock], ignored: Sequence[str], read: SettingsBans) -> None:
    """Add the bans of ESLint's settings.

    Args:
        blocks: The blocks; later blocks take precedence.
        ignored: Patterns of files that ESLint does not look at.
        read: The bans of the file.
    """
    hidden = _ignored_globs(read.folder, ignored)
    for at, block in enumerate(blocks):
        later = [each for each in blocks[at + 1 :] if each.rule == block.rule and each.has_known_files]
        if any(not each.files for each in later):
            continue
        scope = _scope(block, read.folder)
        if scope is None:
            continue
        for ban in _bans(block, read):
            repeated = [each for each in later if ban.name not in _names(each)]
            other = [glob for each in repeated for glob in _globs(read.folder, each.files)]
            excluded = tuple(dict.fromkeys((*scope.excluded_globs, *hidden, *other)))
            read.add(replace(ban, scope=replace(scope, excluded_globs=excluded), list_name=" ".join(block.files)))


def _scope(block: ConfigBlock, folder: str) -> FileScope | None:
    files, ignores = _globs(folder, block.files), _ignored_globs(folder, block.ignores)
    if "**" in ignores or (block.files and not files):
        return None
    return FileScope(() if "**" in files else files or ((f"{folder}**",) if folder else ()), ignores)


def _globs(folder: str, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return globs of the repository; `**` for patterns that admit every file of it."""
    usable = [pattern.removesuffix("/") for pattern in patterns if pattern and not pattern.startswith("!")]
    return (scoped(folder, usable) or ("**",)) if usable else ()


def _ignored_globs(folder: str, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return globs of ignored files: a pattern may name a folder with all its content."""
    globs = _globs(folder, patterns)
    return tuple(dict.fromkeys((*globs, *(f"{glob}/**" for glob in globs if not glob.endswith("**")))))


def _names(block: ConfigBlock) -> set[str]:
    _, options = _severity(block.setting)
    entries = [entry for option in options for entry in _entries(option)]
    return {name for entry in entries for name in _entry_names(entry)}


def _severity(setting: object) -> tuple[str, list[object]]:
    """Return the severity of a rule and its options."""
    if isinstance(setting, list) and setting:
        return str(setting[0]), list(setting[1:])
    return str(setting), []


def _bans(block: ConfigBlock, read: SettingsBans) -> Iterator[Ban]:
    severity, options = _severity(block.setting)
    if severity in _OFF:
        return
    if (
        not block.has_known_files
        or isinstance(block.setting, Unknown)
        or any(isinstance(option, Unknown) for option in options)
    ):
        read.refuse(block.rule, f"{TOOL} rule {block.rule!r} is no literal: its bans are not read")
        return
    for entry in (entry for option in options for entry in _entries(option)):
        for ban in _entry_bans(entry, read):
            yield replace(ban, is_enforced=severity in _ERROR)


@dataclass(frozen=True, slots=True)
class _RestrictedImport:
    """A restricted module, or a group of patterns."""

    fields: Tree
    is_pattern: bool


def _entries(option: object) -> Iterator[_RestrictedImport]:
    """Yield the entries of an option of the rule: a name, or an object with a name or with `paths` and `patterns`."""
    if isinstance(option, str):
        yield _RestrictedImport({"name": option}, is_pattern=False)
    elif isinstance(option, Mapping) and ("paths" in option or "patterns" in option):
        for name, is_pattern in (("paths", False), ("patterns", True)):
            listed = option.get(name)
            for entry in listed if isinstance(listed, list) else [listed] if isinstance(listed, Unknown) else ():
                plain: Tree = {"group" if is_pattern else "name": entry}
                yield _RestrictedImport(entry if isinstance(entry, Mapping) else plain, is_pattern)
    elif isinstance(option, Mapping | Unknown):
        yield _RestrictedImport(option if isinstance(option, Mapping) else {"name": option}, is_pattern=False)


def _entry_names(entry: _RestrictedImport) -> list[str]:
    return texts(entry.fields.get("group" if entry.is_pattern else "name"))


def _entry_bans(entry: _RestrictedImport, read: SettingsBans) -> Iterator[Ban]:
    fields, names = entry.fields, _entry_names(entry)
    shown = next(iter(names), str(fields.get("regex") or "no-restricted-imports"))
    if isinstance(fields.get("name"), Unknown) or isinstance(fields.get("group"), Unknown):
        read.refuse("no-restricted-imports", f"{TOOL} restricts a name that is no literal: it is not read")
    for field_name in ("regex", "allowImportNames", "importNamePattern", "allowImportNamePattern"):
        if field_name in fields:
            read.refuse(shown, f"{TOOL} restricts {shown[:100]!r} by {field_name!r}: no key says that")
            return
    message = fields.get("message")
    reason = message if isinstance(message, str) else ""
    note = "types may be imported" if fields.get("allowTypeImports") is True else ""
    members = texts(fields.get("importNames"))
    allowed = tuple(key for name in names if name.startswith("!") for key in _pattern_keys(name[1:], []))
    for name in names:
        if entry.is_pattern and name.startswith("!"):
            continue
        keys = _pattern_keys(name, members) if entry.is_pattern else _path_keys(name, members)
        why = note if keys else "which is no pattern that a key can have"
        yield Ban(TOOL, "javascript", name, keys, reason, allowed=allowed, note=why)


def _path_keys(name: str, members: Sequence[str]) -> tuple[str, ...]:
    keys = [f"import:javascript:{name}#{member}" for member in members] or [f"import:javascript:{name}$"]
    return tuple(filter(None, map(key_text, keys)))


def _pattern_keys(pattern: str, members: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of a pattern as in `.gitignore`: without a slash within it, any segment may be it."""
    plain = pattern.removesuffix("/**").removesuffix("/")
    below = "/*" if pattern.endswith("/**") else ""
    if not plain or _UNREADABLE & set(plain):
        return ()
    is_anchored = "/" in pattern.removesuffix("/")
    name = plain.removeprefix("/") if is_anchored else f"**/{plain}"
    if not members:
        return tuple(filter(None, [key_text(f"import:javascript:{name}{below}")]))
    wide = f"{name}/**" if not below else f"{name}/*/**"
    return tuple(filter(None, (key_text(f"import:javascript:{wide}#{member}") for member in members)))


def ignored_files(tree: Tree) -> list[str]:
    """Return the patterns of files that settings in the form of `.eslintrc` ignore."""
    return texts(tree.get("ignorePatterns"))


def eslint_part(tree: Tree) -> Tree:
    """Return the settings in a `package.json`."""
    return part(tree, "eslintConfig")
