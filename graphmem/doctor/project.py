"""The settings that are in effect, and the project whose memory this is."""

from __future__ import annotations

import re
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from shlex import quote

from graphmem.config import CONFIG, FOLDER, Settings, find_folder, load_settings
from graphmem.doctor.links import Case, Check, Look, broken, ok, warn
from graphmem.errors import InvalidInput
from graphmem.sources.git.work_tree import repository_name

_PREFIX = "GRAPHMEM_"
_NEAR = 0.6
#: What other programs of this project read: tests, servers of Neo4j, Compose.
_ELSEWHERE = re.compile(
    r"(TEST|NEO4J_(HEAP|PAGECACHE|HOST|HTTP|BOLT)|JAVA|API|NOTEBOOK|BROWSER|COMPLETE)\w*|DATA|SEED|STEPS|\d+"
)


def _settings(case: Case) -> Look:
    try:
        settings = load_settings(case.environment)
    except InvalidInput as error:
        return broken(str(error), _mended(str(error)))
    unknown = [name for name in sorted(case.environment) if _is_unknown(name)]
    if unknown:
        return _misspelt(unknown)
    given = [spec.name for spec in fields(Settings) if getattr(settings, spec.name) != spec.default]
    return ok(f"set: {', '.join(given)}" if given else "all at their defaults")


def _mended(message: str) -> str:
    """A file is edited, a variable is unset."""
    folder = find_folder(Path.cwd())
    if folder is not None and str(folder / CONFIG) in message:
        return f"$EDITOR {quote(str(folder / CONFIG))}"
    names = [spec.name for spec in fields(Settings) if message.startswith(spec.name)]
    return f"unset {_PREFIX}{(names or ['EMBEDDINGS'])[0].upper()}"


def _is_unknown(name: str) -> bool:
    """Whether a variable has the form of a setting, and is none."""
    bare = name.removeprefix(_PREFIX)
    if not name.startswith(_PREFIX) or _ELSEWHERE.fullmatch(bare):
        return False
    return bare not in _names()


def _names() -> list[str]:
    return [spec.name.upper() for spec in fields(Settings)]


def _misspelt(unknown: list[str]) -> Look:
    """Variables that set nothing, the first with the setting that it is most like."""
    name = unknown[0]
    more = f" (nor are {', '.join(unknown[1:])})" if unknown[1:] else ""
    bare = name.removeprefix(_PREFIX)
    begun = sorted((one for one in _names() if bare.startswith(one) or one.startswith(bare)), key=len, reverse=True)
    near = get_close_matches(bare, _names(), n=1, cutoff=_NEAR) or begun
    if not near:
        return warn(f"{name} is set, and is no setting{more}; there are {', '.join(_names())}", f"unset {name}")
    meant = _PREFIX + near[0]
    return warn(f"{name} is set, and is no setting{more}; {meant} is one", f'export {meant}="${name}"; unset {name}')


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
