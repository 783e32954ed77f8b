"""Settings from environment variables and `.graphmem/config.toml`, and lookup of a project's store and repository."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from graphmem.capture_rules import CaptureRules, read_rule_table, read_rules
from graphmem.deferred_dataclass import dataclass, field, field_names, replace
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Scope
from graphmem.secrets.policy import SecretPolicy
from graphmem.sources.git.work_tree import common_directory
from graphmem.user_state.state_folder import state_path
from graphmem.user_state.trusted_folders import is_trusted

FOLDER = ".graphmem"
FILE = "memory.db"
CONFIG = "config.toml"
#: A table of the file that is no setting: `graphmem ingest git` reads it from the commits.
COMPONENTS = "components"
#: A table of the file with the policies for captured statements, which is also a setting.
_CAPTURE = "capture"

#: Settings that a project's file may not set: secrets, servers that receive them, and models that are downloaded.
_FROM_ENVIRONMENT = {
    "url",
    "key",
    "keys",
    "webhooks",
    "model",
    "llm_url",
    "llm_model",
    "llm_key",
    "llm_pipeline",
    "llm_timeout_s",
    "neo4j_user",
    "neo4j_password",
    "neo4j_token",
    "source_neo4j_user",
    "source_neo4j_password",
}

_MINILM, _ONNX, _NAMED, _ = _BACKENDS = ("minilm", "onnx", "sentence-transformers", "off")

_GUARDS = ("warn", "ask", "deny")
_PIPELINES = ("call", "graphiti")


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
        recall: `on` counts how often memories are used, in a file beside the store (`graphmem stats`); `off` does not.
        retain: How long memories of a kind, an origin or a scope stay in force unconfirmed, for `graphmem retain`:
            `conversation=180d, task+agent=90d`; in the file, a table `[retain]`.
        lock_timeout_s: How long a write waits for other writers, in seconds.
        secrets: `redact` replaces secrets in what is written, `reject` refuses the write; `off` searches none, and can
            only be set in the environment.
        capture: What becomes of statements of an origin and a kind, for example
            `conversation=queue,conversation.preference=accept`; in the file a table `[capture]`. `accept`, `queue` for
            a review, or `refuse`. A file that came with a clone can only make it stricter, until `graphmem trust`.
        llm_url: An OpenAI-compatible endpoint that reads conversations, up to its version, for example
            `http://127.0.0.1:11434/v1`; if unset, conversations are read by rule alone.
        llm_model: The name of the endpoint's model.
        llm_key: The API key of the endpoint, if it needs one.
        llm_pipeline: `call` reads a part of a conversation in one structured call, `graphiti` with graphiti's pipeline.
        llm_timeout_s: How long an answer of the endpoint may take, in seconds.
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
    recall: str = "on"
    retain: str = ""
    lock_timeout_s: float = 30.0
    secrets: SecretPolicy = SecretPolicy.REDACT
    capture: CaptureRules = field(default_factory=CaptureRules)
    llm_url: str | None = None
    llm_model: str | None = None
    llm_key: str | None = field(default=None, repr=False)
    llm_pipeline: str = "call"
    llm_timeout_s: float = 60.0
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
    values, rules = _from_file(home / CONFIG) if home is not None else ({}, CaptureRules())
    for name in field_names(Settings):
        value = variables.get(f"GRAPHMEM_{name.upper()}")
        if value:
            values[name] = value
    own = read_rules(values.pop(_CAPTURE, ""))
    return replace(_parsed(values), capture=rules | own)


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


def recall_stem(url: str) -> Path:
    """Return the path, without the ends of their names, of the files of a store's recall ledger.

    They are next to the store, or in `.graphmem`, or in this user's folder of state for a server without such a folder.
    """
    path = file_of(url)
    if path is not None:
        return path.absolute().with_suffix("")
    from hashlib import sha256

    name = sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    folder = find_folder(Path.cwd())
    if folder is not None:
        return folder / f"server-{name}"
    return Path(state_path("recall", name))


def _from_file(path: Path) -> tuple[dict[str, str], CaptureRules]:
    if not path.is_file():
        return {}, CaptureRules()
    import tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidInput(f"{path} cannot be read: {exc}") from exc
    names = {*field_names(Settings)} - _FROM_ENVIRONMENT
    unknown = sorted(values.keys() - names - {COMPONENTS})
    if unknown:
        raise InvalidInput(f"{path} sets {unknown[0]!r}, which is not a setting; settings: {', '.join(sorted(names))}")
    if values.get("secrets") == SecretPolicy.OFF:
        raise InvalidInput(f"{path} sets secrets to 'off'; a project's file cannot: set GRAPHMEM_SECRETS=off yourself")
    if isinstance(values.get("retain"), dict):
        import json

        values["retain"] = json.dumps(values["retain"], default=str)
    try:
        rules = read_rule_table(values.get(_CAPTURE, {}))
    except InvalidInput as exc:
        raise InvalidInput(f"{path}: {exc}") from exc
    if rules != rules.without_acceptance() and not is_trusted(str(path.parent)):
        rules = rules.without_acceptance()
    return {name: str(value) for name, value in values.items() if name not in {COMPONENTS, _CAPTURE}}, rules


def _policy(word: str) -> SecretPolicy:
    try:
        return SecretPolicy(word)
    except ValueError:
        raise InvalidInput(f"secrets {word!r} is not one of {', '.join(map(repr, map(str, SecretPolicy)))}") from None


def _seconds(values: dict[str, str], name: str) -> dict[str, float]:
    """Take a number of seconds from the values; empty if it is not set."""
    text = values.pop(name, None)
    if text is None:
        return {}
    try:
        return {name: float(text)}
    except ValueError as exc:
        raise InvalidInput(f"{name} {text!r} is not a number of seconds") from exc


def _check_endpoint(settings: Settings) -> None:
    if settings.llm_pipeline not in _PIPELINES:
        raise InvalidInput(f"llm_pipeline {settings.llm_pipeline!r} is not one of {', '.join(map(repr, _PIPELINES))}")
    if not 0 < settings.llm_timeout_s < float("inf"):
        raise InvalidInput(f"llm_timeout_s {settings.llm_timeout_s} is no time to wait: give a number above 0")
    if settings.llm_url is None:
        return
    if not settings.llm_url.startswith(("http://", "https://")):
        raise InvalidInput(f"llm_url {settings.llm_url!r} is no http or https URL, like http://127.0.0.1:11434/v1")
    if settings.llm_model is None:
        raise InvalidInput("llm_url is set without a model: set GRAPHMEM_LLM_MODEL to the name of the endpoint's model")


def _parsed(values: dict[str, str]) -> Settings:
    waits = _seconds(values, "lock_timeout_s") | _seconds(values, "llm_timeout_s")
    secrets = _policy(values.pop("secrets", "redact"))
    settings = Settings(secrets=secrets, **waits, **values)  # type: ignore[arg-type]
    _check_endpoint(settings)
    if settings.embeddings not in _BACKENDS:
        raise InvalidInput(f"embeddings {settings.embeddings!r} is not one of {', '.join(map(repr, _BACKENDS))}")
    if settings.vectors not in {"exact", "approximate"}:
        raise InvalidInput(f"vectors {settings.vectors!r} is neither 'exact' nor 'approximate'")
    if settings.guard not in _GUARDS:
        raise InvalidInput(f"guard {settings.guard!r} is not one of {', '.join(map(repr, _GUARDS))}")
    if settings.recall not in {"on", "off"}:
        raise InvalidInput(f"recall {settings.recall!r} is neither 'on' nor 'off'")
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
