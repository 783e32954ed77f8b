"""Use cases that bring sources in and keep a store. See `world.seed` for what there is."""

from __future__ import annotations

from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, SegmentRow, packed
from tests.parity.documents import RECORD
from tests.parity.use_case import Surface, UseCase

#: In place of lines: what the library exports of the seeded store.
LEDGER = "the exported ledger"
TORN = "the exported ledger with one word changed"
BROKEN = "---\nstatus: [\n---\n# 2. X\n"
WRITE = {"source": "decisions", "op_id": "ingest"}
HERE_ALONE = {Surface.CLIENT: "a server copies no file to its callers"}
HERE_ALONE_DRAWN = {Surface.CLIENT: "a server does not export whole graphs"}

#: A reading of one commit and one file; `content` is `packed(MainlineRows(...))`.
READING = {"ref": "HEAD", "tip": "1" * 40, "commits": 1, "previous": 0, "content": packed(MainlineRows())}
RENAMED = {
    **READING,
    "commits": 2,
    "content": packed(
        MainlineRows(
            shas=("1" * 40, "2" * 40),
            times_us=(1_600_000_000_000_000, 1_700_000_000_000_000),
            segments=(
                SegmentRow(0, 0, "app/db.py", 0, 1, PathOrigin.ADDED, None, None),
                SegmentRow(1, 0, "src/db.py", 1, None, PathOrigin.RENAMED, 90, 0),
            ),
            segment_count=2,
        )
    ),
}
READING_WRITE = {"op_id": "read", "scope": {"repo": "shop"}}

