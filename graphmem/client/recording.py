"""The verbs that write, carried out by a server; each is documented in `graphmem.service.recording`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Unpack

from graphmem.answers import OnSimilar, Written
from graphmem.client.stands import Stand, of_memory
from graphmem.errors import InvalidInput
from graphmem.model import Kind, LinkKind, Move, Scope, ScopeParts, Statement, Status, SupersessionKind
from graphmem.service import New, Write
from graphmem.service.recording import Recorder
from graphmem.wire.envelopes import AllWritten


class RemoteRecorder(Recorder):
    """Verbs that write to one memory on a server."""

    _stand: Stand

    def add(
        self,
        statement: Statement | str,
        *,
        moves: Sequence[Move] = (),
        kind: Kind = Kind.FACT,
        start: datetime | None = None,
        on_similar: OnSimilar | None = OnSimilar.KEEP,
        write: Write | None = None,
        **parts: Unpack[ScopeParts],
    ) -> Written:
        said = {"statement": statement, "moves": tuple(moves), "kind": kind, "start": start}
        body = {**said, "on_similar": on_similar}
        asked = write or Write()
        placed = replace(asked, scope=self._stand.placed(asked.scope, parts)) if parts else asked
        return self._stand.write("/v1/memories", placed, body)

    def add_many(
        self, items: Iterable[New], *, on_similar: OnSimilar | None = None, write: Write | None = None
    ) -> list[Written]:
        body: dict[str, object] = {"items": [_item(one) for one in items], "on_similar": on_similar}
        asked = self._stand.writing("/v1/memories/batch", write, body)
        return list(self._stand.connection.ask(AllWritten, asked).written)

    def supersede(  # noqa: PLR0913 - as in the service
        self,
        old: str | Sequence[str],
        new: str | Statement | Sequence[str] | None = None,
        *,
        by: str | Sequence[str] | None = None,
        at: datetime | None = None,
        until: datetime | None = None,
        kind: SupersessionKind = SupersessionKind.UPDATE,
        write: Write | None = None,
    ) -> Written:
        olds = (old,) if isinstance(old, str) else tuple(old)
        if not olds:
            raise InvalidInput("nothing is superseded: name at least one memory")
        news = new if new is None or isinstance(new, str | Statement) else tuple(new)
        named = by if by is None or isinstance(by, str) else tuple(by)
        body = {"new": news, "by": named, "also": olds[1:], "at": at, "until": until, "kind": kind}
        return self._stand.write(of_memory(olds[0], "supersede"), write, body)

    def amend(
        self,
        old: str,
        new: str | Statement | None = None,
        part: str = "",
        *,
        by: str | None = None,
        at: datetime | None = None,
        write: Write | None = None,
    ) -> Written:
        return self._stand.write(of_memory(old, "amend"), write, {"new": new, "part": part, "by": by, "at": at})

    def transition(
        self,
        key: str,
        status: Status,
        *,
        at: datetime | None = None,
        word: str | None = None,
        write: Write | None = None,
    ) -> Written:
        return self._stand.write(of_memory(key, "transition"), write, {"status": status, "at": at, "word": word})

    def end(
        self, key: str, *, at: datetime | None = None, word: str | None = None, write: Write | None = None
    ) -> Written:
        return self._stand.write(of_memory(key, "end"), write, {"at": at, "word": word})

    def retract(self, key: str, *, write: Write | None = None) -> Written:
        return self._stand.write(of_memory(key, "retract"), write, {})

    def confirm(self, key: str, *, write: Write | None = None) -> Written:
        return self._stand.write(of_memory(key, "confirm"), write, {})

    def link(self, source: str, target: str, kind: LinkKind, *, write: Write | None = None) -> Written:
        return self._stand.write(of_memory(source, "links"), write, {"target": target, "kind": kind})

    def revoke(self, change: int, *, move: int | None = None, write: Write | None = None) -> Written:
        return self._stand.write(f"/v1/changes/{change}/revoke", write, {"move": move})

    def open_branch(self, name: str, *, parent: str | None = None, write: Write | None = None) -> Written:
        return self._stand.write("/v1/branches/open", write, {"name": name, "parent": parent})

    def merge_branch(self, name: str, *, write: Write | None = None) -> Written:
        return self._stand.write("/v1/branches/merge", write, {"name": name})

    def abandon_branch(self, name: str, *, write: Write | None = None) -> Written:
        return self._stand.write("/v1/branches/abandon", write, {"name": name})

    def erase(self, key: str, *, write: Write | None = None) -> Written:
        return self._stand.write(of_memory(key, "erase"), write, {})


def _item(new: New) -> dict[str, object]:
    told: dict[str, object] = {"statement": new.statement, "scope": new.scope and _home(new.scope)}
    # A server of an earlier release knows only some of the rest: what is not asked for is not sent.
    rest = (one for one in fields(New) if one.name not in told and getattr(new, one.name) != one.default)
    return told | {one.name: getattr(new, one.name) for one in rest}


def _home(scope: Scope) -> dict[str, object]:
    """A scope without related repositories; the tenant of who names none is that of the key."""
    told = {name: value for name, value in asdict(scope).items() if name != "related_repos"}
    return {**told, "tenant": None if scope.tenant == Scope().tenant else scope.tenant}
