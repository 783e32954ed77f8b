"""Settings from environment variables and `.graphmem/config.toml`, and lookup of a project's store and repository."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field, fields, replace
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Scope
from graphmem.secrets.policy import SecretPolicy
from graphmem.sources.git.work_tree import common_directory

FOLDER = ".graphmem"
FILE = "memory.db"
CONFIG = "config.toml"
#: A table of the file that is no setting: `graphmem ingest git` reads it from the commits.
COMPONENTS = "components"

#: Settings that a project's file may not set: secrets, servers that receive them, and models that are downloaded.
_FROM_ENVIRONMENT = {
    "url",
    "key",
    "keys",
    "webhooks",
    "model",
    "neo4j_user",
    "neo4j_password",
    "neo4j_token",
    "source_neo4j_user",
    "source_neo4j_password",
}

_MINILM, _ONNX, _NAMED, _ = _BACKENDS = ("minilm", "onnx", "sentence-transformers", "off")

_GUARDS = ("warn", "ask", "deny")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, each from `GRAPHMEM_<NAME>` or, except for `url`, `model`, keys and logins, from the config file.

    Attributes:
        url: The URL of the store.
        tenant: The tenant.
        repo: The repository of readers and writers; `graphmem init` sets it.
        user: The user whose private memories are read and written; if unset, only shared memories.
        branch: The branch of readers and writers; if unset, the main branch.
        environment: For example `production`; if unset, memories without an environment.
        actor: The author of writes; if unset, the login name.
        embeddings: `minilm`, `onnx`, `sentence-transformers`, or `off` for lexical search.
        model: Another model: a folder with `model.onnx` and `tokenizer.json`; or, for sentence-transformers, a folder
            or a name on the hub, which is downloaded on first use.
        vectors: `exact`, or `approximate` to search with a vector index of the Neo4j server.
        guard: What `graphmem guard` and hooks do with a change that brings back what a mandatory memory rejects:
            `warn`, `ask` the user first, or `deny` it.
        lock_timeout_s: How long a write waits for other writers, in seconds.
        secrets: `redact` replaces secrets in what is written, `reject` refuses the write; `off` searches none, and can
            only be set in the environment.
        key: The API key for a `graphmem serve` at an http URL.
        keys: The file with the key hashes of `graphmem serve`; if unset, a file next to the store.
        webhooks: The file with the repositories whose forges send webhooks to `graphmem serve`.
        neo4j_user: The user name for a Neo4j server.
        neo4j_password: The password of that user.
        neo4j_token: A bearer token to log in with instead.
        source_neo4j_user: The user name for the server that `graphmem copy` reads, if it differs.
        source_neo4j_password: The password of that user.
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
    guard: str = "warn"
    lock_timeout_s: float = 30.0
    secrets: SecretPolicy = SecretPolicy.REDACT
    key: str | None = field(default=None, repr=False)
    keys: str | None = None
    webhooks: str | None = None
    neo4j_user: str | None = None
    neo4j_password: str | None = field(default=None, repr=False)
    neo4j_token: str | None = field(default=None, repr=False)
    source_neo4j_user: str | None = None
    source_neo4j_password: str | None = field(default=None, repr=False)

    def scope(self) -> Scope:
        """Return the default scope of readers and writers."""
        return Scope(self.tenant, self.repo, self.user, self.branch, self.environment)


def load_settings(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Return the settings in effect: environment variables, then the config file, then the defaults.

    Args:
        environment: The process's environment by default.
        folder: A `.graphmem` folder; by default the nearest at or above the current folder.

    Raises:
        InvalidInput: An unknown name or an invalid value; the message names the file.
    """
    variables = os.environ if environment is None else environment
    home = find_folder(Path.cwd()) if folder is None else folder
    values: dict[str, str] = _from_file(home / CONFIG) if home is not None else {}
    for spec in fields(Settings):
        value = variables.get(f"GRAPHMEM_{spec.name.upper()}")
        if value:
            values[spec.name] = value
    return _parsed(values)


