"""Commands by purpose and folder."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests.structure_facts import StructureFact
from tests.sources.manifests.test_structure import facts


def command(files: dict[str, str], subject: str = "command.test") -> StructureFact:
    return facts(files)[subject]


def test_the_clearest_command_is_in_the_title_and_others_in_the_body() -> None:
    fact = command({"Makefile": "test-unit:\ntest:\n", "package.json": '{"scripts": {"test": "vitest"}}'})
    assert fact.title == "Run the tests with `make test`"
    assert fact.body == "Declared in Makefile, package.json. Also: `npm test`, `make test-unit`."


def test_the_usual_command_of_a_build_tool_counts_if_none_is_declared() -> None:
    module = "module x\ngo 1.22\n"
    assert "usual command" in command({"go.mod": module}).body
    assert command({"go.mod": module, "Makefile": "test:\n"}).body == "Declared in Makefile."


@pytest.mark.parametrize(
    ("files", "invocation"),
    [
        ({"pnpm-lock.yaml": ""}, "pnpm test"),
        ({"yarn.lock": ""}, "yarn test"),
        ({"bun.lock": ""}, "bun run test"),
        ({}, "npm test"),
    ],
)
def test_the_package_manager_is_that_of_the_lock_file(files: dict[str, str], invocation: str) -> None:
    fact = command({"web/package.json": '{"scripts": {"test": "vitest"}}', **files}, "command.test@web")
    assert fact.title == f"Run the tests of web/ with `{invocation}`"
    assert "It runs `vitest`." in fact.body


def test_wrappers_start_the_build_if_the_repository_has_them() -> None:
    pom = "<project><artifactId>a</artifactId></project>"
    assert command({"pom.xml": pom}).title.endswith("`mvn test`")
    assert command({"pom.xml": pom, "mvnw": ""}).title.endswith("`./mvnw test`")
    assert command({"build.gradle": ""}).title.endswith("`gradle test`")
    assert command({"build.gradle": "", "gradlew": ""}).title.endswith("`./gradlew test`")


def test_folders_have_only_the_purposes_of_every_day() -> None:
    found = facts({"a/Makefile": "test:\nrelease:\ncoverage:\n"})
    assert list(found) == ["command.test@a"]
