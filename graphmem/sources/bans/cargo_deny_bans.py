"""Bans of cargo-deny: the crates of `[bans]` in a `deny.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from graphmem.option_keys import FileScope, key_text
from graphmem.sources.bans.ban import Ban, SettingsBans, Tree, part, texts

TOOL = "cargo-deny"
_VERSION = re.compile(r"[@:](?P<version>.+)$")


def read_cargo_deny(tree: Tree, read: SettingsBans) -> None:
    """Take in the denied crates; a ban of some versions of a crate is a problem, since a key is about every version."""
    denied = part(tree, "bans").get("deny")
    for entry in denied if isinstance(denied, list) else ():
        fields: Tree = entry if isinstance(entry, Mapping) else {"crate": entry}
        spec = str(fields.get("crate") or fields.get("name") or "")
        version = _VERSION.search(spec)
        name = spec[: version.start()] if version else spec
        stated = (version["version"] if version else "") or str(fields.get("version") or "")
        if not name:
            continue
        if stated not in {"", "*"}:
            read.refuse(name, f"{TOOL} bans {name[:100]!r} {stated[:40]} only: no key is about some versions")
            continue
        key = key_text(f"pkg:cargo/{name}")
        wrappers = texts(fields.get("wrappers"))
        note = "which no crate can be named" if key is None else ""
        if wrappers:
            note = f"allowed as a dependency of {', '.join(wrappers)[:500]}"
        reason = str(fields.get("reason") or "")
        if instead := texts(fields.get("use-instead")):
            reason = reason or f"use {instead[0]} instead"
        scope = FileScope((f"{read.folder}**",) if read.folder else ())
        read.add(Ban(TOOL, "rust", name, (key,) if key else (), reason, scope=scope, note=note))
