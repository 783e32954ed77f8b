"""The facts that all manifests of a commit declare together."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Origin
from graphmem.sources.manifests.command_facts import command_facts
from graphmem.sources.manifests.gradle_builds import ALIAS
from graphmem.sources.manifests.manifest_paths import precedence, project_folder
from graphmem.sources.manifests.package_purposes import DEVELOPMENT, purpose_of_image, purpose_of_package
from graphmem.sources.manifests.parts import (
    FROM_WORKSPACE,
    RUNTIME_ROLE,
    BaseImages,
    ContainerService,
    Dependency,
    DependencyGroup,
    EntryPoint,
    Manifest,
    RuntimeVersion,
    Workflow,
)
from graphmem.sources.manifests.rust_packages import SHARED_VERSION
from graphmem.sources.manifests.structure_facts import (
    MAX_SHOWN,
    FactDeclaration,
    StructureFact,
    declared_in,
    listed,
    of_folder,
    parents_of,
    paths_of,
    values_by_folder,
    within,
)

#: Ranks at the root; those of folders follow, by depth. Commands have ranks 0 and 2.
_RUNTIME, _CONTAINER, _DEPENDENCY, _GROUP, _WORKFLOW = 0, 1, 2, 3, 3
_LANGUAGE = 1
_PER_DEPTH = 4
_REGISTRIES = {
    "pypi": ("PyPI", "Python package"),
    "npm": ("npm", "JavaScript package"),
    "cargo": ("crates.io", "Rust crate"),
    "go": ("Go modules", "Go module"),
    "maven": ("Maven", "Java library"),
    "rubygems": ("RubyGems", "Ruby gem"),
    "composer": ("Packagist", "PHP package"),
}
_RUNTIMES = {
    "python": "Python",
    "node": "Node.js",
    "go": "Go",
    "rust": "Rust",
    "java": "Java",
    "ruby": "Ruby",
    "php": "PHP",
    "bun": "Bun",
    "deno": "Deno",
    "vscode": "VS Code",
}
_RUNTIME_FILE = re.compile(r"^requirements(?:[-_.](?:prod|production|base|main|common|runtime|core))?$")
_RUNTIME_STEM = frozenset({"base", "prod", "production", "main", "common", "runtime", "core"})
_TOOL_FOLDERS = frozenset({"docs", "doc", ".github", "ci", "tools", "scripts", "dev"})


@dataclass(frozen=True, slots=True)
class DeclaredPart:
    """A part with the manifest that has it and the folder that the manifest speaks for."""

    folder: str
    path: str
    part: object


def structure_of(manifests: Mapping[str, Manifest], languages: Iterable[str]) -> list[StructureFact]:
    """The facts of a commit, no subject twice.

    Args:
        manifests: The manifests of the commit by path.
        languages: Its languages.
    """
    declared = _resolved(manifests)
    own = {(manifest.package, manifest.name) for manifest in manifests.values() if manifest.name}
    facts = [
        *_dependencies(declared, own),
        *_groups(declared),
        *_runtimes(declared),
        *command_facts([(item.folder, item.path, item.part) for item in declared], manifests),
        *_entry_points(declared),
        *_services(declared),
        *_base_images(declared),
        *_workflows(declared),
        *_languages(languages),
    ]
    return list({fact.subject: fact for fact in reversed(facts)}.values())


def _resolved(manifests: Mapping[str, Manifest]) -> list[DeclaredPart]:
    """All parts, those of the root first, with shared versions filled in and tools told from dependencies."""
    packages = {(manifest.package, project_folder(path)) for path, manifest in manifests.items()}
    shared: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for path, manifest in manifests.items():
        shared[manifest.package or "", project_folder(path)].update(manifest.shared)
    needed = {
        posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
        for path, manifest in manifests.items()
        for file in manifest.requirements
    }
    order = sorted(manifests, key=lambda path: (path.count("/"), project_folder(path), precedence(path), path))
    declared = []
    for path in order:
        folder = project_folder(path)
        group = "" if path in needed else _group_of_requirements(path, is_package=("pypi", folder) in packages)
        names = []
        for part in manifests[path].parts:
            if group and isinstance(part, Dependency):
                names.append(part.name)
            elif (resolved := _with_shared(part, folder, manifests[path], shared)) is not None:
                declared.append(DeclaredPart(folder, path, resolved))
        if names:
            declared.append(DeclaredPart(folder, path, DependencyGroup("pypi", group, tuple(sorted(set(names))))))
    return declared


def _group_of_requirements(path: str, *, is_package: bool) -> str:
    """The group that a file of requirements stands for; empty if its packages are needed at run time.

    The `requirements.txt` of a package is the environment of its developers: the package has its own dependencies.
    """
    folder, name = posixpath.split(path)
    if not name.endswith(".txt"):
        return ""
    stem = name.removesuffix(".txt").casefold()
    last = posixpath.basename(folder)
    if last == "requirements":
        return "" if stem in _RUNTIME_STEM and not is_package else stem
    if not is_package and last not in _TOOL_FOLDERS and _RUNTIME_FILE.match(stem):
        return ""
    return re.sub(r"^requirements[-_.]?|[-_.]?requirements$", "", stem) or (last if folder else "requirements")


def _with_shared(
    part: object, folder: str, manifest: Manifest, shared: Mapping[tuple[str, str], Mapping[str, str]]
) -> object | None:
    """A part with the names and versions that its workspace gives; None if the workspace lacks its name."""

    def shared_value(name: str) -> str:
        tables = (
            shared.get((manifest.package or "", declaration), {}) for declaration in (folder, *parents_of(folder))
        )
        return next((table[name] for table in tables if table.get(name)), "")

    if isinstance(part, DependencyGroup) and any(name.startswith(ALIAS) for name in part.names):
        names = {shared_value(name).partition(" ")[0] if name.startswith(ALIAS) else name for name in part.names}
        return replace(part, names=tuple(sorted(names - {""}))) if names - {""} else None
    if isinstance(part, RuntimeVersion) and part.constraint == FROM_WORKSPACE:
        return replace(part, constraint=shared_value(SHARED_VERSION))
    if not isinstance(part, Dependency) or part.constraint != FROM_WORKSPACE:
        return part
    if part.name.startswith(ALIAS):
        name, _, version = shared_value(part.name).partition(" ")
        return replace(part, name=name, constraint=version) if name else None
    return replace(part, constraint=shared_value(part.name))


def _rank(rank: int, depth: int) -> int:
    return rank + _PER_DEPTH * depth


def _dependencies(declared: Iterable[DeclaredPart], own: Container[tuple[str | None, str]]) -> Iterator[StructureFact]:
    """The runtime dependencies; versions of packages of this repository change with each release, and are left out."""
    by_name: dict[tuple[str, str], dict[str, FactDeclaration]] = defaultdict(dict)
    roles: dict[tuple[str, str], str] = {}
    for item in declared:
        part = item.part
        if isinstance(part, Dependency):
            version = "" if (part.ecosystem, part.name) in own else part.constraint
            declarations = by_name[part.ecosystem, part.name]
            roles.setdefault((part.ecosystem, part.name), part.role)
            former = declarations.setdefault(item.folder, FactDeclaration(item.folder, item.path, part.line, version))
            if former.path == item.path and version not in {*former.value.split(" or "), ""}:
                declarations[item.folder] = replace(former, value=" or ".join(filter(None, (former.value, version))))
    for (ecosystem, name), declarations in by_name.items():
        yield _dependency(
            (ecosystem, name), list(declarations.values()), roles[ecosystem, name], is_own=(ecosystem, name) in own
        )


def _dependency(
    package: tuple[str, str], declarations: list[FactDeclaration], role: str, *, is_own: bool
) -> StructureFact:
    ecosystem, name = package
    registry, sort = _REGISTRIES[ecosystem]
    purpose = "a package of this repository" if is_own else purpose_of_package(name)
    versions = values_by_folder(declarations)
    is_split = len({declaration.value for declaration in declarations}) > 1
    named = f"{name} {versions}" if versions and not is_split else name
    shown_role = "dependency" if purpose in DEVELOPMENT and role == RUNTIME_ROLE else role
    folders = [declaration.folder for declaration in declarations if declaration.folder]
    users = f" Used by {listed(f'{folder}/' for folder in folders)}." if folders else ""
    versions_by_folder = f" Versions: {versions}." if is_split else ""
    return StructureFact(
        subject=f"dependency.{ecosystem}.{name}",
        title=f"Uses {named}{f', {purpose}' if purpose else ''} ({shown_role}, {sort})",
        body=f"{declared_in(declarations)}{'' if is_own else f' Registry: {registry}.'}{versions_by_folder}{users}",
        rank=_rank(_DEPENDENCY, declarations[0].depth),
        paths=paths_of(declarations),
        line=declarations[0].line,
    )


def _groups(declared: Iterable[DeclaredPart]) -> Iterator[StructureFact]:
    collected: dict[tuple[str, str, str, bool], tuple[set[str], list[FactDeclaration]]] = {}
    for item in declared:
        part = item.part
        if isinstance(part, DependencyGroup):
            names, declarations = collected.setdefault(
                (part.ecosystem, part.group, item.folder, part.is_optional), (set(), [])
            )
            names.update(part.names)
            declarations.append(FactDeclaration(item.folder, item.path, part.line))
    for (ecosystem, group, folder, is_optional), (names, declarations) in collected.items():
        sort = "Optional dependencies" if is_optional else "Development dependencies"
        key = "optional" if is_optional else "development"
        ordered = sorted(names)
        purposes = [f"{name} ({purpose})" for name in ordered if (purpose := purpose_of_package(name))]
        every = f" All: {', '.join(ordered)}." if len(ordered) > MAX_SHOWN else ""
        among = f" Among them: {listed(purposes, 30)}." if purposes else ""
        yield StructureFact(
            subject=f"dependencies.{ecosystem}.{key}.{group}{within(folder)}",
            title=f"{sort}{of_folder(folder)}, group {group}: {listed(ordered)}",
            body=f"{declared_in(declarations)}{every}{among}",
            rank=_rank(_GROUP, declarations[0].depth),
            paths=paths_of(declarations),
            line=declarations[0].line,
        )


def _runtimes(declared: Iterable[DeclaredPart]) -> Iterator[StructureFact]:
    by_runtime: dict[tuple[str, bool], dict[str, FactDeclaration]] = defaultdict(dict)
    for item in declared:
        part = item.part
        if isinstance(part, RuntimeVersion) and part.constraint:
            declaration = FactDeclaration(item.folder, item.path, part.line, part.constraint)
            by_runtime[part.runtime, part.is_development].setdefault(item.folder, declaration)
    for (runtime, is_development), by_folder in by_runtime.items():
        declarations, name = _with_root_first(by_folder), _RUNTIMES[runtime]
        versions = values_by_folder(declarations)
        title = (
            f"{name} version for development: {versions}"
            if is_development
            else f"Supported {name} versions: {versions}"
        )
        purpose = "used by its developers" if is_development else "that the code supports and runs on"
        yield StructureFact(
            subject=f"runtime.{runtime}{'.development' if is_development else ''}",
            title=title,
            body=f"The {name} version {purpose}. {declared_in(declarations)}",
            rank=_rank(_RUNTIME, declarations[0].depth),
            paths=paths_of(declarations),
            line=declarations[0].line,
        )


def _with_root_first(by_folder: Mapping[str, FactDeclaration]) -> list[FactDeclaration]:
    """The declarations of a value; folders that repeat the value of the root are left out."""
    root = by_folder.get("")
    return [
        declaration
        for folder, declaration in by_folder.items()
        if root is None or not folder or declaration.value != root.value
    ]


def _entry_points(declared: Iterable[DeclaredPart]) -> Iterator[StructureFact]:
    by_folder_and_name: dict[str, dict[str, tuple[str, FactDeclaration]]] = defaultdict(dict)
    for item in declared:
        part = item.part
        if isinstance(part, EntryPoint):
            by_folder_and_name[item.folder].setdefault(
                part.name, (part.target, FactDeclaration(item.folder, item.path, part.line))
            )
    for folder, by_name in by_folder_and_name.items():
        declarations = [declaration for _, declaration in by_name.values()]
        shown = listed((f"`{name}` runs {target}" for name, (target, _) in by_name.items()), 8)
        yield StructureFact(
            subject=f"entry.commands{within(folder)}",
            title=f"Command-line entry points{of_folder(folder)}: {shown}",
            body=f"Commands that the package installs. {declared_in(declarations)}",
            rank=_rank(_GROUP, declarations[0].depth),
            paths=paths_of(declarations),
            line=declarations[0].line,
        )


def _services(declared: Iterable[DeclaredPart]) -> Iterator[StructureFact]:
    services: dict[tuple[str, str], tuple[ContainerService, FactDeclaration]] = {}
    for item in declared:
        part = item.part
        if isinstance(part, ContainerService):
            services.setdefault((part.name, item.folder), (part, FactDeclaration(item.folder, item.path, part.line)))
    for (name, folder), (service, declaration) in services.items():
        purpose = purpose_of_image(service.image)
        image = f"image {service.image}" if service.image else "an image built from this repository"
        ports = f" Ports: {listed(service.ports)}." if service.ports else ""
        yield StructureFact(
            subject=f"service.{name}{within(folder)}",
            title=f"Docker Compose service {name}{of_folder(folder)} runs {image}{f', {purpose}' if purpose else ''}",
            body=f"A container for development or deployment. {declared_in([declaration])}{ports}",
            rank=_rank(_CONTAINER, declaration.depth),
            paths=(declaration.path,),
            line=declaration.line,
        )


def _base_images(declared: Iterable[DeclaredPart]) -> Iterator[StructureFact]:
    for item in declared:
        part = item.part
        if isinstance(part, BaseImages):
            declaration = FactDeclaration(item.folder, item.path, part.line)
            *earlier, last = part.images
            stages = f" Earlier stages build on {listed(earlier)}." if earlier else ""
            yield StructureFact(
                subject=f"image.{item.path}",
                title=f"Docker base image of {item.path}: {last}",
                body=f"The container image builds on {last}.{stages}",
                rank=_rank(_CONTAINER, declaration.depth),
                paths=(item.path,),
                line=part.line,
            )


def _workflows(declared: Iterable[DeclaredPart]) -> Iterator[StructureFact]:
    for item in declared:
        part = item.part
        if isinstance(part, Workflow):
            stem = posixpath.splitext(posixpath.basename(item.path))[0].removeprefix(".")
            when = listed(part.triggers, 5) or "when its file says so"
            jobs = "job" if len(part.jobs) == 1 else "jobs"
            yield StructureFact(
                subject=f"ci.workflow.{stem}",
                title=f"CI workflow {part.name or stem} ({when}), {jobs} {listed(part.jobs, 8)}",
                body=f"Continuous integration. {declared_in([FactDeclaration('', item.path, 1)])}",
                rank=_WORKFLOW,
                paths=(item.path,),
                line=part.line,
            )


def _languages(languages: Iterable[str]) -> Iterator[StructureFact]:
    for language in languages:
        yield StructureFact(
            subject=f"language.{language.casefold()}",
            title=f"Written in {language}: a programming language of this repository",
            body=f"At least a twentieth of the files of code are {language}.",
            rank=_LANGUAGE,
            origin=Origin.COMMIT,
        )
