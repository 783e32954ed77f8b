"""The verbs that read, carried out by a server; each is documented in `graphmem.service.reading`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, Unpack

from graphmem.answers import Card, Conflicts, Diff, Explanation, History, Listing, SearchAnswer, Timeline
from graphmem.client.connection import Asked, Query
from graphmem.client.stands import Stand, filter_query, of_memory, time_text
from graphmem.errors import InvalidInput
from graphmem.model import At, Change, Scope, ScopeParts
from graphmem.retrieval.paging import page_of
from graphmem.retrieval.request import Sort
from graphmem.service.reading import Reader
from graphmem.store import Filter, Page
from graphmem.vocabulary import word_of
from graphmem.wire.documents import document
from graphmem.wire.envelopes import Changes, Repositories, Shown

Answer = TypeVar("Answer")

_AT_ONCE = 1_000


class RemoteReader(Reader):
    """Verbs that read one memory on a server."""

    _stand: Stand

    def search(  # noqa: PLR0913 - as in the service
        self,
        query: str,
        *,
        at: At | None = None,
        scope: Scope | None = None,
        where: Filter | None = None,
        sort: Sort = Sort.RELEVANCE,
        page: Page | None = None,
        limit: int | None = None,
        min_relevance: float | None = None,
        **parts: Unpack[ScopeParts],
    ) -> SearchAnswer:
        asked = page_of(page, limit, Page())
        body: dict[str, object] = {"query": query, "where": where, "sort": sort, "limit": asked.limit}
        body |= {"cursor": asked.cursor, "min_relevance": min_relevance, "excerpts": False}
        request = Asked("POST", "/v1/search", self._stand.query(self._stand.placed(scope, parts), at), document(body))
        return self._stand.connection.ask(SearchAnswer, request)

    def list(
        self,
        where: Filter | None = None,
        *,
        at: At | None = None,
        scope: Scope | None = None,
        sort: Sort = Sort.RECENCY,
        page: Page | None = None,
        limit: int | None = None,
        **parts: Unpack[ScopeParts],
    ) -> Listing:
        asked = page_of(page, limit, Page(limit=50))
        paged: Query = {"sort": word_of(Sort, sort).value, "limit": asked.limit, "cursor": asked.cursor}
        return self._get(
            Listing, "/v1/memories", self._stand.placed(scope, parts), at, {**filter_query(where), **paged}
        )

    def get(self, key: str, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]) -> Card:
        return self._get(Shown, of_memory(key), self._stand.placed(scope, parts), at).card

    def history(
        self, key: str, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]
    ) -> History:
        return self._get(History, of_memory(key, "history"), self._stand.placed(scope, parts), at)

    def timeline(
        self, *, subject: str | None = None, path: str | None = None, at: At | None = None, scope: Scope | None = None
    ) -> Timeline:
        return self._get(Timeline, "/v1/timeline", scope, at, {"subject": subject, "path": path})

    def diff(
        self, start: At, end: At | None = None, *, where: Filter | None = None, scope: Scope | None = None
    ) -> Diff:
        bounds: dict[str, str | int | None] = {}
        for name, known, at in (("start", "known_from", start), ("end", "known_to", end or At())):
            bounds[name] = time_text(at.as_of)
            bounds[known] = str(at.known_at) if isinstance(at.known_at, int) else time_text(at.known_at)
        return self._get(Diff, "/v1/diff", scope, None, {**filter_query(where), **bounds})

    def explain(
        self, key: str, *, at: At | None = None, scope: Scope | None = None, **parts: Unpack[ScopeParts]
    ) -> Explanation:
        return self._get(Explanation, of_memory(key, "explain"), self._stand.placed(scope, parts), at)

    def conflicts(self, *, at: At | None = None, scope: Scope | None = None) -> Conflicts:
        return self._get(Conflicts, "/v1/conflicts", scope, at)

    def changes(self, *, after: int = 0, limit: int = 100, scope: Scope | None = None) -> Sequence[Change]:
        if limit < 1:
            raise InvalidInput(f"limit {limit!r} is not at least 1")
        found: list[Change] = []
        while len(found) < limit:
            query: Query = {"after": found[-1].seq if found else after, "limit": min(limit - len(found), _AT_ONCE)}
            some = self._get(Changes, "/v1/changes", scope, None, query).changes
            if not some:
                break
            found += some
        return tuple(found)

    def repositories(self, *, scope: Scope | None = None) -> Sequence[str]:
        return self._get(Repositories, "/v1/repositories", scope, None).repositories

    def _get(
        self, kind: type[Answer], path: str, scope: Scope | None, at: At | None, query: Query | None = None
    ) -> Answer:
        asked = Asked("GET", path, {**self._stand.query(scope, at), **(query or {})})
        return self._stand.connection.ask(kind, asked)
