"""Registries of feature flags."""

from __future__ import annotations

import pytest

from graphmem.sources.tasks.feature_flags import flags_of, is_flag_registry
from graphmem.sources.tasks.json_values import Unreadable


def read(content: str, path: str) -> list[tuple[str, str, str]]:
    return [(flag.title, flag.word, flag.body) for flag in flags_of(content.encode(), path)]


def test_a_json_file_has_switches_or_fields() -> None:
    content = (
        '{"flags": {"fast": true, "slow": {"enabled": false, "description": "Old path"}, "limit": 12, "$schema": true}}'
    )
    assert read(content, "feature_flags.json") == [
        ("Feature flag fast", "on", ""), ("Feature flag slow", "off", "Old path")
    ]  # fmt: skip


def test_a_yaml_file_has_switches_or_fields() -> None:
    assert read("fast: on\nslow:\n  default: no\n  desc: Old path\n", "config/feature-flags.yml") == [
        ("Feature flag fast", "on", ""), ("Feature flag slow", "off", "Old path")
    ]  # fmt: skip


def test_flagd_names_states() -> None:
    content = '{"flags": {"fast": {"state": "ENABLED", "variants": {}}, "slow": {"state": "DISABLED"}}}'
    assert [flag[:2] for flag in read(content, "app.flagd.json")] == [
        ("Feature flag fast", "on"), ("Feature flag slow", "off")
    ]  # fmt: skip


def test_a_file_in_the_folder_of_flags_is_one_flag() -> None:
    content = "name: fast\ndefault_enabled: false\n"
    assert read(content, "config/feature_flags/development/fast.yml") == [("Feature flag fast", "off", "")]
    assert read("other: 1\n", "config/feature_flags/development/fast.yml") == []


@pytest.mark.parametrize("path", ["feature_flags.json", "a/featureFlags.yaml", "x.flagd.json", "feature_flags/a/b.yml"])
def test_a_registry_is_recognised_by_its_name(path: str) -> None:
    assert is_flag_registry(path)


@pytest.mark.parametrize("path", ["flags.json", "feature_flags.py", "features/a.yml", "feature_flags/README.md"])
def test_other_files_are_no_registries(path: str) -> None:
    assert not is_flag_registry(path)


@pytest.mark.parametrize(
    "bad", ["a: &x [1]\nb: *x\n", "a: [" * 50, "a: b: c", "{" * 3_000, "x: " + "y" * (300 << 10), "\x00"]
)
def test_hostile_yaml_is_refused(bad: str) -> None:
    with pytest.raises(Unreadable):
        flags_of(bad.encode(), "feature_flags.yml")


def test_a_list_has_no_flags() -> None:
    assert flags_of(b"- a\n- b\n", "feature_flags.yml") == []
