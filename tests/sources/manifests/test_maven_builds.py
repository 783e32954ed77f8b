"""What Maven builds declare."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests.document_texts import UnreadableManifest
from graphmem.sources.manifests.maven_builds import read_pom
from graphmem.sources.manifests.parts import FROM_WORKSPACE, Dependency, DependencyGroup, Manifest, RuntimeVersion

POM = """<?xml version="1.0"?>
<!DOCTYPE project [<!ENTITY boom "boom">]>
<project>
  <groupId>org.example</groupId>
  <properties><pg.version>42.7</pg.version><maven.compiler.release>17</maven.compiler.release></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>a</groupId><artifactId>b</artifactId><version>2</version></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId>
      <version>${pg.version}</version></dependency>
    <dependency><groupId>a</groupId><artifactId>b</artifactId></dependency>
    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><scope>test</scope></dependency>
  </dependencies>
</project>
"""


def dependencies(manifest: Manifest) -> dict[str, str]:
    return {part.name: part.constraint for part in manifest.parts if isinstance(part, Dependency)}


def test_a_pom_has_dependencies_with_versions_of_its_properties() -> None:
    manifest = read_pom(POM)
    assert dependencies(manifest) == {"org.postgresql:postgresql": "42.7", "a:b": FROM_WORKSPACE}
    assert manifest.shared == (("a:b", "2"),)
    assert [part.names for part in manifest.parts if isinstance(part, DependencyGroup)] == [("junit:junit",)]
    assert RuntimeVersion("java", ">=17", line=5) in manifest.parts


@pytest.mark.parametrize("text", ["<project><a></project>", "<project>", "", "<other></other>"])
def test_a_pom_that_is_no_project_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableManifest):
        read_pom(text)


def test_the_parent_of_another_group_is_named() -> None:
    parent = "<parent><groupId>{}</groupId><artifactId>starter</artifactId><version>3.2</version></parent>"
    text = f"<project>{parent.format('org.boot')}<groupId>org.shop</groupId><artifactId>a</artifactId></project>"
    assert Dependency("maven", "org.boot:starter", "3.2", 1, "parent of the build") in read_pom(text).parts
    own = f"<project>{parent.format('org.shop')}<artifactId>a</artifactId></project>"
    assert not dependencies(read_pom(own))


def test_a_version_of_an_unknown_property_is_left_out() -> None:
    listed = "<dependency><groupId>a</groupId><artifactId>b</artifactId><version>${nowhere}</version></dependency>"
    text = f"<project><artifactId>x</artifactId><dependencies>{listed}</dependencies></project>"
    assert dependencies(read_pom(text)) == {"a:b": FROM_WORKSPACE}


@pytest.mark.parametrize(("written", "version"), [("1.8", ">=8"), ("17", ">=17"), ("1.4", ">=1.4")])
def test_java_8_has_two_names(written: str, version: str) -> None:
    properties = f"<properties><maven.compiler.source>{written}</maven.compiler.source></properties>"
    parts = read_pom(f"<project><artifactId>x</artifactId>{properties}</project>").parts
    assert [part.constraint for part in parts if isinstance(part, RuntimeVersion)] == [version]
