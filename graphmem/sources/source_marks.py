"""Labels and roles of anchors by which readers of a repository mark the memories that they make."""

from __future__ import annotations

#: The label of bans.
BAN_LABEL = "ban"
#: The role of the file that a memory was read from.
STATED_IN = "stated in"
#: The role of the files that came with a commit whose message states a memory.
CHANGED_WITH = "changed with"
