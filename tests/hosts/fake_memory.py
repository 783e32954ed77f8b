"""A memory as hooks ask it, with fixed answers."""

from __future__ import annotations

from graphmem.hosts.hook.payload import HookPayload
from graphmem.hosts.hook.told import Block, Guarded

POSTGRES = ("a1", "## Decided", "- We use PostgreSQL [a1, 2026-01-01, words]")
REDIS = ("b2", "## Beware", "- Redis is contested [b2, 2026-01-01, words]")


def block(*lines: tuple[str, str, str], seq: int = 7) -> Block:
    return Block("Memories in force.", list(lines), "", seq)


class FakeMemory:
    """Counts how often it is opened and asked."""

    def __init__(self, *lines: tuple[str, str, str], guarded: Guarded | None = None) -> None:
        self.lines = list(lines)
        self.guarded = guarded or Guarded()
        self.asked: list[object] = []
        self.foot = ""
        self.ends_at: float | None = None

    def __call__(self) -> FakeMemory:
        return self

    def session_block(self, branch: str) -> Block:
        self.asked.append(("session", branch))
        return Block("Memories in force.", self.lines, self.foot, 7, ends_at=self.ends_at)

    def prompt_block(self, prompt: str) -> Block:
        self.asked.append(("prompt", prompt))
        return block(*self.lines)

    def path_block(self, payload: HookPayload) -> Block:
        self.asked.append(("paths", payload.files()))
        return block(*self.lines)

    def guard_index(self) -> dict[str, object]:
        self.asked.append("index")
        return {"words": ["json", "pytz"], "starts": [], "programs": ["terraform"], "is_open": False}

    def guard(self, payload: HookPayload) -> Guarded:
        self.asked.append(("guard", payload.files() or payload.command))
        return self.guarded
