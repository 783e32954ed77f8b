"""API keys of a server: their permissions and bindings, and the file that stores their hashes."""

from graphmem.keys.key import Key, Permission
from graphmem.keys.ring import Granted, KeyRing

__all__ = ["Granted", "Key", "KeyRing", "Permission"]
