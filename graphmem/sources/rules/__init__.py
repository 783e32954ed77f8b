"""The reader of conventions: the rules in a repository's instruction files and linter settings, over its history."""

from graphmem.sources.rules.reader import read_rules

__all__ = ["read_rules"]
