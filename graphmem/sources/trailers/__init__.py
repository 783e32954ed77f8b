"""Rejected options, constraints and directives in the trailers of commit messages."""

from graphmem.sources.trailers.reader import read_branch_trailers, read_trailers

__all__ = ["read_branch_trailers", "read_trailers"]
