"""The digests without OpenSSL are those of `hashlib`."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as some

from graphmem import digests


@given(data=some.binary(max_size=300), key=some.binary(min_size=1, max_size=32), size=some.integers(1, 64))
def test_digests_are_those_of_hashlib(data: bytes, key: bytes, size: int) -> None:
    assert digests.sha256(data).hexdigest() == hashlib.sha256(data).hexdigest()
    assert digests.blake2b(data).digest() == hashlib.blake2b(data).digest()
    keyed = digests.blake2b(data, digest_size=size, key=key)
    assert keyed.digest() == hashlib.blake2b(data, digest_size=size, key=key).digest()
