"""Bans of imports and dependencies, from the settings of linters along the mainline of a repository."""

from graphmem.sources.bans.reader import read_bans

__all__ = ["read_bans"]
