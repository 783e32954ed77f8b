"""The verbs of graphmem, carried out by a server: `graphmem.open("http://…")`."""

from graphmem.client.connection import Connection
from graphmem.client.memory import RemoteMemory

__all__ = ["Connection", "RemoteMemory"]
