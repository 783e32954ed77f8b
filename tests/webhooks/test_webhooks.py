"""Webhooks over HTTP: signatures, repeated and shuffled deliveries, and events that wait until their work is done."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from graphmem import GraphMemory, Write
from graphmem.errors import InvalidInput
from graphmem.http.app import create_app
from graphmem.http.request_limits import BodyLimit, Limits
from graphmem.keys import KeyRing
from graphmem.service.mainline_ingestion import recorded_mainline
from graphmem.service.repository_ingestion import ingest_repository
from graphmem.webhooks.deliveries import read_delivery, signers
from graphmem.webhooks.event_folder import Event, EventFolder
from graphmem.webhooks.mirror_work import WebhookWork
from graphmem.webhooks.receiver import WebhookReceiver
from graphmem.webhooks.sources import Forge, WebhookSource, read_webhook_sources
from tests.http.conftest import Site
from tests.service.conftest import TickingClock
from tests.sources.git.repositories import Repository
from tests.webhooks.conftest import configured
from tests.webhooks.samples import (
    AFTER,
    GITHUB,
    GITLAB,
    NAME,
    PROJECT,
    SECRET,
    Sent,
    from_github,
    from_gitlab,
    signature,
)


@pytest.fixture
def receiver(tmp_path: Path, clock: TickingClock) -> WebhookReceiver:
    return WebhookReceiver(configured(tmp_path), clock)


@pytest.fixture
def site(memory: GraphMemory, receiver: WebhookReceiver, tmp_path: Path, clock: TickingClock) -> Site:
    """A server with keys, whose limits are small."""
    ring = KeyRing(tmp_path / "keys.json", clock)
    made = Site(create_app(memory, ring, Limits(write_body=BodyLimit(9_000, 900)), webhooks=receiver), memory, ring)
    made.key()
    return made


def deliver(site: Site, sent: Sent, **headers: str | None) -> httpx2.Response:
    """Send a delivery, with headers replaced, or left out if they are None."""
    merged = {**sent.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    left = {name: value for name, value in merged.items() if value is not None}
    return site.send("POST", sent.path, content=sent.body, headers=left)


def waiting(receiver: WebhookReceiver) -> list[tuple[str, str, str | None]]:
    return [(event.repo, event.ref, event.sha) for event in EventFolder(receiver.sources().queue).waiting()]


# ---- what a delivery says


@pytest.mark.parametrize(
    ("forge", "name"), [*((Forge.GITHUB, name) for name in GITHUB), *((Forge.GITLAB, name) for name in GITLAB)]
)
def test_every_documented_event_names_its_repository_and_what_moved(forge: Forge, name: str) -> None:
    sent, samples = (from_github(name), GITHUB) if forge is Forge.GITHUB else (from_gitlab(name), GITLAB)
    delivery = read_delivery(forge, {key.lower(): value for key, value in sent.headers.items()}, sent.body)
    moved = delivery.movement
    assert (None if moved is None else (moved.ref, moved.sha)) == samples[name][2]
    assert delivery.names == (NAME if forge is Forge.GITHUB else PROJECT,)


def test_the_signature_is_that_of_the_documentation() -> None:
    """The example of "Validating webhook deliveries"."""
    source = WebhookSource(name=NAME, forge=Forge.GITHUB, secret="It's a Secret to Everybody")  # noqa: S106 - theirs
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    signed = signers(Forge.GITHUB, {"x-hub-signature-256": f"sha256={digest}"}, b"Hello, World!", [source])
    assert signed == [source]


# ---- who sent it


def test_what_is_not_rightly_signed_is_refused(site: Site, receiver: WebhookReceiver) -> None:
    sent = from_github()
    rewritten = replace(sent, body=json.dumps(json.loads(sent.body), separators=(",", ":")).encode())
    wrong: list[tuple[Sent, dict[str, str | None]]] = [
        (sent, {"X_Hub_Signature_256": None}),
        (sent, {"X_Hub_Signature_256": None, "X_Hub_Signature": "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6"}),
        (sent, {"X_Hub_Signature_256": "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6"}),
        (sent, {"X_Hub_Signature_256": signature(sent.body).removeprefix("sha256=")}),
        (sent, {"X_Hub_Signature_256": signature(sent.body, "another secret of a webhook")}),
        (sent, {"X_Hub_Signature_256": None, "X_Gitlab_Token": SECRET}),
        (rewritten, {}),
        (from_gitlab(), {"X_Gitlab_Token": None}),
        (from_gitlab(), {"X_Gitlab_Token": SECRET[:-1]}),
        (from_gitlab(), {"X_Gitlab_Token": None, "X_Hub_Signature_256": signature(from_gitlab().body)}),
    ]
    for delivery, headers in wrong:
        answer = deliver(site, delivery, **headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "forbidden")
        assert SECRET not in answer.text
    assert waiting(receiver) == []


def test_a_secret_opens_its_own_repository_alone(site: Site, receiver: WebhookReceiver) -> None:
    other = json.loads(from_github().body)["repository"] | {
        "html_url": "https://github.com/acme/other",
        "clone_url": "https://github.com/acme/other.git",
        "ssh_url": "git@github.com:acme/other.git",
    }
    answer = deliver(site, from_github(repository=other))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert waiting(receiver) == []


def test_nothing_but_a_ref_is_taken_from_a_payload(site: Site, receiver: WebhookReceiver) -> None:
    for ref in ("main", "refs/heads/a b", "refs/heads/../../x", "refs/heads/-x\n", "refs/heads/" + "x" * 600, None, 7):
        assert deliver(site, from_github(ref=ref)).status_code == 422
    for broken in (b"", b"[]", b"nothing", b'{"ref":'):
        sent = replace(from_github(), body=broken)
        assert deliver(site, sent, X_Hub_Signature_256=signature(broken)).status_code == 422
    odd = from_github(repository={"html_url": ["x"], "clone_url": 7})
    assert deliver(site, odd).status_code == 404
    assert deliver(site, from_github(after="--upload-pack=evil")).status_code == 202
    assert waiting(receiver) == [(NAME, "refs/heads/main", None)]


def test_bodies_have_the_limits_of_writes(site: Site) -> None:
    big = from_github(padding="x" * 9_000)
    assert deliver(site, big).status_code == 413
    assert deliver(site, from_github(padding=list(range(1_000)))).status_code == 413
    deep = "[" * 40 + "]" * 40
    nested = replace(big, body=b'{"a":' + deep.encode() + b"}")
    assert deliver(site, nested, X_Hub_Signature_256=signature(nested.body)).status_code == 422
    form = deliver(site, from_github(), Content_Type="application/x-www-form-urlencoded")
    assert form.status_code == 415
    assert site.send("GET", "/webhooks/github").status_code == 405


def test_without_a_file_of_webhooks_there_are_no_such_routes(
    memory: GraphMemory, tmp_path: Path, clock: TickingClock
) -> None:
    ring = KeyRing(tmp_path / "keys.json", clock)
    plain = Site(create_app(memory, ring), memory, ring)
    assert deliver(plain, from_github()).status_code == 404


def test_a_file_that_broke_is_told_to_the_operator_alone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "webhooks.toml").write_text("secret = ")
    answer = deliver(site, from_github())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert str(tmp_path) not in answer.text


# ---- once


def test_deliveries_in_any_order_and_thrice_are_the_same_events(site: Site, receiver: WebhookReceiver) -> None:
    sent = [from_github(name, f"delivery {name}") for name in GITHUB] + [
        from_gitlab(name, f"id {name}") for name in GITLAB
    ]
    thrice = sent * 3
    random.Random(15).shuffle(thrice)  # noqa: S311 - an order
    answers = site.send_all([("POST", one.path, {"content": one.body, "headers": one.headers}) for one in thrice])
    told = [answer.json()["status"] for answer in answers]
    assert {answer.status_code for answer in answers} == {202}
    assert (told.count("queued"), told.count("known"), told.count("ignored")) == (10, 20, 6)
    expected = [(NAME, *moved) for _, _, moved in GITHUB.values() if moved]
    expected += [(PROJECT, *moved) for _, _, moved in GITLAB.values() if moved]
    assert sorted(map(str, waiting(receiver))) == sorted(map(str, expected))


def test_without_an_id_the_body_tells_a_repeated_delivery(site: Site, receiver: WebhookReceiver) -> None:
    for _ in range(2):
        deliver(site, from_github(), X_GitHub_Delivery=None)
    assert len(waiting(receiver)) == 1


def test_an_event_that_is_done_stays_known(receiver: WebhookReceiver) -> None:
    folder = EventFolder(receiver.sources().queue)
    event = Event("k", "default", NAME, "refs/heads/main", None, "2026-01-01T00:00:00+00:00")
    assert folder.put(event)
    folder.finish(event)
    assert not folder.put(event)
    assert folder.waiting() == []
    (receiver.sources().queue / "waiting" / "damaged.json").write_text("{")
    (receiver.sources().queue / "waiting" / "old.json").write_text(json.dumps({"key": "x"}))
    assert folder.waiting() == []


# ---- the work


@pytest.fixture
def mirror(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "source")
    made.write(app__db="first", AGENTS_dot_md="# Rules\n\n- Use tabs in all files of the shop.\n")
    made.commit()
    made.git("clone", "--quiet", "--mirror", str(made.root), str(tmp_path / "mirror.git"))
    return made


def test_the_mirror_is_read_once_it_has_the_commit(
    memory: GraphMemory, tmp_path: Path, clock: TickingClock, mirror: Repository
) -> None:
    receiver = WebhookReceiver(configured(tmp_path, mirror=tmp_path / "mirror.git"), clock)
    mirror.git("mv", "app", "src")
    head = mirror.commit()
    site = Site(create_app(memory, None, webhooks=receiver), memory, KeyRing(tmp_path / "keys.json", clock))
    for delivery in ("a", "b", "b"):
        deliver(site, from_github(after=head, delivery=delivery))
    work = receiver.work(memory)
    assert work is not None
    assert (work.read, work.done, work.waiting) == ([NAME], 0, {NAME: 2})
    Repository(tmp_path / "mirror.git").git("fetch", "--quiet", "--all")
    work = receiver.work(memory)
    assert work is not None
    assert (work.done, work.waiting, waiting(receiver)) == (2, {}, [])
    scope = receiver.sources().sources[0].scope
    history = recorded_mainline(memory, scope)
    assert (history.shas[-1], history.segments_of("src/db")[0].similarity) == (head, 100)
    (rule,) = (card for card in memory.list(scope=scope).cards if "tabs" in card.title)
    assert rule.memory.scope == scope
    assert receiver.work(memory) is not None
    assert memory.changes(scope=scope)[-1].provenance.actor == "webhook"


def test_without_a_mirror_an_event_waits_for_a_reading_from_elsewhere(
    memory: GraphMemory, receiver: WebhookReceiver, site: Site, mirror: Repository
) -> None:
    deliver(site, from_gitlab(after=mirror.git("rev-parse", "HEAD")))
    deliver(site, from_gitlab("release", "another"))
    work = receiver.work(memory)
    assert work is not None
    assert (work.read, work.waiting) == ([], {PROJECT: 2})
    scope = receiver.sources().sources[1].scope
    ingest_repository(memory, mirror.root, read_at=memory.list().at.valid, write=Write(scope=scope), sources=())
    work = receiver.work(memory)
    assert work is not None
    assert (work.done, waiting(receiver)) == (2, [])


def test_a_mirror_that_cannot_be_read_keeps_its_events(
    memory: GraphMemory, tmp_path: Path, clock: TickingClock
) -> None:
    receiver = WebhookReceiver(configured(tmp_path, mirror=tmp_path / "nowhere"), clock)
    EventFolder(receiver.sources().queue).put(
        Event("k", "default", NAME, "refs/heads/main", AFTER, clock().isoformat())
    )
    work = receiver.work(memory)
    assert work is not None
    assert list(work.failed) == [NAME]
    assert waiting(receiver) == [(NAME, "refs/heads/main", AFTER)]


def test_a_commit_that_was_pushed_over_is_not_waited_for_forever(
    memory: GraphMemory, tmp_path: Path, clock: TickingClock, mirror: Repository
) -> None:
    receiver = WebhookReceiver(configured(tmp_path, mirror=mirror.root), clock)
    folder = EventFolder(receiver.sources().queue)
    folder.put(Event("k", "default", NAME, "refs/heads/main", AFTER, clock().isoformat()))
    clock.pass_days(7)
    assert receiver.work(memory) is not None
    assert waiting(receiver) == []


def test_one_process_works_at_a_time(memory: GraphMemory, receiver: WebhookReceiver) -> None:
    with EventFolder(receiver.sources().queue).turn() as is_ours:
        assert is_ours
        assert receiver.work(memory) is None


def test_the_thread_works_on_what_arrives_and_ends(
    memory: GraphMemory, tmp_path: Path, clock: TickingClock, mirror: Repository
) -> None:
    receiver = WebhookReceiver(configured(tmp_path, mirror=tmp_path / "mirror.git"), clock)
    head = mirror.git("rev-parse", "HEAD")
    EventFolder(receiver.sources().queue).put(Event("k", "default", NAME, "refs/heads/main", head, clock().isoformat()))
    told: list[int] = []
    seen = threading.Event()

    def tell(work: WebhookWork) -> None:
        told.append(work.done)
        seen.set()

    with receiver.running(memory, tell):
        assert seen.wait(20)
    assert told == [1]
    assert waiting(receiver) == []


# ---- the file


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[repository]]\nforge = 'github'\nsecret = 'sixteen characters'", "has no name"),
        ("[[repository]]\nname = 'a'\nforge = 'gitea'\nsecret = 'sixteen characters'", "neither 'github' nor 'gitlab'"),
        ("[[repository]]\nname = 'a'\nforge = 'github'\nsecret = 'hunter2'", "fewer than 16 characters"),
        ("[[repository]]\nname = 'a'\nforge = 'github'\nsecret = 'hunter2-hunter2-h'\nurl = 'x'", "sets 'url'"),
        ("[[repository]]\nname = 'a'\nforge = 'github'\nsecret = 'hunter2-hunter2-h'\nref = 7", "ref is no text"),
        ("repository = 'hunter2'", "has no list"),
        ("repos = 'hunter2'", "sets 'repos'"),
        ("secret = hunter2", "is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_name_without_its_secrets(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "webhooks.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InvalidInput, match=fault) as caught:
        read_webhook_sources(path)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_others_can_open_is_refused(tmp_path: Path) -> None:
    path = configured(tmp_path)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        read_webhook_sources(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_webhook_sources(tmp_path / "none.toml")
    assert SECRET not in repr(WebhookSource(name="a", forge=Forge.GITHUB, secret=SECRET))
