"""docker-compose.yml against the Compose specification, and against what its own comments promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from compose_spec import PyCompose

COMPOSE = (Path(__file__).parent.parent / "docker-compose.yml").read_text(encoding="utf-8")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class UnsetError(Exception):
    pass


def filled_in(settings: dict[str, str]) -> str:
    """The file with its variables replaced as `docker compose` does it."""

    def value(match: re.Match[str]) -> str:
        name, operator, text = match.groups()
        if settings.get(name):
            return settings[name]
        if operator != "-":
            raise UnsetError(f"{name}: {text}")
        return str(text)

    return _VARIABLE.sub(value, COMPOSE)


def parsed(**settings: str) -> PyCompose:
    compose = PyCompose.from_yaml(filled_in({"GRAPHMEM_NEO4J_PASSWORD": "long-enough", **settings}))
    compose.validate()
    return compose


def test_it_follows_the_compose_specification() -> None:
    assert parsed().service_names() == ["neo4j"]


def test_the_specification_is_really_checked() -> None:
    with pytest.raises(ValueError, match="prots"):
        PyCompose.from_yaml(COMPOSE.replace("ports:", "prots:"))


def test_there_is_no_default_password() -> None:
    with pytest.raises(UnsetError, match="GRAPHMEM_NEO4J_PASSWORD"):
        filled_in({})


def test_only_this_machine_reaches_it_by_default() -> None:
    published = re.findall(r'^ +- "(.*)"$', filled_in({"GRAPHMEM_NEO4J_PASSWORD": "long-enough"}), re.MULTILINE)
    assert published == ["127.0.0.1:7687:7687", "127.0.0.1:7474:7474"]


def test_host_and_ports_are_settings() -> None:
    compose = filled_in(
        {
            "GRAPHMEM_NEO4J_PASSWORD": "long-enough",
            "GRAPHMEM_NEO4J_HOST": "192.0.2.7",
            "GRAPHMEM_NEO4J_BOLT_PORT": "17687",
        }
    )
    assert '"192.0.2.7:17687:7687"' in compose
    assert '"192.0.2.7:7474:7474"' in compose
    PyCompose.from_yaml(compose)


def test_data_outlives_the_container_and_health_is_checked() -> None:
    service = parsed().to_dict()["services"]["neo4j"]
    assert "/data" in str(service["volumes"])
    assert service["healthcheck"]["test"]
    assert "PLUGINS" not in COMPOSE
