"""docker-compose.yml against the Compose specification, and against what its own comments promise."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml
from compose_spec import PyCompose

from tests.servers import SMALL, access
from tools.compose import PATH, UnsetError, filled_in
from tools.neo4j_server import RELEASES, start

COMPOSE = PATH.read_text(encoding="utf-8")


def parsed(**settings: str) -> PyCompose:
    compose = PyCompose.from_yaml(filled_in({"GRAPHMEM_NEO4J_PASSWORD": "long-enough", **settings}))
    compose.validate()
    return compose


def test_it_follows_the_compose_specification() -> None:
    assert parsed().service_names() == ["neo4j", "api"]


def test_the_specification_is_really_checked() -> None:
    with pytest.raises(ValueError, match="prots"):
        PyCompose.from_yaml(COMPOSE.replace("ports:", "prots:"))


def test_there_is_no_default_password() -> None:
    with pytest.raises(UnsetError, match="GRAPHMEM_NEO4J_PASSWORD"):
        filled_in({})


def test_only_this_machine_reaches_it_by_default() -> None:
    published = re.findall(r'^ +- "(.*:\d+)"$', filled_in({"GRAPHMEM_NEO4J_PASSWORD": "long-enough"}), re.MULTILINE)
    assert published == ["127.0.0.1:7687:7687", "127.0.0.1:7474:7474", "127.0.0.1:7470:7470"]


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


def server_settings() -> dict[str, str]:
    """What the image makes of its environment: one underscore is a dot, two are an underscore."""
    given = yaml.safe_load(filled_in({"GRAPHMEM_NEO4J_PASSWORD": "long-enough"}))["services"]["neo4j"]["environment"]
    named = {name.removeprefix("NEO4J_"): value for name, value in given.items() if name != "NEO4J_AUTH"}
    return {re.sub("_+", lambda run: {"_": ".", "__": "_"}[run[0]], name): value for name, value in named.items()}


@pytest.mark.heavy
def test_a_server_starts_with_exactly_its_settings() -> None:
    settings = server_settings()
    assert settings["server.bolt.advertised_address"] == "127.0.0.1:7687"
    with start(replace(SMALL, settings=settings)) as server, access(server).driver() as driver:
        rows = driver.execute_query("SHOW SETTINGS $names YIELD name, value", names=list(settings)).records
        heap = driver.execute_query("SHOW SETTINGS 'server.memory.heap.max_size' YIELD value").records[0]["value"]
    assert {row["name"] for row in rows} == set(settings)
    assert heap == "1.00GiB"


def test_its_image_is_of_the_release_that_tests_run_on() -> None:
    assert f"image: neo4j:{RELEASES['5.26'].name}-community\n" in COMPOSE
    assert RELEASES["5.26"].version.startswith("5.26.")
