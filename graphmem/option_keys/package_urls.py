"""Package URLs (ECMA-427) without version: `pkg:npm/%40scope/name`, with the imported names in `?import=`."""

from __future__ import annotations

import re

from graphmem.errors import InvalidInput
from graphmem.option_keys.key_types import LANGUAGE_OF
from graphmem.option_keys.package_names import shown_name

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
#: Characters that a package URL writes as they are.
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:")
_NAME = re.compile(r"[^\s\x00-\x1f\x7f/?#*]{1,214}")
_IMPORT_NAME = re.compile(r"[^\s\x00-\x1f\x7f,?&=#]{1,300}")
_MOST_SEGMENTS = 20
_MOST_IMPORTS = 20
#: The smallest and the largest number of segments of a name, by ecosystem.
_SEGMENTS = {
    "pypi": (1, 1),
    "npm": (1, 2),
    "golang": (1, _MOST_SEGMENTS),
    "cargo": (1, 1),
    "maven": (2, 2),
    "gem": (1, 1),
}


def parse_package_url(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Return ecosystem, name and recorded imported names of a package URL.

    Args:
        text: The URL; slashes after `pkg:`, an `@` in front of a scope and `%40` are all read.

    Raises:
        InvalidInput: The ecosystem is unknown, the name is none of it, or the URL has a version, a subpath or a
            qualifier other than `import`.
    """
    rest, _, qualifiers = text.partition(":")[2].lstrip("/").partition("?")
    ecosystem, _, path = rest.partition("/")
    ecosystem = ecosystem.lower()
    if ecosystem not in LANGUAGE_OF:
        raise InvalidInput(f"{text[:80]!r} is a package of no known ecosystem; there are {', '.join(LANGUAGE_OF)}")
    if "#" in text:
        raise InvalidInput(f"{text[:80]!r} has a subpath: leave out '#…'; 'import:LANGUAGE:NAME' names a part")
    segments = [_decoded(segment) for segment in path.rstrip("/").split("/")]
    if "@" in path.rpartition("/")[2][1:]:
        raise InvalidInput(f"{text[:80]!r} has a version: leave it out; the key is about every version")
    least, most = _SEGMENTS[ecosystem]
    has_scope = ecosystem == "npm" and segments[0].startswith("@")
    is_right = least <= len(segments) <= most and has_scope == (ecosystem == "npm" and len(segments) > 1)
    if not is_right or not all(map(_NAME.fullmatch, segments)) or "." in segments or ".." in segments:
        raise InvalidInput(f"{text[:80]!r} is no package URL: write {_EXAMPLES[ecosystem]}")
    return ecosystem, shown_name(ecosystem, "/".join(segments)), _imports(text, qualifiers)


_EXAMPLES = {
    "pypi": "pkg:pypi/pytz",
    "npm": "pkg:npm/lodash or pkg:npm/@scope/name",
    "golang": "pkg:golang/github.com/pkg/errors",
    "cargo": "pkg:cargo/serde",
    "maven": "pkg:maven/GROUP/ARTIFACT",
    "gem": "pkg:gem/rails",
}


def _imports(text: str, qualifiers: str) -> tuple[str, ...]:
    if not qualifiers:
        return ()
    field, _, value = qualifiers.partition("=")
    names = [name for name in _decoded(value).split(",") if name]
    if field.lower() != "import" or "&" in value or not names or len(names) > _MOST_IMPORTS:
        raise InvalidInput(f"{text[:80]!r} has a qualifier other than '?import=NAME,NAME': leave it out")
    if not all(map(_IMPORT_NAME.fullmatch, names)):
        raise InvalidInput(f"{text[:80]!r} has an imported name that no import can have")
    return tuple(dict.fromkeys(names))


def package_url(ecosystem: str, name: str, imports: tuple[str, ...]) -> str:
    """Return the canonical package URL of a package, with its recorded imported names if there are any."""
    path = "/".join(map(_encoded, name.split("/")))
    return f"pkg:{ecosystem}/{path}" + (f"?import={_encoded(','.join(imports))}" if imports else "")


def _decoded(text: str) -> str:
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "surrogatepass"))
    return raw.decode("utf-8", "replace")


def _encoded(text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in raw)
