"""The facts that manifests declare together."""

from __future__ import annotations

from graphmem.sources.manifests.manifest_paths import parser_of, present
from graphmem.sources.manifests.parts import Manifest
from graphmem.sources.manifests.structure import structure_of
from graphmem.sources.manifests.structure_facts import StructureFact


def manifest(path: str, text: str) -> Manifest:
    parser = parser_of(path)
    return parser(text) if parser is not None else present(path)


def facts(files: dict[str, str], *languages: str) -> dict[str, StructureFact]:
    listed = structure_of({path: manifest(path, text) for path, text in files.items()}, languages)
    return {fact.subject: fact for fact in listed}


def test_a_package_of_several_folders_is_one_fact_with_their_versions() -> None:
    found = facts(
        {
            "a/package.json": '{"name": "a", "dependencies": {"react": "^18", "b": "workspace:*"}}',
            "b/package.json": '{"name": "b", "dependencies": {"react": "^17"}}',
        }
    )
    react = found["dependency.npm.react"]
    assert react.title == "Uses react, user interface library (runtime dependency, JavaScript package)"
    assert "Versions: ^18 in a; ^17 in b. Used by a/, b/." in react.body
    assert react.paths == ("a/package.json", "b/package.json")
    assert (
        found["dependency.npm.b"].title
        == "Uses b, a package of this repository (runtime dependency, JavaScript package)"
    )


def test_requirements_of_a_package_are_for_its_developers() -> None:
    requirements = {"requirements.txt": "pytest\n", "docs/requirements.txt": "sphinx\n", "requirements/ci.txt": "tox\n"}
    alone = facts(requirements)
    assert "dependency.pypi.pytest" in alone
    assert {"dependencies.pypi.development.docs@docs", "dependencies.pypi.development.ci"} <= alone.keys()
    packaged = facts({**requirements, "pyproject.toml": '[project]\nname = "x"\n'})
    assert packaged["dependencies.pypi.development.requirements"].title.endswith("group requirements: pytest")


def test_the_package_counts_before_requirements() -> None:
    found = facts({"setup.cfg": "[options]\ninstall_requires = idna>=2\n", "requirements.txt": "idna==3\n"})
    assert found["dependency.pypi.idna"].title.startswith("Uses idna >=2,")


def test_two_constraints_of_one_manifest_are_both_named() -> None:
    text = (
        '[project]\nname = "x"\ndependencies = ["a<2; python_version < \'3.9\'", "a>=2; python_version >= \'3.9\'"]\n'
    )
    title = facts({"pyproject.toml": text})["dependency.pypi.a"].title
    assert "a <2; python_version < '3.9' or >=2; python_version >= '3.9'" in title


def test_a_workspace_gives_its_members_versions() -> None:
    found = facts(
        {
            "Cargo.toml": '[workspace]\n[workspace.package]\nrust-version = "1.80"\n'
            '[workspace.dependencies]\nserde = "1.0"\n',
            "a/Cargo.toml": '[package]\nname = "a"\nrust-version.workspace = true\n'
            "[dependencies]\nserde.workspace = true\n"
            "lost.workspace = true\n",
        }
    )
    assert found["dependency.cargo.serde"].title.startswith("Uses serde 1.0,")
    assert found["dependency.cargo.lost"].title.startswith("Uses lost (")
    assert found["runtime.rust"].title == "Supported Rust versions: >=1.80"
    assert found["command.test"].title == "Run the tests with `cargo test`"
    assert "command.test@a" not in found


def test_a_version_catalogue_gives_names_and_versions() -> None:
    found = facts(
        {
            "gradle/libs.versions.toml": '[libraries]\npg = "org.postgresql:postgresql:42.7"\n',
            "build.gradle": "dependencies {\n  implementation libs.pg\n  testImplementation(libs.pg)\n}\n",
        }
    )
    assert "group test: org.postgresql:postgresql" in found["dependencies.maven.development.test"].title
    assert found["dependency.maven.org.postgresql:postgresql"].title.startswith("Uses org.postgresql:postgresql 42.7,")


def test_workflows_services_images_and_languages_are_facts() -> None:
    found = facts(
        {
            ".github/workflows/ci.yml": "name: Tests\non: push\njobs: {a: {x: y}}\n",
            "docker-compose.yml": "services: {db: {image: 'mysql:8', ports: ['1:1']}, web: {build: .}}\n",
            "web/Dockerfile": "FROM node:20 AS build\nFROM nginx:1\n",
        },
        "Go",
    )
    assert found["ci.workflow.ci"].title == "CI workflow Tests (on every push), job a"
    assert found["service.db"].title == "Docker Compose service db runs image mysql:8, MySQL database"
    assert "an image built from this repository" in found["service.web"].title
    assert found["image.web/Dockerfile"].title == "Docker base image of web/Dockerfile: nginx:1"
    assert "node:20" in found["image.web/Dockerfile"].body
    assert found["language.go"].origin == "commit"


def test_long_groups_are_counted_in_the_title_and_listed_in_the_body() -> None:
    names = ", ".join(f'"p{number:02}"' for number in range(15))
    fact = facts({"pyproject.toml": f"[dependency-groups]\nall = [{names}]\n"})["dependencies.pypi.development.all"]
    assert fact.title.endswith("p11 and 3 more")
    assert "p14" in fact.body


def test_facts_of_the_root_rank_before_those_of_folders() -> None:
    found = facts({"Makefile": "test:\n", "a/package.json": '{"scripts": {"test": "x"}, "dependencies": {"y": "1"}}'})
    assert found["command.test"].rank < found["command.test@a"].rank < found["dependency.npm.y"].rank


def test_files_that_a_package_takes_its_dependencies_from_are_needed_at_run_time() -> None:
    files = '[project]\nname = "x"\n[tool.setuptools.dynamic]\ndependencies = {file = "requirements/base.txt"}\n'
    found = facts({"pyproject.toml": files, "requirements/base.txt": "idna\n"})
    assert "dependency.pypi.idna" in found


def test_folders_that_repeat_the_version_of_the_root_are_left_out() -> None:
    version = '{{"engines": {{"node": "{}"}}}}'
    files = {f"{folder}package.json": version.format(node) for folder, node in (("", 20), ("a/", 20), ("b/", 22))}
    assert facts(files)["runtime.node"].title == "Supported Node.js versions: 20 in the root; 22 in b"


def test_tools_of_developers_are_no_runtime_dependency_wherever_they_are_listed() -> None:
    assert facts({"requirements.txt": "pytest\n"})["dependency.pypi.pytest"].title == (
        "Uses pytest, test framework (dependency, Python package)"
    )
