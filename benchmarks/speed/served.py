"""A filled store behind a surface, as a process of its own: `python -m benchmarks.speed.served http|stdio PATH COUNT`.

It is `graphmem serve` or `graphmem mcp` but for the vectors, which are looked up: surfaces are measured, not models.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import graphmem
from benchmarks.speed.corpus import DIMENSION, Corpus, home
from benchmarks.speed.vectors import LookUp
from graphmem import GraphMemory

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How many queries every process of a run knows.
QUERIES = 400


class Known(LookUp):
    """Knows the vectors of the corpus' queries; every other text has one and the same."""

    def __init__(self, corpus: Corpus) -> None:
        super().__init__()
        self.asked = corpus.queries(QUERIES)
        self.expect({one.text: one.vector for one in self.asked})
        self._other = np.full(DIMENSION, DIMENSION**-0.5, np.float32)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `graphmem.retrieval.embedder.Embedder.embed`."""
        return np.stack([self._known.get(text, self._other) for text in texts])


def opened(path: str, known: Known) -> GraphMemory:
    """The memory as every surface of a run opens it."""
    return graphmem.open(path, scope=home(0), actor="speed", embedder=known.door())


def main(arguments: Sequence[str]) -> None:
    """Serve until told to stop."""
    surface, path, count = arguments
    known = Known(Corpus(int(count)))
    if surface == "stdio":
        from graphmem.mcp_server.stdio import serve_stdio

        serve_stdio(lambda: opened(path, known))
        return
    from graphmem.http.request_limits import ON_A_FILE
    from graphmem.http.server import ListenAddress, serve, uvicorn_config
    from graphmem.mcp_server.key_callers import keyed_tools

    with opened(path, known) as memory:
        tools = keyed_tools(memory)
        address = ListenAddress(port=0)
        serve(
            uvicorn_config(memory, None, address, ON_A_FILE, tools=tools),
            None,
            address,
            listening=lambda url: print(url, flush=True),
        )


if __name__ == "__main__":
    main(sys.argv[1:])
