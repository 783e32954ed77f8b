"""The file with the repositories whose forges send webhooks: names, secrets, and the mirrors to read."""

from __future__ import annotations

import stat
import sys
import tomllib
from dataclasses import field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import Scope

#: A shorter secret can be guessed from a signed body.
LEAST_SECRET_CHARS = 16
_QUEUE = "webhooks"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Forge(StrEnum):
    """The kind of a forge; it decides the signature and format of deliveries."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSource:
    """A repository whose forge sends webhooks.

    Attributes:
        name: The repository, as graphmem init names it: `host/path`.
        forge: The kind of its forge.
        secret: The secret that the forge's settings of the webhook have too.
        mirror: A clone on this machine that the operator keeps up to date; None if `graphmem ci` reads the repository.
        ref: The branch that is read; None for the default branch of the mirror.
        tenant: The tenant of its memories.
    """

    name: str
    forge: Forge
    secret: str = field(repr=False)
    mirror: Path | None = None
    ref: str | None = None
    tenant: str = "default"

    @property
    def scope(self) -> Scope:
        """The scope of readings of the repository."""
        return Scope(self.tenant, self.name)


@dataclass(frozen=True, slots=True)
class WebhookSources:
    """The content of the file.

    Attributes:
        sources: The repositories.
        queue: The folder with the events.
    """

    sources: tuple[WebhookSource, ...]
    queue: Path


def read_webhook_sources(path: Path) -> WebhookSources:
    """Return the repositories in a file.

    Raises:
        InvalidInput: The file cannot be read, others can read it, or an entry of it is wrong; no message has a secret.
    """
    try:
        if sys.platform != "win32" and path.stat().st_mode & _OTHERS:
            raise InvalidInput(f"other users can open {str(path)!r}, which has secrets: chmod 600 {path}")
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"the file of webhooks {str(path)!r} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The parser's message may quote a secret.
        raise InvalidInput(f"{str(path)!r} is not TOML; write a [[repository]] with name, forge and secret") from None
    if unknown := sorted(document.keys() - {"repository", "queue"}):
        raise InvalidInput(f"{str(path)!r} sets {unknown[0]!r}; it may set queue, and [[repository]] several times")
    entries = document.get("repository", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidInput(f"{str(path)!r} has no list of repositories; write [[repository]]")
    sources = tuple(_source(path, number, entry) for number, entry in enumerate(entries, 1))
    return WebhookSources(sources, path.parent / str(document.get("queue", _QUEUE)))


def _source(path: Path, number: int, entry: dict[str, Any]) -> WebhookSource:
    names = {spec.name for spec in fields(WebhookSource)}
    where = f"repository {number} in {str(path)!r}"
    if unknown := sorted(entry.keys() - names):
        raise InvalidInput(f"{where} sets {unknown[0]!r}; it may set {', '.join(sorted(names))}")
    if missing := [name for name in ("name", "forge", "secret") if not entry.get(name)]:
        raise InvalidInput(f"{where} has no {missing[0]}")
    if wrong := [name for name, value in entry.items() if not isinstance(value, str)]:
        raise InvalidInput(f"{where}: {wrong[0]} is no text")
    if entry["forge"] not in {forge.value for forge in Forge}:
        raise InvalidInput(f"{where}: forge {entry['forge']!r} is neither 'github' nor 'gitlab'")
    if len(entry["secret"]) < LEAST_SECRET_CHARS:
        raise InvalidInput(f"{where}: the secret has fewer than {LEAST_SECRET_CHARS} characters; openssl rand -hex 32")
    mirror = entry.get("mirror")
    source = WebhookSource(
        **{**entry, "forge": Forge(entry["forge"]), "mirror": None if mirror is None else path.parent / mirror}
    )
    Scope(source.tenant, source.name)  # checks the names
    return source
