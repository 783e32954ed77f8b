"""A real Neo4j Community server without Docker: its jars come through Maven, once; data and ports are its own."""

from tools.neo4j_server.releases import RELEASES, CannotStart, Release
from tools.neo4j_server.server import Options, Server, prepare, start

__all__ = ["RELEASES", "CannotStart", "Options", "Release", "Server", "prepare", "start"]
