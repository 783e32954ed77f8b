"""Guard on every store: what a change brings back, judged where and while a rejection holds, and what excuses it."""

from __future__ import annotations

from typing import Any

import pytest

from graphmem import (
    Alternative,
    Anchor,
    AnchorKind,
    At,
    GraphMemory,
    Kind,
    LinkKind,
    New,
    Origin,
    Outcome,
    Scope,
    Statement,
    Status,
    Write,
)
from graphmem.errors import BadDiff, InvalidInput, NotFound
from graphmem.guard.levels import Enforcement, FindingKind, Level
from graphmem.model import CodeVerdict
from graphmem.service.guard_answers import FileEdit, GuardAnswer
from tests.service.conftest import TickingClock, day

PYTZ = ("pkg:pypi/pytz",)
REDIS = ("pkg:pypi/redis",)


def said(title: str, *, rejected: Any = (), chosen: Any = (), **more: Any) -> Statement:  # noqa: ANN401 - names to keys
    """A decision with options, each given by its name and its keys."""
    options = [Alternative(name, Outcome.REJECTED, "a reason", keys) for name, keys in dict(rejected).items()]
    options += [Alternative(name, Outcome.CHOSEN, "", keys) for name, keys in dict(chosen).items()]
    return Statement(title=title, kind=Kind.DECISION, alternatives=tuple(options), **more)


def zones(**more: Any) -> Statement:  # noqa: ANN401 - fields of a statement
    return said("Zones come from zoneinfo", rejected={"pytz": PYTZ}, chosen={"zoneinfo": ()}, **more)


def adding(line: str, path: str = "src/x.py") -> str:
    return f"--- a/{path}\n+++ b/{path}\n@@ -1 +1,2 @@\n import os\n+{line}\n"


def new_file(line: str, path: str) -> str:
    return f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{line}\n"


def gone_file(line: str, path: str) -> str:
    return f"--- a/{path}\n+++ /dev/null\n@@ -1 +0,0 @@\n-{line}\n"


def kinds(answer: GuardAnswer) -> list[tuple[FindingKind, Level]]:
    return [(one.kind, one.level) for one in answer.findings]


RETURNS = [(FindingKind.REJECTED_RETURNS, Level.WARN)]
NOTE = [(FindingKind.REJECTED_RETURNS, Level.NOTE)]


def test_a_rejected_package_that_returns_is_named_with_place_reason_and_what_holds_instead(memory: GraphMemory) -> None:
    key = memory.add(zones(), start=day(1)).ids[0]
    (found,) = memory.guard(adding("import pytz")).findings
    assert (found.kind, found.level, found.memory.id, found.option) == (*RETURNS[0], key, "pytz")
    assert (found.path, found.line, found.reason, found.instead) == ("src/x.py", 2, "a reason", ("zoneinfo",))
    assert (found.since, found.key, found.evidence) == (day(1), "pkg:pypi/pytz", "import of pytz")
    assert found.allow == f"graphmem guard allow {key} --reason TEXT --path src/x.py"


@pytest.mark.parametrize(
    "line",
    ["# import pytz", "x = 'pytz'", "from .pytz import x", "import pytzx", "import PYTZ", "import zoneinfo as pytz"],
)
def test_comments_strings_and_near_names_are_silent(memory: GraphMemory, line: str) -> None:
    memory.add(zones())
    assert memory.guard(adding(line)).findings == ()


@pytest.mark.parametrize("path", ["vendor/a/x.py", "node_modules/x.py", "x_pb2.py", "uv.lock", "notes.md"])
def test_vendored_generated_and_written_files_are_silent(memory: GraphMemory, path: str) -> None:
    memory.add(zones())
    assert memory.guard(new_file("import pytz", path)).findings == ()


def test_what_the_file_had_before_is_not_brought_in(memory: GraphMemory) -> None:
    memory.add(zones())
    reworded = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-import pytz\n+import pytz as zones\n"
    beside = "--- a/x.py\n+++ b/x.py\n@@ -1 +1,2 @@\n import pytz\n+from pytz import utc\n"
    whole = FileEdit("x.py", "import os\nimport pytz\n", "import pytz\n")
    assert [memory.guard(diff).findings for diff in (reworded, beside)] == [(), ()]
    assert memory.guard(edits=[whole]).findings == ()


def test_what_moves_to_a_new_file_is_not_brought_in_and_a_second_copy_is(memory: GraphMemory) -> None:
    memory.add(zones())
    move = gone_file("import pytz", "a.py") + new_file("import pytz", "b.py")
    assert memory.guard(move).findings == ()
    (found,) = memory.guard(move + new_file("import pytz", "c.py")).findings
    assert found.path == "c.py"


