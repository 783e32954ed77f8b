"""Bringing in what other memories hold: mem0, the MCP reference server, Basic Memory and Claude's memory files."""

from __future__ import annotations

from graphmem.interop.imports.detecting import detect
from graphmem.interop.imports.export import Asked, Export, Loss, Source
from graphmem.interop.imports.importing import ImportReport, bring_in, read_export

__all__ = ["Asked", "Export", "ImportReport", "Loss", "Source", "bring_in", "detect", "read_export"]
