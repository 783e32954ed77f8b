"""Files for Neo4j Browser: a guide, a style, saved queries, and the link that opens them."""

from graphmem.browser.address import Place
from graphmem.browser.files import Known, SavedQuery, handed, saved_queries

__all__ = ["Known", "Place", "SavedQuery", "handed", "saved_queries"]
