"""API keys of a server: their permissions and bindings, and the file that stores their hashes."""

from graphmem.keys.key import Key
from graphmem.keys.ring import Granted, KeyRing
from graphmem.vocabulary import Permission

__all__ = ["Granted", "Key", "KeyRing", "Permission"]