KEEPING = (
    UseCase(
        name="of a repository",
        verb="readings",
        asked={"scope": {"repo": "shop"}},
        before=(("record_reading", {"reading": READING, "write": READING_WRITE}),),
        told={"#": 1, "0.operation.tip": "1" * 40, "0.operation.content": READING["content"]},
    ),
    UseCase(name="of another repository", verb="readings", asked={"scope": {"repo": "other"}}, told={"#": 0}),
    UseCase(name="after no position", verb="readings", asked={"after": -1}, code="invalid_input"),
    UseCase(
        name="of a file that was renamed",
        verb="file_life",
        asked={"path": "src/db.py"},
        before=(("record_reading", {"reading": RENAMED, "write": READING_WRITE}),),
        told={"lives.#": 1, "lives.0.now": "src/db.py", "lives.0.paths.#": 2, "lives.0.paths.0.path": "app/db.py"},
    ),
    UseCase(name="of a file that is not there", verb="file_life", asked={"path": "no.py"}, told={"lives.#": 0}),
    UseCase(name="of no file", verb="file_life", asked={"path": ""}, code="invalid_input"),
    UseCase(
        name="of a mainline",
        verb="record_reading",
        asked={"reading": READING, "write": READING_WRITE},
        told={"change.seq": 15, "change.operation.commits": 1, "ids.#": 0},
    ),
    UseCase(
        name="with rows that cannot be read",
        verb="record_reading",
        asked={"reading": {**READING, "content": "none"}, "write": READING_WRITE},
        code="invalid_input",
    ),
    UseCase(
        name="by a conversation",
        verb="record_reading",
        asked={"reading": READING, "write": {**READING_WRITE, "origin": "conversation"}},
        code="forbidden",
    ),
    UseCase(
        name="of a repository that was renamed",
        verb="link_repository",
        asked={"old": "billing", "new": "shop", "path": "lib:src/billing", "write": {"op_id": "linked"}},
        told={"change.seq": 15, "change.operation.folder.new": "src/billing", "ids.#": 0},
    ),
    UseCase(
        name="of a repository and itself",
        verb="link_repository",
        asked={"old": "shop", "new": "shop", "write": {"op_id": "linked"}},
        code="invalid_input",
    ),
    UseCase(
        name="of a check",
        verb="record_verdicts",
        asked={"verdicts": [{"memory": "lint", "status": "broken", "commit": "1" * 40}], "write": READING_WRITE},
        told={"change.seq": 15, "ids": ["lint"]},
    ),
    UseCase(
        name="of a symbol",
        verb="record_relocations",
        asked={
            "relocations": [
                {
                    "commit": "1" * 40,
                    "path": "a.py",
                    "symbol": "f",
                    "new_path": "b.py",
                    "new_symbol": "g",
                    "basis": "body",
                    "similarity": 80,
                }
            ],
            "write": READING_WRITE,
        },
        told={"change.seq": 15},
    ),
    UseCase(
        name="without any",
        verb="record_relocations",
        asked={"relocations": [], "write": READING_WRITE},
        code="invalid_input",
    ),
    UseCase(
        name="on a memory that is not there",
        verb="record_verdicts",
        asked={"verdicts": [{"memory": "nobody", "status": "broken", "commit": "1" * 40}], "write": READING_WRITE},
        code="not_found",
    ),
    UseCase(
        name="a decision record",
        verb="ingest",
        asked={"documents": {"adr/0001-queues.md": RECORD}, "write": WRITE},
        told={"added.#": 1, "unchanged": 0, "problems.#": 0},
    ),
    UseCase(
        name="what cannot be read is reported",
        verb="ingest",
        asked={"documents": {"adr/0001-queues.md": RECORD, "adr/0002-x.md": BROKEN}, "write": WRITE},
        told={"added.#": 2, "problems.#": 2, "problems.0.path": "adr/0002-x.md"},
    ),
    UseCase(
        name="the second time nothing changes",
        verb="ingest",
        asked={"documents": {"adr/0001-queues.md": RECORD}, "write": WRITE},
        before=(("ingest", {"documents": {"adr/0001-queues.md": RECORD}, "write": WRITE}),),
        told={"added.#": 0, "unchanged": 1},
    ),
    UseCase(name="the whole ledger", verb="export", told={"#": 15}),
    UseCase(name="of a tenant without a ledger", verb="export", asked={"scope": {"tenant": "nobody"}}, told={"#": 1}),
    UseCase(name="into an empty store", verb="restore", asked={"lines": LEDGER}, told={"": 14}, is_empty=True),
    UseCase(name="over the same ledger", verb="restore", asked={"lines": LEDGER}, told={"": 14}),
    UseCase(
        name="over another ledger",
        verb="restore",
        asked={"lines": LEDGER},
        before=(("add", {"statement": "One more", "write": {"op_id": "more"}}),),
        code="invalid_input",
    ),
    UseCase(name="what was tampered with", verb="restore", asked={"lines": TORN}, code="corrupt_store", is_empty=True),
    UseCase(name="what is no export", verb="restore", asked={"lines": ["{}"]}, code="invalid_input", is_empty=True),
    UseCase(name="all is as it must be", verb="check", told={"#": 0}),
    UseCase(name="what is there", verb="status", told={"memories": 10, "changes": 14, "vectors": 0, "model": None}),
    UseCase(name="of another tenant", verb="status", asked={"scope": {"tenant": "acme"}}, told={"memories": 1}),
    UseCase(name="nothing secret is there", verb="scrub", told={"entries": 14, "found": [], "scrubbed": []}),
    UseCase(name="only a list", verb="scrub", asked={"dry_run": True}, told={"entries": 14, "found": []}),
    UseCase(name="without a model", verb="reindex", code="unsupported"),
    UseCase(name="with a model", verb="reindex", told={"": 10}, has_model=True),
    UseCase(name="a copy", verb="backup", asked={"target": "copy.db"}, told={"": None}, lacks=HERE_ALONE),
    UseCase(name="over a file", verb="backup", asked={"target": "memory.db"}, code="invalid_input", lacks=HERE_ALONE),
    UseCase(
        name="from a server",
        verb="backup",
        asked={"target": "copy.db"},
        code="unsupported",
        lacks={Surface.LIBRARY: "the store is here", Surface.CLI: "the store is here"},
    ),
    UseCase(name="the names of its nodes", verb="to_networkx", told={"#": 8}, lacks=HERE_ALONE_DRAWN),
    UseCase(
        name="of a time to come",
        verb="to_networkx",
        asked={"at": {"known_at": 99}},
        code="invalid_input",
        lacks=HERE_ALONE_DRAWN,
    ),
    UseCase(name="of a server", verb="to_networkx", code="unsupported", lacks={Surface.LIBRARY: "the store is here"}),
)
