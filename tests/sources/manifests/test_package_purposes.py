"""The purposes of packages and images."""

from __future__ import annotations

import pytest

from graphmem.sources.manifests.package_purposes import purpose_of_image, purpose_of_package


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("psycopg", "PostgreSQL database client"),
        ("github.com/jackc/pgx/v5", "PostgreSQL database client"),
        ("github.com/spf13/cobra", "command-line parser"),
        ("gopkg.in/yaml.v3", "YAML parser"),
        ("@playwright/test", "browser tests"),
        ("org.postgresql:postgresql", "PostgreSQL database client"),
        ("nobody-knows-it", ""),
    ],
)
def test_a_package_has_a_purpose(name: str, purpose: str) -> None:
    assert purpose_of_package(name) == purpose


def test_an_image_has_a_purpose_whatever_its_registry_and_tag() -> None:
    assert purpose_of_image("docker.io/library/postgres:16-alpine") == "PostgreSQL database"
    assert purpose_of_image("registry.example.org:5000/shop") == ""
