"""The projection for graphiti: memories as entities and facts, under graphiti's names and dates.

Pure functions derive the graph from ledger rows. An adapter stores it; the service decides when to update it.
"""
