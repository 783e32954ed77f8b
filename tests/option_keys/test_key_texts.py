"""Keys are parsed from texts and written canonically; what is no key of a known type is refused with the types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from graphmem.errors import InvalidInput
from graphmem.option_keys import KeyType, OptionKey, parse_option_text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("pkg:pypi/PyTZ", "pkg:pypi/pytz"),
        ("pkg:pypi/ruamel.yaml", "pkg:pypi/ruamel-yaml"),
        ("pkg://pypi/a__b", "pkg:pypi/a-b"),
        ("pkg:npm/lodash", "pkg:npm/lodash"),
        ("pkg:npm/@scope/x", "pkg:npm/%40scope/x"),
        ("pkg:npm/%40scope/x", "pkg:npm/%40scope/x"),
        ("pkg:golang/github.com/Azure/go-autorest", "pkg:golang/github.com/Azure/go-autorest"),
        ("pkg:cargo/serde_json", "pkg:cargo/serde_json"),
        ("pkg:maven/org.slf4j/slf4j-api", "pkg:maven/org.slf4j/slf4j-api"),
        ("pkg:gem/rails", "pkg:gem/rails"),
        ("pkg:pypi/attrs?import=attr,attrs", "pkg:pypi/attrs?import=attr%2Cattrs"),
        ("import:typescript:lodash/fp", "import:javascript:lodash/fp"),
        ("import:go:io/ioutil$", "import:go:io/ioutil$"),
        ("symbol:datetime.datetime.utcnow", "symbol:datetime.datetime.utcnow"),
        ("path:./legacy/**", "path:legacy/**"),
        ("command:npm   install", "command:npm install"),
    ],
)
def test_a_key_has_one_canonical_text_that_is_read_back(text: str, canonical: str) -> None:
    key = OptionKey.parse(text)
    assert str(key) == canonical
    assert OptionKey.parse(canonical) == key
    assert key.is_typed


@pytest.mark.parametrize(
    "text",
    ["pkg:npm/%40scope/x", "pkg:pypi/a-b", "pkg:golang/github.com/pkg/errors", "pkg:maven/org.x/y-z", "pkg:cargo/a_b"],
)
def test_canonical_package_urls_are_those_of_other_programs(text: str) -> None:
    assert str(OptionKey.parse(text)) == PackageURL.from_string(text).to_string()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("pytz", "pkg:pypi/pytz, import:python:pkg_resources, symbol:"),
        ("dependency:pytz", "import:python:pkg_resources"),
        ("http://example.org/x", "pkg:pypi/pytz"),
        ("pkg:nuget/Newtonsoft.Json", "pypi, npm, golang, cargo, maven, gem"),
        ("pkg:pypi/pydantic@1.10", "version"),
        ("pkg:pypi/x?repository_url=y", "import=NAME"),
        ("pkg:golang/github.com/x/y#sub", "subpath"),
        ("pkg:npm/a/b", "@scope/name"),
        ("pkg:maven/junit", "GROUP/ARTIFACT"),
        ("pkg:pypi/", "pkg:pypi/pytz"),
        ("import:cobol:x", "python, javascript, go, rust, java, ruby"),
        ("import:python", "python, javascript"),
        ("import:python:a b", "import:python:pkg_resources"),
        ("import:go:a//b", "import:go:github.com/pkg/errors"),
        ("symbol:a..b", "symbol:NAME"),
        ("path:../x", "relative to its root"),
        ("path:/etc", "relative to its root"),
        ("command:", "command:npm install"),
        ("pkg:pypi/x\n", "pkg:pypi/x"),
    ],
)
def test_what_is_no_typed_key_is_refused_with_what_to_write(text: str, named: str) -> None:
    if text.endswith("\n"):
        assert str(OptionKey.parse(text)) == named
        return
    with pytest.raises(InvalidInput) as refusal:
        OptionKey.parse(text)
    assert named in str(refusal.value)


@pytest.mark.parametrize("text", ["redis", "psycopg2.connect", "foo:bar", "npm install", "pkg:nuget/X"])
def test_a_stored_text_of_no_known_type_is_an_untyped_key_with_its_words(text: str) -> None:
    key = OptionKey.read(text)
    assert (key.type, str(key), key.is_typed) == (KeyType.UNTYPED, text, False)


@given(st.text(max_size=60))
def test_any_text_is_read_and_its_canonical_text_is_the_same_key(text: str) -> None:
    key = OptionKey.read(text)
    assert OptionKey.read(str(key)) == key


@given(
    st.sampled_from(["pkg:pypi/", "pkg:npm/", "pkg:golang/", "import:go:", "symbol:", "path:"]), st.text(max_size=20)
)
def test_a_parsed_key_is_read_back_from_its_canonical_text(start: str, name: str) -> None:
    key = OptionKey.read(start + name)
    assert OptionKey.read(str(key)) == key


def test_equal_options_have_equal_identities_whatever_is_recorded() -> None:
    recorded = OptionKey.parse("pkg:pypi/PyYAML").with_imports()
    assert str(recorded) == "pkg:pypi/pyyaml?import=yaml"
    assert recorded.identity == OptionKey.parse("pkg:pypi/pyyaml").identity
    assert OptionKey.parse("pkg:cargo/serde_json").identity == OptionKey.parse("pkg:cargo/serde-json").identity


def test_names_from_installed_metadata_count_before_the_table() -> None:
    key = OptionKey.parse("pkg:pypi/pyyaml")
    assert key.with_imports(["yaml", "_yaml"]).import_names == ("_yaml", "yaml")
    assert key.with_imports(["yaml", "_yaml"]).with_imports() == key.with_imports(["yaml", "_yaml"])
    assert str(OptionKey.parse("pkg:pypi/requests").with_imports(["requests"])) == "pkg:pypi/requests"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pytz: zoneinfo is enough", ("pytz", (), "zoneinfo is enough")),
        ("pytz", ("pytz", (), "")),
        ("pytz [pkg:pypi/pytz]: zoneinfo", ("pytz", ("pkg:pypi/pytz",), "zoneinfo")),
        ("pytz [pkg:pypi/pytz] — zoneinfo", ("pytz", ("pkg:pypi/pytz",), "zoneinfo")),
        ("a [pkg:pypi/x?import=y,z, `import:go:x`] no", ("a", ("pkg:pypi/x?import=y,z", "import:go:x"), "no")),
        ("lists [1, 2]: slow", ("lists [1, 2]", (), "slow")),
    ],
)  # fmt: skip
def test_an_option_in_one_text_has_name_keys_and_reason(text: str, expected: tuple[str, tuple[str, ...], str]) -> None:
    option = parse_option_text(text)
    assert (option.name, option.keys, option.reason) == expected


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("pytz — zoneinfo is enough", "pytz", "zoneinfo is enough"),
        ("pytz -- zoneinfo", "pytz", "zoneinfo"),
        ("keep the old: name - as is | it is known", "keep the old: name - as is", "it is known"),
        ("pytz - zoneinfo", "pytz", "zoneinfo"),
        ("read-only files: no", "read-only files", "no"),
        ("std::vector", "std::vector", ""),
    ],
)
def test_in_a_trailer_a_bar_or_a_dash_between_blanks_ends_the_name_too(text: str, name: str, reason: str) -> None:
    option = parse_option_text(text, is_trailer=True)
    assert (option.name, option.reason) == (name, reason)
