"""Use cases of claims. See `world.seed` for what there is; every use case is asked for at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.parity.use_case import UseCase

#: The id that follows from the `op_id` of the claim.
PORTED = "pdf2gny2ff3j"
BY_BOB = {"actor": "bob", "op_id": "claimed"}
CLAIMED = (("claim", {"task": "Port the reader", "paths": ["src/db.py"], "lasting": "4h", "write": BY_BOB}),)


def _write(name: str, verb: str, asked: Mapping[str, Any], **more: Any) -> UseCase:  # noqa: ANN401 - as UseCase has it
    write = {"op_id": f"{verb} {name}", **asked.get("write", {})}
    return UseCase(name=name, verb=verb, asked={**asked, "write": write}, **more)


CLAIMING = (
    UseCase(name="that nobody made", verb="claims", told={"claims.#": 0, "more": 0}),
    UseCase(
        name="in force",
        verb="claims",
        before=CLAIMED,
        told={
            "claims.0.id": PORTED,
            "claims.0.actor": "bob",
            "claims.0.until": "2026-06-01T16:00:00Z",
            "claims.0.paths.0": "src/db.py",
        },
    ),
    UseCase(name="of a path", verb="claims", asked={"path": "docs/"}, before=CLAIMED, told={"claims.#": 0}),
    UseCase(
        name="of a holder, later",
        verb="claims",
        asked={"holder": "bob", "at": {"as_of": "2026-06-01T16:00:00Z"}},
        before=CLAIMED,
        told={"claims.#": 0},
    ),
    UseCase(name="of a path outside", verb="claims", asked={"path": "../x"}, code="invalid_input"),
    UseCase(
        name="beside the claim of another",
        verb="context",
        asked={"task": "", "paths": ["src/db.py"]},
        before=CLAIMED,
        told={"sections.1.items.0.claim.actor": "bob", "sections.1.items.0.is_own": False},
    ),
    UseCase(
        name="of a file that another claims",
        verb="guard",
        asked={"diff": "--- a/src/db.py\n+++ b/src/db.py\n@@ -1 +1,2 @@\n import os\n+x = 1\n"},
        before=CLAIMED,
        told={"findings.0.kind": "claimed_by_another", "findings.0.level": "note"},
    ),
    _write(
        "on paths, for a while",
        "claim",
        {"task": "Rename models", "paths": ["src/", "docs/*.md"], "lasting": "1d"},
        told={
            "claim.actor": "ada",
            "claim.paths": ["src/", "docs/*.md"],
            "claim.until": "2026-06-02T12:00:00Z",
            "overlapping.#": 0,
        },
    ),
    _write(
        "beside the claim of another",
        "claim",
        {"task": "Rename models", "paths": ["src/"], "until": "2026-06-02"},
        before=CLAIMED,
        told={"overlapping.0.id": PORTED, "notes.#": 1, "claim.until": "2026-06-02T00:00:00Z"},
    ),
    _write(
        "for a recorded task",
        "claim",
        {"task": "Move it", "works_on": "mysql"},
        told={"claim.works_on": "mysql", "claim.paths": ["src/db.py"]},
    ),
    _write("outside the repository", "claim", {"task": "x", "paths": ["/etc"]}, code="invalid_input"),
    _write("for no duration", "claim", {"task": "x", "lasting": "soon"}, code="invalid_input"),
    _write("until a past time", "claim", {"task": "x", "until": "2020-01-01"}, code="invalid_input"),
    _write("for a task that there is not", "claim", {"task": "x", "works_on": "nobody"}, code="not_found"),
    _write("a name that is taken", "claim", {"task": "x", "write": {"op_id": "named"}}, code="conflict"),
    _write(
        "with a note",
        "renew",
        {"key": PORTED, "lasting": "2d", "note": "3 of 7"},
        before=CLAIMED,
        told={"claim.until": "2026-06-03T12:00:00Z", "change.provenance.reason": "3 of 7"},
    ),
    _write("what is no claim", "renew", {"key": "lint"}, code="invalid_input"),
    _write("nobody's", "renew", {"key": "nobody"}, code="not_found"),
    _write(
        "that is done",
        "release",
        {"key": PORTED, "done": True},
        before=CLAIMED,
        told={"change.operation.source_word": "done", "claim.until": None},
    ),
    _write("what is no claim", "release", {"key": "lint"}, code="invalid_input"),
    _write("nobody's", "release", {"key": "nobody"}, code="not_found"),
    _write(
        "with its history",
        "hand_over",
        {"key": PORTED, "to": "carl", "note": "the writer is left"},
        before=CLAIMED,
        told={
            "claim.actor": "carl",
            "claim.steps.0.action": "claimed",
            "claim.steps.1.action": "handed over to carl",
            "claim.steps.1.note": "the writer is left",
            "took_over.0.actor": "bob",
        },
    ),
    _write(
        "a task that is no claim",
        "hand_over",
        {"key": "lint", "to": "carl", "lasting": "1h"},
        told={"claim.works_on": "lint", "claim.until": "2026-06-01T13:00:00Z"},
    ),
    _write("to its holder", "hand_over", {"key": PORTED, "to": "bob"}, before=CLAIMED, code="invalid_input"),
    _write("nobody's", "hand_over", {"key": "nobody", "to": "bob"}, code="not_found"),
)
