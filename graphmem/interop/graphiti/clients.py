"""What graphiti wants beside a database, none of it on the network unless a model is named."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Iterable
from typing import Any

from graphiti_core import Graphiti
from graphiti_core.cross_encoder.client import CrossEncoderClient
from graphiti_core.embedder.client import EmbedderClient
from graphiti_core.llm_client.client import LLMClient
from graphiti_core.llm_client.config import LLMConfig
from graphiti_core.llm_client.openai_generic_client import OpenAIGenericClient

from graphmem.errors import Unsupported
from graphmem.interop.graphiti.driver import GraphmemDriver
from graphmem.retrieval.embedding import Embedder
from graphmem.service import GraphMemory
from graphmem.service.memory import desk_of

_NO_KEY = "none"


class MemoryEmbedder(EmbedderClient):
    """The memory's own embedding model: its vectors compare with those in the store."""

    def __init__(self, memory: GraphMemory) -> None:
        self._desk = desk_of(memory)

    async def create(self, input_data: str | list[str] | Iterable[int] | Iterable[Iterable[int]]) -> list[float]:
        """The vector of a text, or of the first of several."""
        texts = [input_data] if isinstance(input_data, str) else [str(one) for one in input_data]
        return (await self.create_batch(texts[:1]))[0]

    async def create_batch(self, input_data_list: list[str]) -> list[list[float]]:
        """The vectors of texts."""
        rows = await to_thread(self._backend().embed, input_data_list)
        vectors: list[list[float]] = rows.tolist()
        return vectors

    def _backend(self) -> Embedder:
        backend = self._desk.embedder()
        if isinstance(backend, str):
            raise Unsupported(f"{backend}; recipes by words alone (bm25) need no model")
        return backend


class KeepsOrder(CrossEncoderClient):
    """Leaves passages in the order in which they came: recipes of the cross-encoder then rank as those of RRF."""

    async def rank(self, query: str, passages: list[str]) -> list[tuple[str, float]]:
        """Each passage with a score that falls with its place."""
        del query
        return [(passage, 1.0 / place) for place, passage in enumerate(passages, 1)]


class NoModel(LLMClient):
    """Refuses whatever asks for a language model."""

    def __init__(self) -> None:
        super().__init__(LLMConfig(api_key=_NO_KEY, model=_NO_KEY, small_model=_NO_KEY))

    async def _generate_response(self, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401 - graphiti's own
        raise Unsupported("no language model was named; give local_model(url, name), or a client of graphiti's")


def local_model(url: str, name: str, *, key: str = _NO_KEY) -> LLMClient:
    """A client of an endpoint that speaks as OpenAI's does, such as a server on this machine.

    Args:
        url: Up to the version: `http://127.0.0.1:11434/v1`.
        name: The model's.
        key: What the endpoint asks for, if anything.
    """
    return OpenAIGenericClient(LLMConfig(api_key=key, model=name, small_model=name, base_url=url))


def graphiti_over(
    driver: GraphmemDriver,
    memory: GraphMemory,
    *,
    llm_client: LLMClient | None = None,
    cross_encoder: CrossEncoderClient | None = None,
) -> Graphiti:
    """A `Graphiti` that searches a memory, with its embedding model; without a language model unless one is given."""
    return Graphiti(
        graph_driver=driver,
        llm_client=llm_client or NoModel(),
        embedder=MemoryEmbedder(memory),
        cross_encoder=cross_encoder or KeepsOrder(),
    )
