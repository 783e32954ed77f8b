"""A client with the verbs of graphmem, run by a server: `graphmem.open("http://…")`."""

from graphmem.client.remote_memory import RemoteMemory
from graphmem.client.server_connection import Connection

__all__ = ["Connection", "RemoteMemory"]
