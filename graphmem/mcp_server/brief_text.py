"""The compact text of a search answer for a model, made from its JSON, which has the marks already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DATE_CHARS = len("2024-01-01")


def brief_text(document: Mapping[str, Any]) -> str:
    """A few lines for each hit, then the notes and the point in time.

    Args:
        document: A `BriefAnswer` as JSON, with or without its empty members.
    """
    lines = [line for number, hit in enumerate(document["hits"], 1) for line in hit_lines(number, hit)]
    return "\n".join([*lines, *document.get("notes", ()), point_line(document)])


def point_line(document: Mapping[str, Any]) -> str:
    """The valid time and ledger position of an answer."""
    commit = document["at"].get("commit")
    named = "" if commit is None else f" = {commit['name']} (commit {commit['sha'][:10]})"
    return f"as of {document['at']['as_of']}{named}, known at change {document['at']['known_at']}"


def hit_lines(number: int, hit: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a hit: title, id and state, then its text, rejected options and relations to other memories."""
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
    for sentence in hit.get("files") or ():
        yield f"   file: {sentence}"
    if hit.get("code"):
        yield f"   code: {hit['code']}"
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
