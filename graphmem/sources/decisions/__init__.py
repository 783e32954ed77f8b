"""The reader of decision records."""

from graphmem.sources.decisions.documents import Document
from graphmem.sources.decisions.reader import read_decisions, read_documents

__all__ = ["Document", "read_decisions", "read_documents"]
