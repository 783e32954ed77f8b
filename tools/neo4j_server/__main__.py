"""Starts a real Neo4j Community server on this machine, without Docker, and runs until it is interrupted.

One JSON line with url, user and password goes to standard output, everything else to standard error. The first start
of a release fetches its jars through Maven into .neo4j/; later ones need no network. Java is found through
GRAPHMEM_JAVA17_HOME (25 for the calendar release), JAVA_HOME, the path and the usual places.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from tools.neo4j_server.releases import RELEASES, CannotStart
from tools.neo4j_server.server import Options, Server, prepare, start


def main() -> int:
    """0 after an ordered stop, 1 with the reason on standard error."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments = _parser().parse_args()
    release = RELEASES[arguments.version]
    try:
        if arguments.fetch:
            prepare(release, _say)
            return 0
        return _serve(_options(arguments))
    except CannotStart as problem:
        _say(f"neo4j: {problem}")
        return 1
    except KeyboardInterrupt:
        _say("stopped")
        return 0


def _serve(options: Options) -> int:
    began = time.monotonic()
    _say(f"Starting Neo4j {options.release.version}")
    with start(options, _say) as server:
        _announce(server, time.monotonic() - began)
        status = server.wait()
        _say(f"Neo4j ended by itself with status {status}:\n{server.log()}")
    return 1


def _announce(server: Server, seconds: float) -> None:
    options = server.options
    kept = "kept" if options.folder is not None else "thrown away at the end"
    access = "no password" if server.password is None else f"user {server.user}, password {server.password}"
    _say(f"Neo4j {options.release.version} on Java {server.java.major}, ready after {seconds:.1f} s")
    _say(f"  Bolt     {server.url}  {access}")
    _say(f"  Browser  {server.browser}")
    _say(f"  Data     {server.folder} ({kept})")
    _say("Ctrl-C stops it.")
    facts = {
        "url": server.url,
        "user": server.user,
        "password": server.password,
        "browser": server.browser,
        "version": options.release.version,
        "pid": server.pid,
        "folder": str(server.folder),
    }
    print(json.dumps(facts), flush=True)


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        release=RELEASES[arguments.version],
        folder=arguments.keep,
        heap=arguments.heap,
        page_cache=arguments.page_cache,
        bolt_port=arguments.bolt_port,
        http_port=arguments.http_port,
        has_auth=not arguments.no_auth,
        is_quick=arguments.quick,
        settings=dict(one.split("=", 1) for one in arguments.set),
    )


def _setting(text: str) -> str:
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.neo4j_server", description=__doc__)
    add = parser.add_argument
    add("--version", choices=RELEASES, default="5.26", help="5.26 (LTS, Java 17) or calendar (Java 25)")
    add("--keep", type=Path, metavar="FOLDER", help="keep data and password there, and use them again")
    add("--heap", default="1g", metavar="SIZE", help="Java's heap at most (1g)")
    add("--page-cache", default="256m", metavar="SIZE", help="memory for pages of the store (256m)")
    add("--bolt-port", type=int, default=0, metavar="PORT", help="a free one if not given")
    add("--http-port", type=int, default=0, metavar="PORT", help="a free one if not given")
    add("--no-auth", action="store_true", help="ask for no password")
    add("--quick", action="store_true", help="start fast rather than run fast")
    add("--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", help="a setting of neo4j.conf")
    add("--fetch", action="store_true", help="only fetch the jars, and make later starts fast")
    return parser


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _interrupt(number: int, frame: object) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
