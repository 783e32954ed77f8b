"""Answers of a memory for hooks: the lines of a block, and the findings of guard."""

from __future__ import annotations


class Block:
    """A text about memories, a line for each.

    Attributes:
        head: The first line.
        lines: Id, heading of the section, and line of each memory.
        foot: The line about omitted memories; empty if none were omitted.
        seq: The ledger position of the block.
        reader: Tenant, repository and user of the reader, for the recall ledger; empty if it is off.
        ends_at: The first known end of a memory in the block, such as that of a claim, in seconds since 1970; None
            without one.
    """

    __slots__ = ("ends_at", "foot", "head", "lines", "reader", "seq")

    def __init__(
        self,
        head: str,
        lines: list[tuple[str, str, str]],
        foot: str,
        seq: int,
        reader: list[str | None] | None = None,
        ends_at: float | None = None,
    ) -> None:
        self.head = head
        self.lines = lines
        self.foot = foot
        self.seq = seq
        self.reader = reader or []
        self.ends_at = ends_at

    @property
    def keys(self) -> list[str]:
        """A key for each line: the memory id and the current wording."""
        return [f"{memory_id} {text}" for memory_id, _, text in self.lines]

    def text(self, keys: list[str] | None = None) -> str:
        """Return the text of the block, with all lines or only those of `keys`; empty without a line."""
        chosen = None if keys is None else set(keys)
        parts: list[str] = []
        section = ""
        for memory_id, heading, line in self.lines:
            if chosen is not None and f"{memory_id} {line}" not in chosen:
                continue
            if heading != section:
                parts.append(heading)
                section = heading
            parts.append(line)
        if not parts:
            return ""
        foot = [self.foot] if self.foot and chosen is None else []
        return "\n".join([OPENING, self.head, *parts, *foot, CLOSING])

    def fields(self) -> dict[str, object]:
        """Return the block as JSON."""
        fields: dict[str, object] = {"head": self.head, "lines": self.lines, "foot": self.foot, "seq": self.seq}
        return {**fields, "reader": self.reader, "ends_at": self.ends_at}

    @classmethod
    def of(cls, fields: dict[str, object]) -> Block:
        """Return the block of `fields`.

        Raises:
            ValueError: The fields are of another form.
        """
        lines, seq, reader = fields.get("lines"), fields.get("seq"), fields.get("reader")
        if not isinstance(lines, list) or not isinstance(seq, int):
            raise ValueError("no block")  # noqa: TRY004 - one error for any other form
        triples = [(str(memory_id), str(heading), str(line)) for memory_id, heading, line in lines]
        return cls(
            str(fields.get("head")), triples, str(fields.get("foot")), seq, reader if isinstance(reader, list) else []
        )


#: Marks around texts of graphmem: a capture of the conversation leaves out text between them.
OPENING, CLOSING = "<graphmem>", "</graphmem>"


class Guarded:
    """The findings of guard.

    Attributes:
        decision: `allow`, `ask` or `deny`.
        reason: The reason for a refusal or a question; empty if allowed.
        warnings: A key and a text for each warning: the memory on the path.
    """

    __slots__ = ("decision", "reason", "warnings")

    def __init__(
        self, decision: str = "allow", reason: str = "", warnings: list[tuple[str, str]] | None = None
    ) -> None:
        self.decision = decision
        self.reason = reason
        self.warnings = warnings or []

    def fields(self) -> dict[str, object]:
        """Return the findings as JSON."""
        return {"decision": self.decision, "reason": self.reason, "warnings": self.warnings}

    @classmethod
    def of(cls, fields: dict[str, object]) -> Guarded:
        """Return the findings of `fields`.

        Raises:
            ValueError: The fields are of another form.
        """
        warnings = fields.get("warnings")
        if not isinstance(warnings, list):
            raise ValueError("no findings")  # noqa: TRY004 - one error for any other form
        pairs = [(str(key), str(text)) for key, text in warnings]
        return cls(str(fields.get("decision")), str(fields.get("reason")), pairs)
