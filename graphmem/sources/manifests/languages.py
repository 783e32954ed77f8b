"""The programming languages of a repository, counted along the mainline."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.mainline import MainlineCommit
from graphmem.sources.manifests.manifest_paths import is_code_of_others

#: A language begins with this share of the files of all languages …
BEGINS_AT = 0.05
#: … and ends below this share, so that a share near the limit does not begin and end with every commit.
ENDS_BELOW = 0.03

_EXTENSIONS = {
    "Ada": "adb ads",
    "C": "c h",
    "C#": "cs",
    "C++": "cc cpp cxx hpp hh hxx",
    "Clojure": "clj cljs cljc",
    "Dart": "dart",
    "Elixir": "ex exs",
    "Elm": "elm",
    "Erlang": "erl hrl",
    "F#": "fs fsx",
    "Fortran": "f90 f95 f03 for",
    "Go": "go",
    "Groovy": "groovy",
    "Haskell": "hs",
    "Java": "java",
    "JavaScript": "js mjs cjs jsx",
    "Julia": "jl",
    "Kotlin": "kt kts",
    "Lua": "lua",
    "Nix": "nix",
    "Objective-C": "m mm",
    "OCaml": "ml mli",
    "Perl": "pl pm",
    "PHP": "php",
    "PowerShell": "ps1 psm1 psd1",
    "Python": "py pyi pyx",
    "R": "r",
    "Ruby": "rb",
    "Rust": "rs",
    "Scala": "scala",
    "Shell": "sh bash zsh bats",
    "SQL": "sql",
    "Svelte": "svelte",
    "Swift": "swift",
    "Terraform": "tf",
    "TypeScript": "ts tsx mts cts",
    "Vue": "vue",
    "Zig": "zig",
}
_LANGUAGES = {extension: language for language, listed in _EXTENSIONS.items() for extension in listed.split()}
_FOLDERS_OF_OUTPUT = frozenset({"dist", "node_modules", "_static", "site"})


def language_of(path: str) -> str | None:
    """The programming language of a file by its extension; None for others, and for copied code."""
    folder, name = posixpath.split(path)
    stem, dot, extension = name.rpartition(".")
    language = _LANGUAGES.get(extension.casefold()) if dot and stem else None
    if language is None or is_code_of_others(folder) or name.endswith((".min.js", ".min.css")):
        return None
    return None if _FOLDERS_OF_OUTPUT.intersection(folder.split("/")) else language


@dataclass(slots=True)
class LanguageCount:
    """Files by language, commit by commit: no tree is listed.

    Attributes:
        current: Languages that hold now, those of most files first.
    """

    current: tuple[str, ...] = ()
    _files: dict[str, str] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)

    def observed(self, commits: Iterable[MainlineCommit]) -> Iterator[tuple[MainlineCommit, tuple[str, ...]]]:
        """The commits, each with the languages that hold after it."""
        for commit in commits:
            for change in commit.raw.changes:
                if change.status in "DR":
                    self._remove(change.old_path)
                if change.status != "D" and change.path not in self._files:
                    self._enter(change.path)
            self.current = self._held()
            yield commit, self.current

    def _enter(self, path: str) -> None:
        language = language_of(path)
        if language is not None:
            self._files[path] = language
            self._counts[language] += 1

    def _remove(self, path: str) -> None:
        language = self._files.pop(path, None)
        if language is not None:
            self._counts[language] -= 1

    def _held(self) -> tuple[str, ...]:
        total = sum(self._counts.values())
        return tuple(
            sorted(
                language
                for language, count in self._counts.items()
                if count and count >= total * (ENDS_BELOW if language in self.current else BEGINS_AT)
            )
        )
