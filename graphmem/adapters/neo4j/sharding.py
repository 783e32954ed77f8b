"""Which server keeps which tenant: a small file, read once, that every process of an installation has alike."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from graphmem.adapters.neo4j.connecting import Address
from graphmem.errors import InvalidInput, NotFound

SCHEME = "neo4j-shards"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_KEYS = {"shards", "tenants", "spread"}


@dataclass(frozen=True, slots=True)
class Shards:
    """The rule by which tenants are spread over databases.

    Attributes:
        addresses: Where each shard is; the order of the file.
        tenants: Shards of the tenants that are named.
        spread: Shards over which all others are spread; empty if others are refused.
    """

    addresses: Mapping[str, Address]
    tenants: Mapping[str, str]
    spread: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The rule in a TOML file.

        Raises:
            NotFound: No such file.
            InvalidInput: It is no such rule; the message names what is wrong.
        """
        try:
            return cls.parsed(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as exc:
            raise NotFound(f"no file of shards at {str(path)!r}") from exc
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, InvalidInput) as exc:
            raise InvalidInput(f"{path}: {exc}") from exc

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> Self:
        """The rule in such a file's values.

        Raises:
            InvalidInput: A name, address or rule is wrong.
        """
        if unknown := sorted(values.keys() - _KEYS):
            raise InvalidInput(f"{unknown[0]!r} is nothing known; there are shards, tenants and spread")
        addresses = _addresses(values.get("shards"))
        spread = tuple(dict.fromkeys(_listed(values.get("spread", list(addresses)))))
        tenants = _table("tenants", values.get("tenants", {}))
        for shard in (*spread, *tenants.values()):
            if shard not in addresses:
                raise InvalidInput(f"there is no shard {shard!r}; there are: {', '.join(addresses)}")
        return cls(addresses, tenants, spread)

    def shard_of(self, tenant: str) -> str:
        """The shard of a tenant: the one named for it, else the one of highest weight for it.

        Weights are hashes of shard and tenant together, so that a shard which joins takes its share from each of the
        others and moves nobody between them.

        Raises:
            InvalidInput: The tenant is not named, and none but the named ones are kept.
        """
        found = self.find(tenant)
        if found is None:
            raise InvalidInput(f"tenant {tenant!r} has no shard: name one under [tenants], or set spread")
        return found

    def find(self, tenant: str) -> str | None:
        """As `shard_of`, None for a tenant that is not kept."""
        named = self.tenants.get(tenant)
        if named is not None or not self.spread:
            return named
        return max(self.spread, key=lambda shard: _weight(shard, tenant))


def _weight(shard: str, tenant: str) -> bytes:
    """Never to be changed: it says where every tenant's memories are."""
    return hashlib.sha256(f"{shard}\x1f{tenant}".encode("utf-8", "surrogatepass")).digest()


def _addresses(given: object) -> dict[str, Address]:
    found: dict[str, Address] = {}
    for name, url in _table("shards", given).items():
        if not _NAME.fullmatch(name):
            raise InvalidInput(f"shard {name!r} must be a lower-case letter, then letters, digits and _")
        address = Address.read(url)
        if address in found.values():
            raise InvalidInput(f"shard {name!r} is at {address.url}, where another one is")
        found[name] = address
    if not found:
        raise InvalidInput('it names no shard; write [shards] and a line such as: a = "neo4j://host:7687"')
    return found


def _table(name: str, given: object) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise InvalidInput(f"[{name}] must be a table of texts")
    return dict(given)


def _listed(given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(value, str) for value in given):
        raise InvalidInput("spread must be a list of shards")
    return given
