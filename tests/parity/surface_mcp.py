"""MCP: verbs are tools, arguments flat; asked with the SDK's own client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from mcp import Client

from graphmem.marks import unmarked
from graphmem.mcp_server.tool_callers import ToolCaller
from graphmem.mcp_server.tool_server import make_server
from graphmem.service import GraphMemory
from tests.parity.use_case import Refused

TOOLS = {
    "context": "memory_context",
    "search": "memory_search",
    "add": "memory_add",
    "supersede": "memory_supersede",
    "history": "memory_history",
    "explain": "memory_explain",
    "guard": "memory_guard",
    "feedback": "memory_feedback",
}


@dataclass(frozen=True, slots=True)
class Agent:
    """A server in this process, and who calls it."""

    memory: GraphMemory
    caller: ToolCaller

    def ask(self, verb: str, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """The structured result."""

        async def called() -> Any:  # noqa: ANN401 - as above
            async with Client(make_server(lambda _: (self.memory, self.caller))) as client:
                return await client.call_tool(TOOLS[verb], _arguments(verb, asked))

        done = anyio.run(called)
        if done.is_error:
            error = done.structured_content["error"]
            # An id that a caller may have made stands between marks, and is taken as an argument with them.
            raise Refused(error["code"], tuple(map(unmarked, error["heads"])), error["message"])
        return done.structured_content or {"markdown": done.content[0].text}


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer to a search says on every surface; an agent gets no more of a card than this."""
    return {
        **{name: answer[name] for name in ("at", "mode", "weaker")},
        "hits": [_small(hit) if "card" in hit else _of_agent(hit) for hit in answer["hits"]],
    }


def _small(hit: Mapping[str, Any]) -> dict[str, Any]:
    card = hit["card"]
    return {
        **{name: card[name] for name in ("id", "title", "kind", "state", "origin")},
        "alias": next(iter(card["aliases"]), None),
        "standing": hit["standing"],
        "relevance": round(hit["relevance"], 2),
        "scope": {name: one for name, one in card["scope"].items() if one},
        "replaced": [(one["memory"]["id"], one["before"], one["after"]) for one in hit["relations"][:3]],
        "overruled_by": hit["overruled_by"] and hit["overruled_by"]["memory"]["id"],
        "contested": [] if hit["overruled_by"] else [one["memory"]["id"] for one in hit["contested"][:3]],
    }


def _of_agent(hit: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: _unmarked(one) for name, one in hit.items() if name != "rejected"}
    return {
        **{name: plain.get(name) for name in ("id", "title", "kind", "state", "origin", "alias", "standing")},
        **{name: plain[name] for name in ("relevance", "scope")},
        "replaced": [(one["memory"]["id"], one["before"], one.get("after", "")) for one in plain.get("replaced", ())],
        "overruled_by": plain["overruled_by"]["memory"]["id"] if "overruled_by" in plain else None,
        "contested": [one["id"] for one in plain.get("contested", ())],
    }


def _unmarked(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _unmarked(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_unmarked(one) for one in value]
    return unmarked(value) if isinstance(value, str) else value


def offered(memory: GraphMemory, caller: ToolCaller) -> set[str]:
    """Every tool that a client is told of."""

    async def listed() -> set[str]:
        async with Client(make_server(lambda _: (memory, caller))) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    return anyio.run(listed)


def _arguments(verb: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in asked.items():
        word = _WORDS.get(name)
        found |= {name: value} if word is None else word(verb, value)
    return found


def _budget(_: str, budget: int) -> dict[str, Any]:
    return {"budget": budget}


def _point(_: str, at: Any) -> dict[str, Any]:  # noqa: ANN401 - a point or a time
    return dict(at) if isinstance(at, dict) else {"at": at}


def _where(_: str, where: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(where)
    found = {"tags": given.pop("labels", []), "include_history": given.pop("include_history", False)}
    for name, one in (("kinds", "kind"), ("paths", "path")):
        for value in given.pop(name, ()):
            found[one] = value
    return _all_of(given, found)


def _statement(_: str, said: Any) -> dict[str, Any]:  # noqa: ANN401 - a statement or a text
    if isinstance(said, str):
        return {"text": said}
    given = dict(said)
    found: dict[str, Any] = {"text": "\n".join([given.pop("title"), *filter(None, [given.pop("body", "")])])}
    found |= {name: given.pop(name) for name in ("kind", "subject", "rationale", "origin") if name in given}
    found |= {"tags": given.pop("labels", []), "paths": [one["name"] for one in given.pop("anchors", ())]}
    found |= {"rejected": [_option(option) for option in given.pop("alternatives", ())]}
    return _all_of(given, found)


def _option(option: Mapping[str, Any]) -> str:
    return f"{option['name']} [{', '.join(option['keys'])}]: {option['reason']}"


def _new(_: str, new: str) -> dict[str, Any]:
    return {"text": new}


def _by(_: str, by: str) -> dict[str, Any]:
    return {"new": by}


def _kind(verb: str, kind: str) -> dict[str, Any]:
    return {"is_correction": kind == "correction"} if verb == "supersede" else {"kind": kind}


def _scope(_: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(scope)
    return _all_of(given, {"repo": given.pop("repo", None)})


def _write(verb: str, write: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(write)
    return {**(_scope(verb, given.pop("scope")) if "scope" in given else {}), **given}


def _page(_: str, page: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(page)
    return _all_of(given, {"limit": given.pop("limit")})


def _all_of(rest: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    assert not rest, f"no tool has words for {sorted(rest)}: say so in the use case's `lacks`"
    return found


_WORDS: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "at": _point,
    "budget_tokens": _budget,
    "by": _by,
    "key": lambda _, key: {"id": key},
    "kind": _kind,
    "new": _new,
    "page": _page,
    "scope": _scope,
    "statement": _statement,
    "where": _where,
    "write": _write,
}
