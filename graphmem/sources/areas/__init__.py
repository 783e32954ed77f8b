"""Reads the components and modules that files of a repository declare."""
