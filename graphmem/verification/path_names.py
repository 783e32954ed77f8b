"""Names of files and folders in texts."""

from __future__ import annotations

import posixpath
import re

from graphmem.deferred_dataclass import dataclass

_POSITION = re.compile(r"(?:::?[\w\[\].,:\-\u2013]*|#[\w.:-]*|\?[\w.=&-]*)$")
_COMPONENT = re.compile(r"[\w.@+()\[\]~ -]+")
_FILE_NAME = re.compile(r"\.?[\w@+()\[\]-][\w.@+()\[\]-]*\.[A-Za-z][A-Za-z0-9_]{0,11}|\.[A-Za-z][\w.-]{2,40}")
_PLAIN_FILE = frozenset(
    {
        *("Makefile", "makefile", "GNUmakefile", "Dockerfile", "Containerfile", "Justfile", "justfile", "Gemfile"),
        *("Rakefile", "Procfile", "Vagrantfile", "Jenkinsfile", "Brewfile", "Caddyfile", "Tiltfile", "Earthfile"),
        *("CODEOWNERS", "LICENSE", "NOTICE", "CHANGELOG", "README", "CONTRIBUTING", "VERSION"),
    }
)
_GLOB = re.compile(r"[*?{]")
_PLACEHOLDER = re.compile(
    r"[<>$%|\\\"'=,;!^`\u2026]|\.\.\.|\b(?:XXX+|NNN+|YYYY|xxx+|nnn+|foo|bar|baz|path/to|your[-_]\w+|my[-_]\w+)\b"
)
_ELSEWHERE = re.compile(r"~|//|[A-Za-z]:|(?:origin|upstream|refs|heads)/|[\w+.-]+@|https?:|www\.")
_SHARED_NAMES = re.compile(
    r"(?:requirements[\w.-]*\.(?:txt|in)|(?:config|settings?|conf|options|values|defaults?)\.\w+|\.env[\w.]*"
    r"|(?:index|main|app|mod|lib|utils?|helpers?|types?|constants?|page|layout|route|test|tests|__init__|__main__|conftest|setup|server)\.\w+"
    r"|(?:readme|skill|changelog|contributing|license|agents?|claude|gemini|spec|plan|tasks?|todo|notes?|index)\.(?:md|txt|rst)"
    r"|(?:package|tsconfig|composer|manifest|settings|launch|data|output|results?|report|schema)[\w.-]*\.jsonc?"
    r"|(?:pyproject|cargo|config)\.toml|go\.(?:mod|sum)|docker-compose[\w.-]*\.ya?ml|compose\.ya?ml"
    r"|(?:file|foo|example|sample|input|output|my\w*|your\w*)\.\w+|makefile|dockerfile|justfile|license|readme)",
    re.IGNORECASE,
)
_MAX_CHARS = 300


@dataclass(frozen=True, slots=True)
class PathName:
    """A path in a text.

    Attributes:
        path: Without `./` at its start and `/` at its end; it may begin with `../`.
        is_folder: The text says that it is a folder: it ends in `/`, or a pattern follows.
        is_file: The last component looks like the name of a file.
        is_rooted: The text begins with a slash, which is the root of the repository. Routes of web servers
            begin so, too: only files count.
    """

    path: str
    is_folder: bool
    is_file: bool
    is_rooted: bool = False

    @property
    def is_bare(self) -> bool:
        """Return True if it is a name without a folder."""
        return "/" not in self.path and not self.is_rooted

    @property
    def is_shared_name(self) -> bool:
        """Return True if many folders and repositories have a file of this name, so that the name alone says little."""
        return self.is_bare and _SHARED_NAMES.fullmatch(self.path) is not None


def path_reference(text: str) -> PathName | None:
    """The path that a word is, without a line number, a fragment and a pattern at its end; None if it is no path."""
    word = text.strip() if "/" in text or "." in text else ""
    word = word.removeprefix("@") if "/" in word else word
    if not word or len(word) > _MAX_CHARS or _ELSEWHERE.match(word):
        return None
    is_rooted, word = word.startswith("/"), word.removeprefix("/")
    fixed, is_pattern = _without_pattern(word)
    bare = fixed if is_pattern else _POSITION.sub("", fixed)
    is_folder = is_pattern or bare.endswith("/")
    if not bare or _PLACEHOLDER.search(bare):
        return None
    path = posixpath.normpath(bare)
    parts = path.split("/")
    if path in {".", ".."} or not all(part == ".." or _COMPONENT.fullmatch(part) for part in parts):
        return None
    is_file = not is_folder and (_FILE_NAME.fullmatch(parts[-1]) is not None or parts[-1] in _PLAIN_FILE)
    is_path = is_file or (not is_rooted and (is_folder or len(parts) > 1))
    return PathName(path, is_folder, is_file, is_rooted) if is_path else None


def _without_pattern(word: str) -> tuple[str, bool]:
    """(The folder before the first pattern, True); (the word, False) without a pattern."""
    match = _GLOB.search(word)
    if match is None or (match.group() == "?" and "=" in word):
        return word, False
    return word[: word.rfind("/", 0, match.start()) + 1], True
