"""What tests of the server store share."""

from __future__ import annotations

import pytest

from tests.servers import Access


@pytest.fixture
def place(neo4j: Access) -> Access:
    """The shared server, empty."""
    neo4j.wipe()
    return neo4j
