"""The composition root: from a place to an opened memory. The only module that names an adapter."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from graphmem.config import (
    CONFIG,
    FILE,
    FOLDER,
    Settings,
    file_of,
    load_settings,
    locate,
)
from graphmem.drafts import make_private_folder, write_private
from graphmem.errors import InvalidInput, NotFound, Unsupported
from graphmem.model import Request, Scope
from graphmem.retrieval.embedding import Embedder, EmbedderMissing, find_backend
from graphmem.schema import Schema
from graphmem.service import Desk, GraphMemory
from graphmem.sources.git.work_tree import repository_name
from graphmem.store import Clock, Store

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.connecting import Address, Login
    from graphmem.browser import Place
    from graphmem.service.projecting import Projector

_IGNORE_ALL = "*\n"
_HTTP = frozenset({"http", "https"})
_SERVERS = frozenset({"neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc"})


def open_memory(
    url: str | None = None,
    *,
    scope: Scope | None = None,
    actor: str | None = None,
    clock: Clock | None = None,
    embedder: Callable[[], Embedder | str] | None = None,
    create: bool = False,
) -> GraphMemory:
    """Open the memory at a URL, or the one that belongs to the current folder.

    Args:
        url: `sqlite:///path/to/file.db`, a path, a server as `neo4j://host:7687/database`, or a
            `graphmem serve` as `http://host:7470`, opened
            with the key in `GRAPHMEM_KEY`, whose own clock and embedding backend count. If not given, `GRAPHMEM_URL`,
            else the `.graphmem/` folder found upward from the current one or beside git's common directory.
        scope: Where readers and writers stand who do not say; from the settings if not given.
        actor: Who writes who does not say; the user's login name if not given.
        clock: Gives the current time, aware UTC.
        embedder: Gives the embedding backend, or a sentence on why there is none.
        create: Make the file if it is not there.

    Raises:
        NotFound: There is no memory here; the message says how to make one.
        StoreUnavailable: It cannot be reached or locked.
        Unsupported: It was written by a newer graphmem, or the URL's kind of store is unknown.
    """
    settings = load_settings()
    place = locate(url, settings)
    if place.partition("://")[0] in _HTTP:
        return _open_remote(place, settings, scope, actor)
    store = open_store(place, settings, create=create)
    desk = Desk(
        store,
        scope=scope or settings.scope(),
        actor=actor or settings.actor or _login(),
        clock=clock or utc_now,
        embedder=embedder or installed_backend(settings),
        gate=_pass,
        projector=_projector_of(store, place),
    )
    return GraphMemory(desk)


def _projector_of(store: Store, url: str) -> Projector | None:
    # Only a server can have a projection: a file does without the imports.
    if not _is_server(url):
        return None
    from graphmem.projection.model import Projected
    from graphmem.service.projecting import Projector

    return Projector(store, store.projected()) if isinstance(store, Projected) else None


@contextmanager
def open_projector(url: str, settings: Settings) -> Iterator[Projector]:
    """What keeps the graph that graphiti reads in the store at a URL; the store is closed afterwards.

    Raises:
        Unsupported: graphiti cannot read that kind of store.
    """
    with open_store(url, settings, create=False) as store:
        projector = _projector_of(store, url)
        if projector is None:
            raise Unsupported(
                f"{url!r} is no Neo4j server, and graphiti reads from nothing else: copy the memory to one with"
                " `graphmem copy`, or let graphiti work over it in Python (graphmem.interop.graphiti)"
            )
        yield projector


def _open_remote(url: str, settings: Settings, scope: Scope | None, actor: str | None) -> GraphMemory:
    """The memory that a server keeps; the key comes from the environment, never from a URL."""
    from graphmem.client import Connection, RemoteMemory

    named = actor or settings.actor or (None if settings.key is not None else _login())
    return RemoteMemory(Connection(url, settings.key), scope=scope or settings.scope(), actor=named)


def initialise(folder: Path) -> Path:
    """Make `.graphmem/` in a folder, with an ignore file of its own and the repository's name; keeps what is there.

    Returns:
        The path of the store's file.
    """
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
    """Make the store at a URL, with the folders above its file; one that is there is kept as it is.

    Returns:
        Where it is, and whether it was there before.

    Raises:
        InvalidInput: The URL is that of a `graphmem serve`, which has its store.
        Unsupported: No adapter knows the URL's scheme.
    """
    if url.partition("://")[0] in _HTTP:
        raise InvalidInput(f"{url!r} is a server, which has a store already: unset GRAPHMEM_URL to make one here")
    if _is_server(url):
        open_store(url, settings, create=True).close()
        return url, False
    path = _file_of(url).absolute()
    was_there = path.is_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    open_store(url, settings, create=True).close()
    return str(path), was_there


def open_store(url: str, settings: Settings, *, create: bool) -> Store:
    """The store at a URL.

    Raises:
        NotFound: No such file, and `create` is False.
        Unsupported: No adapter knows the URL's scheme.
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
        raise NotFound(f"no store at {str(path)!r}; run: graphmem init --url {quote(str(path))}")
    from graphmem.adapters.sqlite.store import SQLiteStore

    return SQLiteStore.open(path, create=create, lock_timeout_s=settings.lock_timeout_s)


