"""Use cases that write. See `world.seed` for what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.parity.use_case import Surface, UseCase

SPELLED = {Surface.CLI: "an option is a flag or not there", Surface.MCP: "arguments are flat"}
ONE_LIFE = {Surface.CLI: "it has one first status", Surface.MCP: "what is recorded there holds"}
NO_MANY = {Surface.MCP: "it replaces one by one"}
NO_END = {Surface.MCP: "what is replaced there is replaced for good"}
A_PATH = {Surface.HTTP: "the path names the first", Surface.MCP: "it replaces one"}
WORDS = {Surface.MCP: "`text` is words, whatever they read like"}
UNSEEN = {Surface.MCP: "agents are told of what leads now, and look again"}


def _case(name: str, verb: str, asked: Mapping[str, Any], **more: Any) -> UseCase:  # noqa: ANN401 - as UseCase has it
    """A write, named so that what it makes up is the same everywhere."""
    write = {"op_id": f"{verb} {name}", **asked.get("write", {})}
    return UseCase(name=name, verb=verb, asked={**asked, "write": write}, **more)


def _refused(verb: str, asked: Mapping[str, Any], name: str = "key") -> Iterator[UseCase]:
    """What every verb about one memory refuses."""
    seen = {**asked, name: "mysql", "write": {"seen": 8}}
    yield _case(
        "what changed since it was seen",
        verb,
        seen,
        code="conflict",
        heads=("postgres",),
        lacks=UNSEEN if verb in {"supersede", "feedback"} else {},
    )
    for told, key in {"nobody": "nobody", "another repository's": "invoice", "another tenant's": "canary"}.items():
        yield _case(f"{told} is not found", verb, {**asked, name: key}, code="not_found")
    yield _case("what is erased is not found", verb, {**asked, name: "gone"}, code="not_found")
    used = {**asked, name: "lint", "write": {"op_id": "named"}}
    yield _case("a name that is taken", verb, used, code="conflict")
    yield _case("a name too long", verb, {**asked, name: "lint", "write": {"op_id": "x" * 201}}, code="invalid_input")


SAID = {
    "title": "Ports are named in lower case",
    "body": "With a dash.",
    "kind": "convention",
    "subject": "style.ports",
    "origin": "agent",
    "rationale": "They are read aloud.",
    "labels": ["naming"],
    "anchors": [{"kind": "file", "name": "src/ports.py", "repo": "shop"}],
}
LIFE = [{"status": "proposed", "at": "2025-01-01T00:00:00Z"}, {"status": "rejected", "at": "2025-02-01T00:00:00Z"}]
PYTZ = {
    "name": "pytz",
    "outcome": "rejected",
    "reason": "zoneinfo is enough",
    "keys": ["pkg:pypi/PyTZ", "import:ts:a/b"],
}
YAML = {"name": "PyYAML", "outcome": "rejected", "reason": "slow", "keys": ["pkg:pypi/zope.interface"]}
#: How tools of agents speak if they say nothing.
BY_AGENT = {"origin": "agent"}
AS_AGENT = {"title": "Lint runs before each commit", "origin": "agent"}

ADDS = (
    _case(
        "with all that every surface can say",
        "add",
        {"statement": SAID, "start": "2025-03-01"},
        told={"change.seq": 15, "change.operation.moves.0.at": "2025-03-01T00:00:00Z", "similar.#": 0},
    ),
    _case(
        "options with keys, which become canonical",
        "add",
        {"statement": AS_AGENT | {"title": "Zones come from zoneinfo", "alternatives": [PYTZ, YAML]}},
        told={
            "change.operation.memory.statement.alternatives.0.reason": "zoneinfo is enough",
            "change.operation.memory.statement.alternatives.0.keys.0": "pkg:pypi/pytz",
            "change.operation.memory.statement.alternatives.0.keys.1": "import:javascript:a/b",
            "change.operation.memory.statement.alternatives.1.keys.0": "pkg:pypi/zope-interface?import=zope.interface",
        },
    ),
    _case(
        "an option with a key of no known type",
        "add",
        {"statement": AS_AGENT | {"title": "Zones", "alternatives": [PYTZ | {"keys": ["pkg:nuget/x"]}]}},
        code="invalid_input",
    ),
    _case(
        "an option with a key whose type does not exist",
        "add",
        {"statement": AS_AGENT | {"title": "Zones", "alternatives": [PYTZ | {"keys": ["dependency:pytz"]}]}},
        code="invalid_input",
    ),
    _case(
        "who says so, and why",
        "add",
        {"statement": AS_AGENT | {"title": "Logs are JSON"}, "write": {"reason": "one reader", "source": "a1b2"}},
        told={
            "change.provenance.reason": "one reader",
            "change.provenance.source": "a1b2",
            "change.provenance.actor": "ada",
        },
    ),
    _case(
        "in a repository of its own",
        "add",
        {"statement": AS_AGENT | {"title": "Totals are in cents"}, "write": {"scope": {"repo": "billing"}}},
        told={"change.operation.memory.scope.repo": "billing"},
    ),
    _case(
        "what holds already is confirmed",
        "add",
        {"statement": AS_AGENT},
        told={"is_confirmation": True, "ids.0": "lint"},
    ),
    _case(
        "what is similar is named",
        "add",
        {"statement": AS_AGENT | {"title": "Lint runs before each commit."}},
        told={"is_confirmation": False, "similar.0.memory.id": "lint"},
    ),
    _case(
        "what is similar is skipped",
        "add",
        {"statement": AS_AGENT | {"title": "Lint runs before each commit!"}, "on_similar": "skip"},
        told={"is_confirmation": True, "ids.0": "lint"},
    ),
    _case(
        "sent again",
        "add",
        {"statement": AS_AGENT | {"title": "Once"}, "write": {"op_id": "twice"}},
        before=(("add", {"statement": AS_AGENT | {"title": "Once"}, "write": {"op_id": "twice"}}),),
        told={"change.seq": 15, "change.op_id": "twice"},
    ),
    _case(
        "a life of its own",
        "add",
        {"statement": "Move to Kafka", "moves": [{"status": "proposed", "at": "2025-01-01T00:00:00Z"}]},
        told={"change.operation.moves.0.status": "proposed"},
        lacks={Surface.MCP: ONE_LIFE[Surface.MCP]},
    ),
    _case(
        "a life in several moves",
        "add",
        {"statement": "Move to Kafka", "moves": LIFE},
        told={"change.operation.moves.1.status": "rejected"},
        lacks=ONE_LIFE,
    ),
    _case("a name that is taken", "add", {"statement": "Other words", "write": {"op_id": "named"}}, code="conflict"),
    _case("a name too long", "add", {"statement": "Other words", "write": {"op_id": "x" * 201}}, code="invalid_input"),
    _case("an empty name", "add", {"statement": "Other words", "write": {"op_id": ""}}, code="invalid_input"),
    _case("no words", "add", {"statement": ""}, code="invalid_input"),
    _case("blanks", "add", {"statement": " \n "}, code="invalid_input"),
    _case(
        "a title too long",
        "add",
        {"statement": AS_AGENT | {"title": "x" * 1_001}},
        code="invalid_input",
        lacks={Surface.CLI: "it makes title and body of a text", Surface.MCP: "it makes title and body of a text"},
    ),
    _case("an unknown kind", "add", {"statement": "Some words", "kind": "rumour"}, code="invalid_input"),
    _case("an unknown origin", "add", {"statement": AS_AGENT | {"origin": "rumour"}}, code="invalid_input"),
    _case(
        "too sure",
        "add",
        {"statement": AS_AGENT | {"confidence": 2.0}},
        code="invalid_input",
        lacks={Surface.MCP: SPELLED[Surface.MCP]},
    ),
    _case("no date", "add", {"statement": "Some words", "start": "yesterday"}, code="invalid_input"),
    _case(
        "a time without a zone",
        "add",
        {"statement": "Some words", "start": "2025-01-01T12:00:00"},
        code="invalid_input",
    ),
    _case(
        "an unknown way with what is similar",
        "add",
        {"statement": "Some words", "on_similar": "ask"},
        code="invalid_input",
    ),
    _case(
        "on a branch that there is not yet",
        "add",
        {"statement": "Words", "write": {"scope": {"repo": "shop", "branch": "no"}}},
        told={"change.writer.branch": "no", "change.operation.operation": "add"},
        lacks={Surface.MCP: "its scope is a repository alone"},
    ),
    _case(
        "on an earlier branch that there is not",
        "add",
        {"statement": "Words", "write": {"scope": {"repo": "shop", "branch": "no:1"}}},
        code="not_found",
        lacks={Surface.MCP: "its scope is a repository alone"},
    ),
    _case(
        "all of them",
        "add_many",
        {"items": [{"statement": {"title": "One"}, "id": "one"}, {"statement": {"title": "Two"}}]},
        told={"#": 2, "0.ids.0": "one", "1.change.seq": 16},
    ),
    _case(
        "none of them",
        "add_many",
        {"items": [{"statement": {"title": "One"}}, {"statement": {"title": "Two"}, "id": "lint"}]},
        code="conflict",
    ),
    _case(
        "in several repositories",
        "add_many",
        {
            "items": [
                {"statement": {"title": "One"}, "id": "one", "scope": {"repo": "billing"}},
                {"statement": "Two", "scope": {"repo": "shop", "user": "ann"}},
            ]
        },
        told={"#": 2, "0.change.writer.repo": "billing", "1.change.writer.user": "ann"},
    ),
    _case(
        "that take over from what is there and from each other",
        "add_many",
        {
            "items": [
                {"statement": "Lint runs in CI", "supersedes": ["lint"], "start": "2024-01-01"},
                {
                    "statement": {"title": "Indent with tabs"},
                    "supersedes": ["spaces"],
                    "start": "2024-02-01",
                    "id": "t2",
                },
                {"statement": {"title": "Indent with two spaces"}, "supersedes": [1], "start": "2024-03-01"},
            ],
            "write": {"reason": "tidied"},
        },
        told={
            "#": 3,
            "0.ids.0": "lint",
            "0.change.operation.operation": "supersede",
            "0.change.provenance.reason": "tidied",
            "1.ids": ["spaces", "t2"],
            "2.ids.0": "t2",
            "2.change.seq": 20,
        },
    ),
    _case(
        "what holds already",
        "add_many",
        {
            "items": [
                {"statement": {"title": "Lint runs before each commit", "origin": "agent"}},
                {"statement": "Lint runs in CI", "supersedes": [0]},
            ]
        },
        told={"0.is_confirmation": True, "0.ids.0": "lint", "1.ids.0": "lint"},
    ),
    _case(
        "of words that are not trusted enough",
        "add_many",
        {"items": [{"statement": {"title": "No lint", "origin": "external"}, "supersedes": ["tabs"]}]},
        told={"0.change.operation.operation": "propose", "0.notes.#": 1},
    ),
    _case(
        "that take over from one that comes later",
        "add_many",
        {"items": [{"statement": "One", "supersedes": [1]}, {"statement": "Two"}]},
        code="invalid_input",
    ),
    _case(
        "that take over from nothing",
        "add_many",
        {"items": [{"statement": "One", "supersedes": ["nothing"]}]},
        code="not_found",
    ),
    _case(
        "in another tenant",
        "add_many",
        {"items": [{"statement": {"title": "One"}, "scope": {"tenant": "acme"}}]},
        code="forbidden",
    ),
    _case(
        "a name that is taken",
        "add_many",
        {"items": [{"statement": {"title": "One"}}], "write": {"op_id": "batch"}},
        before=(("add_many", {"items": [{"statement": {"title": "Other"}}], "write": {"op_id": "batch"}}),),
        code="conflict",
    ),
)

REPLACEMENTS = (
    _case(
        "by an id",
        "supersede",
        {"old": "tabs", "by": "spaces", "at": "2024-01-01", "write": BY_AGENT},
        told={"ids.0": "tabs", "ids.1": "spaces", "change.operation.at": "2024-01-01T00:00:00Z"},
    ),
    _case(
        "by words",
        "supersede",
        {"old": "lint", "new": "Lint runs in CI alone", "at": "2024-01-01", "write": BY_AGENT},
        told={"ids.0": "lint", "change.seq": 16},
    ),
    _case(
        "by one word",
        "supersede",
        {"old": "lint", "new": "Pre-commit", "at": "2024-01-01", "write": BY_AGENT},
        told={"ids.0": "lint", "change.seq": 16},
    ),
    _case(
        "by an alias",
        "supersede",
        {"old": "lint", "by": "adr 2", "at": "2024-01-01", "write": BY_AGENT},
        told={"ids.0": "lint", "ids.1": "postgres"},
    ),
    _case(
        "by what reads like an id", "supersede", {"old": "lint", "new": "7pj22wc17zc2"}, code="not_found", lacks=WORDS
    ),
    _case(
        "as a correction",
        "supersede",
        {"old": "tabs", "by": "spaces", "kind": "correction", "write": BY_AGENT},
        told={"change.operation.kind": "correction", "change.operation.at": None},
    ),
    _case(
        "for a while",
        "supersede",
        {"old": "tabs", "by": "spaces", "at": "2024-01-01", "until": "2024-02-01"},
        told={"change.operation.until": "2024-02-01T00:00:00Z"},
        lacks=NO_END,
    ),
    _case(
        "several by several",
        "supersede",
        {"old": ["tabs", "spaces"], "by": ["lint", "postgres"], "at": "2024-01-01"},
        told={"change.operation.old.#": 2, "change.operation.new.#": 2},
        lacks=NO_MANY,
    ),
    _case(
        "sent again",
        "supersede",
        {"old": "lint", "new": "Lint runs in CI alone", "write": {"op_id": "twice", **BY_AGENT}},
        before=(
            (
                "supersede",
                {"old": "lint", "new": {**AS_AGENT, "title": "Lint runs in CI alone"}, "write": {"op_id": "twice"}},
            ),
        ),
        told={"change.seq": 16, "change.op_id": "twice"},
    ),
    _case(
        "what another replaced first",
        "supersede",
        {"old": "mysql", "by": "lint"},
        code="conflict",
        heads=("postgres",),
    ),
    _case(
        "in a circle", "supersede", {"old": "postgres", "by": ["mysql", "lint"]}, code="invalid_input", lacks=NO_MANY
    ),
    _case(
        "by what it took over from, whose words are said again",
        "supersede",
        {"old": "postgres", "by": "mysql", "write": BY_AGENT},
        told={"ids.0": "postgres", "change.seq": 16, "change.operation.operation": "supersede"},
    ),
    _case("by itself", "supersede", {"old": "tabs", "by": "tabs"}, code="invalid_input"),
    _case("by nobody", "supersede", {"old": "tabs", "by": "nobody"}, code="not_found"),
    _case("nothing", "supersede", {"old": [], "by": "lint"}, code="invalid_input", lacks=A_PATH),
    _case("before it began", "supersede", {"old": "spaces", "by": "tabs", "at": "2020-01-01"}, code="invalid_input"),
    _case(
        "a correction from a day on",
        "supersede",
        {"old": "tabs", "by": "spaces", "kind": "correction", "at": "2024-01-01"},
        code="invalid_input",
    ),
    _case(
        "until before it began",
        "supersede",
        {"old": "tabs", "by": "spaces", "at": "2024-01-01", "until": "2023-01-01"},
        code="invalid_input",
        lacks=NO_END,
    ),
    _case(
        "an unknown way",
        "supersede",
        {"old": "tabs", "by": "spaces", "kind": "rumour"},
        code="invalid_input",
        lacks={Surface.MCP: "a correction or not"},
    ),
    _case("on no date", "supersede", {"old": "tabs", "by": "spaces", "at": "yesterday"}, code="invalid_input"),
    *_refused("supersede", {"by": "spaces"}, "old"),
    _case(
        "of a part",
        "amend",
        {"old": "lint", "by": "spaces", "part": "when", "at": "2024-01-01"},
        told={"change.operation.part": "when", "change.operation.kind": "amendment"},
    ),
    _case("in a circle", "amend", {"old": "postgres", "by": "mysql", "part": "when"}, code="invalid_input"),
    _case("without naming the part", "amend", {"old": "lint", "by": "spaces", "part": ""}, code="invalid_input"),
    _case(
        "on no date", "amend", {"old": "lint", "by": "spaces", "part": "when", "at": "yesterday"}, code="invalid_input"
    ),
    *_refused("amend", {"by": "spaces", "part": "when"}, "old"),
)

LIVES = (
    _case(
        "in its source's word",
        "transition",
        {"key": "lint", "status": "deferred", "at": "2024-01-01", "word": "on hold"},
        told={"change.operation.move.source_word": "on hold", "ids.0": "lint"},
    ),
    _case("an unknown status", "transition", {"key": "lint", "status": "dead"}, code="invalid_input"),
    _case("on no date", "transition", {"key": "lint", "status": "ended", "at": "yesterday"}, code="invalid_input"),
    *_refused("transition", {"status": "ended"}),
    _case(
        "on a day",
        "end",
        {"key": "lint", "at": "2024-01-01", "write": BY_AGENT},
        told={"change.operation.at": "2024-01-01T00:00:00Z"},
    ),
    _case("now", "end", {"key": "lint", "write": BY_AGENT}, told={"change.operation.at": "2026-06-01T12:00:00Z"}),
    _case("on no date", "end", {"key": "lint", "at": "yesterday"}, code="invalid_input"),
    *_refused("end", {}),
    _case(
        "what was never so",
        "retract",
        {"key": "lint", "write": {"reason": "a guess"}},
        told={"change.operation.operation": "retract"},
    ),
    *_refused("retract", {}),
    _case(
        "what still holds",
        "confirm",
        {"key": "lint", "write": BY_AGENT},
        told={"change.operation.operation": "confirm"},
    ),
    *_refused("confirm", {}),
    _case(
        "it was useful",
        "feedback",
        {"key": "lint", "opinion": "useful", "write": BY_AGENT},
        told={"change.operation.operation": "feedback", "change.operation.opinion": "useful", "ids.0": "lint"},
    ),
    _case(
        "it is right",
        "feedback",
        {"key": "lint", "opinion": "confirmed", "write": BY_AGENT},
        told={"change.operation.operation": "confirm"},
    ),
    _case(
        "it is over",
        "feedback",
        {"key": "lint", "opinion": "done", "write": BY_AGENT},
        told={"change.operation.operation": "end"},
    ),
    _case("that there is not", "feedback", {"key": "lint", "opinion": "lovely"}, code="invalid_input"),
    *_refused("feedback", {"opinion": "wrong"}),
    _case("for good", "erase", {"key": "lint"}, told={"change.operation.operation": "erase", "ids.0": "lint"}),
    *_refused("erase", {}),
    _case(
        "one to another",
        "link",
        {"source": "lint", "target": "tabs", "kind": "depends_on"},
        told={"change.operation.target": "tabs"},
    ),
    _case("to nobody", "link", {"source": "lint", "target": "nobody", "kind": "refines"}, code="not_found"),
    _case("to itself", "link", {"source": "lint", "target": "lint", "kind": "refines"}, code="invalid_input"),
    _case("in an unknown way", "link", {"source": "lint", "target": "tabs", "kind": "likes"}, code="invalid_input"),
    *_refused("link", {"target": "tabs", "kind": "refines"}, "source"),
)

UNDONE = (
    _case("a replacement", "revoke", {"change": 9}, told={"change.operation.change": 9}),
    _case(
        "one move",
        "revoke",
        {"change": 15, "move": 1},
        before=(("add", {"statement": "Move to Kafka", "moves": LIFE}),),
        told={"change.operation.move": 1},
    ),
    _case("what is not there", "revoke", {"change": 99}, code="not_found"),
    _case("what cannot be", "revoke", {"change": 13}, code="invalid_input"),
    _case("before the first", "revoke", {"change": 0}, code="invalid_input"),
    _case("a move that there is not", "revoke", {"change": 1, "move": 7}, code="invalid_input"),
    _case("a name that is taken", "revoke", {"change": 9, "write": {"op_id": "named"}}, code="conflict"),
    _case("a branch", "open_branch", {"name": "other"}, told={"change.operation.name": "other"}),
    _case(
        "a branch of a branch",
        "open_branch",
        {"name": "other", "parent": "feature"},
        told={"change.operation.parent": "feature"},
    ),
    _case("one that is open", "open_branch", {"name": "feature"}, code="conflict"),
    _case("of a branch that there is not", "open_branch", {"name": "other", "parent": "no"}, code="not_found"),
    _case("by no name of git's", "open_branch", {"name": "a:b"}, code="invalid_input"),
    _case("into its parent", "merge_branch", {"name": "feature"}, told={"change.operation.operation": "merge_branch"}),
    _case("one that there is not", "merge_branch", {"name": "no"}, code="not_found"),
    _case(
        "in another repository",
        "merge_branch",
        {"name": "feature", "write": {"scope": {"repo": "billing"}}},
        code="not_found",
    ),
    _case("for good", "abandon_branch", {"name": "feature"}, told={"change.operation.operation": "abandon_branch"}),
    _case("one that there is not", "abandon_branch", {"name": "no"}, code="not_found"),
)

SAID_IN_TALK = [{"role": "user", "content": "Never commit generated files."}]
WHY = {"reason": "agreed"}
REVIEWED = (
    _case(
        "a conversation",
        "capture",
        {"messages": SAID_IN_TALK, "session": "s1"},
        told={"captured.#": 1, "captured.0.title": "Never commit generated files", "captured.0.number": 1},
    ),
    _case(
        "the messages of a conversation",
        "add",
        {"messages": SAID_IN_TALK},
        told={"captured.#": 1, "captured.0.title": "Never commit generated files"},
        lacks={Surface.CLI: "capture reads transcripts", Surface.MCP: "agents propose, and do not capture"},
    ),
    _case("by an unknown policy", "capture", {"messages": SAID_IN_TALK, "policy": "maybe"}, code="invalid_input"),
    _case(
        "its words",
        "review",
        {"key": "lint", "verdict": "accept", "write": WHY},
        told={"change.operation.old.0": "lint", "change.provenance.reason": "agreed"},
    ),
    _case("without a reason", "review", {"key": "lint", "verdict": "accept"}, code="invalid_input"),
    _case("nobody", "review", {"key": "nobody", "verdict": "reject", "write": WHY}, code="not_found"),
    _case("in an unknown way", "review", {"key": "lint", "verdict": "praise", "write": WHY}, code="invalid_input"),
)

#: Of `tabs` and `spaces`, the only conflict there is.
CONFLICT = "c-bba627e973"
SETTLED = (
    _case(
        "by a winner",
        "settle",
        {"conflict": CONFLICT, "how": "supersede", "winner": "spaces", "write": WHY},
        told={
            "change.operation.old.0": "tabs",
            "change.operation.new.0": "spaces",
            "change.provenance.reason": "agreed",
        },
    ),
    _case(
        "as never right",
        "settle",
        {"conflict": CONFLICT, "how": "correct", "winner": "tabs", "write": WHY},
        told={"change.operation.kind": "correction"},
    ),
    _case(
        "without a reason", "settle", {"conflict": CONFLICT, "how": "correct", "winner": "tabs"}, code="invalid_input"
    ),
    _case("without a winner", "settle", {"conflict": CONFLICT, "how": "correct", "write": WHY}, code="invalid_input"),
    _case("in an unknown way", "settle", {"conflict": CONFLICT, "how": "toss", "write": WHY}, code="invalid_input"),
    _case(
        "by what is no claim",
        "settle",
        {"conflict": CONFLICT, "how": "supersede", "winner": "lint", "write": WHY},
        code="not_found",
    ),
    _case(
        "one that is not open",
        "settle",
        {"conflict": "c-0000000000", "how": "supersede", "winner": "tabs", "write": WHY},
        code="not_found",
    ),
)

WRITING = (*REVIEWED, *SETTLED, *ADDS, *REPLACEMENTS, *LIVES, *UNDONE)
