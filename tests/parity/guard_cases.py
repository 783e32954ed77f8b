"""Use cases of the tripwire. See `world.seed` for what there is."""

from __future__ import annotations

from tests.parity.use_case import Surface, UseCase

ADDED = "--- a/src/x.py\n+++ b/src/x.py\n@@ -1 +1,2 @@\n import os\n+import pytz\n"
PYTZ = {"name": "pytz", "outcome": "rejected", "reason": "zoneinfo is enough", "keys": ["pkg:pypi/pytz"]}
ZONES = {"id": "zones", "statement": {"title": "Zones come from zoneinfo", "kind": "decision", "alternatives": [PYTZ]}}
REJECTED = (("add_many", {"items": [ZONES]}),)
ALLOWED = (*REJECTED, ("allow", {"key": "zones", "write": {"reason": "the old client needs it", "op_id": "allowed"}}))
NO_EDITS = {
    Surface.CLI: "it reads the edits of the work tree itself",
    Surface.MCP: "its tool takes diffs, commands and paths",
}

GUARDING = (
    UseCase(name="that brings back nothing", verb="guard", asked={"diff": ADDED}, told={"findings.#": 0, "files": 1}),
    UseCase(
        name="that brings back what was rejected",
        verb="guard",
        asked={"diff": ADDED},
        before=REJECTED,
        told={
            "findings.0.kind": "rejected_returns",
            "findings.0.level": "warn",
            "findings.0.memory.id": "zones",
            "findings.0.path": "src/x.py",
            "findings.0.line": 2,
            "findings.0.reason": "zoneinfo is enough",
        },
    ),
    UseCase(
        name="by a command, and another",
        verb="guard",
        asked={"commands": ["pip install pytz", "ls"]},
        before=REJECTED,
        told={"findings.0.evidence": "dependency on pytz", "level": "warn"},
    ),
    UseCase(
        name="that is only thought of",
        verb="guard",
        asked={"text": "Let us take `pytz`."},
        before=REJECTED,
        told={"level": "note"},
    ),
    UseCase(
        name="of an edit",
        verb="guard",
        asked={"edits": [{"path": "x.py", "after": "import pytz\n"}]},
        before=REJECTED,
        told={"findings.0.line": 1},
        lacks=NO_EDITS,
    ),
    UseCase(
        name="that is allowed",
        verb="guard",
        asked={"diff": ADDED},
        before=ALLOWED,
        told={"findings.#": 0, "excused.0.reason": "the old client needs it"},
    ),
    UseCase(name="of a diff that does not parse", verb="guard", asked={"diff": "nonsense"}, code="bad_diff"),
    UseCase(
        name="of a diff that is cut",
        verb="guard",
        asked={"diff": ADDED.removesuffix("+import pytz\n")},
        code="bad_diff",
    ),
    UseCase(
        name="one file",
        verb="allow",
        asked={"key": "zones", "path": "src/x.py", "write": {"op_id": "once", "reason": "the old client"}},
        before=REJECTED,
        told={
            "change.operation.memory.statement.anchors.0.name": "src/x.py",
            "change.operation.moves.0.status": "active",
        },
    ),
    UseCase(
        name="of an agent",
        verb="allow",
        asked={"key": "zones", "write": {"op_id": "once", "reason": "the old client", "origin": "agent"}},
        before=REJECTED,
        told={"change.operation.moves.0.status": "proposed"},
    ),
    UseCase(
        name="nobody", verb="allow", asked={"key": "nobody", "write": {"reason": "x", "op_id": "no"}}, code="not_found"
    ),
    UseCase(
        name="what rejects nothing",
        verb="allow",
        asked={"key": "lint", "write": {"reason": "x", "op_id": "no"}},
        code="invalid_input",
    ),
    UseCase(name="without a reason", verb="allow", asked={"key": "lint"}, code="invalid_input"),
)
