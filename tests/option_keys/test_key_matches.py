"""Keys match imports, packages, symbols, paths and commands by whole segments, never by prefixes of characters."""

from __future__ import annotations

import pytest

from graphmem.option_keys import OptionKey, import_names


@pytest.mark.parametrize(
    ("key", "language", "module", "names", "expected"),
    [
        ("pkg:golang/github.com/pkg/errors", "go", "github.com/pkg/errors", (), True),
        ("pkg:golang/github.com/pkg/errors", "go", "github.com/pkg/errors/x", (), True),
        ("pkg:golang/github.com/pkg/errors", "go", "github.com/pkg/errorsx", (), False),
        ("pkg:golang/github.com/pkg/errors", "go", "github.com/pkg-fork/errors", (), False),
        ("pkg:golang/github.com/pkg/errors", "go", "example.com/other", (), False),
        ("pkg:golang/github.com/Azure/go-autorest", "go", "github.com/Azure/go-autorest/autorest", (), True),
        ("import:go:io/ioutil$", "go", "io/ioutil", (), True),
        ("import:go:io/ioutil$", "go", "io/ioutil/x", (), False),
        ("pkg:pypi/pytz", "python", "pytz", (), True),
        ("pkg:pypi/pytz", "python", "pytz.exceptions", (), True),
        ("pkg:pypi/pytz", "python", "pytz_deprecation_shim", (), False),
        ("pkg:pypi/pytz", "javascript", "pytz", (), False),
        ("pkg:pypi/beautifulsoup4", "python", "bs4", (), True),
        ("pkg:pypi/google-cloud-storage", "python", "google.cloud", ("storage",), True),
        ("pkg:pypi/google-cloud-storage", "python", "google.cloud", ("bigquery",), False),
        ("pkg:pypi/setuptools?import=pkg_resources", "python", "setuptools", (), False),
        ("import:python:typing.TypedDict", "python", "typing", ("TypedDict",), True),
        ("import:python:typing.TypedDict", "python", "typing", ("*",), False),
        ("import:python:typing.TypedDict", "python", "typing", (), False),
        ("pkg:npm/@scope/x", "typescript", "@scope/x/sub", (), True),
        ("pkg:npm/@scope/x", "typescript", "@scope/xy", (), False),
        ("import:javascript:@mui/material$", "javascript", "@mui/material/Button", (), False),
        ("import:javascript:@mui/material$", "javascript", "@mui/material", ("Button",), True),
        ("import:javascript:lodash/*", "javascript", "lodash", (), False),
        ("import:javascript:lodash/*", "javascript", "lodash/fp", (), True),
        ("import:javascript:**/internal/*", "javascript", "../../a/internal/b", (), True),
        ("import:javascript:**/internal/*", "javascript", "../../a/internals/b", (), False),
        ("import:javascript:lodash#get", "javascript", "lodash", ("get",), True),
        ("import:javascript:lodash#get", "javascript", "lodash", ("*",), True),
        ("import:javascript:lodash#get", "javascript", "lodash", ("set",), False),
        ("import:javascript:fs", "javascript", "node:fs/promises", (), True),
        ("pkg:cargo/lazy-static", "rust", "lazy_static::lazy_static", (), True),
        ("pkg:cargo/lazy-static", "rust", "lazy_statics", (), False),
        ("pkg:maven/com.google.guava/guava", "java", "com.google.common.collect.ImmutableList", (), True),
        ("pkg:maven/com.google.guava/guava", "java", "com.google.commons.X", (), False),
        ("pkg:maven/org.mockito/mockito-core", "java", "org.mockito.Mockito", (), True),
        ("pkg:gem/rspec-core", "ruby", "rspec/core", (), True),
        ("redis", "python", "redis.asyncio", (), True),
        ("redis", "python", "redisearch", (), False),
        ("psycopg2.connect", "python", "psycopg2", ("connect",), True),
        ("redis", "go", "github.com/redis/go-redis", (), False),
        ("symbol:pytz", "python", "pytz", (), False),
        ("pkg:pypi/pytz", "cobol", "pytz", (), False),
    ],
)
def test_an_import_matches_by_segments(
    key: str, language: str, module: str, names: tuple[str, ...], *, expected: bool
) -> None:
    assert OptionKey.read(key).matches_import(language, module, names) is expected


