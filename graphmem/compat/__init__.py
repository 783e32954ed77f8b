"""The verbs of mem0's open-source `Memory` over graphmem: a script written for it runs with the import changed.

docs/compat.md says what differs.
"""

from __future__ import annotations

from graphmem.compat.memory import Memory
from graphmem.compat.refusals import NoSuchMemory, WrongArgument

__all__ = ["Memory", "NoSuchMemory", "WrongArgument"]
