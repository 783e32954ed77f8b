"""The compact form of a search answer, for a model to read: made of its written form, in which marks are set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DATE_CHARS = len("2024-01-01")


def brief_text(told: Mapping[str, Any]) -> str:
    """A few lines for each hit, then what else is to be said.

    Args:
        told: A `BriefAnswer` as it is written, with or without what is empty.
    """
    lines = [line for number, hit in enumerate(told["hits"], 1) for line in hit_lines(number, hit)]
    return "\n".join([*lines, *told.get("notes", ()), point_line(told)])


def point_line(told: Mapping[str, Any]) -> str:
    """For which point an answer was given."""
    return f"as of {told['at']['as_of']}, known at change {told['at']['known_at']}"


def hit_lines(number: int, hit: Mapping[str, Any]) -> Iterator[str]:
    """One hit: what it is called and how it stands, then what it says, and what it has to do with others."""
    alias = f"{hit['alias']} " if hit.get("alias") else ""
    yield f"{number}. {alias}{hit['title']}"
    yield f"   id {hit['id']} · {' · '.join(_facts(hit))}"
    for label, name in (("", "because"), ("", "excerpt"), ("why: ", "rationale")):
        if hit.get(name):
            yield f"   {label}{hit[name]}"
    for option in hit.get("rejected") or ():
        yield f"   rejected: {option['name']}" + (f", since {option['reason']}" if option.get("reason") else "")
    if hit.get("more_rejected"):
        yield f"   rejected: {hit['more_rejected']} more"
    if hit.get("overruled_by"):
        yield f"   {_relation(hit['overruled_by'])}"
    for near in hit.get("replaced") or ():
        yield f"   {_relation(near)}"
    if hit.get("contested"):
        yield f"   contested by {', '.join(map(_named, hit['contested']))}"


def _facts(hit: Mapping[str, Any]) -> Iterator[str]:
    yield f"relevance {hit['relevance']:.2f}"
    is_holding = hit["state"] == "holds"
    yield "in force" + _stretch(hit) if is_holding else f"{hit['standing']} ({hit['state']})"
    yield ("mandatory " if hit.get("is_mandatory") else "") + hit["kind"]
    home = hit["scope"]
    named = [f"{word} {home[word]}" for word in ("repo", "user", "branch", "environment") if home.get(word)]
    yield ", ".join(named) or "org-wide"


def _stretch(hit: Mapping[str, Any]) -> str:
    since, until = hit.get("since"), hit.get("until")
    return (f" since {since[:_DATE_CHARS]}" if since else "") + (f" until {until[:_DATE_CHARS]}" if until else "")


def _relation(near: Mapping[str, Any]) -> str:
    part = f" ({near['part']})" if near.get("part") else ""
    memory = near["memory"]
    return f"{near['before']} {memory['title']}{part}{near.get('after') or ''} [{memory['id']}]"


def _named(memory: Mapping[str, Any]) -> str:
    return f"{memory['title']} [{memory['id']}]"
