"""Keys to a server: what each may do, for whom, and the file in which their hashes are kept."""

from graphmem.keys.key import Key
from graphmem.keys.ring import Granted, KeyRing
from graphmem.vocabulary import Permission

__all__ = ["Granted", "Key", "KeyRing", "Permission"]
