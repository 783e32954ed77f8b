"""The reader of decision records."""

from graphmem.ingestion.decisions.documents import Document
from graphmem.ingestion.decisions.reading import read_decisions, read_documents

__all__ = ["Document", "read_decisions", "read_documents"]
