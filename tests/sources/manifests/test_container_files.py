"""Base images and services."""

from __future__ import annotations

from graphmem.sources.manifests.container_files import read_compose, read_dockerfile
from graphmem.sources.manifests.parts import BaseImages, ContainerService


def test_a_dockerfile_builds_on_images_that_are_no_stage_of_its_own() -> None:
    text = (
        "ARG VERSION=3.12\nFROM --platform=linux/amd64 node:20 AS web\nRUN x\nFROM python:${VERSION}-slim@sha256:"
        + "ab" * 32
        + " AS app\nFROM app\n"
    )
    assert read_dockerfile(text).parts == (BaseImages(("node:20", "python:3.12-slim"), 2),)
    assert not read_dockerfile("FROM scratch\n").parts


def test_services_have_images_and_ports() -> None:
    text = (
        "x-base: &base\n  restart: always\nservices:\n  db:\n    <<: *base\n    image: postgres:16\n"
        "    ports: ['5432:5432']\n  web:\n    build: .\n"
    )
    assert read_compose(text).parts == (
        ContainerService("db", "postgres:16", ("5432:5432",), 4),
        ContainerService("web", "", (), 8),
    )


def test_the_oldest_form_has_services_at_the_top() -> None:
    assert read_compose("db:\n  image: mysql:5\n").parts == (ContainerService("db", "mysql:5"),)
