"""What tests of the server store share."""

from __future__ import annotations

import pytest

from tests.servers import Access, neo4j_server


@pytest.fixture
def place() -> Access:
    """The session's server, empty."""
    found = neo4j_server()
    found.wipe()
    return found
