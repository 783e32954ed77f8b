from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.extraction.endpoint_stub import EndpointStub, endpoint


@pytest.fixture
def stub() -> Iterator[EndpointStub]:
    with endpoint() as running:
        yield running