def test_a_dependency_that_moves_between_manifests_is_silent(memory: GraphMemory) -> None:
    memory.add(zones())
    move = gone_file("pytz==1", "requirements.txt") + adding('"pytz",', "setup.cfg")
    assert memory.guard(move).findings == ()
    assert kinds(memory.guard(new_file("pytz==1", "requirements.txt"))) == RETURNS


@pytest.mark.parametrize("how", ["end", "retract", "supersede", "propose"])
def test_a_rejection_that_does_not_hold_is_silent(memory: GraphMemory, how: str) -> None:
    key = memory.add(zones(), start=day(1)).ids[0] if how != "propose" else ""
    if how == "propose":
        memory.add(zones(), moves=[_move(Status.PROPOSED)])
    elif how == "supersede":
        memory.supersede(key, said("Zones come from pytz again", chosen={"pytz": PYTZ}))
    else:
        getattr(memory, how)(key)
    assert memory.guard(adding("import pytz")).findings == ()


def _move(status: Status) -> Any:  # noqa: ANN401 - a move
    from graphmem import Move

    return Move(status, day(1))


def test_both_times_count(memory: GraphMemory, clock: TickingClock) -> None:
    memory.add("something before")
    key = memory.add(zones(), start=day(1)).ids[0]
    clock.pass_days(10)
    memory.end(key, at=day(5))
    diff = adding("import pytz")
    assert kinds(memory.guard(diff, at=At(as_of=day(4)))) == RETURNS
    assert memory.guard(diff, at=At(as_of=day(6))).findings == ()
    assert memory.guard(diff, at=At(as_of=day(4), known_at=1)).findings == ()
    assert kinds(memory.guard(diff, at=At(as_of=day(6), known_at=2))) == RETURNS


def test_scope_and_branch_count(memory: GraphMemory) -> None:
    memory.open_branch("feature")
    memory.add(zones(), write=Write(scope=Scope(repo="r", branch="feature")))
    memory.add(said("No redis", rejected={"redis": REDIS}), write=Write(scope=Scope(repo="other")))
    diff = adding("import pytz, redis")
    assert memory.guard(diff).findings == ()
    assert kinds(memory.guard(diff, branch="feature")) == RETURNS
    assert memory.guard(diff, scope=Scope(repo="r", related_repos=("other",))).findings == ()


def test_an_option_chosen_for_another_subject_makes_a_note_outside_of_the_rejection_s_files(
    memory: GraphMemory,
) -> None:
    cache = Anchor(AnchorKind.FILE, "src/cache/")
    memory.add(said("No redis as a cache", rejected={"redis": REDIS}, subject="cache", anchors=(cache,)))
    assert kinds(memory.guard(adding("import redis", "src/cache/x.py"))) == RETURNS
    assert memory.guard(adding("import redis", "src/queue.py")).findings == ()
    memory.add(said("No redis for sessions", rejected={"redis": REDIS}, subject="sessions"))
    memory.add(said("Redis is the queue", chosen={"redis": REDIS}, subject="queue"))
    assert kinds(memory.guard(adding("import redis", "src/queue.py"))) == NOTE


@pytest.mark.parametrize(
    ("statement", "enforcement", "level"),
    [
        (zones(is_mandatory=True), Enforcement.DENY, Level.DENY),
        (zones(is_mandatory=True, origin=Origin.COMMIT), Enforcement.ASK, Level.DENY),
        (zones(is_mandatory=True), Enforcement.WARN, Level.WARN),
        (zones(), Enforcement.DENY, Level.WARN),
        (zones(origin=Origin.AGENT), Enforcement.DENY, Level.NOTE),
        (zones(origin=Origin.CONVERSATION), Enforcement.DENY, Level.NOTE),
    ],
)
def test_levels_follow_mandate_origin_key_and_setting(
    memory: GraphMemory, statement: Statement, enforcement: Enforcement, level: Level
) -> None:
    memory.add(statement)
    answer = memory.guard(adding("import pytz"), enforcement=enforcement)
    assert [one.level for one in answer.findings] == [level]


def test_words_of_a_text_only_make_notes(memory: GraphMemory) -> None:
    memory.add(zones())
    assert kinds(memory.guard(text="Then `pytz` is used.")) == NOTE
    assert kinds(memory.guard(text="```python\nimport pytz\n```")) == NOTE
    assert memory.guard(text="Then pytz is used.").findings == ()


def test_a_command_that_installs_it_is_found(memory: GraphMemory) -> None:
    memory.add(zones())
    (found,) = memory.guard(commands=["cd x && pip install 'pytz>1'"]).findings
    assert (found.path, found.line, found.evidence) == ("", 0, "dependency on pytz")


