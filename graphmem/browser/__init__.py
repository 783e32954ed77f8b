"""Files for Neo4j Browser: a guide, a style, saved queries, and the link that opens them."""

from graphmem.browser.files import Known, SavedQuery, handed, saved_queries
from graphmem.browser.place import Place

__all__ = ["Known", "Place", "SavedQuery", "handed", "saved_queries"]
