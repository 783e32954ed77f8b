"""Guard's answer for machines: SARIF 2.1.0, and annotations of GitHub Actions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from graphmem import __version__
from graphmem.cli.guard_pages import sentence_of
from graphmem.guard.levels import FindingKind, Level

if TYPE_CHECKING:
    from graphmem.service.guard_answers import ExcusedFinding, GuardAnswer, GuardFinding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = {
    FindingKind.REJECTED_RETURNS: "A change brings back an option that a memory in force rejects.",
    FindingKind.SUPERSEDED_FOLLOWED: "A change uses what only a superseded memory chose.",
    FindingKind.CONTESTED_TOUCHED: "A change touches what several memories in force contest.",
    FindingKind.CONSTRAINT_ON_PATH: "A change is in a file that a mandatory memory is about.",
    FindingKind.DRIFTED_RELIED_ON: "A change is in a file of a memory that the code has left behind.",
    FindingKind.CLAIMED_BY_ANOTHER: "A change is in a file that another actor has claimed.",
}
_SARIF_LEVELS = {Level.NOTE: "note", Level.WARN: "warning", Level.DENY: "error"}
_GITHUB_LEVELS = {Level.NOTE: "notice", Level.WARN: "warning", Level.DENY: "error"}


def sarif(answer: GuardAnswer) -> str:
    """Return the findings as a SARIF 2.1.0 log of one run; excused findings are suppressed results."""
    results = [_result(finding) for finding in answer.findings]
    results += [_suppressed(excused) for excused in answer.excused]
    skipped = [
        {"level": "note", "message": {"text": f"{skipped.path} was not read: {skipped.reason}"}}
        for skipped in answer.skipped
    ]
    run = {
        "tool": {"driver": _driver()},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": skipped}],
        "columnKind": "utf16CodeUnits",
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def github(answer: GuardAnswer) -> str:
    """Return the findings as workflow commands of GitHub Actions, one a line."""
    return "\n".join(_annotations(answer))


#: The forms by the value of `--format`.
FORMS: Mapping[str, Callable[[GuardAnswer], str]] = {"sarif": sarif, "github": github}


def _driver() -> dict[str, Any]:
    rules = [{"id": kind.value, "shortDescription": {"text": text}} for kind, text in _RULES.items()]
    return {"name": "graphmem guard", "version": __version__, "rules": rules}


def _result(finding: GuardFinding) -> dict[str, Any]:
    return {
        "ruleId": finding.kind.value,
        "ruleIndex": list(_RULES).index(finding.kind),
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": sentence_of(finding)},
        **_locations(finding.path, finding.line),
        "partialFingerprints": {"memoryAndPath/v1": _mark(finding.kind, finding.memory.id, finding.path)},
        "properties": {
            "memory": finding.memory.id,
            "key": finding.key,
            "change": finding.change,
            "allow": finding.allow,
        },
    }


def _suppressed(excused: ExcusedFinding) -> dict[str, Any]:
    kind = FindingKind.REJECTED_RETURNS
    is_in_source = bool(excused.allow)
    return {
        "ruleId": kind.value,
        "ruleIndex": list(_RULES).index(kind),
        "level": "note",
        "message": {"text": f"{excused.option} is excused by {excused.by}"},
        **_locations(excused.path, excused.line),
        "partialFingerprints": {"memoryAndPath/v1": _mark(kind, excused.memory.id, excused.path)},
        "suppressions": [{"kind": "inSource" if is_in_source else "external", "justification": excused.reason}],
    }


def _locations(path: str, line: int) -> dict[str, Any]:
    if not path:
        return {}
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(path), "uriBaseId": "%SRCROOT%"}}
    if line:
        location["region"] = {"startLine": line}
    return {"locations": [{"physicalLocation": location}]}


def _mark(kind: FindingKind, memory_id: str, path: str) -> str:
    return hashlib.sha256(f"{kind.value}\0{memory_id}\0{path}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _annotations(answer: GuardAnswer) -> Iterator[str]:
    for finding in answer.findings:
        location = {"file": finding.path, "line": str(finding.line or ""), "title": f"graphmem: {finding.kind.value}"}
        properties = ",".join(f"{name}={_property(value)}" for name, value in location.items() if value)
        yield f"::{_GITHUB_LEVELS[finding.level]} {properties}::{_data(sentence_of(finding))}"
    for skipped in answer.skipped:
        yield f"::notice file={_property(skipped.path)}::{_data(f'graphmem guard did not read it: {skipped.reason}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
