"""A client with the verbs of graphmem, run by a server: `graphmem.open("http://…")`."""

from graphmem.client.connection import Connection
from graphmem.client.memory import RemoteMemory

__all__ = ["Connection", "RemoteMemory"]
