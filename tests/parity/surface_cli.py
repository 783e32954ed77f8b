"""The command line: verbs are commands, answers `--json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from graphmem import GraphMemory, Scope
from graphmem.cli.app import app
from tests.parity.use_case import Refused
from tests.parity.world import HERE

Asked = Mapping[str, Any]
Words = Iterator[str]

#: The command of each verb, and the field that holds what the library answers if it is not the whole document.
COMMANDS: dict[str, tuple[str, str | None]] = {
    **{
        verb: (verb, None)
        for verb in ("search", "context", "list", "history", "timeline", "diff", "explain", "conflicts")
    },
    **{verb: (verb, None) for verb in ("add", "supersede", "amend", "transition", "end", "retract", "revoke")},
    **{verb: (verb, None) for verb in ("confirm", "feedback", "link", "settle", "erase", "export", "backup")},
    "add_many": ("add", "written"),
    "get": ("show", "card"),
    "changes": ("changes", "changes"),
    "guard": ("guard", None),
    "allow": ("guard allow", None),
    "open_branch": ("branch open", None),
    "merge_branch": ("branch merge", None),
    "abandon_branch": ("branch abandon", None),
    "ingest": ("ingest decisions", None),
    "link_repository": ("repo link", None),
    "file_life": ("life", None),
    "restore": ("restore", "entries"),
    "check": ("check", "findings"),
    "reindex": ("reindex", "vectors"),
    "scrub": ("scrub", None),
    "retain": ("retain", None),
    "stats": ("stats", None),
    "status": ("status", "store"),
    "repositories": ("repositories", "repositories"),
    "proposals": ("proposals", None),
    "review": ("review", None),
    "branches": ("branch list", "branches"),
    **{verb: (verb, None) for verb in ("claim", "claims", "renew", "release")},
    "hand_over": ("hand-over", None),
}


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`graphmem` on the store of a folder; every call opens and closes it."""

    folder: Path
    opening: Callable[[Scope], GraphMemory]

    def ask(self, verb: str, asked: Asked) -> Any:  # noqa: ANN401 - JSON
        """What the command writes to standard output."""
        command, answer = COMMANDS[verb]
        words = [*command.split(), "--json", *_WORDS.get(verb, _options)(self._on_disk(verb, asked))]
        done = CliRunner().invoke(app, words, obj=self._open, prog_name="graphmem")
        if done.exit_code and done.stderr:
            error = json.loads(done.stderr.splitlines()[-1])["error"]
            raise Refused(error["code"], tuple(error["heads"]), error["message"])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        if verb == "export":
            return done.stdout.splitlines()
        told = json.loads(done.stdout)
        return None if verb == "backup" else told if answer is None else told[answer]

    def _open(self, url: str | None, stands: Mapping[str, str | None]) -> GraphMemory:
        assert url is None
        return self.opening(replace(HERE, **stands))  # type: ignore[arg-type]

    def _on_disk(self, verb: str, asked: Asked) -> Asked:
        """What other surfaces are handed, as files."""
        if verb == "ingest":
            for path, text in asked["documents"].items():
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / path).write_text(text)
            # The other surfaces take no files, and so have nobody whose clock could date them unseen.
            return {**asked, "documents": str(self.folder), "no_dates": True}
        if verb == "guard" and "diff" in asked:
            (self.folder / "change.diff").write_text(asked["diff"])
            return {**asked, "diff": str(self.folder / "change.diff")}
        if verb == "add_many":
            (self.folder / "items").write_text("".join(f"{json.dumps(one)}\n" for one in asked["items"]))
            return {**{name: one for name, one in asked.items() if name != "items"}, "from": str(self.folder / "items")}
        if verb == "restore":
            (self.folder / "lines").write_text("".join(f"{one}\n" for one in asked["lines"]))
            return {**asked, "lines": str(self.folder / "lines")}
        return {**asked, "target": str(self.folder / asked["target"])} if verb == "backup" else asked


def offered() -> Iterator[str]:
    """Every command, those of groups too."""
    context = click.Context(app)
    for name in app.list_commands(context):
        found = app.get_command(context, name)
        inner = found.list_commands(context) if isinstance(found, click.Group) else None
        if isinstance(found, click.Group) and found.invoke_without_command:
            yield name
        yield from [name] if inner is None else (f"{name} {one}" for one in inner)


# ---- words


def _options(asked: Asked) -> Words:
    """All arguments as options of their own names."""
    for name, value in asked.items():
        part = _PARTS.get(name)
        if part is not None:
            yield from part(value)
        elif value is True:
            yield f"--{name.replace('_', '-')}"
        elif value is not None and value is not False:
            yield from (f"--{name.replace('_', '-')}", str(value))


def _point(at: Any) -> Words:  # noqa: ANN401 - a point or a time
    yield from _options(at if isinstance(at, dict) else {"when": at})


