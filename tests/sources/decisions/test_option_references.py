"""Keys of options in decision records: only of what stands as the option's name."""

from __future__ import annotations

import pytest

from graphmem.model import Outcome
from graphmem.sources.decisions.alternatives import alternatives_of
from graphmem.sources.decisions.option_references import is_about_go, keys_in_name
from graphmem.sources.decisions.sections import read_sections


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("[pytz](https://pypi.org/project/pytz/)", "pkg:pypi/pytz"),
        ("*Use [Beautiful Soup](https://pypi.org/project/beautifulsoup4/4.12/)*", "pkg:pypi/beautifulsoup4?import=bs4"),
        ("Option 2: use the [router](https://www.npmjs.com/package/@reach/router) library", "pkg:npm/%40reach/router"),
        ("https://crates.io/crates/openssl", "pkg:cargo/openssl"),
        ("<https://pkg.go.dev/github.com/pkg/errors>", "pkg:golang/github.com/pkg/errors"),
        ('[Devise](https://rubygems.org/gems/devise "a gem")', "pkg:gem/devise"),
        ("[x](https://mvnrepository.com/artifact/org.jooq/jooq/3.1)", "pkg:maven/org.jooq/jooq"),
        ("[x](https://central.sonatype.com/artifact/org.jooq/jooq)", "pkg:maven/org.jooq/jooq"),
        ("`GORM <https://github.com/jinzhu/gorm>`_", "pkg:golang/github.com/jinzhu/gorm"),
        ("[mux](https://github.com/gorilla/mux.git)", "pkg:golang/github.com/gorilla/mux"),
        ("`pkg:npm/moment`", "pkg:npm/moment"),
        ("1. `command:npm install`", "command:npm install"),
        ("`@scope/name`", "pkg:npm/%40scope/name"),
        ("`gopkg.in/yaml.v2`", "pkg:golang/gopkg.in/yaml.v2"),
        ("`org.jooq:jooq`", "pkg:maven/org.jooq/jooq"),
        ("Use `moment`", "moment"),
    ],
)  # fmt: skip
def test_a_link_to_a_package_or_a_code_span_as_the_name_is_a_key(name: str, expected: str) -> None:
    assert keys_in_name(name, is_go=True) == (expected,)


@pytest.mark.parametrize(
    "name",
    [
        "Adobe Analytics",
        "pull requests",
        "Flask + [Connexion](https://pypi.org/project/connexion/)",
        "Go and [Cobra](https://github.com/spf13/cobra)",
        "[a](https://pypi.org/project/a/) or [b](https://pypi.org/project/b/)",
        "Batch with `dataloaden`",
        "[Storybook](https://storybook.js.org)",
        "[Quill](https://github.com/quilljs/quill/tree/main)",
        "[Sponsors](https://github.com/sponsors/someone)",
        "[y](https://pypi.org/user/y/)",
        "`npm install`",
        "` `",
        "",
    ],
)
def test_words_combinations_and_other_links_are_no_keys(name: str) -> None:
    assert keys_in_name(name, is_go=True) == ()


def test_a_repository_is_a_module_of_go_only_where_the_record_is_about_go() -> None:
    assert keys_in_name("[Quill](https://github.com/quilljs/quill)", is_go=False) == ()
    texts = {
        "We write it in golang.": True,
        "Since Go has no ORM": True,
        "Use sqlx for Go access": True,
        "Go with React. Go for it, and go on.": False,
        "Let us Go back": False,
    }
    assert {text: is_about_go(read_sections(f"# A\n\n{text}\n")) for text in texts} == texts


def test_options_of_a_record_have_the_keys_of_their_names_wherever_they_are_named() -> None:
    text = """# Routing in golang

## Considered Options

* [mux](https://github.com/gorilla/mux)
* [gin](https://github.com/gin-gonic/gin): it is large
* chi
* **Use [mux](https://github.com/gorilla/mux) from a fork**

## Decision Outcome

Chosen option: [mux](https://github.com/gorilla/mux), because it is small.

## Pros and Cons of the Options

### [chi](https://github.com/go-chi/chi)

* Bad, because new

### `echo`
"""
    found = {(option.name, option.outcome): option.keys for option in alternatives_of(read_sections(text))}
    assert found == {
        ("mux", Outcome.CHOSEN): ("pkg:golang/github.com/gorilla/mux",),
        ("gin", Outcome.REJECTED): ("pkg:golang/github.com/gin-gonic/gin",),
        ("chi", Outcome.REJECTED): ("pkg:golang/github.com/go-chi/chi",),
        ("Use mux from a fork", Outcome.REJECTED): (),
        ("echo", Outcome.REJECTED): ("echo",),
    }


def test_a_rejected_option_has_no_key_of_the_chosen_one() -> None:
    text = "# A\n\n## Options\n\n* `pkg:pypi/a` (chosen)\n* Use the `pkg:pypi/A` library\n* b\n"
    keys = [option.keys for option in alternatives_of(read_sections(text))]
    assert keys == [("pkg:pypi/a",), (), ()]