def find_folder(start: Path) -> Path | None:
    """Return the `.graphmem` folder at or above a folder, or next to git's common directory, which worktrees share."""
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
        common = common_directory(folder / ".git")
        if common is not None and (common.parent / FOLDER).is_dir():
            return common.parent / FOLDER
    return None


def locate(url: str | None, settings: Settings) -> str:
    """Return the URL of the store.

    Raises:
        NotFound: No URL is given, and there is no `.graphmem` folder.
    """
    explicit = url or settings.url
    if explicit is not None:
        return explicit
    folder = find_folder(Path.cwd())
    if folder is None:
        raise NotFound(f"no {FOLDER} folder in {str(Path.cwd())!r} or above it; run: graphmem init")
    return str(folder / FILE)


def file_of(url: str) -> Path | None:
    """Return the file of a path or `sqlite:///path`; None for other URLs."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return Path(url)
    return Path(rest[1:]) if scheme == "sqlite" else None


def keys_file(url: str, settings: Settings) -> Path | None:
    """Return the key file of a store: the file in the settings, else a file next to the store or in `.graphmem`.

    Returns:
        None if the store is not a file and there is no `.graphmem` folder.
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
    import tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidInput(f"{path} cannot be read: {exc}") from exc
    names = {spec.name for spec in fields(Settings)} - _FROM_ENVIRONMENT
    unknown = sorted(values.keys() - names - {COMPONENTS})
    if unknown:
        raise InvalidInput(f"{path} sets {unknown[0]!r}, which is not a setting; settings: {', '.join(sorted(names))}")
    if values.get("secrets") == SecretPolicy.OFF:
        raise InvalidInput(f"{path} sets secrets to 'off'; a project's file cannot: set GRAPHMEM_SECRETS=off yourself")
    return {name: str(value) for name, value in values.items() if name != COMPONENTS}


def _policy(word: str) -> SecretPolicy:
    try:
        return SecretPolicy(word)
    except ValueError:
        raise InvalidInput(f"secrets {word!r} is not one of {', '.join(map(repr, map(str, SecretPolicy)))}") from None


def _parsed(values: dict[str, str]) -> Settings:
    timeout = values.pop("lock_timeout_s", "30")
    try:
        seconds = float(timeout)
    except ValueError as exc:
        raise InvalidInput(f"lock_timeout_s {timeout!r} is not a number of seconds") from exc
    settings = Settings(lock_timeout_s=seconds, secrets=_policy(values.pop("secrets", "redact")), **values)
    if settings.embeddings not in _BACKENDS:
        raise InvalidInput(f"embeddings {settings.embeddings!r} is not one of {', '.join(map(repr, _BACKENDS))}")
    if settings.vectors not in {"exact", "approximate"}:
        raise InvalidInput(f"vectors {settings.vectors!r} is neither 'exact' nor 'approximate'")
    if settings.guard not in _GUARDS:
        raise InvalidInput(f"guard {settings.guard!r} is not one of {', '.join(map(repr, _GUARDS))}")
    if settings.embeddings == _ONNX and settings.model is None:
        raise InvalidInput(
            f"{_ONNX!r} needs a model: set GRAPHMEM_MODEL to a folder with model.onnx and tokenizer.json"
        )
    if settings.model is None or settings.embeddings != _MINILM:
        return settings
    if "embeddings" in values:
        fix = f"set GRAPHMEM_EMBEDDINGS={_NAMED}, or {_ONNX} for a folder with model.onnx"
        raise InvalidInput(f"embeddings {_MINILM!r} cannot load GRAPHMEM_MODEL: {fix}")
    from graphmem.retrieval.onnx_folder import is_meant

    return replace(settings, embeddings=_ONNX if is_meant(settings.model) else _NAMED)
