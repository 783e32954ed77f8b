"""Imports in source files of Python, JavaScript, TypeScript, Go, Rust and Java, in incomplete texts too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.guard.grammars import Parsed, nodes_of, parsed

if TYPE_CHECKING:
    from tree_sitter import Node

#: Names of a JavaScript import that are not those of a list.
STAR, DEFAULT = "*", "default"
_LOCAL_CRATES = frozenset({"crate", "self", "super", "Self", "std", "core", "alloc"})


@dataclass(frozen=True, slots=True)
class CodeImport:
    """An import of a module in a text.

    Attributes:
        language: As in typed keys: `javascript` for TypeScript too.
        module: As the language writes it: `os.path`, `@scope/x/sub`, `serde::de`.
        names: The names that are imported from it; `*` for all of them.
        first: The index of its first line in the text, from 0.
        last: The index of its last line.
    """

    language: str
    module: str
    names: tuple[str, ...]
    first: int
    last: int


def imports_in(language: str, text: str, *, is_part: bool) -> list[CodeImport]:
    """Return the imports of a text, in their order.

    Args:
        language: The language, `tsx` and `typescript` apart.
        text: A file or a part of a file; it may be incomplete.
        is_part: The text may begin anywhere in its file.
    """
    if not _may_import(language, text):
        return []
    tree = parsed(language, text, is_part=is_part)
    read = _READERS[language]
    lines = text.split("\n")
    shown = "javascript" if language in {"typescript", "tsx"} else language
    return [
        CodeImport(shown, module, names, max(tree.row(node), 0), max(tree.last_row(node), 0))
        for node in nodes_of(language, tree.root, _types(language, text))
        for module, names in read(node)
        if module and _begins_a_line(tree, node, lines)
    ]


def _may_import(language: str, text: str) -> bool:
    """Return True if a text has a word that every import needs; this check costs much less than parsing."""
    words = {"go": '"', "rust": ("use ", "extern "), "python": "import", "java": "import"}.get(
        language, ("import", "require", "from")
    )
    return any(word in text for word in ((words,) if isinstance(words, str) else words))


def _begins_a_line(tree: Parsed, node: Node, lines: list[str]) -> bool:
    """Return True if a node may count: in a text that does not fit, only at the beginning of a line or a statement."""
    row = tree.row(node)
    if not tree.root.has_error or node.type in _CALL_TYPES or not 0 <= row < len(lines):
        return True
    before = lines[row].encode("utf-8", "replace")[: node.start_point[1]].decode("utf-8", "replace").strip()
    return before in {"", "import"} or before[-1] in ";:{}()"


def _types(language: str, text: str) -> tuple[str, ...]:
    """Return the types of nodes that can import; calls only if the text has the name of an importing function."""
    call, words = _CALLS.get(language, ("", ()))
    return (*_LEAVES[language], call) if any(word in text for word in words) else _LEAVES[language]


_CALL_TYPES = frozenset({"call", "call_expression", "import_require_clause"})
_IN_SCRIPTS = ("call_expression", ("require", "import("))
_CALLS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "python": ("call", ("__import__", "import_module")),
    "javascript": _IN_SCRIPTS,
    "typescript": _IN_SCRIPTS,
    "tsx": _IN_SCRIPTS,
}
_SCRIPT_NODES = ("import_statement", "export_statement")
_LEAVES: Mapping[str, tuple[str, ...]] = {
    "python": ("import_statement", "import_from_statement"),
    "javascript": _SCRIPT_NODES,
    "typescript": (*_SCRIPT_NODES, "import_require_clause"),
    "tsx": (*_SCRIPT_NODES, "import_require_clause"),
    "go": ("import_spec",),
    "rust": ("use_declaration", "extern_crate_declaration"),
    "java": ("import_declaration",),
}

#: A module, and the names that are imported from it.
_Imported = tuple[str, tuple[str, ...]]


def _text(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def _string(node: Node | None) -> str:
    """Return the content of a string without escapes; empty for any other node."""
    if node is None or node.type not in {"string", "interpreted_string_literal", "raw_string_literal"}:
        return ""
    if node.type == "string" and any(child.type == "interpolation" for child in node.children):
        return ""
    text = _text(node)
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" else ""


# ---- Python


def _python(node: Node) -> Iterator[_Imported]:
    if node.type == "call":
        yield from _python_call(node)
    elif node.type == "import_statement":
        yield from ((_dotted(name), ()) for name in node.children_by_field_name("name"))
    else:
        module = node.child_by_field_name("module_name")
        if module is not None and module.type == "dotted_name":
            names = tuple(_dotted(name) for name in node.children_by_field_name("name"))
            is_star = any(child.type == "wildcard_import" for child in node.children)
            yield _dotted(module), (STAR,) if is_star else names


def _dotted(node: Node) -> str:
    inner = node.child_by_field_name("name") if node.type == "aliased_import" else node
    return "".join(_text(inner).split())


def _python_call(node: Node) -> Iterator[_Imported]:
    if _text(node.child_by_field_name("function")) in {"__import__", "import_module", "importlib.import_module"}:
        arguments = node.child_by_field_name("arguments")
        first = None if arguments is None else arguments.named_child(0)
        module = _string(first)
        if module and not module.startswith("."):
            yield module, ()


# ---- JavaScript and TypeScript


def _script(node: Node) -> Iterator[_Imported]:
    if node.type == "call_expression":
        yield from _script_call(node)
        return
    module = _string(node.child_by_field_name("source"))
    if module and not module.startswith("."):
        yield module, tuple(_script_names(node))


def _script_names(node: Node) -> Iterator[str]:
    if node.type == "import_require_clause":
        yield STAR
    for child in node.named_children:
        if child.type == "export_clause":
            yield from (_text(each.child_by_field_name("name")) for each in child.named_children)
        elif child.type == "namespace_export":
            yield STAR
        elif child.type == "import_clause":
            yield from _clause_names(child)
    if node.type == "export_statement" and any(child.type == "*" for child in node.children):
        yield STAR


def _clause_names(clause: Node) -> Iterator[str]:
    for part in clause.named_children:
        if part.type == "identifier":
            yield DEFAULT
        elif part.type == "namespace_import":
            yield STAR
        elif part.type == "named_imports":
            yield from (_text(each.child_by_field_name("name")) for each in part.named_children)


def _script_call(node: Node) -> Iterator[_Imported]:
    function = node.child_by_field_name("function")
    if function is None or _text(function) not in {"require", "require.resolve", "import"}:
        return
    arguments = node.child_by_field_name("arguments")
    module = _string(None if arguments is None else arguments.named_child(0))
    if module and not module.startswith("."):
        yield module, (STAR,)


# ---- Go, Rust, Java


def _go(node: Node) -> Iterator[_Imported]:
    module = _string(node.child_by_field_name("path"))
    if module and not module.startswith("."):
        yield module, ()


def _rust(node: Node) -> Iterator[_Imported]:
    if node.type == "extern_crate_declaration":
        paths = [_text(node.child_by_field_name("name"))]
    else:
        argument = node.child_by_field_name("argument")
        paths = [] if argument is None else list(_rust_paths(argument, ""))
    for path in paths:
        if path.partition("::")[0] not in _LOCAL_CRATES:
            yield path, ()


def _rust_paths(node: Node, prefix: str) -> Iterator[str]:
    """Yield the full paths of a use tree."""
    if node.type == "scoped_use_list":
        inner = _rust_path(prefix, _text(node.child_by_field_name("path")))
        listed = node.child_by_field_name("list")
        if listed is not None:
            yield from _rust_paths(listed, inner)
    elif node.type == "use_list":
        for child in node.named_children:
            yield from _rust_paths(child, prefix)
    elif node.type == "use_as_clause":
        yield _rust_path(prefix, _text(node.child_by_field_name("path")))
    elif node.type == "use_wildcard":
        yield _rust_path(prefix, _text(node.named_child(0)))
    elif node.type in {"identifier", "scoped_identifier", "self"}:
        yield prefix if node.type == "self" else _rust_path(prefix, _text(node))


def _rust_path(prefix: str, path: str) -> str:
    plain = "".join(path.split()).removeprefix("::").replace("r#", "")
    return f"{prefix}::{plain}" if prefix and plain else prefix or plain


def _java(node: Node) -> Iterator[_Imported]:
    name = next((child for child in node.named_children if child.type in {"scoped_identifier", "identifier"}), None)
    yield "".join(_text(name).split()), ()


_READERS: Mapping[str, Callable[[Node], Iterator[_Imported]]] = {
    "python": _python,
    "javascript": _script,
    "typescript": _script,
    "tsx": _script,
    "go": _go,
    "rust": _rust,
    "java": _java,
}