@contextmanager
def open_ends(source: str, target: str, settings: Settings) -> Iterator[tuple[Store, Store]]:
    """The two stores of a copy, closed afterwards; the target is made if it is not there.

    Raises:
        NotFound: The source's file is not there.
        Unsupported: No adapter knows the scheme of a URL.
    """
    theirs = settings
    if settings.source_neo4j_user is not None:
        user, password = settings.source_neo4j_user, settings.source_neo4j_password
        theirs = replace(settings, neo4j_user=user, neo4j_password=password, neo4j_token=None)
    with open_store(source, theirs, create=False) as one, open_store(target, settings, create=True) as other:
        yield one, other


def open_schema(url: str, settings: Settings) -> Schema:
    """The schema of the store at a URL, which may be older or newer than this release's.

    Raises:
        NotFound: No such file.
        Unsupported: No adapter knows the URL's scheme.
    """
    if _is_server(url):
        from graphmem.adapters.neo4j.schema import open_neo4j_schema

        return open_neo4j_schema(url, _neo4j_login(settings), patience_s=settings.lock_timeout_s)
    from graphmem.adapters.sqlite.comparing import SQLiteSchema

    return SQLiteSchema(_file_of(url), lock_timeout_s=settings.lock_timeout_s)


def find_browser(url: str, settings: Settings, at: str | None = None) -> Place:
    """Where the Neo4j Browser of the server at a URL is.

    Args:
        url: A Neo4j server.
        settings: Who logs in there, and whose memories are looked at.
        at: The address of Neo4j Browser, if it is not to be asked of the server.

    Raises:
        Unsupported: The store is none, or the server serves no Neo4j Browser.
        StoreUnavailable: It cannot be reached, or refuses the login.
    """
    from graphmem.browser import Place
    from graphmem.browser.place import allowed_by, browser_of

    address, login = _server_of(url, settings)
    from graphmem.adapters.neo4j.browsing import ask

    told = ask(address, login, settings.scope(), patience_s=settings.lock_timeout_s)
    allowed, paths = allowed_by(told.settings), tuple(told.paths)
    return Place(
        at or browser_of(address.server, told.settings), address.server, address.database, login.user, allowed, paths
    )


def _server_of(url: str, settings: Settings) -> tuple[Address, Login]:
    from graphmem.adapters.neo4j.connecting import Address

    if _is_server(url):
        return Address.read(url), _neo4j_login(settings)
    page = "graphmem serve shows it as a page, and graphmem copy brings it to a server"
    raise Unsupported(f"{url!r} is no Neo4j server, and only one has a Neo4j Browser: {page}")


def _is_server(url: str) -> bool:
    return url.partition("://")[0] in _SERVERS


def _neo4j_login(settings: Settings) -> Login:
    from graphmem.adapters.neo4j.connecting import Login

    return Login(settings.neo4j_user, settings.neo4j_password, settings.neo4j_token)


def _file_of(url: str) -> Path:
    scheme, mark, rest = url.partition("://")
    if scheme in _HTTP:
        raise Unsupported(f"{url!r} is a server, and this needs the store behind it: run it where that is")
    path = file_of(url)
    if path is None:
        raise Unsupported(f"no store for {scheme + '://'!r}; there are sqlite:///path/to/file.db and neo4j://host:7687")
    if mark and not rest.startswith("/"):
        raise InvalidInput(f"{url!r} has no path; write sqlite:///relative.db or sqlite:////absolute.db")
    return path


def installed_backend(settings: Settings) -> Callable[[], Embedder | str]:
    """Gives the embedding backend of the settings, or why there is none; made at the first use and kept."""
    loaded: list[Embedder | str] = []

    def backend() -> Embedder | str:
        if not loaded:
            loaded.append(_load_backend(settings))
        return loaded[0]

    return backend


def _load_backend(settings: Settings) -> Embedder | str:
    if settings.embeddings == "off":
        return "embeddings are switched off (GRAPHMEM_EMBEDDINGS)"
    found = find_backend(settings.embeddings, settings.model)
    return found.reason if isinstance(found, EmbedderMissing) else found


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


def _pass(request: Request) -> Request:
    """The gate until there is one for secrets."""
    return request
