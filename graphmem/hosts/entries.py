"""The entries of graphmem in the text of a settings file: their insertion, recognition and removal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from graphmem.hosts.host_table import ArrayItem, Entry, HostFile, MarkedBlock, Member, TomlTable, WholeFile
from graphmem.hosts.json_document import JsonNode, NodeKind, NotJson, parse
from graphmem.hosts.json_edits import Insertion, apply, item_insertions, member_insertions, without
from graphmem.hosts.settings_file import Untouchable

if TYPE_CHECKING:
    from collections.abc import MutableMapping

#: A command line of a hook of graphmem, of any installation.
OWN_HOOK = re.compile(r"graphmem[^\s'\"]*['\"]? on (?P<host>[a-z-]{1,20}) (?P<event>[A-Za-z_.]{1,40})(?:$|[\s\"'])")
_OWN_FILE = re.compile(r"graphmem install|on vscode [A-Z]")
_BEGIN, _END = "<!-- >>> graphmem >>> removed by: graphmem uninstall -->", "<!-- <<< graphmem <<< -->"
_BLOCK = re.compile(rf"{re.escape(_BEGIN)}\r?\n.*?{re.escape(_END)}\r?\n?", re.DOTALL)


def insertions(text: str, entries: Sequence[Entry]) -> list[Insertion]:
    """Insertions that add the entries to a text without entries of graphmem.

    Raises:
        Untouchable: The text does not parse, or has an entry of that name that graphmem did not write.
    """
    done: list[Insertion] = []
    for entry in entries:
        more = _insertions_of(text, entry)
        text = apply(text, more)
        done += more
    return done


def without_entries(text: str, file: HostFile, entries: Sequence[Entry]) -> str:
    """Return the text without entries of graphmem, of any installation; everything else stays.

    Raises:
        Untouchable: The text does not parse.
    """
    first = entries[0]
    if isinstance(first, WholeFile):
        return "" if _OWN_FILE.search(text) else text
    if isinstance(first, MarkedBlock):
        return _without_block(text)
    if isinstance(first, TomlTable):
        return _without_tables(text, entries)
    try:
        return _without_json(text, file, entries)
    except NotJson as exc:
        raise Untouchable(f"is not JSON: {exc}") from exc


def own_hooks(value: object) -> Iterator[str]:
    """Yield the command lines of hooks of graphmem in settings."""
    if isinstance(value, dict):
        command = value.get("command")
        if isinstance(command, str) and OWN_HOOK.search(command):
            yield command
        for inner in value.values():
            yield from own_hooks(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from own_hooks(inner)


def is_own_server(value: object) -> bool:
    """Return True if the entry of an MCP server starts graphmem."""
    if not isinstance(value, dict):
        return False
    command, arguments = value.get("command"), value.get("args")
    words = [
        *(command if isinstance(command, list) else [command]),
        *(arguments if isinstance(arguments, list) else []),
    ]
    texts = [word for word in words if isinstance(word, str)]
    return "mcp" in texts and any("graphmem" in text for text in texts)


def pasted(entries: Sequence[Entry]) -> str:
    """Return the entries as text to paste by hand."""
    first = entries[0]
    if isinstance(first, WholeFile | MarkedBlock):
        return first.text
    if isinstance(first, TomlTable):
        return "".join(_toml(entry) for entry in entries if isinstance(entry, TomlTable))
    text = "{}"
    for entry in entries:
        text = apply(text, _insertions_of(text, entry))
    return text + "\n"


# ---- insertion


def _insertions_of(text: str, entry: Entry) -> list[Insertion]:
    match entry:
        case WholeFile(whole):
            if text:
                raise Untouchable("exists and was not written by graphmem")
            return [Insertion(0, whole)]
        case MarkedBlock(block):
            newline = "\r\n" if "\r\n" in text else "\n"
            lead = "" if not text or text.endswith("\n") else newline
            gap = newline if text.strip() else ""
            lines = newline.join([_BEGIN, *block.splitlines(), _END, ""])
            return [Insertion(len(text), lead + gap + lines)]
        case TomlTable():
            return [_table_insertion(text, entry)]
        case Member() | ArrayItem():
            try:
                if isinstance(entry, ArrayItem):
                    return item_insertions(text, entry.path, entry.value)
                return member_insertions(text, entry.path, entry.value)
            except NotJson as exc:
                raise Untouchable(f"cannot be edited: {exc}") from exc


def _table_insertion(text: str, entry: TomlTable) -> Insertion:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    newline = "\r\n" if "\r\n" in text else "\n"
    lead = "" if not text or text.endswith("\n") else newline
    gap = newline if text.strip() else ""
    insertion = Insertion(len(text), lead + gap + _toml(entry).replace("\n", newline))
    try:
        before = tomlkit.parse(text).unwrap()
    except TOMLKitError as exc:
        raise Untouchable(f"is not TOML: {exc}") from exc
    value: object = before
    for key in entry.path:
        value = value.get(key) if isinstance(value, dict) else None
    if value is not None:
        raise Untouchable(f"has a table {'.'.join(entry.path)} that graphmem did not write")
    try:
        tomlkit.parse(apply(text, [insertion]))
    except TOMLKitError as exc:
        raise Untouchable(f"has no place for a table {'.'.join(entry.path)}: {exc}") from exc
    return insertion


def _toml(entry: TomlTable) -> str:
    import tomlkit

    document = tomlkit.document()
    table = tomlkit.table()
    for key, value in entry.value.items():
        table.add(key, value)
    for key in reversed(entry.path[1:]):
        outer = tomlkit.table(is_super_table=True)
        outer.add(key, table)
        table = outer
    document.add(entry.path[0], table)
    return tomlkit.dumps(document)


# ---- removal


def _without_block(text: str) -> str:
    match = _BLOCK.search(text)
    if match is None:
        return text
    before, after = text[: match.start()], text[match.end() :]
    for newline in ("\r\n", "\n"):
        if before.endswith(newline * 2):
            return before.removesuffix(newline) + after
    return before + after


def _without_tables(text: str, entries: Sequence[Entry]) -> str:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    newline = "\r\n" if "\r\n" in text else "\n"
    for entry in entries:
        assert isinstance(entry, TomlTable)  # noqa: S101 - a file has entries of one form
        written = newline + _toml(entry).replace("\n", newline)
        if written in text:
            text = text.replace(written, "", 1)
            continue
        try:
            document = tomlkit.parse(text)
        except TOMLKitError as exc:
            raise Untouchable(f"is not TOML: {exc}") from exc
        parent: MutableMapping[str, object] = document
        for key in entry.path[:-1]:
            inner = parent.get(key)
            parent = inner if isinstance(inner, dict) else {}
        if is_own_server(_plain(parent.get(entry.path[-1]))):
            del parent[entry.path[-1]]
            text = tomlkit.dumps(document)
    return text


def _plain(value: object) -> object:
    unwrap = getattr(value, "unwrap", None)
    return unwrap() if unwrap is not None else value


def _without_json(text: str, file: HostFile, entries: Sequence[Entry]) -> str:
    if not text.strip():
        return text
    removable = {
        entry.path[:depth] for entry in entries if isinstance(entry, Member | ArrayItem) for depth in range(1, 9)
    }
    while (path := _own_path(parse(text), entries)) is not None:
        text = without(text, path, is_removable=lambda parent: _is_ours(parent, removable))
    skeleton = dict(file.skeleton)
    if skeleton and parse(text).value() == skeleton:
        return ""
    return text


def _is_ours(path: Sequence[str | int], removable: set[tuple[str, ...]]) -> bool:
    """Return True if an installation creates a container: it is on a path of an entry, or a group of hooks."""
    names = tuple(step for step in path if isinstance(step, str))
    return tuple(path) in removable or any(isinstance(step, int) for step in path) or names in removable


def _own_path(root: JsonNode, entries: Sequence[Entry]) -> tuple[str | int, ...] | None:
    """Return the path of an entry of graphmem; None if there is none."""
    for entry in entries:
        if not isinstance(entry, Member | ArrayItem):
            continue
        node: JsonNode | None = root
        parents = entry.path[:-1] if isinstance(entry, Member) else entry.path
        for key in parents:
            child = None if node is None else node.member(key)
            node = None if child is None else child.node
        if node is None:
            continue
        if isinstance(entry, Member):
            own = node.member(entry.path[-1])
            if own is not None and is_own_server(own.node.value()):
                return entry.path
        elif node.kind is NodeKind.ARRAY:
            inner = _own_handler(node)
            if inner is not None:
                return (*entry.path, *inner)
    return None


def _own_handler(array: JsonNode) -> tuple[str | int, ...] | None:
    """Return the path, from an array of an event, of a hook of graphmem: an item, or an item of a group's own array."""
    for number, child in enumerate(array.children):
        value = child.node.value()
        if not isinstance(value, dict) or not list(own_hooks(value)):
            continue
        handlers = child.node.member("hooks")
        if handlers is None or len(list(own_hooks(value))) == len(handlers.node.children):
            return (number,)
        for inner, handler in enumerate(handlers.node.children):
            if list(own_hooks(handler.node.value())):
                return (number, "hooks", inner)
    return None


def has_all(text: str, entries: Sequence[Entry]) -> bool:
    """Return True if a JSON text has exactly these entries of graphmem, in any style and order."""
    members = [entry for entry in entries if isinstance(entry, Member | ArrayItem)]
    if len(members) != len(entries):
        return False
    try:
        value = parse(text).value()
    except NotJson:
        return False
    expected = [hook for entry in members for hook in own_hooks(entry.value)]
    if sorted(own_hooks(value)) != sorted(expected):
        return False
    return all(_found(value, entry) for entry in members)


def _found(value: object, entry: Member | ArrayItem) -> bool:
    for key in entry.path:
        value = value.get(key) if isinstance(value, dict) else None
    written = json.dumps(entry.value, sort_keys=True)
    values = value if isinstance(entry, ArrayItem) and isinstance(value, list) else [value]
    return any(json.dumps(item, sort_keys=True) == written for item in values)
