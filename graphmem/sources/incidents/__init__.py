"""Incidents of a repository: changes that were reverted, and tests that failed, each until it was mended."""

from graphmem.sources.incidents.junit import read_junit
from graphmem.sources.incidents.reader import read_incidents

__all__ = ["read_incidents", "read_junit"]
