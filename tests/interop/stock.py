"""graphiti's own client, as a stranger would set it up, but for models: they fail if they are ever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from graphmem.interop.graphiti import FACT_TYPES, import_graphiti
from tests.servers import Access

if TYPE_CHECKING:
    from graphiti_core import Graphiti
    from graphiti_core.search.search_config import SearchConfig
    from graphiti_core.search.search_filters import DateFilter, SearchFilters

Result = TypeVar("Result")


class AskedAModel(AssertionError):
    """A language model was asked."""


class Stock:
    """A `Graphiti(uri, user, password, ...)` on an event loop of its own."""

    def __init__(self, access: Access, vectors: dict[str, list[float]] | None = None) -> None:
        import_graphiti()
        self._loop = asyncio.new_event_loop()
        self.graphiti: Graphiti = self.wait(_connect(access, vectors or {}))

    def wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What a coroutine returns."""
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        self.wait(self.graphiti.close())
        self._loop.close()

    def facts(self, query: str, group: str, config: SearchConfig, where: SearchFilters) -> list[Any]:
        """The edges that `search_` gives."""
        found = self.graphiti.search_(query, config=config, group_ids=[group], search_filter=where)
        return list(self.wait(found).edges)


@contextmanager
def connected(access: Access, vectors: dict[str, list[float]] | None = None) -> Iterator[Stock]:
    """A client, closed afterwards."""
    client = Stock(access, vectors)
    try:
        yield client
    finally:
        client.close()


async def _connect(access: Access, vectors: dict[str, list[float]]) -> Graphiti:
    from graphiti_core import Graphiti

    embedder, cross_encoder, model = _clients(vectors)
    client = Graphiti(
        access.url, access.user, access.password, llm_client=model, embedder=embedder, cross_encoder=cross_encoder
    )
    await client.build_indices_and_constraints()
    await client.driver.execute_query("CALL db.awaitIndexes(60)")
    return client


def _clients(vectors: dict[str, list[float]]) -> tuple[Any, Any, Any]:
    from graphiti_core.cross_encoder.client import CrossEncoderClient
    from graphiti_core.embedder.client import EmbedderClient
    from graphiti_core.llm_client.client import LLMClient
    from graphiti_core.llm_client.config import LLMConfig

    class LookedUp(EmbedderClient):
        async def create(self, input_data: Any) -> list[float]:  # noqa: ANN401 - graphiti's own
            text = input_data if isinstance(input_data, str) else input_data[0]
            return vectors[text]

    class Silent(CrossEncoderClient):
        async def rank(self, query: str, passages: list[str]) -> list[tuple[str, float]]:
            raise AskedAModel(query, passages)

    class Mute(LLMClient):
        async def _generate_response(self, *asked: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - graphiti's own
            raise AskedAModel(asked, more)

    return LookedUp(), Silent(), Mute(LLMConfig())


def standing(valid: datetime, known: datetime | None = None, types: Sequence[str] = FACT_TYPES) -> SearchFilters:
    """graphiti's filter for what holds at an instant, as known at another."""
    from graphiti_core.search.search_filters import SearchFilters

    dates = {"valid_at": _reached(valid), "invalid_at": _not_yet(valid)}
    if known is None:
        dates["expired_at"] = _not_yet(None)
    else:
        dates |= {"created_at": _reached(known), "expired_at": _not_yet(known)}
    return SearchFilters(edge_types=list(types), **dates)


def _reached(moment: datetime) -> list[list[DateFilter]]:
    from graphiti_core.search.search_filters import ComparisonOperator, DateFilter

    return [[DateFilter(date=moment, comparison_operator=ComparisonOperator.less_than_equal)]]


def _not_yet(moment: datetime | None) -> list[list[DateFilter]]:
    from graphiti_core.search.search_filters import ComparisonOperator, DateFilter

    never = [DateFilter(comparison_operator=ComparisonOperator.is_null)]
    if moment is None:
        return [never]
    return [never, [DateFilter(date=moment, comparison_operator=ComparisonOperator.greater_than)]]
