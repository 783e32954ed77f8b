"""Checks the settings in effect and the project folder."""

from __future__ import annotations

import re
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from shlex import quote

from graphmem.config import CONFIG, FOLDER, Settings, find_folder, load_settings
from graphmem.doctor.links import Check, CheckContext, CheckResult, broken, ok, warn
from graphmem.errors import InvalidInput
from graphmem.sources.git.repository_identity import earlier_name, repository_name

_PREFIX = "GRAPHMEM_"
_NEAR = 0.6
#: Variables of other programs of this project: tests, Neo4j servers, Compose.
_ELSEWHERE = re.compile(
    r"(TEST|NEO4J_(HEAP|PAGECACHE|HOST|HTTP|BOLT)|JAVA|API|NOTEBOOK|BROWSER|COMPLETE)\w*|DATA|SEED|STEPS|\d+"
)


def _settings(context: CheckContext) -> CheckResult:
    try:
        settings = load_settings(context.environment)
    except InvalidInput as error:
        return broken(str(error), _mended(str(error)))
    unknown = [name for name in sorted(context.environment) if _is_unknown(name)]
    if unknown:
        return _misspelt(unknown)
    changed = [spec.name for spec in fields(Settings) if getattr(settings, spec.name) != spec.default]
    return ok(f"set: {', '.join(changed)}" if changed else "all defaults")


def _mended(message: str) -> str:
    """Return the command that edits the config file or unsets the variable of an error."""
    folder = find_folder(Path.cwd())
    if folder is not None and str(folder / CONFIG) in message:
        return f"$EDITOR {quote(str(folder / CONFIG))}"
    names = [spec.name for spec in fields(Settings) if message.startswith(spec.name)]
    return f"unset {_PREFIX}{(names or ['EMBEDDINGS'])[0].upper()}"


def _is_unknown(name: str) -> bool:
    """Return True if a variable looks like a setting but is not."""
    bare = name.removeprefix(_PREFIX)
    if not name.startswith(_PREFIX) or _ELSEWHERE.fullmatch(bare):
        return False
    return bare not in _names()


def _names() -> list[str]:
    return [spec.name.upper() for spec in fields(Settings)]


def _misspelt(unknown: list[str]) -> CheckResult:
    """Report variables that are not settings, the first with the most similar setting."""
    name = unknown[0]
    more = f" (nor are {', '.join(unknown[1:])})" if unknown[1:] else ""
    bare = name.removeprefix(_PREFIX)
    prefixes = [setting for setting in _names() if bare.startswith(setting) or setting.startswith(bare)]
    near = get_close_matches(bare, _names(), n=1, cutoff=_NEAR) or sorted(prefixes, key=len, reverse=True)
    if not near:
        return warn(f"{name} is set but is not a setting{more}; settings: {', '.join(_names())}", f"unset {name}")
    meant = _PREFIX + near[0]
    return warn(
        f"{name} is set but is not a setting{more}; did you mean {meant}?", f'export {meant}="${name}"; unset {name}'
    )


def _project(context: CheckContext) -> CheckResult:
    folder, repo = find_folder(Path.cwd()), repository_name(Path.cwd())
    if folder is None:
        repository = "no git repository" if repo is None else f"repository {repo}"
        message = f"{repository}, no {FOLDER} folder here or above"
        return ok(f"{message}; the store's URL is set") if context.store_url else warn(message, "graphmem init")
    if not (folder / ".gitignore").is_file():
        return warn(
            f"{folder} has no .gitignore of its own: git would track the store", f"graphmem init {_above(folder)}"
        )
    stated = context.settings.repo
    if repo is not None and stated is not None and stated not in {repo, earlier_name(Path.cwd())}:
        message = f"memories of repository {stated!r} are read, but the current repository is {repo!r}"
        renamed = f"if it was renamed, run: graphmem repo link {quote(stated)} {quote(repo)}"
        return warn(f"{message}; {renamed}", f"export GRAPHMEM_REPO={quote(repo)}")
    return ok(
        f"{folder}, {'no repository' if context.settings.repo is None else f'repository {context.settings.repo}'}"
    )


def _above(folder: Path) -> str:
    return quote(str(folder.parent))


SETTINGS = Check("settings", _settings)
PROJECT = Check("project", _project)
