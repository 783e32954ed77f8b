"""Guard's answer as SARIF 2.1.0 and as annotations of GitHub.

The packages for SARIF on the package index (sarif-om, sarif-tools, sarif-pydantic) have no schema. `check_log` states
by hand what sections 3.13 to 3.58 of the specification require of the objects that guard writes: required properties,
types, and no others.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from graphmem.answers import Reference, State
from graphmem.cli.guard_forms import github, sarif
from graphmem.guard.file_changes import SkippedFile
from graphmem.guard.levels import FindingKind, Level
from graphmem.model import Origin, Point
from graphmem.service.guard_answers import ExcusedFinding, GuardAnswer, GuardFinding

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PATH = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20).filter(
    lambda path: not path.startswith("/")
)
MEMORY = st.builds(
    lambda key, title, alias: Reference(id=key, title=title, alias=alias, state=State.HOLDS, origin=Origin.HUMAN),
    st.text("abc123", min_size=1),
    TEXT,
    st.none() | TEXT,
)
FINDING = st.builds(
    GuardFinding,
    kind=st.sampled_from(FindingKind),
    level=st.sampled_from(Level),
    memory=MEMORY,
    message=TEXT,
    reason=TEXT,
    path=st.just("") | PATH,
    line=st.integers(0, 9_999),
    key=TEXT,
    change=TEXT,
    allow=TEXT,
)
EXCUSED = st.builds(
    ExcusedFinding, MEMORY, option=TEXT, path=PATH, line=st.integers(0, 99), by=TEXT, reason=TEXT, allow=TEXT
)
ANSWER = st.builds(
    GuardAnswer,
    findings=st.lists(FINDING, max_size=3).map(tuple),
    at=st.just(Point(NOW, 3)),
    excused=st.lists(EXCUSED, max_size=2).map(tuple),
    skipped=st.lists(st.builds(SkippedFile, PATH, TEXT), max_size=2).map(tuple),
)

#: The properties of each object: required, then optional properties that guard writes.
PROPERTIES: dict[str, tuple[set[str], set[str]]] = {
    "sarifLog": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "invocations", "columnKind"}),
    "toolComponent": ({"name"}, {"version", "rules"}),
    "reportingDescriptor": ({"id"}, {"shortDescription"}),
    "invocation": ({"executionSuccessful"}, {"toolExecutionNotifications"}),
    "notification": ({"message"}, {"level"}),
    "message": ({"text"}, set()),
    "result": (
        {"message"},
        {"ruleId", "ruleIndex", "level", "locations", "partialFingerprints", "properties", "suppressions"},
    ),
    "physicalLocation": ({"artifactLocation"}, {"region"}),
    "artifactLocation": ({"uri"}, {"uriBaseId"}),
    "suppression": ({"kind"}, {"justification"}),
}


def check_object(name: str, value: dict[str, Any]) -> None:
    required, optional = PROPERTIES[name]
    assert required <= set(value) <= required | optional, (name, set(value))


def check_log(log: dict[str, Any]) -> None:
    """Raise if a log breaks what the specification requires of the objects in it."""
    check_object("sarifLog", log)
    assert log["version"] == "2.1.0"
    assert urlsplit(log["$schema"]).scheme == "https"
    (run,) = log["runs"]
    check_object("run", run)
    assert set(run["tool"]) == {"driver"}
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    driver = run["tool"]["driver"]
    check_object("toolComponent", driver)
    for rule in driver["rules"]:
        check_object("reportingDescriptor", rule)
        check_object("message", rule["shortDescription"])
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    for invocation in run["invocations"]:
        check_object("invocation", invocation)
        assert invocation["executionSuccessful"] is True
        for notification in invocation["toolExecutionNotifications"]:
            check_object("notification", notification)
            check_object("message", notification["message"])
    for result in run["results"]:
        check_result(result, [rule["id"] for rule in driver["rules"]])


def check_result(result: dict[str, Any], rules: list[str]) -> None:
    check_object("result", result)
    check_object("message", result["message"])
    assert result["level"] in {"none", "note", "warning", "error"}
    assert rules[result["ruleIndex"]] == result["ruleId"]
    assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
    for location in result.get("locations", []):
        assert set(location) == {"physicalLocation"}
        place = location["physicalLocation"]
        check_object("physicalLocation", place)
        check_object("artifactLocation", place["artifactLocation"])
        # RFC 3986: a relative reference of these characters, without a scheme.
        assert re.fullmatch(r"[\w.~%!$&'()*+,;=:@/-]+", place["artifactLocation"]["uri"], re.ASCII)
        assert not urlsplit(place["artifactLocation"]["uri"]).scheme
        if "region" in place:
            assert place["region"].keys() == {"startLine"}
            assert place["region"]["startLine"] >= 1
    for suppression in result.get("suppressions", []):
        check_object("suppression", suppression)
        assert suppression["kind"] in {"inSource", "external"}


@given(ANSWER)
def test_the_log_has_what_the_specification_requires(answer: GuardAnswer) -> None:
    log = json.loads(sarif(answer))
    check_log(log)
    results = log["runs"][0]["results"]
    assert len(results) == len(answer.findings) + len(answer.excused)
    for finding, result in zip(answer.findings, results, strict=False):
        places = [place["physicalLocation"]["artifactLocation"]["uri"] for place in result.get("locations", [])]
        assert [unquote(uri) for uri in places] == ([finding.path] if finding.path else [])


@given(ANSWER)
def test_an_annotation_is_one_line_whose_parts_are_read_back(answer: GuardAnswer) -> None:
    lines = github(answer).split("\n") if answer.findings or answer.skipped else []
    assert len(lines) == len(answer.findings) + len(answer.skipped)
    for finding, line in zip(answer.findings, lines, strict=False):
        command = re.fullmatch(r"::(notice|warning|error) ([^:]*)::([^\r\n]*)", line)
        assert command is not None, line
        parts = dict(part.split("=", 1) for part in command[2].split(","))
        assert unquote(parts["title"]) == f"graphmem: {finding.kind.value}"
        assert unquote(parts.get("file", "")) == finding.path
        assert finding.message in unquote(command[3])
