"""Commands of all manifests by their purpose: a fact for each purpose and folder."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.manifests.command_purposes import CommandPurpose, purpose_of
from graphmem.sources.manifests.javascript_packages import RUNNER
from graphmem.sources.manifests.parts import Command, Manifest
from graphmem.sources.manifests.structure_facts import (
    FactDeclaration,
    StructureFact,
    declared_in,
    listed,
    of_folder,
    parents_of,
    paths_of,
    within,
)

_RANKS = {"test": 0, "build": 0, "run": 0, "lint": 0, "install": 0}
_RANK, _PER_DEPTH = 2, 4
_MOST_OTHERS = 6
_MANAGERS = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"))


@dataclass(frozen=True, slots=True)
class _PurposefulCommand:
    command: Command
    declaration: FactDeclaration
    clearness: int


def command_facts(
    declared: Sequence[tuple[str, str, object]], manifests: Mapping[str, Manifest]
) -> Iterator[StructureFact]:
    """The facts about commands.

    Args:
        declared: (folder, path, part) of every part, the more important files first.
        manifests: The manifests of the commit by path.
    """
    by_purpose: dict[str, tuple[CommandPurpose, dict[str, list[_PurposefulCommand]]]] = {}
    for folder, path, part in declared:
        recognised = purpose_of(part.name) if isinstance(part, Command) else None
        if not isinstance(part, Command) or recognised is None or (folder and not recognised[0].is_for_folders):
            continue
        if part.is_convention and _has_parent(folder, path, manifests):
            continue
        command = replace(part, invocation=_invocation(part, folder, manifests))
        named = _PurposefulCommand(command, FactDeclaration(folder, path, part.line), recognised[1])
        by_purpose.setdefault(recognised[0].key, (recognised[0], defaultdict(list)))[1][folder].append(named)
    for purpose, by_folder in by_purpose.values():
        for folder, commands in by_folder.items():
            yield _fact(purpose, folder, commands)


def _has_parent(folder: str, path: str, manifests: Mapping[str, Manifest]) -> bool:
    """True if a folder above has the same sort of manifest: its command covers this folder."""
    name = posixpath.basename(path)
    return any(posixpath.join(above, name) in manifests for above in parents_of(folder))


def _invocation(command: Command, folder: str, manifests: Mapping[str, Manifest]) -> str:
    """The command with the package manager or wrapper that the repository has."""
    words = command.invocation.split(" ", 1)
    folders = dict.fromkeys((folder, ""))
    if words[0] == RUNNER:
        managers = (name for lock, name in _MANAGERS for above in folders if posixpath.join(above, lock) in manifests)
        manager = next(managers, RUNNER)
        is_short = manager == "bun" and not words[1].startswith("run ")
        return f"{manager} {'run ' if is_short else ''}{words[1]}"
    if words[0] == "mvn" and "mvnw" in manifests:
        return f"./mvnw {words[1]}"
    if words[0] == "./gradlew" and "gradlew" not in manifests:
        return f"gradle {words[1]}"
    return command.invocation


def _fact(purpose: CommandPurpose, folder: str, commands: list[_PurposefulCommand]) -> StructureFact:
    ordered = sorted(commands, key=lambda item: (item.command.is_convention, item.clearness))
    declared = [item for item in ordered if not item.command.is_convention] or ordered
    first, *further = declared
    runs = f" It runs `{first.command.runs}`." if first.command.runs else ""
    usual = " This is the usual command of the build tool." if first.command.is_convention else ""
    invocations = listed(f"`{item.command.invocation}`" for item in further[:_MOST_OTHERS])
    also = f" Also: {invocations}." if further else ""
    declarations = [item.declaration for item in declared[: _MOST_OTHERS + 1]]
    rank = _RANKS.get(purpose.key, _RANK) + _PER_DEPTH * first.declaration.depth
    return StructureFact(
        subject=f"command.{purpose.key}{within(folder)}",
        title=f"{purpose.verb}{of_folder(folder)} with `{first.command.invocation}`",
        body=f"{declared_in(declarations)}{runs}{usual}{also}",
        rank=rank,
        paths=paths_of(declarations),
        line=first.declaration.line,
    )
