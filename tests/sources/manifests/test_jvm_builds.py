"""What Maven and Gradle builds declare."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests.document_texts import UnreadableManifest
from graphmem.sources.manifests.jvm_builds import read_gradle, read_pom, read_version_catalogue
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

GRADLE = """plugins { id("java") }
java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }
dependencies {
    implementation("org.postgresql:postgresql:42.7.1")
    api 'com.google.guava:guava:33.0'
    implementation group: 'redis.clients', name: 'jedis', version: '5.1'
    implementation(libs.okhttp.core)
    testImplementation "org.junit.jupiter:junit-jupiter:5.10"
    // implementation("not:this:1")
    implementation project(':core')
}
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


def test_a_gradle_build_has_dependencies_of_one_line() -> None:
    manifest = read_gradle(GRADLE)
    assert dependencies(manifest) == {
        "org.postgresql:postgresql": "42.7.1",
        "com.google.guava:guava": "33.0",
        "redis.clients:jedis": "5.1",
        "libs.okhttp.core": FROM_WORKSPACE,
    }
    assert [part.names for part in manifest.parts if isinstance(part, DependencyGroup)] == [
        ("org.junit.jupiter:junit-jupiter",)
    ]
    assert RuntimeVersion("java", ">=21", line=2) in manifest.parts


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("sourceCompatibility = JavaVersion.VERSION_1_8", ">=8"),
        ("sourceCompatibility = '11'", ">=11"),
        ("java.sourceCompatibility = JavaVersion.VERSION_17", ">=17"),
        ("    languageVersion.set(JavaLanguageVersion.of(21))", ">=21"),
    ],
)
def test_a_gradle_build_has_a_java_version(line: str, version: str) -> None:
    assert [part.constraint for part in read_gradle(line).parts if isinstance(part, RuntimeVersion)] == [version]


def test_a_version_catalogue_shares_its_names() -> None:
    text = (
        '[versions]\nok = "4.12"\n[libraries]\nokhttp-core = {module = "com.squareup:okhttp", version.ref = "ok"}\n'
        'gson = "com.google:gson:2.11"\n'
    )
    assert read_version_catalogue(text).shared == (
        ("libs.okhttp.core", "com.squareup:okhttp 4.12"),
        ("libs.gson", "com.google:gson 2.11"),
    )


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
