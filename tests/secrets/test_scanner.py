from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from graphmem.secrets import rules
from graphmem.secrets.rules import Allowlist, RuleBook, SecretRule, Target, rule_book
from graphmem.secrets.scanner import Scanner, SecretFinding, entropy
from tests.secrets.tokens import private_key, token


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner()


def names(found: list[SecretFinding]) -> list[str]:
    return [each.rule for each in found]


def test_a_secret_is_found_where_it_stands(scanner: Scanner) -> None:
    text = f"Deploys use {token()} since May"
    (found,) = scanner.find(text)
    assert (found.rule, text[found.start : found.end]) == ("github-pat", token())


def test_of_a_setting_the_value_alone_is_the_secret(scanner: Scanner) -> None:
    value = "Zq7" + "x9Kd2mVw4Lb8"
    text = f"client_secret = '{value}'"
    assert [text[found.start : found.end] for found in scanner.find(text)] == [value]


def test_a_private_key_of_several_lines_is_one_secret(scanner: Scanner) -> None:
    text = f"it is\n{private_key()}\nfor the host"
    (found,) = scanner.find(text)
    assert (found.rule, text[found.start : found.end]) == ("private-key", private_key())


@pytest.mark.parametrize(
    "text",
    [
        "fixed in 3f786850e387550fdab836ed7e6dc881de23001b",
        "commit: 89e6c98d92887913cadf06b2adb97f26cde4849b of token handling",
        "key 550e8400-e29b-41d4-a716-446655440000 is the tenant's",
        'integrity "sha512-9qtn2ySRwvvGoC+HG2gDNmRB0hRkYbNZcsMqHvzvBQSgVfGF8ZNtsFHzjPFGGzAU3L7AjAhFVCZPJXRnTkWg5g=="',
        "AWS documents AKIAIOSFODNN7EXAMPLE as its example key",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx is a placeholder",
        "set API_KEY=$API_KEY or token: ${GITHUB_TOKEN}",
        "the primary key is composite: password_reset_token_id",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "xoxb-your-bot-token-goes-here",
        "",
        "token",
    ],
)
def test_what_only_looks_like_a_secret_is_none(scanner: Scanner, text: str) -> None:
    assert scanner.find(text) == []


def test_what_a_rule_put_in_place_of_a_secret_is_none(scanner: Scanner) -> None:
    for rule in rule_book().rules:
        for text in (f"the token: [redacted: {rule.name}]", f"API_KEY='[redacted: {rule.name}]'"):
            assert scanner.find(text) == [], rule.name


def test_letters_of_every_script_and_half_pairs_count_as_one_character(scanner: Scanner) -> None:
    text = f"Schlüssel 鍵 \ud800 {token()}"
    (found,) = scanner.find(text)
    assert text[found.start : found.end] == token()


def test_findings_that_overlap_are_one_under_the_special_rule() -> None:
    special = SecretRule("special", "secret-[a-z]+", ("secret",))
    generic = SecretRule("generic-key", "key=([a-z-]+)", ("key",))
    scanner = Scanner(RuleBook((generic, special), Allowlist()))
    assert scanner.find("my key=secret-abcdef") == [SecretFinding("special", 7, 20)]


def test_a_rule_looks_only_at_texts_with_a_keyword_of_it() -> None:
    scanner = Scanner(RuleBook((SecretRule("digits", "[0-9]{8}", ("pin",)),), Allowlist()))
    assert scanner.find("number 12345678") == []
    assert names(scanner.find("PIN 12345678")) == ["digits"]


def test_a_secret_has_more_than_the_least_entropy_of_its_rule() -> None:
    scanner = Scanner(RuleBook((SecretRule("r", "k-([a-z]{8})", ("k-",), least_entropy=2.0),), Allowlist()))
    assert scanner.find("k-aabbccdd!") == []
    assert names(scanner.find("k-aabbccde!")) == ["r"]
    assert entropy("aabbccdd") == 2.0
    assert entropy("aaaa") == 0.0


def test_the_group_that_a_rule_names_is_the_secret() -> None:
    scanner = Scanner(RuleBook((SecretRule("r", "(user)=(secret[0-9]+)", ("user",), group=2),), Allowlist()))
    assert scanner.find("user=secret1234") == [SecretFinding("r", 5, 15)]


@pytest.mark.parametrize(
    ("allowed", "is_found"),
    [
        (Allowlist(words=("demo",)), False),
        (Allowlist(patterns=("^demo",)), False),
        (Allowlist(patterns=("^key=",)), True),
        (Allowlist(patterns=("^key=",), target=Target.MATCH), False),
        (Allowlist(patterns=("for tests",), target=Target.MATCH), True),
        (Allowlist(patterns=("for tests",), target=Target.LINE), False),
        (Allowlist(patterns=("first line",), target=Target.LINE), True),
        (Allowlist(patterns=("^demo",), paths=("[.]md$",), is_all=True), True),
        (Allowlist(patterns=("^none",), paths=("[.]md$",)), True),
    ],
)
def test_an_allowlist_reads_its_target(allowed: Allowlist, *, is_found: bool) -> None:
    scanner = Scanner(RuleBook((SecretRule("r", "key=([a-z0-9]{8})", ("key",), allowed=(allowed,)),), Allowlist()))
    assert bool(scanner.find("first line\nkey=demo1234 for tests\nlast")) is is_found


def test_rules_and_allowlists_of_paths_ask_for_the_path() -> None:
    rule = SecretRule("r", "pass=([a-z0-9]{8})", ("pass",), path="[.]tf$", allowed=(Allowlist(paths=("^docs/",)),))
    scanner = Scanner(RuleBook((rule,), Allowlist(paths=("lock$",))))
    assert scanner.find("pass=abcd1234") == []
    assert names(scanner.find("pass=abcd1234", "a/main.tf")) == ["r"]
    assert scanner.find("pass=abcd1234", "docs/main.tf") == []
    assert scanner.find("pass=abcd1234", "main.tf.lock") == []


def test_the_rules_say_where_they_come_from_and_carry_their_licence() -> None:
    folder = Path(rules.__file__).parent
    about = json.loads((folder / "gitleaks.json").read_text("utf-8"))["about"]
    assert about["source"] == "https://github.com/gitleaks/gitleaks"
    assert len(about["commit"]) == 40
    assert (folder / "gitleaks.LICENSE").read_text("utf-8").startswith("MIT License\n\nCopyright (c) 2019 Zachary Rice")
    assert len(rule_book("gitleaks.json").rules) == 221


def test_every_pattern_is_one_of_re2_and_its_keywords_are_lower_case() -> None:
    import re2

    for rule in rule_book().rules:
        assert re2.compile(rule.pattern).groups >= rule.group
        assert rule.keywords
        assert all(keyword == keyword.lower() for keyword in rule.keywords)


def test_patterns_are_loaded_when_a_text_has_a_keyword() -> None:
    code = (
        "import sys; from graphmem.secrets.redaction import without_secrets as w;"
        "w('plain words on a plain subject'); print('re2' in sys.modules);"
        "w('words with the word token'); print('re2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"]
