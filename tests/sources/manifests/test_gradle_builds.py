"""What Gradle builds declare."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests.document_texts import UnreadableManifest
from graphmem.sources.manifests.gradle_builds import read_gradle, read_version_catalogue
from graphmem.sources.manifests.parts import FROM_WORKSPACE, Dependency, DependencyGroup, RuntimeVersion

GRADLE = """plugins { id("java") } // { not a block
java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }
/* dependencies { implementation("no:no:1") } */
dependencies {
    implementation("org.postgresql:postgresql:42.7.1") { exclude(group = "a") }
    api 'com.google.guava:guava:33.0'
    implementation group: 'redis.clients', name: 'jedis', version: '5.1'
    implementation(libs.okhttp.core)
    compileOnly("org.projectlombok:lombok:${lombok}")
    testImplementation "org.junit.jupiter:junit-jupiter:5.10"
    // implementation("not:this:1")
    implementation project(':core')
    implementation(libs.bundles.all)
}
testing { suites { register("slow") { dependencies { implementation("only:tests:1") } } } }
tasks.named("compileOther") { options.release = 16 }
tasks.withType<JavaCompile>().configureEach { options.release = 11 }
"""


def test_the_outermost_block_has_the_dependencies() -> None:
    parts = read_gradle(GRADLE).parts
    assert [
        (part.name, part.constraint, part.line, part.role.split()[0]) for part in parts if isinstance(part, Dependency)
    ] == [
        ("org.postgresql:postgresql", "42.7.1", 5, "runtime"),
        ("com.google.guava:guava", "33.0", 6, "runtime"),
        ("redis.clients:jedis", "5.1", 7, "runtime"),
        ("libs.okhttp.core", FROM_WORKSPACE, 8, "runtime"),
        ("org.projectlombok:lombok", "", 9, "dependency"),
    ]
    assert [part.names for part in parts if isinstance(part, DependencyGroup)] == [("org.junit.jupiter:junit-jupiter",)]


def test_the_release_is_supported_and_the_toolchain_is_for_development() -> None:
    versions = [part for part in read_gradle(GRADLE).parts if isinstance(part, RuntimeVersion)]
    assert versions == [
        RuntimeVersion("java", ">=11", line=17),
        RuntimeVersion("java", "21", is_development=True, line=2),
    ]


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("sourceCompatibility = JavaVersion.VERSION_1_8", ">=8"),
        ("targetCompatibility = '11'", ">=11"),
        ("java.sourceCompatibility = JavaVersion.VERSION_17", ">=17"),
        ("java {\n  toolchain {\n    languageVersion.set(JavaLanguageVersion.of(21))\n}}", "21"),
        ("android { compileOptions { sourceCompatibility JavaVersion.VERSION_17 } }", ">=17"),
    ],
)
def test_a_gradle_build_has_a_java_version(line: str, version: str) -> None:
    assert [part.constraint for part in read_gradle(line).parts if isinstance(part, RuntimeVersion)] == [version]


def test_deep_nesting_is_unreadable() -> None:
    with pytest.raises(UnreadableManifest):
        read_gradle("a {" * 100)


def test_a_version_catalogue_shares_its_names() -> None:
    text = (
        '[versions]\nok = "4.12"\n[libraries]\nokhttp-core = {module = "com.squareup:okhttp", version.ref = "ok"}\n'
        'gson = "com.google:gson:2.11"\n'
    )
    assert read_version_catalogue(text).shared == (
        ("libs.okhttp.core", "com.squareup:okhttp 4.12"),
        ("libs.gson", "com.google:gson 2.11"),
    )
