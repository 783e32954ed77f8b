"""Dependencies and Java versions of Maven builds, in their simple forms; nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphmem.sources.manifests.document_texts import UnreadableManifest, XmlElement, line_of, xml_of
from graphmem.sources.manifests.parts import (
    FROM_WORKSPACE,
    RUNTIME_ROLE,
    Command,
    Dependency,
    Manifest,
    Part,
    RuntimeVersion,
    clipped,
    groups,
    is_name,
)

ECOSYSTEM = "maven"
#: Java 5 to 8 are called 1.5 to 1.8 too.
_JAVA_1 = re.compile(r"^1\.(?=[5-8]\b)")
_REFERENCE = re.compile(r"\$\{([\w.-]{1,100})\}")
_JAVA_PROPERTIES = ("maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source")


def read_pom(text: str) -> Manifest:
    """The dependencies of a `pom.xml` with versions from its own properties, and its Java version."""
    project = xml_of(text)
    if project.name != "project":
        raise UnreadableManifest(f"the root element is <{project.name}>, not <project>", project.line)
    properties = _properties(project)
    parts: list[Part] = []
    parts += _parent(project, properties)
    by_scope: dict[str, list[object]] = {}
    listed = project.below("dependencies")
    for dependency in listed.all("dependency") if listed is not None else ():
        name = _resolved(f"{dependency.text_of('groupId')}:{dependency.text_of('artifactId')}", properties)
        scope = dependency.text_of("scope")
        if scope in {"test", "provided", "system"}:
            by_scope.setdefault(scope, []).append(name)
        elif is_name(name):
            version = _version(dependency.text_of("version"), properties) or FROM_WORKSPACE
            role = "optional runtime dependency" if dependency.text_of("optional") == "true" else RUNTIME_ROLE
            parts.append(Dependency(ECOSYSTEM, name, clipped(version), dependency.line, role))
    parts += groups(ECOSYSTEM, [(scope, names, False, 1) for scope, names in by_scope.items()])
    parts += _java(project, properties, text)
    parts += [Command("test", "mvn test", is_convention=True), Command("build", "mvn package", is_convention=True)]
    own = f"{properties['project.groupId']}:{project.text_of('artifactId')}"
    return Manifest(tuple(parts), ECOSYSTEM, tuple(_managed(project, properties)), own)


def _parent(project: XmlElement, properties: Mapping[str, str]) -> Iterator[Dependency]:
    """The parent of the build, if it is of another group: it gives the versions of a framework."""
    group, name = project.text_of("parent", "groupId"), project.text_of("parent", "artifactId")
    if group and group != properties["project.groupId"] and is_name(f"{group}:{name}"):
        parent = project.below("parent")
        line = parent.line if parent is not None else 1
        version = clipped(project.text_of("parent", "version"))
        yield Dependency(ECOSYSTEM, f"{group}:{name}", version, line, "parent of the build")


def _properties(project: XmlElement) -> dict[str, str]:
    listed = project.below("properties")
    own = {child.name: child.text for child in listed.children} if listed is not None else {}
    parent = {name: project.text_of("parent", name) for name in ("groupId", "version")}
    above = {f"project.parent.{name}": value for name, value in parent.items()}
    return own | above | {f"project.{name}": project.text_of(name) or value for name, value in parent.items()}


def _resolved(text: str, properties: Mapping[str, str]) -> str:
    """A text with references to properties written out, as far as the file has them."""
    for _ in range(3):
        text = _REFERENCE.sub(lambda match: properties.get(match[1], match[0])[:200], text)[:1000]
    return text


def _version(text: str, properties: Mapping[str, str]) -> str:
    """A version; empty if it refers to a property that the file does not have."""
    version = _resolved(text, properties)
    return "" if "${" in version else version


def _managed(project: XmlElement, properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Versions that modules of the build share."""
    listed = project.below("dependencyManagement", "dependencies")
    for dependency in listed.all("dependency") if listed is not None else ():
        name = _resolved(f"{dependency.text_of('groupId')}:{dependency.text_of('artifactId')}", properties)
        yield name, clipped(_version(dependency.text_of("version"), properties))


def _java(project: XmlElement, properties: Mapping[str, str], text: str) -> Iterator[RuntimeVersion]:
    declared = [properties.get(name, "") for name in _JAVA_PROPERTIES]
    for path in (("build", "plugins"), ("build", "pluginManagement", "plugins")):
        plugins = project.below(*path)
        for plugin in plugins.all("plugin") if plugins is not None else ():
            if plugin.text_of("artifactId") == "maven-compiler-plugin":
                declared += [plugin.text_of("configuration", name) for name in ("release", "target", "source")]
    versions = [_resolved(version, properties) for version in declared if version]
    version = next((version for version in versions if version[:1].isdigit()), "")
    if version:
        yield RuntimeVersion("java", clipped(f">={_JAVA_1.sub('', version)}"), line=line_of(text, version))
