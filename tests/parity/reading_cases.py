"""Use cases that ask. See `world.seed` for what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.parity.use_case import NEXT, Surface, UseCase

IN_2022 = {"as_of": "2022-07-01T00:00:00Z"}
FLAT = {Surface.MCP: "its filter has kind, tags and path, and its scope a repository alone"}
ONE_PAGE = {Surface.MCP: "it gives one page, best first"}
UNRELATED = {Surface.CLI: "it names one repository", **FLAT}


def _case(name: str, verb: str, asked: Mapping[str, Any], **more: Any) -> UseCase:  # noqa: ANN401 - as UseCase has it
    return UseCase(name=name, verb=verb, asked=asked, **more)


def _wrong(verb: str, asked: Mapping[str, Any], lacks: Mapping[Surface, str] | None = None) -> Iterator[UseCase]:
    """Points that there are not, asked of any verb."""
    points = {
        "a word that is no date": {"as_of": "yesterday"},
        "a date that there is not": {"as_of": "2025-02-30"},
        "a time without a zone": {"as_of": "2025-01-01T12:00:00"},
        "a position past the ledger": {"known_at": 999},
        "a time that is not past yet": {"known_at": "2031-01-01T00:00:00Z"},
    }
    for name, at in points.items():
        yield _case(name, verb, {**asked, "at": at}, code="invalid_input", lacks=lacks or {})


def _unseen(verb: str) -> Iterator[UseCase]:
    """Memories that the caller does not see, asked of a verb about one memory."""
    strangers = {"nobody": "nobody", "of an id with a slash": "a/b", "of another repository": "invoice"}
    strangers |= {"that is private": "diary", "on a branch": "draft", "of another tenant": "canary", "erased": "gone"}
    for name, key in strangers.items():
        yield _case(f"{name} is not found", verb, {"key": key}, code="not_found")
    before = {"key": "lint", "at": {"known_at": 2}}
    yield _case("what was not recorded yet is not found", verb, before, code="not_found")


SEARCHES = (
    _case(
        "words of what was replaced find what replaced it",
        "search",
        {"query": "The database is MySQL"},
        told={"hits.0.card.id": "postgres", "hits.0.via.0.id": "mysql", "at.known_at": 14},
    ),
    _case(
        "what held in the past",
        "search",
        {"query": "which database", "at": IN_2022},
        told={"hits.0.card.id": "mysql", "hits.#": 1, "at.as_of": "2022-07-01T00:00:00Z"},
    ),
    _case(
        "what was known at a position",
        "search",
        {"query": "The database is MySQL", "at": {"known_at": 8}},
        told={
            # Both were in force then for all that was known, and the later start leads.
            "hits.0.card.id": "postgres",
            "hits.1.card.id": "mysql",
            "hits.1.overruled_by.memory.id": "postgres",
            "hits.1.overruled_by.before": "overruled by",
            "at.known_at": 8,
        },
    ),
    _case(
        "what was known at a time",
        "search",
        {"query": "lint", "at": {"known_at": "2026-01-01T00:00:00Z"}},
        told={"hits.#": 0, "at.known_at": 0},
    ),
    _case("a bare date is its midnight", "search", {"query": "x", "at": {"as_of": "2022-07-01"}}, told={"hits.#": 0}),
    _case("nothing is asked", "search", {"query": ""}, told={"hits.#": 0, "cursor": None}),
    _case("by a name", "search", {"query": "ADR-2"}, told={"hits.0.card.id": "postgres"}),
    _case("by an id", "search", {"query": "why 'license' or pre-2 commit?"}, told={"hits.0.card.id": "license"}),
    _case("by the beginning of an id", "search", {"query": "mysq"}, told={"hits.0.via.0.id": "mysql"}),
    _case(
        "by a name that nothing has",
        "search",
        {"query": "ADR-22"},
        told={"remarks": ["No memory is called 'ADR-22'; nearest: ADR-2."]},
    ),
    _case(
        "by a word in another spelling",
        "search",
        {"query": "postgrseql"},
        told={
            "hits.0.card.id": "postgres",
            "remarks": ["Read 'postgrseql' as 'postgresql'."],
            "read_as": "postgresql",
        },
    ),
    _case(
        "by label, with history",
        "search",
        {"query": "database", "where": {"labels": ["storage"], "include_history": True}},
        told={"hits.#": 1, "hits.0.card.id": "mysql", "hits.0.card.state": "superseded"},
    ),
    _case(
        "by kind and path",
        "search",
        {"query": "database", "where": {"kinds": ["decision"], "paths": ["src/db.py"]}, "at": IN_2022},
        told={"hits.#": 1, "hits.0.card.id": "mysql"},
    ),
    _case(
        "by everything else",
        "search",
        {
            "query": "indent lint",
            "where": {
                "subjects": ["style.indent"],
                "statuses": ["active"],
                "origins": ["human"],
                "min_confidence": 0.5,
            },
            "sort": "recency",
        },
        told={"hits.0.card.id": "spaces", "hits.1.card.id": "tabs", "hits.#": 2},
        lacks=FLAT,
    ),
    _case(
        "in another repository",
        "search",
        {"query": "invoices", "scope": {"repo": "billing"}},
        told={"hits.0.card.id": "invoice"},
    ),
    _case(
        "somebody's own",
        "search",
        {"query": "functions", "scope": {"repo": "shop", "user": "ann"}},
        told={"hits.0.card.id": "diary"},
        lacks=FLAT,
    ),
    _case(
        "on a branch",
        "search",
        {"query": "sessions", "scope": {"repo": "shop", "branch": "feature"}},
        told={"hits.0.card.id": "draft"},
        lacks=FLAT,
    ),
    _case(
        "on a branch by the entry that opened it",
        "search",
        {"query": "sessions", "scope": {"repo": "shop", "branch": "feature:10"}},
        told={"hits.0.card.id": "draft"},
        lacks=FLAT,
    ),
    _case(
        "on a branch of no name",
        "search",
        {"query": "sessions", "scope": {"repo": "shop", "branch": "feature:zero"}},
        code="invalid_input",
        lacks=FLAT,
    ),
    _case(
        "of another tenant",
        "search",
        {"query": "of others", "scope": {"tenant": "acme"}},
        told={"hits.0.card.id": "canary", "hits.#": 1},
        lacks=FLAT,
    ),
    _case(
        "with related repositories",
        "search",
        {"query": "invoices", "scope": {"repo": "shop", "related_repos": ["billing"]}},
        told={"hits.0.card.id": "invoice"},
        lacks=UNRELATED,
    ),
    _case("a page", "search", {"query": "indent", "page": {"limit": 1}}, told={"hits.#": 1}),
    _case(
        "the next page",
        "search",
        {"query": "indent", "page": {"limit": 1, "cursor": NEXT}},
        told={"hits.#": 1, "cursor": None},
        lacks=ONE_PAGE,
    ),
    _case("with a model", "search", {"query": "lint commit"}, told={"hits.0.card.id": "lint"}, has_model=True),
    _case(
        "no cursor",
        "search",
        {"query": "x", "page": {"limit": 1, "cursor": "zz"}},
        code="invalid_input",
        lacks=ONE_PAGE,
    ),
    _case("no limit", "search", {"query": "x", "page": {"limit": 0}}, code="invalid_input"),
    _case("an unknown kind", "search", {"query": "x", "where": {"kinds": ["rumour"]}}, code="invalid_input"),
    _case(
        "an unknown status", "search", {"query": "x", "where": {"statuses": ["dead"]}}, code="invalid_input", lacks=FLAT
    ),
    _case("an unknown order", "search", {"query": "x", "sort": "size"}, code="invalid_input", lacks=ONE_PAGE),
    _case("a repository without a name", "search", {"query": "x", "scope": {"repo": "a\x01"}}, code="invalid_input"),
    *_wrong("search", {"query": "x"}),
)

LISTS = (
    _case(
        "what holds, recorded last first",
        "list",
        {"where": {"kinds": ["decision", "convention"]}},
        told={"cards.0.id": "spaces", "cards.1.id": "tabs", "cards.2.id": "postgres", "cards.#": 3},
    ),
    _case(
        "history, most trusted first",
        "list",
        {"where": {"include_history": True, "subjects": ["stack.database"]}, "sort": "confidence"},
        told={"cards.#": 2},
    ),
    _case("in the past", "list", {"where": {"labels": ["storage"]}, "at": IN_2022}, told={"cards.0.id": "mysql"}),
    _case("the next page", "list", {"page": {"limit": 3, "cursor": NEXT}}, told={"cards.#": 3}),
    _case("of everybody", "list", {"scope": {"repo": None}}, told={"cards.#": 1, "cards.0.id": "license"}),
    _case(
        "a cursor of another question",
        "list",
        {"where": {"labels": ["x"]}, "page": {"limit": 3, "cursor": NEXT}},
        code="invalid_input",
    ),
    _case("too sure", "list", {"where": {"min_confidence": 2.0}}, code="invalid_input"),
    _case("an unknown origin", "list", {"where": {"origins": ["rumour"]}}, code="invalid_input"),
    _case("an unknown order", "list", {"sort": "size"}, code="invalid_input"),
    _case("no limit", "list", {"page": {"limit": -1}}, code="invalid_input"),
    *_wrong("list", {}),
)

ONES = (
    _case("as it stands", "get", {"key": "mysql"}, told={"id": "mysql", "state": "superseded", "kind": "decision"}),
    _case("as it stood", "get", {"key": "mysql", "at": IN_2022}, told={"state": "holds"}),
    _case(
        "of another repository", "get", {"key": "invoice", "scope": {"repo": "billing"}}, told={"scope.repo": "billing"}
    ),
    _case("by its alias", "get", {"key": "adr-0002"}, told={"id": "postgres"}),
    _case("by the beginning of its id", "get", {"key": "post"}, told={"id": "postgres"}),
    _case("by too little of its id", "get", {"key": "pos"}, code="not_found"),
    _case("by the beginning of another's id", "get", {"key": "invo"}, code="not_found"),
    *_unseen("get"),
    *_wrong("get", {"key": "mysql"}),
    _case(
        "both sides of a chain",
        "history",
        {"key": "mysql"},
        told={"successors.0.memory.id": "postgres", "chain.1.id": "postgres", "changes.#": 2, "changes.1.seq": 9},
    ),
    _case(
        "before it was known",
        "history",
        {"key": "mysql", "at": {"known_at": 8}},
        told={"successors.#": 0, "changes.#": 1},
    ),
    _case("by its alias", "history", {"key": "ADR-2"}, told={"card.id": "postgres"}),
    _case("by an alias that was not known", "history", {"key": "ADR-2", "at": {"known_at": 1}}, code="not_found"),
    _case("of another repository", "history", {"key": "invoice", "scope": {"repo": "billing"}}, told={"changes.#": 1}),
    *_unseen("history"),
    *_wrong("history", {"key": "mysql"}),
    _case("by its alias", "explain", {"key": "ADR-2"}, told={"card.id": "postgres"}),
    _case("what stands for it", "explain", {"key": "mysql"}, told={"resolves_to.0.card.id": "postgres"}),
    _case("what contests it", "explain", {"key": "tabs"}, told={"contested.0.memory.id": "spaces"}),
    _case("when it held", "explain", {"key": "mysql", "at": IN_2022}, told={"card.state": "holds"}),
    *_unseen("explain"),
    *_wrong("explain", {"key": "mysql"}),
)

OVERVIEWS = (
    _case(
        "of a subject",
        "timeline",
        {"subject": "stack.database"},
        told={"lanes.0.card.id": "mysql", "lanes.1.card.id": "postgres", "lanes.#": 2},
    ),
    _case("of a path", "timeline", {"path": "src/db.py"}, told={"lanes.0.card.id": "mysql"}),
    _case("of a subject that nobody has", "timeline", {"subject": "no.such"}, told={"lanes.#": 0}),
    _case("as it was known", "timeline", {"subject": "stack.database", "at": {"known_at": 1}}, told={"lanes.#": 1}),
    _case("of a subject and a path", "timeline", {"subject": "a", "path": "b"}, code="invalid_input"),
    _case("of nothing", "timeline", {}, code="invalid_input"),
    *_wrong("timeline", {"subject": "a"}),
    _case(
        "between two years",
        "diff",
        {"start": IN_2022, "end": {"as_of": "2024-01-01"}, "where": {"kinds": ["decision"]}},
        told={"differences.#": 2, "differences.0.turn": "appeared", "differences.0.card.id": "postgres"},
    ),
    _case("what was learned since", "diff", {"start": {"known_at": 8}}, told={"start.known_at": 8, "end.known_at": 14}),
    _case("without a first point", "diff", {"start": {}}, code="invalid_input"),
    _case("from a word", "diff", {"start": {"as_of": "monday"}}, code="invalid_input"),
    _case(
        "to a position past the ledger",
        "diff",
        {"start": {"known_at": 1}, "end": {"known_at": 999}},
        code="invalid_input",
    ),
    _case("there are", "repositories", {}, told={"#": 2, "0": "billing", "1": "shop"}),
    _case("where nothing waits", "proposals", {}, told={"cards.#": 0}),
    *_wrong("proposals", {}),
    _case(
        "of the repository",
        "branches",
        {},
        told={"#": 1, "0.name": "feature", "0.branch": "feature:10", "0.state": "open", "0.opened": 10},
    ),
    _case("opened after a position", "branches", {"after": 10}, told={"#": 0}),
    _case("none at all", "branches", {"limit": 0}, code="invalid_input"),
    _case("that nobody has decided", "conflicts", {}, told={"conflicts.#": 1}),
    _case("when there were none", "conflicts", {"at": {"known_at": 1}}, told={"conflicts.#": 0}),
    *_wrong("conflicts", {}),
    _case("from the beginning", "changes", {"limit": 2}, told={"#": 2, "0.seq": 1, "0.operation.operation": "add"}),
    _case("past a position", "changes", {"after": 8}, told={"0.seq": 9, "0.operation.operation": "supersede"}),
    _case("past the last", "changes", {"after": 99}, told={"#": 0}),
    _case("of another repository", "changes", {"scope": {"repo": "billing"}}, told={"#": 2}),
    _case("none at all", "changes", {"limit": 0}, code="invalid_input"),
    _case("before the first", "changes", {"after": -1}, code="invalid_input"),
)

BLOCKS = (
    _case(
        "by words and by path",
        "context",
        {"task": "choose an index of the database", "paths": ["src/db.py"]},
        told={
            "sections.0.name": "decided",
            "sections.0.items.0.id": "postgres",
            "sections.0.items.0.why": "path",
            "sections.0.items.0.replaced.0.memory.id": "mysql",
            "at.known_at": 14,
            "counter": "graphmem.token_count",
        },
    ),
    _case(
        "what contests another stands with it",
        "context",
        {"task": "indent a file"},
        told={
            "sections.0.name": "beware",
            "sections.0.items.0.id": "spaces",
            "sections.0.items.0.contested.0.memory.id": "tabs",
        },
    ),
    _case(
        "within characters",
        "context",
        {"task": "indent the database", "max_chars": 500, "words_only": True},
        told={"mode": "lexical"},
        lacks={Surface.MCP: "it has a budget of tokens"},
    ),
    _case(
        "in the past",
        "context",
        {"task": "which database", "at": IN_2022},
        told={"sections.0.items.0.id": "mysql", "at.as_of": "2022-07-01T00:00:00Z"},
    ),
    _case(
        "what changed since a position",
        "context",
        {"task": "which database", "since": 8},
        told={"since": 8, "sections.0.items.0.id": "postgres", "sections.1.items.0.id": "mysql"},
    ),
    _case("nothing changed", "context", {"task": "which database", "since": 14}, told={"markdown": "", "tokens": 0}),
    _case("with a model", "context", {"task": "lint commit"}, told={"sections.0.items.0.id": "lint"}, has_model=True),
    _case("of too few tokens", "context", {"task": "x", "budget_tokens": 99}, code="invalid_input"),
    _case("since a position past the ledger", "context", {"task": "x", "since": 15}, code="invalid_input"),
    *_wrong("context", {"task": "x"}),
)

READING = (*SEARCHES, *BLOCKS, *LISTS, *ONES, *OVERVIEWS)