@pytest.mark.parametrize(
    ("key", "ecosystem", "name", "expected"),
    [
        ("pkg:pypi/PyYAML", "pypi", "pyyaml", True),
        ("pkg:pypi/ruamel.yaml", "pypi", "ruamel_yaml", True),
        ("pkg:pypi/pytz", "pypi", "pytz-deprecation-shim", False),
        ("pkg:pypi/pytz", "npm", "pytz", False),
        ("pkg:cargo/serde-json", "crates", "serde_json", True),
        ("pkg:maven/junit/junit", "maven", "junit:junit", True),
        ("pkg:maven/junit/junit", "maven", "org.junit:junit", False),
        ("pkg:golang/github.com/aws/aws-sdk-go", "go", "github.com/aws/aws-sdk-go-v2", False),
        ("pkg:golang/github.com/pkg/errors", "golang", "github.com/pkg/errors", True),
        ("import:python:pytz", "pypi", "pytz", True),
        ("import:python:pkg_resources", "pypi", "setuptools", False),
        ("import:python:yaml", "pypi", "PyYAML", True),
        ("import:javascript:@mui/material$", "npm", "@mui/material", False),
        ("import:javascript:lodash#get", "npm", "lodash", False),
        ("import:go:github.com/pkg/errors", "golang", "github.com/pkg/errors", True),
        ("import:java:com.google.common", "maven", "com.google.guava:guava", True),
        ("import:java:sun.misc", "maven", "org.unknown:thing", False),
        ("redis", "pypi", "redis", True),
        ("redis", "npm", "ioredis", False),
        ("symbol:redis", "pypi", "redis", False),
    ],
)
def test_a_package_matches_in_every_spelling_of_its_ecosystem(
    key: str, ecosystem: str, name: str, *, expected: bool
) -> None:
    assert OptionKey.read(key).matches_package(ecosystem, name) is expected


@pytest.mark.parametrize(
    ("key", "words", "expected"),
    [
        ("command:npm install", "npm install left-pad", True),
        ("command:npm install", "npm --silent install", True),
        ("command:npm install", "npm --prefix web install", True),
        ("command:npm install", "npm run install", False),
        ("command:npm install", "pnpm install", False),
        ("command:npm", "/usr/bin/npm ci", True),
        ("command:npm", "sudo CI=1 npm ci", True),
        ("command:git push --force", "git push origin main --force", True),
        ("command:git push --force", "git push --force-with-lease", False),
        ("command:npm install", "echo npm install", False),
        ("npm", "npm ci", False),
    ],
)
def test_a_command_matches_by_its_words(key: str, words: str, *, expected: bool) -> None:
    assert OptionKey.read(key).matches_command(words.split()) is expected


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("symbol:utcnow", "datetime.datetime.utcnow", True),
        ("symbol:datetime.utcnow", "datetime.datetime.utcnow", True),
        ("symbol:Foo::bar", "Foo.bar.baz", True),
        ("symbol:utc", "utcnow", False),
        ("requests", "requests.get", True),
        ("requests", "pull_requests", False),
        ("pkg:pypi/requests", "requests", False),
    ],
)
def test_a_symbol_matches_by_whole_identifiers(key: str, name: str, *, expected: bool) -> None:
    assert OptionKey.read(key).matches_symbol(name) is expected


@pytest.mark.parametrize(
    ("key", "path", "expected"),
    [
        ("path:legacy", "legacy/a.py", True),
        ("path:legacy", "legacy2/a.py", False),
        ("path:src/**/old_*.py", "src/a/b/old_x.py", True),
        ("path:a.py", "a.py", True),
        ("a.py", "a.py", False),
    ],
)
def test_a_path_matches_as_a_path_filter_does(key: str, path: str, *, expected: bool) -> None:
    assert OptionKey.read(key).matches_path(path) is expected


@pytest.mark.parametrize(
    ("ecosystem", "name", "expected"),
    [
        ("pypi", "opencv-python", ("cv2",)),
        ("pypi", "attrs", ("attr", "attrs")),
        ("pypi", "some-thing", ("some_thing",)),
        ("pypi", "azure-storage-blob", ("azure.storage.blob",)),
        ("cargo", "lazy-static", ("lazy_static",)),
        ("npm", "@types/node", ("@types/node",)),
        ("go", "github.com/Azure/x", ("github.com/Azure/x",)),
        ("maven", "org.unknown:thing", ()),
        ("maven", "io.acme.widgets:widgets-core", ("io.acme.widgets",)),
        ("rubygems", "activesupport", ("active_support",)),
    ],
)
def test_a_package_says_under_which_names_it_is_imported(ecosystem: str, name: str, expected: tuple[str, ...]) -> None:
    assert import_names(ecosystem, name) == expected
