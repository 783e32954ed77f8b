"""The rules that a file declares for components or modules: CODEOWNERS, graphmem's settings, manifests."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator

from graphmem.repository.areas import COMPONENT_FILE, OWNER_FILES, AreaRule
from graphmem.sources.areas.package_names import package_name
from graphmem.sources.manifests.document_texts import UnreadableManifest

_MOST_RULES = 2_000
_MOST_NAMES = 20
_MOST_CHARS = 500
_SECTION = re.compile(r"\^?\[(?P<name>[^\[\]]{1,200})\](?:\[\d{1,9}\])?(?P<owners>.*)")
_ESCAPED_SPACE = "\x7f"


def rules_of(path: str, content: bytes | None) -> tuple[AreaRule, ...] | None:
    """Return the rules that a file declares; None if it cannot be read, and its earlier rules stay in force.

    Args:
        path: The file.
        content: Its content; None if git lacks it or it is larger than `MAX_BYTES`.
    """
    try:
        text = None if content is None else content.decode("utf-8-sig")
        if text is None:
            return None
        if path in OWNER_FILES:
            return tuple(_owner_rules(text))
        rules = _settings_rules(text) if path == COMPONENT_FILE else _module_rules(path, text)
        return tuple(rules)[:_MOST_RULES]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, UnreadableManifest, RecursionError):
        return None


def _settings_rules(text: str) -> Iterator[AreaRule]:
    """Yield the rules of the table `[components]`: a name, and a glob or a list of globs."""
    table = tomllib.loads(text).get("components")
    for name, value in table.items() if isinstance(table, dict) else ():
        listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        globs = [glob for each in listed if isinstance(each, str) for glob in _globs(f"/{each.removeprefix('/')}")]
        if globs and _is_short(name):
            yield AreaRule(tuple(globs[: 2 * _MOST_NAMES]), (name,))


def _module_rules(path: str, text: str) -> Iterator[AreaRule]:
    """Yield the name of a manifest's package, and its folder, for the files of the folder."""
    folder, base = posixpath.split(path)
    names = [name for name in (package_name(base, text), folder) if _is_short(name)]
    if names and names != [folder]:
        yield AreaRule((f"{folder}/**" if folder else "**",), tuple(dict.fromkeys(names)))


def _owner_rules(text: str) -> Iterator[AreaRule]:
    """Yield the rules of CODEOWNERS: teams (whole name and last part), people (handle), and sections.

    Owners by e-mail are left out.
    """
    section, count = "", 0
    defaults: tuple[str, ...] = ()
    for line in text.splitlines():
        plain = line.strip()
        if head := _SECTION.fullmatch(plain):
            section, defaults = head["name"].strip(), _owners(head["owners"])
            continue
        words = _words(plain)
        globs = _globs(words[0]) if words and not plain.startswith("#") else []
        if not globs or count >= _MOST_RULES:
            continue
        count += 1
        names = _owners(" ".join(words[1:])) or defaults
        titles = (section,) if section and _is_short(section) else ()
        yield AreaRule(tuple(globs), tuple(dict.fromkeys((*titles, *names)))[:_MOST_NAMES], section)


def _words(line: str) -> list[str]:
    """Return the words of a line before a comment; a space after a backslash belongs to a word."""
    words: list[str] = []
    for word in line.replace("\\ ", _ESCAPED_SPACE).split():
        if word.startswith("#"):
            break
        words.append(word.replace(_ESCAPED_SPACE, " "))
    return words


def _owners(text: str) -> tuple[str, ...]:
    names: list[str] = []
    for word in _words(text):
        if word.startswith("@") and _is_short(word):
            names += [word, word.rpartition("/")[2]] if "/" in word else [word]
    return tuple(dict.fromkeys(name for name in names if name))


def _globs(pattern: str) -> list[str]:
    """Return globs that match as a pattern in `.gitignore`; empty for `!` and `[`, which GitHub does not read.

    `docs` is a file or a folder anywhere, `/docs` a file or a folder at the root, `docs/` a folder anywhere, `docs/*`
    the files of `/docs` alone.
    """
    if not pattern.strip("/") or pattern.startswith("!") or "[" in pattern or len(pattern) > _MOST_CHARS:
        return []
    plain = pattern.removeprefix("\\").removeprefix("/").rstrip("/")
    is_anchored = "/" in pattern.rstrip("/")
    start = plain if is_anchored or plain.startswith("**/") else f"**/{plain}"
    if start.endswith("**"):
        return [start]
    if pattern.endswith("/"):
        return [f"{start}/**"]
    return [start] if is_anchored and start.endswith("/*") else [start, f"{start}/**"]


def _is_short(name: str) -> bool:
    return 0 < len(name) <= _MOST_CHARS and name.isprintable()
