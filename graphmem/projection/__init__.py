"""The graph that graphiti reads: memories as entities and facts with graphiti's own names and dates.

Pure: from rows of the ledger to what the graph must hold. An adapter keeps it, the service says when.
"""