def _scope(scope: Asked) -> Words:
    yield from _options({"repo": "", **{name: one for name, one in scope.items() if one is not None}})


def _write(write: Asked) -> Words:
    given = dict(write)
    if "scope" in given:
        yield from _scope(given.pop("scope"))
    yield from _options(given)


_ONE_OF_MANY = {
    "kinds": "kind",
    "labels": "label",
    "paths": "path",
    "components": "component",
    "languages": "language",
    "subjects": "subject",
    "statuses": "status",
    "origins": "origin",
    "aliases": "alias",
}


def _where(where: Asked) -> Words:
    for name, value in where.items():
        if name == "include_history":
            yield "--history"
        elif name in _ONE_OF_MANY:
            yield from (word for one in value for word in (f"--{_ONE_OF_MANY[name]}", one))
        else:
            yield from _options({name: value})


def _statement(said: Any) -> Words:  # noqa: ANN401 - a statement or a text
    if isinstance(said, str):
        yield from ("--", said)
        return
    given = dict(said)
    for one in given.pop("anchors", ()):
        yield from ("--path", one["name"])
    for option in given.pop("alternatives", ()):
        yield from (f"--{option['outcome']}", option["name"], "--reason", option["reason"])
        yield from (word for key in option["keys"] for word in ("--key", key))
    title = given.pop("title")
    yield from _where(given)
    yield from ("--", title)


def _time(moment: str) -> Words:
    yield from ("--at", moment)


_PARTS: dict[str, Callable[[Any], Words]] = {
    "at": _point,
    "lasting": lambda text: iter(("--for", text)),
    "paths": lambda paths: (word for path in paths for word in ("--path", path)),
    "by": lambda refs: iter(("--by", _word(refs))),
    "page": _options,
    "scope": _scope,
    "statement": _statement,
    "when": _time,
    "where": _where,
    "write": _write,
}


def _placed(*names: str) -> Callable[[Asked], Words]:
    """Some arguments by their place, the rest as options."""

    def words(asked: Asked) -> Words:
        given = dict(asked)
        placed = [_word(given.pop(name)) for name in names if name in given]
        yield from _options(given)
        yield from ("--", *placed)

    return words


def _word(value: Any) -> str:  # noqa: ANN401 - JSON
    return ",".join(value) if isinstance(value, list) else str(value)


def _add(asked: Asked) -> Words:
    given = dict(asked)
    said = given.pop("statement")
    for one in given.pop("moves", ()):
        yield from ("--status", one["status"], "--start", one["at"])
    yield from _options(given)
    yield from _statement(said)


def _context(asked: Asked) -> Words:
    given = dict(asked)
    yield from (word for path in given.pop("paths", ()) for word in ("--path", path))
    if "budget_tokens" in given:
        given["budget"] = given.pop("budget_tokens")
    yield from _placed("task")(given)


def _diff(asked: Asked) -> Words:
    given = dict(asked)
    start, end = given.pop("start"), given.pop("end", {})
    yield from _options({"known_from": start.get("known_at"), "known_to": end.get("known_at")})
    yield from _options(given)
    yield from ("--", *(one["as_of"] for one in (start, end) if "as_of" in one))


def _erase(asked: Asked) -> Words:
    yield "--yes"
    yield from _placed("key")(asked)


def _ingest(asked: Asked) -> Words:
    yield from ("--root", asked["documents"])
    yield from _placed("documents")(asked)


def _guard(asked: Asked) -> Words:
    given = dict(asked)
    for command in given.pop("commands", ()):
        yield from ("--command", command)
    yield from ("--fail-on", "nothing")
    yield from _options(given)


_WORDS: dict[str, Callable[[Asked], Words]] = {
    "guard": _guard,
    "add": _add,
    "amend": _placed("old", "new"),
    "backup": _placed("target"),
    "context": _context,
    "diff": _diff,
    "erase": _erase,
    "feedback": _placed("key", "opinion"),
    "ingest": _ingest,
    "link": _placed("source", "kind", "target"),
    "file_life": _placed("path"),
    "link_repository": _placed("old", "new"),
    "restore": _placed("lines"),
    "review": _placed("key", "verdict"),
    "revoke": _placed("change"),
    "search": _placed("query"),
    "settle": _placed("conflict", "how"),
    "supersede": _placed("old", "new"),
    "timeline": _placed("subject"),
    "transition": _placed("key", "status"),
    **{verb: _placed("key") for verb in ("get", "history", "explain", "end", "retract", "confirm", "allow")},
    "claim": _placed("task"),
    **{verb: _placed("key") for verb in ("renew", "release", "hand_over")},
    **{verb: _placed("name") for verb in ("open_branch", "merge_branch", "abandon_branch")},
}
