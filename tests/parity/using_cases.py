"""Use cases about how memories are used and how long they are kept. See `world.seed` for what there is."""

from __future__ import annotations

from tests.parity.use_case import UseCase

NAMED = (("get", {"key": "postgres"}), ("get", {"key": "postgres"}), ("feedback", {"key": "lint", "opinion": "wrong"}))
ASKED = (*NAMED, ("search", {"query": "kangaroos in zeppelins"}))

USING = (
    UseCase(
        name="of what was named and asked",
        verb="stats",
        before=ASKED,
        told={
            "position": 4,
            "is_recording": True,
            "relied_on.#": 1,
            "relied_on.0.memory.id": "postgres",
            "relied_on.0.counts.opened": 2,
            "relied_on.0.why": "Relied on 2 times, last on 2026-06-01.",
            "unused.0.id": "tabs",
            "unanswered.#": 1,
            "unanswered.0.times": 1,
            "overridden.#": 0,
        },
    ),
    UseCase(
        name="since a later day",
        verb="stats",
        asked={"since": "2026-06-02", "limit": 1},
        before=NAMED,
        told={"relied_on.#": 0, "unused.#": 1, "since": "2026-06-02"},
    ),
    UseCase(name="since no day", verb="stats", asked={"since": "2026-13-01"}, code="invalid_input"),
    UseCase(
        name="of what agents said long ago",
        verb="retain",
        before=(("confirm", {"key": "license"}),),
        told={"ended.#": 1, "ended.0.memory.id": "lint", "ended.0.rule": "agent = 90d", "kept.#": 0, "change": 16},
    ),
    UseCase(
        name="without writing",
        verb="retain",
        asked={"dry_run": True},
        before=(("confirm", {"key": "license"}),),
        told={"ended.#": 1, "is_dry_run": True, "change": None},
    ),
    UseCase(
        name="of what was confirmed",
        verb="retain",
        before=(("confirm", {"key": "lint"}),),
        told={"ended.#": 0, "change": None},
    ),
)
