"""The structure of a repository, read from its manifests along the mainline: dependencies, commands, runtimes, CI."""

from graphmem.sources.manifests.reader import read_manifests

__all__ = ["read_manifests"]
