"""Starting, proving and stopping one server."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.left_folders import sweep
from tools.neo4j_server.jars import CACHE, Say, jars_of
from tools.neo4j_server.java import Java, find_java
from tools.neo4j_server.releases import RELEASES, CannotStart, Release

USER = "neo4j"
ADDRESS = "127.0.0.1"

_START_S = 180
_STOP_S = 30
_ARCHIVE_S = 120  # the first stop also writes the class archive
_POLL_S = 0.05
_TAIL_LINES = 6
_STACK = re.compile(r"\s+at |\s+\.\.\. \d+ more")
_IN_USE = "store_lock"
_TRIES = 3
_TIED = Path(__file__).with_name("tied.py")
# A compiler and a collector that start fast; what runs for long is better off without.
# A store that is emptied again and again would have every statement planned anew, as often as every ten seconds.
_QUICK_SETTINGS = {"dbms.cypher.min_replan_interval": "1h"}
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_SILENT = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a server is to be started.

    Attributes:
        folder: Keeps its data, logs and password; None for a folder that is thrown away at the end.
        heap: Java's heap at most, as in `512m`.
        page_cache: Memory for pages of the store.
        bolt_port: 0 for a free one.
        http_port: 0 for a free one.
        has_auth: Whether it asks for a user and a password.
        is_quick: Whether it should rather start fast than run fast.
        settings: More of `neo4j.conf`, which win over the rest.
    """

    release: Release = RELEASES["5.26"]
    folder: Path | None = None
    heap: str = "1g"
    page_cache: str = "256m"
    bolt_port: int = 0
    http_port: int = 0
    has_auth: bool = True
    is_quick: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


class Server:
    """A running server; leaving its context stops it.

    Attributes:
        url: For drivers.
        browser: Neo4j Browser.
        password: None if it asks for none.
        folder: Its data, logs and settings.
        options: As started, its ports among them: starting with them again gives the same server.
    """

    def __init__(self, options: Options, folder: Path, password: str | None, launched: _Launched) -> None:
        self.url = f"bolt://{ADDRESS}:{options.bolt_port}"
        self.browser = f"http://{ADDRESS}:{options.http_port}/browser/"
        self.user = USER
        self.password = password
        self.folder = folder
        self.options = options
        self.java = launched.java
        self._process = launched.process
        self._draft, self._archive = launched.draft, launched.archive

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the Java process."""
        return self._process.pid

    def wait(self) -> int:
        """Returns once the server has ended by itself: its exit status."""
        return self._process.wait()

    def stop(self) -> None:
        """Shut it down in order; what does not heed that is killed. Stopping twice is harmless."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S if self._draft is None else _ARCHIVE_S)
            except subprocess.TimeoutExpired:
                self._discard_draft()
                self._process.kill()
                self._process.wait()
        if self._draft is not None and self._draft.exists():
            self._draft.replace(self._archive)
        self._throw_away()

    def kill(self) -> None:
        """End it as a power cut does; a kept folder can be started from again."""
        self._process.kill()
        self._process.wait()
        self._discard_draft()
        self._throw_away()

    def log(self) -> str:
        """The last lines of what it said."""
        return _tail(self.folder)

    def _discard_draft(self) -> None:
        if self._draft is not None:
            self._draft.unlink(missing_ok=True)

    def _throw_away(self) -> None:
        if self.options.folder is None:
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Launched:
    """A started process and the class archive that its clean end will write; `draft` is None if there is one."""

    process: subprocess.Popen[bytes]
    java: Java
    archive: Path
    draft: Path | None


def start(options: Options, say: Say = lambda _: None) -> Server:
    """A server that answers, and is proved to be the one started here.

    Only a thread that outlives the server may call this: on Linux its end kills the server, as its process's end does.

    Raises:
        CannotStart: No Java or jars, a wrong setting, a folder in use; the message says which.
    """
    sweep(CACHE / "run")
    java = find_java(options.release)
    jars = jars_of(options.release, say)
    for attempt in range(1, _TRIES + 1):
        chosen = _with_ports(options)
        folder = _folder_of(options)
        try:
            return _started(chosen, folder, java, jars)
        except BaseException as exc:
            is_lost_port = isinstance(exc, CannotStart) and "Address already in use" in str(exc)
            if options.folder is None:
                shutil.rmtree(folder, ignore_errors=True)
            if not is_lost_port or chosen == options or attempt == _TRIES:
                raise
    raise AssertionError


def prepare(release: Release, say: Say = lambda _: None) -> None:
    """Fetch the jars of a release, and start it once for its class archive, with which a start takes half the work.

    Raises:
        CannotStart: As `start` does.
    """
    if not _archive_of(jars_of(release, say), find_java(release)).exists():
        say(f"Starting Neo4j {release.version} once, so that later starts take half the time")
        start(Options(release=release, has_auth=False, is_quick=True), say).stop()


def _started(options: Options, folder: Path, java: Java, jars: Path) -> Server:
    _write_settings(options, folder)
    password = _password(folder, java, jars) if options.has_auth else None
    launched = _launch(options, folder, java, jars)
    try:
        _await_start(launched.process, options, folder)
        _prove(options, password)
    except BaseException:
        launched.process.kill()
        launched.process.wait()
        raise
    return Server(options, folder, password, launched)


def _folder_of(options: Options) -> Path:
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        return options.folder.resolve()
    place = CACHE / "run"
    place.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=place))


def _with_ports(options: Options) -> Options:
    """Both ports chosen; two sockets are held open at once so that they differ."""
    with closing(_listener()) as first, closing(_listener()) as second:
        free = [int(one.getsockname()[1]) for one in (first, second)]
    return replace(options, bolt_port=options.bolt_port or free[0], http_port=options.http_port or free[1])


