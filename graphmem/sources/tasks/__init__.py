"""Tasks of a repository: exports of issue trackers, TODO and FIXME comments, and feature flags, with their lives."""

from graphmem.sources.tasks.exports import read_task_export
from graphmem.sources.tasks.reader import read_tasks

__all__ = ["read_task_export", "read_tasks"]