def test_what_only_a_superseded_decision_chose_is_found_with_its_successor(memory: GraphMemory) -> None:
    old = memory.add(said("We use Flask", chosen={"Flask": ("pkg:pypi/flask",)}), start=day(1)).ids[0]
    memory.supersede(old, said("We use FastAPI", chosen={"FastAPI": ("pkg:pypi/fastapi",)}), at=day(2))
    (found,) = memory.guard(adding("import flask"), at=At(as_of=day(3))).findings
    assert (found.kind, found.memory.id, found.instead) == (
        FindingKind.SUPERSEDED_FOLLOWED,
        old,
        ("We use FastAPI",),
    )
    memory.add(said("Flask stays for the admin", chosen={"Flask": ("pkg:pypi/flask",)}), start=day(1))
    assert memory.guard(adding("import flask"), at=At(as_of=day(3))).findings == ()


def test_a_memory_and_a_change_make_one_finding_and_others_are_counted(memory: GraphMemory) -> None:
    names = ["pytz", "redis", "attrs", "six", "nose"]
    memory.add_many([New(statement=said(f"No {name}", rejected={name: (f"pkg:pypi/{name}",)})) for name in names])
    diff = "".join(adding(f"import pytz, redis, attr, six, nose, x{number}", f"f{number}.py") for number in range(3))
    answer = memory.guard(diff)
    assert (len(answer.findings), answer.more, answer.level) == (3, 2, Level.WARN)
    assert {one.more for one in answer.findings} == {2}


def test_contested_mandatory_and_drifted_memories_about_a_file_make_notes(memory: GraphMemory) -> None:
    here = (Anchor(AnchorKind.FILE, "src/pay/"),)
    rule = memory.add(Statement(title="Amounts are integers", anchors=here, is_mandatory=True)).ids[0]
    tabs = memory.add(Statement(title="Tabs", subject="indent", anchors=here)).ids[0]
    memory.add(Statement(title="Spaces", subject="indent"))
    layout = memory.add(Statement(title="Layout of payments", subject="layout", anchors=here)).ids[0]
    memory.record_verdicts([CodeVerdict(layout, "drifted", "f" * 40, "more than half changed")])  # type: ignore[arg-type]
    answer = memory.guard(paths=["src/pay/x.py"])
    assert {(one.kind, one.memory.id) for one in answer.findings} == {
        (FindingKind.CONSTRAINT_ON_PATH, rule),
        (FindingKind.CONTESTED_TOUCHED, tabs),
        (FindingKind.DRIFTED_RELIED_ON, layout),
    }
    assert {one.level for one in answer.findings} == {Level.NOTE}
    assert memory.guard(paths=["src/other.py"]).findings == ()


def test_a_declared_conflict_is_found_too(memory: GraphMemory) -> None:
    one = memory.add(said("No pytz", rejected={"pytz": PYTZ})).ids[0]
    other = memory.add(Statement(title="Zones as we like", is_mandatory=True)).ids[0]
    memory.link(one, other, LinkKind.CONFLICTS_WITH)
    (found,) = memory.guard(adding("import pytz")).findings
    assert (found.kind, found.level) == (FindingKind.CONTESTED_TOUCHED, Level.NOTE)


def test_files_outside_of_a_rejection_s_globs_are_silent(memory: GraphMemory) -> None:
    memory.add(
        zones(
            anchors=(
                Anchor(AnchorKind.FILE, "src/**"),
                Anchor(AnchorKind.FILE, "src/old/**", role="excluded files"),
                Anchor(AnchorKind.FILE, "legacy/", role="excluded pattern"),
            )
        )
    )
    assert kinds(memory.guard(adding("import pytz", "src/a/x.py"))) == RETURNS
    for path in ("tests/x.py", "src/old/x.py", "src/legacy/x.py"):
        assert memory.guard(adding("import pytz", path)).findings == ()


def test_what_is_allowed_below_a_rejected_name_is_silent(memory: GraphMemory) -> None:
    rejected, allowed = {"errors": ("import:python:a",)}, {"what is allowed": ("import:python:a.b",)}
    memory.add(said("No a but a.b", rejected=rejected, chosen=allowed))
    assert kinds(memory.guard(adding("import a.c"))) == RETURNS
    assert memory.guard(adding("import a.b.c")).findings == ()


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("import pytz  # noqa: TID251 - the feed needs it", "x.py"),
        ("import pytz  # graphmem: allow ZONES the feed needs it", "x.py"),
    ],
)
def test_a_comment_with_a_reason_excuses_its_line_and_is_offered_as_an_exception(
    memory: GraphMemory, line: str, path: str
) -> None:
    memory.add(zones(aliases=("ZONES",)))
    answer = memory.guard(adding(line, path))
    (excused,) = answer.excused
    assert answer.findings == ()
    assert (excused.reason, excused.path, excused.line) == ("the feed needs it", path, 2)
    assert excused.allow.endswith("--reason 'the feed needs it' --path x.py")


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: E501", "# graphmem: allow ZONES", "# type: ignore"])
def test_a_comment_that_names_no_rule_or_gives_our_own_no_reason_excuses_nothing(
    memory: GraphMemory, comment: str
) -> None:
    memory.add(zones(aliases=("ZONES",)))
    assert kinds(memory.guard(adding(f"import pytz  {comment}"))) == RETURNS


