"""The new places of parts of files, as the ledger has them: symbols, and the lines of files that were split."""

from __future__ import annotations

from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput

_PERCENT = 100
MAX_PATH_CHARS = 4_096


class RelocationBasis(StrEnum):
    """The property that showed a part of a file to be in another place.

    `similar` is a proposal: the symbol is gone, and the new symbol is similar, but not clearly the same. `gone` is a
    symbol that is nowhere. `lines` are those of a file that another file of the commit has since.
    """

    NAME = "name"
    BODY = "body"
    LINES = "lines"
    SIMILAR = "similar"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Relocation:
    """A part of a file that a commit of the mainline moved; it replaces earlier rows of its commit and part.

    Attributes:
        commit: Hash of the commit.
        path: The file before the commit.
        symbol: The dotted name of the symbol before; empty for lines of the file.
        new_path: The file since then; empty if the symbol is gone.
        new_symbol: The name since then.
        similarity: Percent: how alike the bodies are; of lines, the share of the file that went there.
    """

    commit: str
    path: str
    basis: RelocationBasis
    symbol: str = ""
    new_path: str = ""
    new_symbol: str = ""
    similarity: int = _PERCENT

    def __post_init__(self) -> None:
        if type(self.basis) is not RelocationBasis:
            try:
                object.__setattr__(self, "basis", RelocationBasis(self.basis))
            except ValueError:
                given = f"{self.basis!r:.80} is no basis of a relocation"
                raise InvalidInput(f"{given}; there are {', '.join(RelocationBasis)}") from None
        for text in (self.commit, self.path, self.symbol, self.new_path, self.new_symbol):
            if len(text) > MAX_PATH_CHARS:
                raise InvalidInput(f"{text[:80]!r}… has {len(text)} characters, more than {MAX_PATH_CHARS}")
        if not 0 <= self.similarity <= _PERCENT:
            raise InvalidInput(f"a similarity of {self.similarity!r} is not between 0 and {_PERCENT} percent")
        if (self.symbol == "") != (self.basis is RelocationBasis.LINES):
            raise InvalidInput(f"a relocation on the basis of {self.basis.value!r} of symbol {self.symbol!r:.80}")
        if (self.new_path == "") != (self.basis is RelocationBasis.GONE):
            raise InvalidInput(f"a relocation on the basis of {self.basis.value!r} to {self.new_path!r:.80}")

    @property
    def sentence(self) -> str:
        """The change in words, without a full stop."""
        old = f"{self.path}#{self.symbol}" if self.symbol else self.path
        new = f"{self.new_path}#{self.new_symbol}" if self.new_symbol else self.new_path
        commit = f"commit {self.commit[:10]}"
        match self.basis:
            case RelocationBasis.GONE:
                return f"{old} is gone ({commit})"
            case RelocationBasis.SIMILAR:
                return f"{old} is gone; it may be {new} ({commit}, {self.similarity} % alike)"
            case RelocationBasis.LINES:
                return f"{self.similarity} % of the lines of {old} went to {new} ({commit})"
            case _:
                return f"{old} is {new} ({commit}, {self.similarity} % alike)"

    @property
    def is_move(self) -> bool:
        """True if a symbol is elsewhere: it is neither gone nor only similar to another one."""
        return self.basis in (RelocationBasis.NAME, RelocationBasis.BODY)

    @property
    def key(self) -> tuple[str, str, str]:
        """The commit, the path and the symbol."""
        return self.commit, self.path, self.symbol


#: The most relocations of an entry; a reading that finds more makes several.
MAX_RELOCATIONS = 5_000


@dataclass(frozen=True, slots=True)
class RecordRelocations:
    """Record where parts of files went that memories of the writer's repository are about. It changes no memory."""

    relocations: tuple[Relocation, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.relocations) <= MAX_RELOCATIONS:
            raise InvalidInput(f"{len(self.relocations)} relocations: give 1 to {MAX_RELOCATIONS}")
