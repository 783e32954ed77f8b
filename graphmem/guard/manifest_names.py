"""Dependencies that manifests declare: name, ecosystem and line, read line by line so that parts of files do too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Protocol

from graphmem.deferred_dataclass import dataclass

_LONGEST_LINE = 2_000


@dataclass(frozen=True, slots=True)
class ManifestDependency:
    """A dependency in a manifest.

    Attributes:
        ecosystem: The type of its package URL.
        name: The name of the package; of Maven `group:artifact`.
        line: The index of its line in the text, from 0.
    """

    ecosystem: str
    name: str
    line: int


class DependencyReader(Protocol):
    """Reads the dependencies of a text."""

    def __call__(self, text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
        """Yield them in their order; `is_part` is true if the text may begin anywhere in its file."""
        ...


_REQUIREMENTS = re.compile(r"(?:.{0,100}requirements.{0,100}|constraints.{0,50})\.(?:txt|in)")
_PEP508 = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)\s{0,20}(?:\[[^\]]{0,200}\])?\s{0,20}(?=$|[<>=!~;@,()\s])"
)


def reader_of(path: str) -> DependencyReader | None:
    """Return the reader of a manifest; None for other files."""
    name = path.rpartition("/")[2]
    folder = path.rpartition("/")[0].rpartition("/")[2]
    if _REQUIREMENTS.fullmatch(name) or (folder == "requirements" and name.endswith((".txt", ".in"))):
        return _requirements
    if name.endswith(".versions.toml"):
        return _version_catalogue
    return _READERS.get(name)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n")):
        yield number, line[:_LONGEST_LINE]


def pep508_name(text: str) -> str | None:
    """Return the name in a requirement like `pytz>=2024 ; python_version < "3.9"`; None for any other text."""
    match = _PEP508.match(text.strip())
    return match[1] if match else None


# ---- Python


def _requirements(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    del is_part  # A line of this format is complete in itself.
    is_continued = False
    for number, line in _lines(text):
        plain = line.strip()
        if plain and not is_continued and not plain.startswith(("#", "-", ".", "/")):
            editable = re.search(r"#egg=([\w.-]{1,200})", plain) if "://" in plain.partition(" ")[0] else None
            name = editable[1] if editable else pep508_name(plain.split(" #", 1)[0])
            if name and "://" not in name:
                yield ManifestDependency("pypi", name, number)
        is_continued = plain.endswith("\\")


_TABLE = re.compile(r"\s{0,20}\[{1,2}\s{0,20}([^\]]{1,300}?)\s{0,20}\]{1,2}\s{0,20}(?:#.*)?$")
_KEY = re.compile(r"\s{0,40}(\"[^\"]{1,200}\"|'[^']{1,200}'|[\w.-]{1,200})\s{0,20}=\s{0,20}(.*)")
_QUOTED = re.compile(r"\"([^\"\\]{1,500})\"|'([^']{1,500})'")
_INLINE_TABLE = re.compile(r"\{[^{}]{0,500}\}")
_POETRY = re.compile(r"tool\.poetry\.(?:dependencies|dev-dependencies|group\.[^.]{1,100}\.dependencies)")
_PYTHON_LISTS = re.compile(
    r"(?:project\.dependencies|project\.optional-dependencies\.[^.]{1,100}|dependency-groups\.[^.]{1,100}"
    r"|build-system\.requires|tool\.uv\.(?:dev-dependencies|constraint-dependencies)"
    r"|tool\.pdm\.dev-dependencies\.[^.]{1,100}|tool\.hatch\.envs\.[^.]{1,100}\.(?:extra-)?dependencies)"
)
_LIST_KEYS = frozenset({"dependencies", "requires", "dev-dependencies", "install_requires"})


def _pyproject(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    table = "" if not is_part else None
    key: str | None = None
    depth = 0
    for number, written in _lines(text):
        line = _without_comment(written)
        if depth == 0 and (match := _TABLE.match(line)):
            table, key = _unquoted_key(match[1]), None
            continue
        if depth == 0 and (match := _KEY.match(line)):
            key, value = _unquoted_key(match[1]), match[2]
            if table is not None and _POETRY.fullmatch(table):
                if key != "python":
                    yield ManifestDependency("pypi", key, number)
                depth = 0
                continue
        else:
            value = line
        is_list = key is not None and _is_python_list(table, key)
        # In a part that begins within a list, a line of a quoted requirement alone belongs to the list.
        is_rest = (
            key is None
            and is_part
            and re.fullmatch(r"\s{0,40}(?:\"[^\"]{1,300}\"|'[^']{1,300}')\s{0,9},?\s{0,9}", line)
        )
        if (is_list or (is_rest and table is None)) and (depth > 0 or "[" in value or is_rest):
            for match in _QUOTED.finditer(_INLINE_TABLE.sub("", value)):
                if name := pep508_name(match[1] or match[2] or ""):
                    yield ManifestDependency("pypi", name, number)
        depth = max(depth + _opened(value), 0)


def _is_python_list(table: str | None, key: str) -> bool:
    full = key if not table else f"{table}.{key}"
    return _PYTHON_LISTS.fullmatch(full) is not None or (table is None and key in _LIST_KEYS)


def _opened(value: str) -> int:
    bare = _QUOTED.sub("", value)
    return bare.count("[") - bare.count("]")


def _unquoted_key(text: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in text.split("."))


def _without_comment(line: str) -> str:
    """Return a line of TOML without its comment; a `#` within quotes begins none."""
    quote = ""
    for index, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return line[:index]
    return line


_SETUP_KEYS = frozenset({"install_requires", "setup_requires", "tests_require"})


def _setup_cfg(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    section, key = ("options" if is_part else ""), ""
    for number, line in _lines(text):
        plain = line.strip()
        if not plain or plain.startswith(("#", ";")):
            continue
        if match := re.fullmatch(r"\[([^\]]{1,200})\]", plain):
            section, key = match[1], ""
        elif not line[0].isspace() and (match := re.match(r"([\w.-]{1,100})\s{0,20}[=:]\s{0,20}(.*)", line)):
            key = match[1]
            if _is_setup_list(section, key) and (name := pep508_name(match[2])):
                yield ManifestDependency("pypi", name, number)
        elif line[0].isspace() and _is_setup_list(section, key) and (name := pep508_name(plain)):
            yield ManifestDependency("pypi", name, number)


def _is_setup_list(section: str, key: str) -> bool:
    return (section == "options" and key in _SETUP_KEYS) or (section == "options.extras_require" and bool(key))


# ---- JavaScript

_NPM_LISTS = frozenset({"dependencies", "devDependencies", "peerDependencies", "optionalDependencies"})
_NPM_LINE = re.compile(
    r"\s{0,40}\"((?:@[\w.~-]{1,100}/)?[\w.~-]{1,214})\"\s{0,9}:\s{0,9}\"([^\"]{0,300})\"\s{0,9},?\s{0,9}\}?\s{0,9}$"
)
_NPM_OPEN = re.compile(r"\s{0,40}\"([\w-]{1,60})\"\s{0,9}:\s{0,9}[\[{]\s{0,9}$")
_NPM_VERSION = re.compile(
    r"(?:[\^~<>=v* ]|\d|latest$|next$|x$|npm:|workspace:|file:|link:|catalog:|git[+:@]|https?:|github:|portal:|patch:)"
)
_NOT_PACKAGES = frozenset({"version", "node", "npm", "yarn", "pnpm", "name"})


def _package_json(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    names = None if is_part else _npm_names(text)
    section: str | None = None
    for number, line in _lines(text):
        if match := _NPM_OPEN.match(line):
            section = match[1]
        elif match := _NPM_LINE.match(line):
            name, version = match[1], match[2]
            if names is not None:
                is_one = name in names and (section in _NPM_LISTS)
            else:
                is_one = section in _NPM_LISTS or (section is None and name not in _NOT_PACKAGES)
            if is_one and _NPM_VERSION.match(version):
                yield ManifestDependency("npm", name, number)
        elif line.strip().startswith("}"):
            section = None if is_part else ""


def _npm_names(text: str) -> frozenset[str] | None:
    """Return the names in the lists of dependencies; None if the text is no complete JSON."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    lists = [content.get(name) for name in _NPM_LISTS] if isinstance(content, dict) else []
    return frozenset(name for listed in lists if isinstance(listed, dict) for name in listed)


