"""The interface of mem0's open-source `Memory` over graphmem: a script written for mem0 runs with its import changed.

docs/compat.md lists the differences.
"""

from __future__ import annotations

from graphmem.compat.memory import Memory
from graphmem.compat.refusals import NoSuchMemory, WrongArgument

__all__ = ["Memory", "NoSuchMemory", "WrongArgument"]
