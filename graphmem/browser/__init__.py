"""Files for Neo4j Browser: a guide, a style, saved queries, and the link that opens them."""

from graphmem.browser.address import BrowserAddress
from graphmem.browser.files import GuideParameters, SavedQuery, handed, saved_queries

__all__ = ["BrowserAddress", "GuideParameters", "SavedQuery", "handed", "saved_queries"]
