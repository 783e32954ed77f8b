"""graphiti's clients other than the database; none uses the network unless a language model is configured."""

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
from pydantic import ValidationError

from graphmem.errors import Unsupported
from graphmem.extraction.completions import AnswerRefused, Completions
from graphmem.interop.graphiti.driver import GraphmemDriver
from graphmem.retrieval.embedder import Embedder, EmbedderMissing
from graphmem.service import GraphMemory
from graphmem.service.memory import context_of

_NO_KEY = "none"


class MemoryEmbedder(EmbedderClient):
    """The memory's own embedding model, so that vectors are comparable with those in the store."""

    def __init__(self, memory: GraphMemory) -> None:
        self._context = context_of(memory)

    async def create(self, input_data: str | list[str] | Iterable[int] | Iterable[Iterable[int]]) -> list[float]:
        """Return the vector of a text, or of the first of several texts."""
        texts = [input_data] if isinstance(input_data, str) else [str(item) for item in input_data]
        return (await self.create_batch(texts[:1]))[0]

    async def create_batch(self, input_data_list: list[str]) -> list[list[float]]:
        """Return the vectors of texts."""
        rows = await to_thread(self._backend().embed, input_data_list)
        vectors: list[list[float]] = rows.tolist()
        return vectors

    def _backend(self) -> Embedder:
        backend = self._context.embedder()
        if isinstance(backend, EmbedderMissing):
            raise Unsupported(f"{backend.reason}; search recipes that use only bm25 need no model")
        return backend


class KeepsOrder(CrossEncoderClient):
    """A cross-encoder that keeps the order of its input: recipes with it rank as recipes with RRF."""

    async def rank(self, query: str, passages: list[str]) -> list[tuple[str, float]]:
        """Return each passage with a score that falls with its rank."""
        del query
        return [(passage, 1.0 / rank) for rank, passage in enumerate(passages, 1)]


class NoModel(LLMClient):
    """A language model client that refuses every request."""

    def __init__(self) -> None:
        super().__init__(LLMConfig(api_key=_NO_KEY, model=_NO_KEY, small_model=_NO_KEY))

    async def _generate_response(self, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401 - graphiti's own
        raise Unsupported("no language model is configured; pass local_model(url, name), or another graphiti client")


class EndpointClient(LLMClient):
    """A language model client over an endpoint with limits of time and length; a call that fails is not repeated."""

    def __init__(self, completions: Completions) -> None:
        super().__init__(LLMConfig(api_key=_NO_KEY, model=completions.model, small_model=completions.model))
        self._completions = completions

    async def _generate_response(
        self,
        messages: list[Any],
        response_model: Any = None,  # noqa: ANN401 - graphiti's own
        *_: Any,  # noqa: ANN401 - graphiti's own
        **__: Any,  # noqa: ANN401 - graphiti's own
    ) -> dict[str, Any]:
        schema = {"type": "object"} if response_model is None else response_model.model_json_schema()
        name = getattr(response_model, "__name__", "answer")
        sent = [{"role": message.role, "content": self._clean_input(message.content)} for message in messages]
        answer = await to_thread(self._completions.object, sent, name, schema)
        if response_model is not None:
            try:
                response_model.model_validate(answer)
            except ValidationError:
                raise AnswerRefused from None
        return answer


def local_model(url: str, name: str, *, key: str = _NO_KEY) -> LLMClient:
    """Return a client of an OpenAI-compatible endpoint, for example a server on this machine.

    Args:
        url: Up to the version: `http://127.0.0.1:11434/v1`.
        name: The model's name.
        key: The endpoint's API key, if required.
    """
    return OpenAIGenericClient(LLMConfig(api_key=key, model=name, small_model=name, base_url=url))


def graphiti_over(
    driver: GraphmemDriver,
    memory: GraphMemory,
    *,
    llm_client: LLMClient | None = None,
    cross_encoder: CrossEncoderClient | None = None,
) -> Graphiti:
    """Return a `Graphiti` that searches a memory with its embedding model; by default without a language model."""
    return Graphiti(
        graph_driver=driver,
        llm_client=llm_client or NoModel(),
        embedder=MemoryEmbedder(memory),
        cross_encoder=cross_encoder or KeepsOrder(),
    )
