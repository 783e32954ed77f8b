"""Base images of Dockerfiles and services of Compose files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphmem.sources.manifests.document_texts import line_of, list_at, table_at, text_at, yaml_of
from graphmem.sources.manifests.parts import MAX_NAMES, BaseImages, ContainerService, Manifest, clipped, is_name

_FROM = re.compile(r"\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?", re.IGNORECASE)
_ARGUMENT = re.compile(r"\s*ARG\s+(?P<name>\w+)=[\"']?(?P<value>[^\s\"']*)", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{?(?P<name>\w+)(?::?-(?P<default>[^}]*))?\}?")
_DIGEST = re.compile(r"@sha256:[0-9a-f]+")


def read_dockerfile(text: str) -> Manifest:
    """The base images of a Dockerfile, without digests; earlier stages are none."""
    images: dict[str, int] = {}
    stages: set[str] = set()
    arguments: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if argument := _ARGUMENT.match(line):
            arguments[argument["name"]] = argument["value"]
        elif match := _FROM.match(line):
            image = image_name(match["image"], arguments)
            if image.lower() not in stages and image != "scratch":
                images.pop(image, None)
                images[image] = number
            stages.add((match["stage"] or "").lower())
    if not images:
        return Manifest()
    return Manifest((BaseImages(tuple(images)[-MAX_NAMES:], next(iter(images.values()))),))


def image_name(text: str, arguments: Mapping[str, str]) -> str:
    """An image without its digest, arguments written out as far as they have a value."""
    resolved = _REFERENCE.sub(lambda name: arguments.get(name["name"], name["default"] or name[0])[:200], text[:500])
    return clipped(_DIGEST.sub("", resolved))


def read_compose(text: str) -> Manifest:
    """The services of a Compose file; in the oldest form all keys of the file are services."""
    document = yaml_of(text)
    services = table_at(document, "services")
    if not services and "services" not in document and "version" not in document:
        services = {name: value for name, value in document.items() if {"image", "build"} & table_at(value).keys()}
    return Manifest(tuple(_services(services, text))[:MAX_NAMES])


def _services(services: Mapping[str, object], text: str) -> Iterator[ContainerService]:
    for name, value in services.items():
        if is_name(name):
            image = image_name(text_at(table_at(value), "image"), {})
            ports = tuple(clipped(port, 40) for port in list_at(table_at(value), "ports") if isinstance(port, str))
            yield ContainerService(name, image, ports[:MAX_NAMES], line_of(text, f"{name}:"))
