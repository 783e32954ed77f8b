"""What survived the collector once is not looked through again, until everything is once in an hour."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: what a process has frozen is of all of it.
_PROGRAM = """
import gc, weakref
from graphmem.http.garbage_collection import surviving_objects_frozen

class Node:
    def __init__(self):
        self.next = self

now, before = 0.0, list(gc.callbacks)
with surviving_objects_frozen(lambda: now):
    kept = Node()
    gc.collect()
    alive = weakref.ref(kept)
    del kept
    gc.collect()
    assert alive() is not None, "it survived the one before"
    fresh = weakref.ref(Node())
    gc.collect()
    assert fresh() is None, "what is new is collected"
    now = 4_000.0
    gc.collect()  # from here on all of it
    gc.collect()
    assert alive() is None
    gc.collect()
    assert gc.get_freeze_count()
assert gc.callbacks == before
assert not gc.get_freeze_count()
"""


def test_what_survives_a_full_collection_is_looked_through_again_once_in_an_hour() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
