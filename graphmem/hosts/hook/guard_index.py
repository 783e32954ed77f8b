"""The words that an edit must have for guard to find anything: a superset of its findings, without a parser."""

from __future__ import annotations

import re

_CODE = frozenset(".py .pyi .pyw .js .jsx .mjs .cjs .ts .tsx .mts .cts .go .rs .java".split())  # noqa: SIM905
_RUN = re.compile(r"[a-z0-9]+")
_WORD, _ENDING = re.compile(r"[^\s;&|()`'\"]+"), re.compile(r"\.(?:exe|cmd|bat)$")
#: Terms of keys that code can bring in, and terms of files, as `graphmem.guard.index_terms` writes them.
_OF_CODE, _OF_FILES, _OF_COMMANDS = ("import:", "pkg:", "symbol:", "word:"), ("path:", "file:"), "command:"


class GuardIndex:
    """The words and paths of which an edit must have at least one to concern a memory.

    Attributes:
        words: The last word of each name.
        starts: The fixed beginnings of paths.
        programs: The programs of commands.
        is_open: Whether a name has a wildcard at its beginning, or no word: then every edit may concern it.
    """

    __slots__ = ("is_open", "programs", "starts", "words")

    def __init__(self, words: set[str], starts: set[str], programs: set[str], *, is_open: bool) -> None:
        self.words = words
        self.programs = programs
        self.starts = starts
        self.is_open = is_open

    @classmethod
    def of_terms(cls, terms: list[str]) -> GuardIndex:
        """Return the index of the terms of a store."""
        names = [
            term.rpartition(":")[2] if term.startswith("import:") else term
            for term in terms
            if term.startswith(_OF_CODE)
        ]
        runs = [_RUN.findall(name.lower()) for name in names]
        starts = {term.partition(":")[2] for term in terms if term.startswith(_OF_FILES)}
        programs = {term.partition(":")[2] for term in terms if term.startswith(_OF_COMMANDS)}
        return cls({words[-1] for words in runs if words}, starts, programs, is_open=not all(runs))

    def fields(self) -> dict[str, object]:
        """Return the index as JSON."""
        words, starts, programs = sorted(self.words), sorted(self.starts), sorted(self.programs)
        return {"words": words, "starts": starts, "programs": programs, "is_open": self.is_open}

    @classmethod
    def of(cls, fields: dict[str, object]) -> GuardIndex:
        """Return the index of `fields`.

        Raises:
            ValueError: The fields are of another form.
        """
        words, starts, programs = (fields.get(name) for name in ("words", "starts", "programs"))
        if not isinstance(words, list) or not isinstance(starts, list) or not isinstance(programs, list):
            raise ValueError("no index")  # noqa: TRY004 - one error for any other form
        is_open = fields.get("is_open") is not False
        return cls(set(map(str, words)), set(map(str, starts)), set(map(str, programs)), is_open=is_open)

    def concerns(self, paths: list[str], texts: list[str]) -> bool:
        """Return True if an edit may concern a memory.

        Args:
            paths: The files, relative to the repository.
            texts: The texts that the edit writes to the files.
        """
        if self.is_open or any(start in self.starts for path in paths for start in _starts(path)):
            return True
        return any(not self.words.isdisjoint(_RUN.findall(text.lower())) for text in texts)

    def runs(self, command: str) -> bool:
        """Return True if a command of a shell may run one of the programs."""
        words = _WORD.findall(command.lower())
        return any(_ENDING.sub("", word.replace("\\", "/").rpartition("/")[2]) in self.programs for word in words)


def is_code(path: str) -> bool:
    """Return True if guard reads imports in a file; in manifests, a package has other names than its imports."""
    name = path.rpartition("/")[2].lower()
    return "." in name and f".{name.rpartition('.')[2]}" in _CODE


def _starts(path: str) -> set[str]:
    """Return the path and its folders, with and without their slashes, and the root."""
    parts = path.split("/")
    folders = {"/".join(parts[:count]) for count in range(1, len(parts))}
    return {path, "", *folders, *(f"{folder}/" for folder in folders)}