# ---- exceptions


def test_an_exception_excuses_its_path_until_its_end(memory: GraphMemory, clock: TickingClock) -> None:
    key = memory.add(zones(), start=day(1)).ids[0]
    write = Write(reason="the feed needs it")
    made = memory.allow(key, path="src/feed/", until=day(20), write=write).ids[0]
    diff = adding("import pytz", "src/feed/x.py")
    (excused,) = memory.guard(diff).excused
    assert (excused.by, excused.reason) == (made, "the feed needs it")
    assert kinds(memory.guard(adding("import pytz", "src/x.py"))) == RETURNS
    clock.pass_days(40)
    assert kinds(memory.guard(diff)) == RETURNS


def test_an_exception_lives_on_its_branch_and_ends_by_end(memory: GraphMemory) -> None:
    key = memory.add(zones()).ids[0]
    memory.open_branch("feature")
    home = Scope(repo="r", branch="feature")
    made = memory.allow(key, write=Write(scope=home, reason="a trial")).ids[0]
    diff = adding("import pytz")
    assert kinds(memory.guard(diff)) == RETURNS
    assert memory.guard(diff, scope=home).findings == ()
    memory.end(made, write=Write(scope=home))
    assert kinds(memory.guard(diff, scope=home)) == RETURNS


def test_an_agent_s_exception_counts_once_a_person_accepts_it(memory: GraphMemory) -> None:
    key = memory.add(zones(is_mandatory=True)).ids[0]
    by_agent = Write(origin=Origin.AGENT, reason="it is easier")
    made = memory.allow(key, write=by_agent).ids[0]
    diff = adding("import pytz")
    assert kinds(memory.guard(diff)) == RETURNS
    memory.transition(made, Status.ACTIVE, write=Write(origin=Origin.AGENT))
    assert kinds(memory.guard(diff)) == RETURNS
    memory.confirm(made)
    assert memory.guard(diff).findings == ()


def test_a_person_accepts_a_proposed_exception_by_a_transition(memory: GraphMemory) -> None:
    key = memory.add(zones()).ids[0]
    made = memory.allow(key, write=Write(origin=Origin.AGENT, reason="it is easier")).ids[0]
    memory.transition(made, Status.ACTIVE)
    assert memory.guard(adding("import pytz")).findings == ()


def test_an_exception_needs_a_reason_a_rejection_and_a_future_end(memory: GraphMemory) -> None:
    key, plain = memory.add(zones()).ids[0], memory.add("Words").ids[0]
    why = Write(reason="x")
    for refused in ({"key": key}, {"key": plain, "write": why}, {"key": key, "until": day(1), "write": why}):
        with pytest.raises(InvalidInput):
            memory.allow(**refused)
    with pytest.raises(NotFound):
        memory.allow("nobody", write=why)


# ---- forms of a change


def test_a_diff_that_does_not_parse_is_never_without_findings(memory: GraphMemory) -> None:
    with pytest.raises(BadDiff, match="line 4"):
        memory.guard("--- a/x.py\n+++ b/x.py\n@@ -1 +1,2 @@\nimport pytz\n")


def test_edits_of_whole_files_and_of_parts_are_read(memory: GraphMemory) -> None:
    memory.add(zones())
    whole = memory.guard(edits=[FileEdit("./src\\x.py", "import os\nimport pytz\n", "import os\n")])
    part = memory.guard(edits=[FileEdit("x.py", "import os\nimport pytz\n", "import os\n", is_part=True)])
    assert [(one.path, one.line) for one in whole.findings] == [("src/x.py", 2)]
    assert kinds(part) == RETURNS
    assert memory.guard(edits=[FileEdit("x.py", None, "import pytz\n")]).findings == ()


def test_binary_edits_and_those_that_are_too_large_are_listed(memory: GraphMemory) -> None:
    answer = memory.guard(edits=[FileEdit("a.py", "\0"), FileEdit("b.py", "x" * 2_000_001)])
    assert [one.path for one in answer.skipped] == ["a.py", "b.py"]


def test_erased_memories_and_their_terms_are_gone(memory: GraphMemory) -> None:
    key = memory.add(zones()).ids[0]
    memory.erase(key)
    assert memory.guard(adding("import pytz")).findings == ()
    assert memory.check() == []
