"""The settings that are in effect, and the project whose memory this is."""

from __future__ import annotations

import re
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from shlex import quote

from graphmem.config import CONFIG, FOLDER, Settings, find_folder, load_settings, repository_name
from graphmem.doctor.links import Case, Check, Look, broken, ok, warn
from graphmem.errors import InvalidInput

_PREFIX = "GRAPHMEM_"
_PER_SHARD = re.compile(r"NEO4J_(USER|PASSWORD|TOKEN)_\w+")
_NEAR = 0.85


def _settings(case: Case) -> Look:
    try:
        settings = load_settings(case.environment)
    except InvalidInput as error:
        return broken(str(error), _mended(str(error)))
    for name in sorted(case.environment):
        if (meant := _misspelt(name)) is not None:
            return warn(f"{name} is set, and is no setting; {meant} is one", f'export {meant}="${name}"; unset {name}')
    given = [spec.name for spec in fields(Settings) if getattr(settings, spec.name) != spec.default]
    return ok(f"set: {', '.join(given)}" if given else "all at their defaults")


def _mended(message: str) -> str:
    """A file is edited, a variable is unset."""
    folder = find_folder(Path.cwd())
    if folder is not None and str(folder / CONFIG) in message:
        return f"$EDITOR {quote(str(folder / CONFIG))}"
    names = [spec.name for spec in fields(Settings) if message.startswith(spec.name)]
    return f"unset {_PREFIX}{(names or ['EMBEDDINGS'])[0].upper()}"


def _misspelt(name: str) -> str | None:
    """The setting that a variable was meant for; None if it is one, or like none."""
    known = [spec.name.upper() for spec in fields(Settings)]
    bare = name.removeprefix(_PREFIX)
    if not name.startswith(_PREFIX) or bare in known or _PER_SHARD.fullmatch(bare):
        return None
    near = get_close_matches(bare, known, n=1, cutoff=_NEAR)
    return _PREFIX + near[0] if near else None


def _project(case: Case) -> Look:
    folder, repo = find_folder(Path.cwd()), repository_name(Path.cwd())
    if folder is None:
        there = "no git repository" if repo is None else f"repository {repo}"
        told = f"{there}, no {FOLDER} folder here or above"
        return ok(f"{told}; the store is named outright") if case.place else warn(told, "graphmem init")
    if not (folder / ".gitignore").is_file():
        return warn(
            f"{folder} has no .gitignore of its own: git would take the store up", f"graphmem init {_above(folder)}"
        )
    if repo is not None and case.settings.repo not in {None, repo}:
        told = f"memories are read as of repository {case.settings.repo!r}, and this is {repo!r}"
        return warn(told, f"export GRAPHMEM_REPO={quote(repo)}")
    return ok(f"{folder}, {'no repository' if case.settings.repo is None else f'repository {case.settings.repo}'}")


def _above(folder: Path) -> str:
    return quote(str(folder.parent))


SETTINGS = Check("settings", _settings)
PROJECT = Check("project", _project)
