"""Typed keys of an option: from a link to a package that stands as its name, or a code span that is its name.

Words of a name never become keys: on real records every return that they produced was false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from graphmem.option_keys import key_text
from graphmem.sources.decisions.sections import TextSection

_MAX_CHARS = 1_000
_LINK = re.compile(
    r"\[(?P<text>[^\[\]]{0,200})\]\(\s{0,9}<?(?P<url>https?://[^\s()<>]{1,400})>?(?:\s[^()]{0,200})?\)"
    r"|`(?P<rst>[^`<>]{1,200}?)\s{0,9}<(?P<rst_url>https?://[^\s<>]{1,400})>`_{0,2}"
    r"|<?(?P<bare>https?://[^\s()<>\[\]]{1,400})>?"
)
_CODE = re.compile(r"`{1,2}(?P<code>[^`\n]{1,200})`{1,2}")
_FILLER_TEXT = """
a adopt adopting an approach by choose continue crate framework gem implement keep library module of option our package
pick plugin provided stay stick the this through to tool use using via with
accepted adopted chosen discarded not preferred recommended rejected selected
"""
#: Words beside a name that say nothing about it: "use the X library".
_FILLERS = frozenset(_FILLER_TEXT.split())
_LABEL = re.compile(
    r"^(?:(?:option|alternative|approach|solution)\s*#?\s*(?:\d+|[a-z])?\s*[:.)]\s*|\d+[.)]\s+)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_][\w'-]*")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.-]{1,80}")
_SCOPED = re.compile(r"@[a-z0-9~][\w.~-]{0,100}/[a-z0-9~][\w.~-]{0,100}")
_GO_PATH = re.compile(r"(?:[a-z0-9-]{1,60}\.){1,3}[a-z]{2,10}/[\w./~-]{1,200}")
_ARTIFACT = re.compile(r"[a-z][\w-]{0,60}(?:\.[\w-]{1,60}){1,8}:[\w.-]{1,100}")
#: The language Go, within a sentence or as `golang`: a sentence may begin with the verb.
_GO = re.compile(
    r"\bgolang\b|\bgo\.mod\b|(?i:[\w,;)] )Go(?:'s)?\b(?! (?:to|with|for|back|ahead|through|live|away|on)\b)"
)
_HOST = re.compile(r"https?://(?:www\.)?(?P<host>[\w.-]{1,100})/(?P<path>[^?#]{0,300})")
#: Pages of packages: host, path, and the key made from its groups.
_PAGES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("pypi.org", re.compile(r"project/([\w.-]+)(?:/.*)?"), "pkg:pypi/{}"),
    ("pypi.python.org", re.compile(r"pypi/([\w.-]+)(?:/.*)?"), "pkg:pypi/{}"),
    ("npmjs.com", re.compile(r"package/(@[\w.~-]+/[\w.~-]+|[\w.~-]+)(?:/.*)?"), "pkg:npm/{}"),
    ("crates.io", re.compile(r"crates/([\w-]+)(?:/.*)?"), "pkg:cargo/{}"),
    ("lib.rs", re.compile(r"crates/([\w-]+)/?"), "pkg:cargo/{}"),
    ("pkg.go.dev", re.compile(r"((?:[\w-]+\.)+[a-z]+/[\w./~-]+?)(?:@[\w.-]+)?/?"), "pkg:golang/{}"),
    ("rubygems.org", re.compile(r"gems/([\w.-]+)(?:/.*)?"), "pkg:gem/{}"),
    ("central.sonatype.com", re.compile(r"artifact/([\w.-]+/[\w.-]+)(?:/.*)?"), "pkg:maven/{}"),
    ("search.maven.org", re.compile(r"artifact/([\w.-]+/[\w.-]+)(?:/.*)?"), "pkg:maven/{}"),
    ("mvnrepository.com", re.compile(r"artifact/([\w.-]+/[\w.-]+)(?:/.*)?"), "pkg:maven/{}"),
)
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]*/[\w.-]+/?")
#: Sections of the site's own pages, not repositories.
_NO_OWNERS = frozenset({"features", "marketplace", "orgs", "sponsors", "topics", "users"})


def is_about_go(sections: Sequence[TextSection]) -> bool:
    """Return whether a record names the language Go: its links to repositories are then modules of Go."""
    return any(_GO.search(line.text[:_MAX_CHARS]) for section in sections for line in section.lines) or any(
        _GO.search(section.heading) for section in sections
    )


def keys_in_name(text: str, *, is_go: bool) -> tuple[str, ...]:
    """Return the keys of an option.

    Args:
        text: The name of the option, with its markup.
        is_go: Links to repositories on GitHub are modules of Go.

    Returns:
        One key if a link to a package page, or a code span, is all that the name has besides words such as "use"; else
        none. A code span that is no typed key and no path or coordinate of a package is an untyped key.
    """
    text = _LABEL.sub("", text[:_MAX_CHARS].strip(" *_~#"))
    links = list(_LINK.finditer(text))
    spans = [] if links else list(_CODE.finditer(text))
    matches = links or spans
    if len(matches) != 1 or _has_more(text, matches[0]):
        return ()
    key = _linked(matches[0], is_go=is_go) if links else _spelled(matches[0]["code"].strip())
    return (key,) if key else ()


def _has_more(text: str, match: re.Match[str]) -> bool:
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    return any(word.lower() not in _FILLERS for word in _WORD.findall(rest))


def _linked(link: re.Match[str], *, is_go: bool) -> str | None:
    """Return the key of the package that a link leads to."""
    url = _HOST.match(link["url"] or link["rst_url"] or link["bare"] or "")
    if url is None:
        return None
    host, path = url["host"].lower(), url["path"]
    for site, pattern, form in _PAGES:
        if host == site and (match := pattern.fullmatch(path)) is not None:
            return key_text(form.format(match[1]))
    is_repository = host == "github.com" and _REPOSITORY.fullmatch(path) is not None
    if is_go and is_repository and path.partition("/")[0] not in _NO_OWNERS:
        return key_text(f"pkg:golang/github.com/{path.rstrip('/').removesuffix('.git')}")
    return None


def _spelled(code: str) -> str | None:
    """Return the key that a code span is."""
    for candidate in _candidates(code):
        if (key := key_text(candidate)) is not None:
            return key
    return code if _IDENTIFIER.fullmatch(code) else None


def _candidates(code: str) -> Iterator[str]:
    yield code
    if _SCOPED.fullmatch(code):
        yield f"pkg:npm/{code}"
    if _ARTIFACT.fullmatch(code):
        yield f"pkg:maven/{code.replace(':', '/', 1)}"
    if _GO_PATH.fullmatch(code):
        yield f"pkg:golang/{code.rstrip('/')}"
