"""The files that may declare components or modules, by their paths."""

from __future__ import annotations

import posixpath

from graphmem.repository.areas import COMPONENT_FILE, MANIFESTS, OWNER_FILES

#: Larger files declare nothing.
MAX_BYTES = 1 << 20


def declares(path: str) -> bool:
    """Return True if a file may declare components or modules."""
    if path in OWNER_FILES or path == COMPONENT_FILE:
        return True
    if posixpath.basename(path) not in MANIFESTS:
        return False
    from graphmem.sources.manifests.manifest_paths import is_manifest

    return is_manifest(path)