def _listener() -> socket.socket:
    found = socket.socket()
    found.bind((ADDRESS, 0))
    return found


def _write_settings(options: Options, folder: Path) -> None:
    bolt, http = f"{ADDRESS}:{options.bolt_port}", f"{ADDRESS}:{options.http_port}"
    settings = {
        "server.config.strict_validation.enabled": "true",
        "server.default_listen_address": ADDRESS,
        "server.bolt.listen_address": bolt,
        "server.bolt.advertised_address": bolt,  # Browser connects to this
        "server.http.listen_address": http,
        "server.http.advertised_address": http,
        "server.https.enabled": "false",
        "server.memory.heap.max_size": options.heap,
        "server.memory.pagecache.size": options.page_cache,
        "dbms.security.auth_enabled": str(options.has_auth).lower(),
        "dbms.usage_report.enabled": "false",
        "client.allow_telemetry": "false",
        # Without it every stop waits ten seconds for clients that are long gone.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
        **(_QUICK_SETTINGS if options.is_quick else {}),
        **options.settings,
    }
    place = folder / "conf"
    place.mkdir(exist_ok=True)
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    (place / "neo4j.conf").write_text(text, encoding="utf-8")


def _password(folder: Path, java: Java, jars: Path) -> str:
    """The folder's password, made and set before its first start; only its owner can read it."""
    note = folder / "password"
    if note.exists():
        return note.read_text(encoding="utf-8").strip()
    if (folder / "data").exists():
        raise CannotStart(f"{str(folder)!r} holds data but no password file; start it with --no-auth, or name another")
    password = secrets.token_hex(12)  # no character of it can be read as an option's dash
    arguments = folder / "password.draft"  # a file, for a command line can be read by everybody
    with open(os.open(arguments, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(password)
    command = [str(java.program), *_QUICK, "-cp", _class_path(jars), "org.neo4j.cli.AdminTool"]
    command += ["dbms", "set-initial-password", f"@{arguments}"]
    places = {"NEO4J_HOME": str(folder), "NEO4J_CONF": str(folder / "conf")}
    done = subprocess.run(command, env={**os.environ, **places}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotStart(f"Neo4j refuses its settings:\n{_brief(done.stdout + done.stderr)}")
    arguments.rename(note)
    return password


def _class_path(jars: Path) -> str:
    return os.pathsep.join(map(str, sorted(jars.glob("*.jar"))))


def _archive_of(jars: Path, java: Java) -> Path:
    return jars.with_name(f"{jars.name}-java{java.major}{str(java.home).replace(os.sep, '-')}.jsa")


def _launch(options: Options, folder: Path, java: Java, jars: Path) -> _Launched:
    """Starts Java with the archive of loaded classes, or so that its clean end writes one: half of a start's work."""
    archive = _archive_of(jars, java)
    draft = None if archive.exists() else archive.with_name(f"{folder.name}.draft")
    shared = f"-XX:SharedArchiveFile={archive}" if draft is None else f"-XX:ArchiveClassesAtExit={draft}"
    heap = options.settings.get("server.memory.heap.max_size", options.heap)
    command = [sys.executable, "-I", "-S", str(_TIED), str(os.getpid()), str(java.program)]
    command += [f"-Xmx{heap}", *(_QUICK if options.is_quick else ()), *_SILENT, shared, "-Dfile.encoding=UTF-8"]
    command += [*options.release.java_options, "-cp", _class_path(jars), options.release.main_class]
    command += [f"--home-dir={folder}", f"--config-dir={folder / 'conf'}", "--console-mode"]
    with (folder / "console.log").open("wb") as console:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
        )
    return _Launched(process, java, archive, draft)


def _await_start(process: subprocess.Popen[bytes], options: Options, folder: Path) -> None:
    """Until the child itself says that it listens and has started; nobody else writes to its console."""
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        said = (folder / "console.log").read_text(encoding="utf-8", errors="replace")
        if "Started." in said:
            if f":{options.bolt_port}." not in said:
                raise CannotStart(f"it does not listen on port {options.bolt_port}:\n{_tail(folder)}")
            return
        time.sleep(_POLL_S)
    ended = f"ended with status {process.returncode}" if process.poll() is not None else f"is not up after {_START_S} s"
    said = _tail(folder)
    if _IN_USE in said:
        raise CannotStart(f"another server uses {str(folder)!r}; stop it, or keep this one's data elsewhere")
    raise CannotStart(f"Neo4j {options.release.version} {ended}:\n{said}")


def _prove(options: Options, password: str | None) -> None:
    """One query over Bolt, which must be answered by the right version."""
    from neo4j import GraphDatabase
    from neo4j.exceptions import DriverError, Neo4jError

    auth = None if password is None else (USER, password)
    try:
        with GraphDatabase.driver(f"bolt://{ADDRESS}:{options.bolt_port}", auth=auth) as driver:
            found, _, _ = driver.execute_query("CALL dbms.components() YIELD versions RETURN versions[0] AS version")
    except (DriverError, Neo4jError) as exc:
        raise CannotStart(f"Neo4j {options.release.version} is up but does not answer: {exc}") from exc
    if found[0]["version"] != options.release.version:
        raise CannotStart(f"port {options.bolt_port} answers with version {found[0]['version']}")


def _tail(folder: Path) -> str:
    with suppress(FileNotFoundError):
        return _brief((folder / "console.log").read_text(encoding="utf-8", errors="replace"))
    return ""


def _brief(said: str) -> str:
    """The last lines of what Java said, without its call stacks; the first cause of a failure comes last."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not _STACK.match(line)]
    causes = [line for line in lines if line.startswith("Caused by:")]
    return "\n".join([line for line in lines if line not in causes][-_TAIL_LINES:] + causes[-1:])
