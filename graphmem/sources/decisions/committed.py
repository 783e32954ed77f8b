"""Decision records as a commit has them, read without a work tree."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePosixPath

from graphmem.sources.decisions.documents import MAX_DOCUMENT_BYTES, Document
from graphmem.sources.decisions.file_names import RECORD_SUFFIXES
from graphmem.sources.decisions.reader import read_documents
from graphmem.sources.git.file_versions import contents
from graphmem.sources.git.tree_files import tree_files
from graphmem.sources.observations import Reading

#: Folders of decision records, by their last part.
_FOLDERS = frozenset({"adr", "adrs", "decisions", "rfcs", "keps", "peps", ".decisions"})
_MOST_RECORDS = 5_000


def read_committed_decisions(root: Path, commit: str, *, read_at: datetime) -> Reading:
    """Return the decision records in the usual folders of a commit; those without a date begin at the reading.

    Raises:
        GitFailure: Git could not read them.
    """
    files = tree_files(root, commit)
    paths = [path for path in files.blobs if _may_be_record(path)][:_MOST_RECORDS]
    texts = dict(contents(root, [files.blobs[path] for path in paths], max_bytes=MAX_DOCUMENT_BYTES))
    documents = (Document(path, text) for path in paths if (text := texts.get(files.blobs[path])) is not None)
    return read_documents(documents, read_at=read_at)


def _may_be_record(path: str) -> bool:
    is_text = path.lower().endswith((*RECORD_SUFFIXES, "kep.yaml"))
    return is_text and not _FOLDERS.isdisjoint(PurePosixPath(path.lower()).parts[:-1])
