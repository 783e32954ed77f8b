"""Files for Neo4j Browser: a guide, a style, saved queries, and the link that opens them."""

from graphmem.browser.address import BrowserAddress
from graphmem.browser.files import GuideParameters, SavedQuery, file_for, saved_queries

__all__ = ["BrowserAddress", "GuideParameters", "SavedQuery", "file_for", "saved_queries"]