# ---- Go, Rust, Ruby

_GO_MODULE = re.compile(r"([\w.~-]{1,200}(?:/[\w.~!-]{1,200}){0,20})\s{1,20}v\d[\w.+-]{0,100}\s{0,20}(//.{0,200})?$")


def _go_mod(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    block = "require" if is_part else ""
    for number, line in _lines(text):
        plain = line.strip()
        if match := re.match(r"(require|replace|exclude|retract|tool|ignore)\s{0,20}\($", plain):
            block = match[1]
        elif plain == ")":
            block = "require" if is_part else ""
        else:
            is_line = plain.startswith("require ")
            match = _GO_MODULE.match(plain.removeprefix("require ").strip())
            if match and (is_line or block == "require") and "// indirect" not in (match[2] or ""):
                yield ManifestDependency("golang", match[1], number)


_CARGO_LISTS = re.compile(r"(?:target\.(?:.{1,200})\.)?(?:workspace\.)?(?:dev-|build-)?dependencies")
_CARGO_TABLE = re.compile(r"((?:target\.(?:.{1,200})\.)?(?:workspace\.)?(?:dev-|build-)?dependencies)\.([\w-]{1,100})")
#: Fields of a package that look like dependencies where the table is not known.
_CRATE_FIELDS = frozenset({"version", "edition", "rust-version", "resolver", "license", "name", "description"})
_RENAMED = re.compile(r"\bpackage\s{0,9}=\s{0,9}\"([\w-]{1,100})\"")


def _cargo(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    table: str | None = None if is_part else ""
    for number, written in _lines(text):
        line = _without_comment(written)
        if match := _TABLE.match(line):
            table = _unquoted_key(match[1])
            if named := _CARGO_TABLE.fullmatch(table):
                yield ManifestDependency("cargo", named[2], number)
            continue
        match = _KEY.match(line)
        if match is None or not (table is None or _CARGO_LISTS.fullmatch(table)):
            continue
        name, value = _unquoted_key(match[1]).partition(".")[0], match[2]
        if table is not None or (name not in _CRATE_FIELDS and _is_crate_value(value)):
            renamed = _RENAMED.search(value)
            yield ManifestDependency("cargo", renamed[1] if renamed else name, number)


def _is_crate_value(value: str) -> bool:
    return (
        re.match(r"\"[\^~=<>* ]{0,3}\d", value) is not None
        or re.match(r"\{[^}]{0,300}\b(?:version|git|path|workspace)\b", value) is not None
    )


_GEM = re.compile(r"\s{0,40}gem[\s(]{1,9}(?:\"([\w.-]{1,200})\"|'([\w.-]{1,200})')")
_GEMSPEC = re.compile(r"\s{0,40}\w{1,40}\.add_(?:runtime_|development_)?dependency[\s(]{1,9}[\"']([\w.-]{1,200})[\"']")


def _gemfile(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    del is_part  # A line of this format is complete in itself.
    for number, line in _lines(text):
        if match := _GEM.match(line) or _GEMSPEC.match(line):
            yield ManifestDependency("gem", next(group for group in match.groups() if group), number)


# ---- Java

_XML_TAG = re.compile(
    r"<(/?)(dependency|exclusions|dependencyManagement|plugin|parent|groupId|artifactId)>"
    r"(?:\s{0,99}([^<\s]{1,300})\s{0,99}</)?"
)
_XML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def _pom(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    plain = _XML_COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)
    group = ""
    open_tags: list[str] = ["dependency"] if is_part and "<project" not in plain else []
    for match in _XML_TAG.finditer(plain):
        slash, tag, value = match[1], match[2], match[3]
        if value is None:
            if slash and tag in open_tags:
                del open_tags[len(open_tags) - 1 - open_tags[::-1].index(tag) :]
            elif not slash:
                open_tags.append(tag)
                group = ""
        elif "exclusions" in open_tags or not open_tags or open_tags[-1] != "dependency":
            continue
        elif tag == "groupId":
            group = value
        elif tag == "artifactId" and group:
            yield ManifestDependency("maven", f"{group}:{value}", plain.count("\n", 0, match.start()))
            group = ""


_GRADLE = re.compile(
    r"\s{0,60}\w{0,60}(?:[iI]mplementation|[aA]pi|[cC]ompile(?:Only)?|[rR]untime(?:Only)?|kapt|ksp|[pP]rocessor|classpath)"
    r"[\s(]{1,20}(?:platform\(|enforcedPlatform\()?[\"']([\w.-]{1,200}):([\w.-]{1,200})(?::[^\"']{0,200})?[\"']"
)
_GRADLE_MAP = re.compile(
    r"\s{0,60}\w{1,60}[\s(]{1,20}group\s{0,9}[:=]\s{0,9}[\"']([\w.-]{1,200})[\"']"
    r"\s{0,9},\s{0,9}name\s{0,9}[:=]\s{0,9}[\"']([\w.-]{1,200})[\"']"
)


def _gradle(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    del is_part  # A line of this format is complete in itself.
    is_comment = False
    for number, line in _lines(text):
        plain = line.strip()
        is_comment = (is_comment or plain.startswith("/*")) and "*/" not in plain
        if not is_comment and (match := _GRADLE.match(line) or _GRADLE_MAP.match(line)):
            yield ManifestDependency("maven", f"{match[1]}:{match[2]}", number)


_MODULE = re.compile(r"module\s{0,9}=\s{0,9}[\"']([\w.-]{1,200}):([\w.-]{1,200})[\"']")
_GROUP_NAME = re.compile(
    r"group\s{0,9}=\s{0,9}[\"']([\w.-]{1,200})[\"'].{0,200}?\bname\s{0,9}=\s{0,9}[\"']([\w.-]{1,200})[\"']"
)
_COORDINATES = re.compile(
    r"\s{0,40}[\w.-]{1,200}\s{0,9}=\s{0,9}[\"']([\w.-]{1,200}):([\w.-]{1,200}):[^\"']{1,100}[\"']"
)


def _version_catalogue(text: str, *, is_part: bool) -> Iterator[ManifestDependency]:
    table: str | None = None if is_part else ""
    for number, written in _lines(text):
        line = _without_comment(written)
        if match := _TABLE.match(line):
            table = match[1]
        elif table in {None, "libraries"}:
            match = _MODULE.search(line) or _GROUP_NAME.search(line) or _COORDINATES.match(line)
            if match:
                yield ManifestDependency("maven", f"{match[1]}:{match[2]}", number)


_READERS: dict[str, DependencyReader] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "package.json": _package_json,
    "go.mod": _go_mod,
    "Cargo.toml": _cargo,
    "pom.xml": _pom,
    "build.gradle": _gradle,
    "build.gradle.kts": _gradle,
    "Gemfile": _gemfile,
    "gems.rb": _gemfile,
}
