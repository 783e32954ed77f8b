"""Memories as a graph on a Neo4j server: any edition of 5.26 or a later calendar release, Aura included."""
