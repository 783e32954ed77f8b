"""Policies for captured statements, by origin and kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.capture_rules import CapturePolicy, CaptureRules, read_rules
from graphmem.config import load_settings
from graphmem.errors import InvalidInput
from graphmem.model import Kind, Origin
from graphmem.user_state.trusted_folders import trust

ACCEPT, QUEUE, REFUSE = CapturePolicy.ACCEPT, CapturePolicy.QUEUE, CapturePolicy.REFUSE
TABLE = '[capture]\nconversation = "accept"\n[capture.agent]\nfact = "refuse"\n'


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def project(tmp_path: Path, text: str) -> Path:
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_kind_has_the_policy_of_its_origin_or_its_own() -> None:
    rules = read_rules("conversation=queue, conversation.preference=accept,agent.fact=refuse")
    assert rules.policy_of(Origin.CONVERSATION, Kind.DECISION) is QUEUE
    assert rules.policy_of(Origin.CONVERSATION, Kind.PREFERENCE) is ACCEPT
    assert rules.policy_of(Origin.AGENT, Kind.FACT) is REFUSE
    assert rules.policy_of(Origin.AGENT, Kind.DECISION) is None
    assert read_rules("") == CaptureRules()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gossip=queue", r"'gossip' is no origin; there are .*conversation"),
        ("conversation.rumour=queue", r"'rumour' is no kind; there are .*decision"),
        ("conversation=keep", r"'keep' is no capture policy; there are queue, accept, refuse"),
        ("conversation", r"'conversation' is no policy; write ORIGIN=POLICY"),
    ],
)
def test_an_unknown_word_is_refused_with_those_that_exist(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=message):
        load_settings({"GRAPHMEM_CAPTURE": text}, tmp_path)


@pytest.mark.parametrize("text", ['[capture]\ngossip = "queue"\n', 'capture = "gossip=queue"\n', "capture = 3\n"])
def test_a_file_with_an_unknown_word_is_named(text: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"config\.toml: .*(gossip|no table)"):
        load_settings({}, project(tmp_path, text))


def test_a_file_that_nobody_trusts_can_make_it_stricter_only(tmp_path: Path) -> None:
    folder = project(tmp_path, TABLE)
    rules = load_settings({}, folder).capture
    assert (rules.policy_of(Origin.CONVERSATION, Kind.FACT), rules.policy_of(Origin.AGENT, Kind.FACT)) == (
        QUEUE,
        REFUSE,
    )
    trust(str(folder))
    assert load_settings({}, folder).capture.policy_of(Origin.CONVERSATION, Kind.FACT) is ACCEPT


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    folder = project(tmp_path, TABLE)
    rules = load_settings({"GRAPHMEM_CAPTURE": "conversation=refuse"}, folder).capture
    assert (rules.policy_of(Origin.CONVERSATION, Kind.FACT), rules.policy_of(Origin.AGENT, Kind.FACT)) == (
        REFUSE,
        REFUSE,
    )


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"LLM_URL": "ftp://x"}, "no http or https URL"),
        ({"LLM_URL": "http://127.0.0.1:1/v1"}, "set GRAPHMEM_LLM_MODEL"),
        ({"LLM_PIPELINE": "magic"}, "'magic' is not one of 'call', 'graphiti'"),
        ({"LLM_TIMEOUT_S": "soon"}, "'soon' is not a number of seconds"),
        ({"LLM_TIMEOUT_S": "0"}, "no time to wait"),
    ],
)
def test_a_setting_of_the_endpoint_that_cannot_be_right_is_named(
    variables: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=message):
        load_settings({f"GRAPHMEM_{name}": value for name, value in variables.items()}, tmp_path)


@pytest.mark.parametrize("name", ["llm_url", "llm_model", "llm_key", "llm_pipeline"])
def test_no_file_of_a_project_names_an_endpoint(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=f"{name!r}, which is not a setting"):
        load_settings({}, project(tmp_path, f'{name} = "http://elsewhere/v1"\n'))
