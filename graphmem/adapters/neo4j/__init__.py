"""Memories as a graph on a Neo4j server: any edition of 5.26 or a later calendar release, Aura included."""

from graphmem.adapters.neo4j.store import Neo4jStore

__all__ = ["Neo4jStore"]
