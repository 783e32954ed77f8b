"""Settings from the environment and from `.graphmem/config.toml`, and where a project's memory is."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Scope
from graphmem.retrieval.onnx_folder import is_meant
from graphmem.sources.git.work_tree import common_directory

FOLDER = ".graphmem"
FILE = "memory.db"
CONFIG = "config.toml"

#: What no file of a project may set: secrets, the way to the store that they open, and what may be downloaded.
_FROM_ENVIRONMENT = {
    "url",
    "key",
    "keys",
    "model",
    "neo4j_user",
    "neo4j_password",
    "neo4j_token",
    "source_neo4j_user",
    "source_neo4j_password",
}

_MINILM, _ONNX, _NAMED, _ = _BACKENDS = ("minilm", "onnx", "sentence-transformers", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set, each from `GRAPHMEM_<NAME>` or, but for `url`, `model`, keys and logins, from the config file.

    Attributes:
        url: Where the store is.
        tenant: Whose memories.
        repo: Repository in which a reader or writer stands; `graphmem init` writes it.
        user: Person whose private memories are read and written; unset, only shared ones.
        branch: Branch on which a reader or writer stands; unset, the main line.
        environment: Such as `production`; unset, those of no particular environment.
        actor: Who writes; unset, the login name.
        embeddings: `minilm`, `onnx`, `sentence-transformers`, or `off` for lexical search.
        model: Another model: a folder with `model.onnx` and `tokenizer.json`; or, for sentence-transformers, a folder
            or a name on the hub, which is downloaded if it never was.
        vectors: `exact`, or `approximate` to compare them by an index of the Neo4j server that has one.
        lock_timeout_s: How long a write waits for others, in seconds.
        key: What opens a `graphmem serve` that is named by an http URL.
        keys: The file in which `graphmem serve` finds the hashes of keys; unset, one beside the store.
        neo4j_user: Who logs in to a Neo4j server.
        neo4j_password: That user's password.
        neo4j_token: A bearer token to log in with instead.
        source_neo4j_user: Who logs in to the server that `graphmem copy` reads, if it is somebody else there.
        source_neo4j_password: That user's password.
    """

    url: str | None = None
    tenant: str = "default"
    repo: str | None = None
    user: str | None = None
    branch: str | None = None
    environment: str | None = None
    actor: str | None = None
    embeddings: str = "minilm"
    model: str | None = None
    vectors: str = "exact"
    lock_timeout_s: float = 30.0
    key: str | None = field(default=None, repr=False)
    keys: str | None = None
    neo4j_user: str | None = None
    neo4j_password: str | None = field(default=None, repr=False)
    neo4j_token: str | None = field(default=None, repr=False)
    source_neo4j_user: str | None = None
    source_neo4j_password: str | None = field(default=None, repr=False)

    def scope(self) -> Scope:
        """Where a reader or writer stands who does not say."""
        return Scope(self.tenant, self.repo, self.user, self.branch, self.environment)


def load_settings(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings in effect: the environment's over the file's over the defaults.

    Args:
        environment: The process's own if not given.
        folder: A `.graphmem` folder; the one found from the current folder if not given.

    Raises:
        InvalidInput: A name or value that is none, with the place it stands in.
    """
    known = os.environ if environment is None else environment
    home = find_folder(Path.cwd()) if folder is None else folder
    values: dict[str, str] = _from_file(home / CONFIG) if home is not None else {}
    for spec in fields(Settings):
        value = known.get(f"GRAPHMEM_{spec.name.upper()}")
        if value:
            values[spec.name] = value
    return _parsed(values)


def find_folder(start: Path) -> Path | None:
    """The `.graphmem` folder at or above a folder, or beside git's common directory, so that worktrees share it."""
    for place in (start, *start.parents):
        if (place / FOLDER).is_dir():
            return place / FOLDER
        common = common_directory(place / ".git")
        if common is not None and (common.parent / FOLDER).is_dir():
            return common.parent / FOLDER
    return None


def locate(url: str | None, settings: Settings) -> str:
    """The URL of the store that is meant.

    Raises:
        NotFound: None was named, and there is no `.graphmem` folder.
    """
    named = url or settings.url
    if named is not None:
        return named
    folder = find_folder(Path.cwd())
    if folder is None:
        raise NotFound(f"no {FOLDER} folder in {str(Path.cwd())!r} or above it; run: graphmem init")
    return str(folder / FILE)


def file_of(url: str) -> Path | None:
    """The file that a path or `sqlite:///path` names; None if the URL names no file."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return Path(url)
    return Path(rest[1:]) if scheme == "sqlite" else None


def keys_file(url: str, settings: Settings) -> Path | None:
    """Where the keys to a store are: in the file that is set, else beside the store's own file or in `.graphmem`.

    Returns:
        None if the store is no file, and there is no such folder.
    """
    if settings.keys is not None:
        return Path(settings.keys)
    path = file_of(url)
    if path is not None:
        return path.with_suffix(".keys.json")
    folder = find_folder(Path.cwd())
    return None if folder is None else folder / "keys.json"


def _from_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidInput(f"{path} cannot be read: {exc}") from exc
    known = {spec.name for spec in fields(Settings)} - _FROM_ENVIRONMENT
    unknown = sorted(values.keys() - known)
    if unknown:
        raise InvalidInput(f"{path} sets {unknown[0]!r}, which is no setting; there are: {', '.join(sorted(known))}")
    return {name: str(value) for name, value in values.items()}


def _parsed(values: dict[str, str]) -> Settings:
    timeout = values.pop("lock_timeout_s", "30")
    try:
        seconds = float(timeout)
    except ValueError as exc:
        raise InvalidInput(f"lock_timeout_s {timeout!r} is no number of seconds") from exc
    settings = Settings(lock_timeout_s=seconds, **values)
    if settings.embeddings not in _BACKENDS:
        raise InvalidInput(f"embeddings {settings.embeddings!r} is none of {', '.join(map(repr, _BACKENDS))}")
    if settings.vectors not in {"exact", "approximate"}:
        raise InvalidInput(f"vectors {settings.vectors!r} is neither 'exact' nor 'approximate'")
    if settings.embeddings == _ONNX and settings.model is None:
        raise InvalidInput(
            f"{_ONNX!r} needs a model: set GRAPHMEM_MODEL to a folder with model.onnx and tokenizer.json"
        )
    if settings.model is None or settings.embeddings != _MINILM:
        return settings
    if "embeddings" in values:
        told = f"{_MINILM!r} is one model and takes no other: set GRAPHMEM_EMBEDDINGS={_NAMED}"
        raise InvalidInput(f"{told}, or {_ONNX} for a folder with model.onnx")
    return replace(settings, embeddings=_ONNX if is_meant(settings.model) else _NAMED)
