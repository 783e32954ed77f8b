"""Runs every check in order, each within its time limit and independent of failures of others."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from graphmem.config import Settings, load_settings, locate
from graphmem.doctor import agents, embedding_model, git_hooks, key_file, local_store, project, server, webhook_events
from graphmem.doctor.fixes import of_error
from graphmem.doctor.hosts import host_checks
from graphmem.doctor.links import (
    DEFAULT_PORT,
    Check,
    CheckContext,
    CheckedLink,
    CheckResult,
    LinkHealth,
    broken,
    not_yet,
)
from graphmem.doctor.port import PORT
from graphmem.doctor.secrecy import secrets_in, without_secrets
from graphmem.errors import GraphMemError
from graphmem.opening import installed_backend

_SERVED = frozenset({"http", "https"})
#: How long to wait for another writer, or for a server's answer.
_PATIENCE_S = 5.0


def examine(url: str | None = None, *, host: str | None = None, port: int = DEFAULT_PORT) -> Iterator[CheckedLink]:
    """Yield the result of each check between settings and answers as it completes; nothing is modified.

    Args:
        url: The store, as for `graphmem.open`.
        host: The address on which `graphmem serve` will listen, if that is to be checked.
        port: The port on which it will listen.
    """
    context, secrets = _context(url, host, os.environ), secrets_in(os.environ)
    context.port = port
    holding: set[str] = set()
    for check in _checks(context):
        first = next((name for name in check.needs if name not in holding), None)
        look = _run(check, context) if first is None else not_yet(first)
        if first is None and look.health is not LinkHealth.BROKEN:
            holding.add(check.name)
        fix = None if look.fix is None else without_secrets(look.fix, secrets)
        yield CheckedLink(check.name, look.health, without_secrets(look.found, secrets), fix)


def _checks(context: CheckContext) -> list[Check]:
    first = [project.SETTINGS, project.PROJECT]
    if context.settings.webhooks is not None:
        first.append(webhook_events.WEBHOOKS)
    if context.scheme in _SERVED:
        return [*first, *server.CHECKS, agents.COMMAND, git_hooks.HOOKS, *host_checks()]
    return [
        *first,
        *local_store.CHECKS,
        embedding_model.MODEL,
        embedding_model.VECTORS,
        key_file.KEYS,
        PORT,
        agents.COMMAND,
        git_hooks.HOOKS,
        *host_checks(),
    ]


def _context(url: str | None, host: str | None, environment: Mapping[str, str]) -> CheckContext:
    """Return the context before any check; the checks report missing settings and stores."""
    settings = _settings(environment)
    try:
        store_url = locate(url, settings)
    except GraphMemError:
        store_url = ""
    return CheckContext(url, environment, host, _hurried(settings), store_url, installed_backend(settings))


def _settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings; without the config file if it is faulty, else only the URL."""
    for folder in (None, Path(os.devnull)):
        with suppress(GraphMemError):
            return load_settings(environment, folder)
    return Settings(url=environment.get("GRAPHMEM_URL") or None)


def _hurried(settings: Settings) -> Settings:
    return replace(settings, lock_timeout_s=min(settings.lock_timeout_s, _PATIENCE_S))


def _run(check: Check, context: CheckContext) -> CheckResult:
    results: list[CheckResult] = []
    thread = threading.Thread(
        target=lambda: results.append(_look(check, context)), name=f"doctor-{check.name}", daemon=True
    )
    thread.start()
    thread.join(check.limit_s)
    return results[0] if results else broken(f"no answer within {check.limit_s:g} seconds", "graphmem doctor")


def _look(check: Check, context: CheckContext) -> CheckResult:
    try:
        return check.look(context)
    except GraphMemError as error:
        return of_error(error, context)
    except Exception as error:  # noqa: BLE001 - a failing check must not hide the results of the others
        return broken(f"{type(error).__name__}: {error}", "graphmem doctor --json   # and report it with this")
