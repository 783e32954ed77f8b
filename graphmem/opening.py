"""The composition root: opens stores and memories by URL. The only module that imports adapters."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, partial

from graphmem.errors import InvalidInput, NotFound, Unsupported

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from graphmem.adapters.neo4j.database import Address, Login
    from graphmem.adapters.sqlite.held_words import HeldWords
    from graphmem.browser import BrowserAddress
    from graphmem.config import Settings
    from graphmem.model import Scope
    from graphmem.recalls import RecallLedger
    from graphmem.retrieval.embedder import Embedder, EmbedderMissing
    from graphmem.schema import Schema
    from graphmem.secrets.policy import SecretPolicy
    from graphmem.service.context import ServiceContext
    from graphmem.service.context_reader import ContextReader
    from graphmem.service.history_memory import HistoryMemory
    from graphmem.service.memory import GraphMemory
    from graphmem.service.projector import Projector
    from graphmem.service.secret_gate import SecretGate
    from graphmem.sources.transcripts.quoted_statements import StatementModel
    from graphmem.store import Clock, Store

_IGNORE_ALL = "*\n"
_HTTP = frozenset({"http", "https"})
_SERVERS = frozenset({"neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc"})


def open_memory(
    url: str | None = None,
    *,
    scope: Scope | None = None,
    actor: str | None = None,
    clock: Clock | None = None,
    embedder: Callable[[], Embedder | EmbedderMissing] | None = None,
    create: bool = False,
) -> GraphMemory:
    """Open the memory at a URL, or the memory of the current folder.

    Args:
        url: `sqlite:///path/to/file.db`, a path, a server as `neo4j://host:7687/database`, or a `graphmem serve` as
            `http://host:7470`, opened with the key in `GRAPHMEM_KEY`, with the server's clock and embedding backend. By
            default `GRAPHMEM_URL`, else the `.graphmem/` folder at or above the current folder or next to git's common
            directory.
        scope: The default scope of reads and writes; from the settings by default.
        actor: The default author of writes; the user's login name by default.
        clock: Returns the current time, aware UTC.
        embedder: Returns the embedding backend, or why there is none.
        create: Create the file if it does not exist.

    Raises:
        NotFound: The memory does not exist; the message names the command that creates it.
        StoreUnavailable: The store cannot be reached or locked.
        Unsupported: A newer graphmem wrote the store, or the URL's scheme is unknown.
    """
    from graphmem.config import load_settings, locate

    settings = load_settings()
    store_url = locate(url, settings)
    if store_url.partition("://")[0] in _HTTP:
        return _open_remote(store_url, settings, scope, actor)
    from graphmem.service.memory import GraphMemory

    by = actor or settings.actor or _login()
    return GraphMemory(
        _context(
            store_url, settings, scope or settings.scope(), by, clock=clock or utc_now, embedder=embedder, create=create
        )
    )


def open_history(url: str | None = None, *, scope: Scope | None = None) -> HistoryMemory | GraphMemory:
    """Open the memory at a URL, or that of the current folder, for readings of a history: with few imports.

    Args:
        url: As for `open_memory`.
        scope: The default scope of reads and writes; from the settings by default.

    Raises:
        NotFound, StoreUnavailable, Unsupported: As `open_memory` raises them.
    """
    from graphmem.config import load_settings, locate

    settings = load_settings()
    store_url = locate(url, settings)
    if not _is_file(store_url):
        return open_memory(url, scope=scope)
    from graphmem.service.history_memory import HistoryMemory

    by = settings.actor or _login()
    return HistoryMemory(_context(store_url, settings, scope or settings.scope(), by, clock=utc_now))


def _context(  # noqa: PLR0913 - the parts of a context
    store_url: str,
    settings: Settings,
    scope: Scope,
    actor: str,
    *,
    clock: Clock,
    embedder: Callable[[], Embedder | EmbedderMissing] | None = None,
    create: bool = False,
) -> ServiceContext:
    """Return the context of a memory in an opened store."""
    from graphmem.service.context import ServiceContext

    store = open_store(store_url, settings, create=create)
    return ServiceContext(
        store,
        scope=scope,
        actor=actor,
        clock=clock,
        embedder=embedder or installed_backend(settings),
        gate=cache(partial(_gate, settings.secrets)),
        projector=_projector_of(store, store_url),
        capture_rules=settings.capture,
        statement_model=None if settings.llm_url is None else partial(open_statement_model, settings),
        recalls=_recalls_of(store_url, settings),
        retention=settings.retain,
    )


def open_statement_model(settings: Settings, memory: GraphMemory) -> StatementModel:
    """Return the language model that the settings name, which reads statements in conversations.

    Args:
        settings: With `llm_url` and `llm_model`.
        memory: The memory whose embedding model graphiti's pipeline uses; nothing else of it is read.
    """
    from graphmem.extraction.completions import Completions

    completions = Completions(
        settings.llm_url or "", settings.llm_model or "", settings.llm_key, settings.llm_timeout_s
    )
    if settings.llm_pipeline == "graphiti":
        from graphmem.interop.graphiti.statement_pipeline import GraphitiPipeline

        return GraphitiPipeline(memory, completions)
    from graphmem.extraction.chat_endpoint import ChatEndpoint

    return ChatEndpoint(completions)


def _recalls_of(url: str, settings: Settings) -> RecallLedger:
    if settings.recall == "off":
        from graphmem.recalls import NoRecalls

        return NoRecalls()
    from graphmem.adapters.recall.recall_file import RecallFile
    from graphmem.config import recall_stem

    return RecallFile(recall_stem(url))


def open_reader(
    embedder: Callable[[], Embedder | EmbedderMissing], url: str | None = None
) -> ContextReader | GraphMemory:
    """Open the memory of the current folder for context blocks: of a file, with few imports.

    Args:
        embedder: Returns the embedding backend, or why there is none.
        url: The URL of the store; None for that of the current folder.

    Raises:
        NotFound, StoreUnavailable, Unsupported: As `open_memory` raises them.
    """
    from graphmem.config import load_settings, locate

    settings = load_settings()
    place = locate(url, settings)
    if not _is_file(place):
        return open_memory(url, embedder=embedder)
    from graphmem.service.context_reader import ContextReader

    by = settings.actor or _login()
    return ContextReader(_context(place, settings, settings.scope(), by, clock=utc_now, embedder=embedder))


def _is_file(url: str) -> bool:
    """Return whether a URL names an embedded store: no database server, and no graphmem over HTTP."""
    return not _is_server(url) and url.partition("://")[0] not in _HTTP


def _gate(policy: SecretPolicy) -> SecretGate:
    from graphmem.service.secret_gate import SecretGate

    return SecretGate(policy)


def _projector_of(store: Store, url: str) -> Projector | None:
    # Only servers have projections; for files the imports are skipped.
    if not _is_server(url):
        return None
    from graphmem.projection.values import Projected
    from graphmem.service.projector import Projector

    return Projector(store, store.projected()) if isinstance(store, Projected) else None


@contextmanager
def open_projector(url: str, settings: Settings) -> Iterator[Projector]:
    """Yield the projector of the graph for graphiti in the store at a URL, and close the store afterwards.

    Raises:
        Unsupported: graphiti cannot read that kind of store.
    """
    with open_store(url, settings, create=False) as store:
        projector = _projector_of(store, url)
        if projector is None:
            raise Unsupported(
                f"{url!r} is not a Neo4j server, as graphiti needs: copy the memory to a server with `graphmem copy`,"
                " or use it from graphiti in Python (graphmem.interop.graphiti)"
            )
        yield projector


def _open_remote(url: str, settings: Settings, scope: Scope | None, actor: str | None) -> GraphMemory:
    """Open a memory on a server; the key comes from the environment, never from a URL."""
    from graphmem.client import Connection, RemoteMemory

    author = actor or settings.actor or (None if settings.key is not None else _login())
    return RemoteMemory(Connection(url, settings.key), scope=scope or settings.scope(), actor=author)


def initialise(folder: Path) -> Path:
    """Create `.graphmem/` in a folder, with an ignore file and the repository's name; existing files are kept.

    Returns:
        The path of the store's file.
    """
    from graphmem.config import CONFIG, FILE, FOLDER, Settings
    from graphmem.drafts import make_private_folder, write_private
    from graphmem.sources.git.repository_identity import repository_name

    home = folder / FOLDER
    make_private_folder(home)
    ignore, config = home / ".gitignore", home / CONFIG
    if not ignore.exists():
        write_private(ignore, _IGNORE_ALL)
    repo = repository_name(folder)
    if not config.exists() and repo is not None:
        write_private(config, f'repo = "{repo}"\n')
    open_store(str(home / FILE), Settings(), create=True).close()
    return home / FILE


def make_store(url: str, settings: Settings) -> tuple[str, bool]:
    """Create the store at a URL, with the folders above its file; an existing store is kept.

    Returns:
        Its location, and whether it existed before.

    Raises:
        InvalidInput: The URL is a `graphmem serve`, which has a store.
        Unsupported: The URL's scheme is unknown.
    """
    if url.partition("://")[0] in _HTTP:
        raise InvalidInput(
            f"{url!r} is a graphmem server, which already has a store: unset GRAPHMEM_URL to create a local store"
        )
    if _is_server(url):
        open_store(url, settings, create=True).close()
        return url, False
    path = _file_of(url).absolute()
    was_there = path.is_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    open_store(url, settings, create=True).close()
    return str(path), was_there


def open_store(url: str, settings: Settings, *, create: bool) -> Store:
    """Open the store at a URL.

    Raises:
        NotFound: The file does not exist, and `create` is False.
        Unsupported: The URL's scheme is unknown.
    """
    if _is_server(url):
        from graphmem.adapters.neo4j.store import Neo4jStore

        return Neo4jStore.open(
            url,
            create=create,
            login=_neo4j_login(settings),
            patience_s=settings.lock_timeout_s,
            is_approximate=settings.vectors == "approximate",
        )
    path = _file_of(url)
    if not create and not path.is_file():
        from shlex import quote

        raise NotFound(f"no store at {str(path)!r}; run: graphmem init --url {quote(str(path))}")
    from graphmem.adapters.sqlite.store import SQLiteStore

    return SQLiteStore.open(path, create=create, lock_timeout_s=settings.lock_timeout_s)


def held_words(file: str) -> HeldWords:
    """Return the words that the memories in the file of a store have, in milliseconds.

    Raises:
        OSError: The file cannot be read, or is of another schema.
    """
    from graphmem.adapters.sqlite.held_words import HeldWords

    return HeldWords(file)


@contextmanager
def open_ends(source: str, target: str, settings: Settings) -> Iterator[tuple[Store, Store]]:
    """Yield the two stores of a copy, and close them afterwards; the target is created if it does not exist.

    Raises:
        NotFound: The source's file does not exist.
        Unsupported: The scheme of a URL is unknown.
    """
    from dataclasses import replace

    source_settings = settings
    if settings.source_neo4j_user is not None:
        user, password = settings.source_neo4j_user, settings.source_neo4j_password
        source_settings = replace(settings, neo4j_user=user, neo4j_password=password, neo4j_token=None)
    with (
        open_store(source, source_settings, create=False) as source_store,
        open_store(target, settings, create=True) as target_store,
    ):
        yield source_store, target_store


def open_schema(url: str, settings: Settings) -> Schema:
    """Open the schema of the store at a URL, even if it is older or newer than this release's.

    Raises:
        NotFound: The file does not exist.
        Unsupported: The URL's scheme is unknown.
    """
    if _is_server(url):
        from graphmem.adapters.neo4j.schema import open_neo4j_schema

        return open_neo4j_schema(url, _neo4j_login(settings), patience_s=settings.lock_timeout_s)
    from graphmem.adapters.sqlite.schema_diff import SQLiteSchema

    return SQLiteSchema(_file_of(url), lock_timeout_s=settings.lock_timeout_s)


def find_browser(url: str, settings: Settings, at: str | None = None) -> BrowserAddress:
    """Return the address of the Neo4j Browser of a server.

    Args:
        url: A Neo4j server.
        settings: The login, the tenant and the scope.
        at: The address of Neo4j Browser; by default it is read from the server.

    Raises:
        Unsupported: The store is not a Neo4j server, or the server does not serve Neo4j Browser.
        StoreUnavailable: The server cannot be reached, or refuses the login.
    """
    from graphmem.browser import BrowserAddress
    from graphmem.browser.address import allowed_by, browser_of

    address, login = _server_of(url, settings)
    from graphmem.adapters.neo4j.browser_info import browser_info

    facts = browser_info(address, login, settings.scope(), patience_s=settings.lock_timeout_s)
    allowed, paths = allowed_by(facts.settings), tuple(facts.paths)
    return BrowserAddress(
        at or browser_of(address.server, facts.settings), address.server, address.database, login.user, allowed, paths
    )


def _server_of(url: str, settings: Settings) -> tuple[Address, Login]:
    from graphmem.adapters.neo4j.database import Address

    if _is_server(url):
        return Address.read(url), _neo4j_login(settings)
    fix = "run graphmem serve for a web page, or graphmem copy to copy the memory to a server"
    raise Unsupported(f"{url!r} is not a Neo4j server and has no Neo4j Browser: {fix}")


def _is_server(url: str) -> bool:
    return url.partition("://")[0] in _SERVERS


def _neo4j_login(settings: Settings) -> Login:
    from graphmem.adapters.neo4j.database import Login

    return Login(settings.neo4j_user, settings.neo4j_password, settings.neo4j_token)


def _file_of(url: str) -> Path:
    scheme, mark, rest = url.partition("://")
    if scheme in _HTTP:
        raise Unsupported(
            f"{url!r} is a graphmem server, but this command needs the store itself: run it on the server's machine"
        )
    from graphmem.config import file_of

    path = file_of(url)
    if path is None:
        raise Unsupported(f"no store for {scheme + '://'!r}; use sqlite:///path/to/file.db or neo4j://host:7687")
    if mark and not rest.startswith("/"):
        raise InvalidInput(f"{url!r} has no path; write sqlite:///relative.db or sqlite:////absolute.db")
    return path


def installed_backend(settings: Settings) -> Callable[[], Embedder | EmbedderMissing]:
    """Return a function that returns the settings' embedding backend, or why there is none; loaded on first use."""
    loaded: list[Embedder | EmbedderMissing] = []

    def backend() -> Embedder | EmbedderMissing:
        if not loaded:
            loaded.append(_load_backend(settings))
        return loaded[0]

    return backend


def _load_backend(settings: Settings) -> Embedder | EmbedderMissing:
    from graphmem.retrieval.embedder import EmbedderMissing, find_backend

    if settings.embeddings == "off":
        return EmbedderMissing("embeddings are switched off (GRAPHMEM_EMBEDDINGS)")
    return find_backend(settings.embeddings, settings.model)


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def utc_now() -> datetime:
    """Return the current time of this machine's clock."""
    from datetime import UTC, datetime

    return datetime.now(UTC)
