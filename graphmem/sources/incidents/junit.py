"""Failures of tests, from the XML of JUnit that most test runners write."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Anchor, AnchorKind, Kind, Move, Origin, Statement, Status, instant
from graphmem.sources.clipped_text import clipped, one_line
from graphmem.sources.incidents.junit_tags import XmlTag, plain_text, xml_tags
from graphmem.sources.limited_files import limited_content
from graphmem.sources.observations import Observation, Problem, Reading

KEY = "junit:"
MAX_FILE_BYTES = 64 << 20
MAX_TESTS = 200_000
#: More failures in one run come from a broken build, not from as many incidents.
MAX_FAILURES = 500
_MAX_ID_CHARS = 400
_MAX_MESSAGE_CHARS = 500
_SHOWN = 12
_FAILURES = frozenset({"failure", "error"})


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The result of a test.

    Attributes:
        name: Class and name of the test, `tests.test_sums::test_zero`.
        has_failed: None if the test was skipped, which says nothing.
        message: The first line of the failure.
        file: The file of the test, if the runner names it.
    """

    name: str
    line: int
    has_failed: bool | None = False
    message: str = ""
    file: str = ""


def read_junit(path: Path, *, at: datetime, commit: str) -> Reading:
    """The failures of a JUnit XML file as incidents. An incident ends when a later reading shows that its test passes.

    The readings of a repository are ingested in the order of their times. A test that is skipped or missing says
    nothing. Statements are of external origin, since messages of tests may have any text.

    Args:
        path: The file.
        at: The time of the run.
        commit: Hash of the commit that was tested: it is named as the commit that failed, or that mended the test.

    Returns:
        A state for each test that failed or passed; a test that passes and never failed makes no memory.

    Raises:
        InvalidInput: The file is too large or cannot be read.
        NotFound: There is no file.
    """
    results = list(_merged(case_results(limited_content(path, MAX_FILE_BYTES).decode("utf-8-sig", "replace"))))
    failed = [result for result in results if result.has_failed]
    problems: list[Problem] = []
    if not results:
        problems.append(Problem(path.name, 1, "no test case: the file is no JUnit XML"))
    if len(failed) > MAX_FAILURES:
        reason = f"{len(failed)} tests failed; the first {MAX_FAILURES} were read"
        problems.append(Problem(path.name, failed[MAX_FAILURES].line, reason))
        failed = failed[:MAX_FAILURES]
    passed = [result for result in results if result.has_failed is False]
    when, name = instant(at), one_line(commit, _MAX_ID_CHARS)
    return Reading(
        tuple(_observation(result, path.name, when, name) for result in (*failed, *passed)), (), tuple(problems)
    )


def case_results(text: str) -> Iterator[CaseResult]:
    """The results of the test cases of an XML text, in order."""
    case: CaseResult | None = None
    suites: list[str] = []
    count = 0
    for tag in xml_tags(text):
        if tag.name == "testsuite" and not tag.is_empty:
            suites = suites[:-1] if tag.is_closing else [*suites, tag.attributes.get("name", "")][-20:]
        elif tag.name == "testcase":
            if case is not None:
                yield case
            case = None if tag.is_closing else _case(tag, suites[-1] if suites else "")
            count += not tag.is_closing
            if count > MAX_TESTS:
                return
            if case is not None and tag.is_empty:
                yield case
                case = None
        elif case is not None and not tag.is_closing:
            case = _with_child(case, tag, text)
    if case is not None:
        yield case


def _case(tag: XmlTag, suite: str) -> CaseResult | None:
    name = one_line(tag.attributes.get("name", ""), _MAX_ID_CHARS)
    group = one_line(tag.attributes.get("classname", "") or suite, _MAX_ID_CHARS)
    file = posixpath.normpath(tag.attributes.get("file", "").replace("\\", "/") or ".")
    is_inside = file != "." and not file.startswith(("/", "..")) and file.isprintable() and ":" not in file
    shown = f"{group}::{name}" if group else name
    return CaseResult(shown, tag.line, file=file if is_inside else "") if name else None


def _with_child(case: CaseResult, tag: XmlTag, text: str) -> CaseResult:
    """The result after a tag within its test case: a failure, an error or a skip."""
    if tag.name == "skipped" and not case.has_failed:
        return replace(case, has_failed=None)
    if tag.name not in _FAILURES:
        return case
    message = tag.attributes.get("message", "") or tag.attributes.get("type", "")
    if not message and not tag.is_empty:
        message = plain_text(text[tag.text_end : tag.text_end + _MAX_MESSAGE_CHARS].partition("<")[0])
    first = message.strip().partition("\n")[0]
    return replace(case, has_failed=True, message=case.message or one_line(first, _MAX_MESSAGE_CHARS))


def _merged(results: Iterable[CaseResult]) -> Iterable[CaseResult]:
    """The results by name, in order; if several have the same name, a failure counts."""
    merged: dict[str, CaseResult] = {}
    for result in results:
        known = merged.get(result.name)
        if known is None or (result.has_failed and not known.has_failed) or known.has_failed is None:
            merged[result.name] = result
    return merged.values()


def _observation(result: CaseResult, path: str, at: datetime, commit: str) -> Observation:
    shown = commit[:_SHOWN]
    failed = Move(Status.ACTIVE, at, 0, f"failed at {shown}")
    passed = Move(Status.ENDED, at, 0, f"passed at {shown}")
    return Observation(
        key=f"{KEY}{result.name}",
        statement=_statement(result),
        moves=(failed if result.has_failed else passed,),
        path=path,
        line=result.line,
        provenance=f"{path} of commit {commit}",
        is_state=True,
    )


def _statement(result: CaseResult) -> Statement:
    return Statement(
        title=one_line(f"Test fails: {result.name}"),
        body=clipped(result.message),
        kind=Kind.INCIDENT,
        origin=Origin.EXTERNAL,
        labels=("test failure",),
        aliases=(result.name,),
        anchors=(Anchor(AnchorKind.FILE, result.file),) if result.file else (),
    )
