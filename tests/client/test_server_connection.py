"""What is sent again, and what comes of it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import httpx2
import pytest

from graphmem.client import Connection, RemoteMemory
from graphmem.client.server_connection import trusted_certificates
from graphmem.errors import CommitUnknown, Forbidden, GraphMemError, NotFound, StoreUnavailable, Unsupported
from graphmem.http.problems import STATUSES, problem_response, refusal_of
from graphmem.service import Write
from graphmem.sources.observations import Reading
from graphmem.wire.envelopes import Changes, Restored
from graphmem.wire.json_documents import as_json

Answer = Callable[[httpx2.Request], httpx2.Response]


class Line:
    """A server that gives prepared answers, one a request; the last again and again."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []
        self.pauses: list[float] = []
        http = httpx2.Client(transport=httpx2.MockTransport(self._answer))
        self.memory = RemoteMemory(Connection("http://server", "gmk_x", http=http, pause=self.pauses.append))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found


def nothing() -> httpx2.Response:
    return httpx2.Response(200, text=as_json(Changes(())))


def told(kind: type[GraphMemError]) -> httpx2.Response:
    response = problem_response(refusal_of(kind("what was wrong")))
    return httpx2.Response(response.status_code, content=bytes(response.body), headers=dict(response.headers))


def test_a_read_is_sent_again_until_it_is_answered() -> None:
    line = Line(told(StoreUnavailable), httpx2.ReadError("cut"), httpx2.ConnectError("down"), nothing())
    assert line.memory.changes() == ()
    assert len(line.requests) == 4
    assert line.pauses[0] >= 2
    assert all(one.headers["Authorization"] == "Bearer gmk_x" for one in line.requests)


def test_every_write_is_named_so_that_it_may_be_sent_again() -> None:
    line = Line(httpx2.ReadError("cut"))
    with pytest.raises(CommitUnknown, match="op_id") as lost:
        line.memory.add("words")
    names = {one.headers["Idempotency-Key"] for one in line.requests}
    assert (len(line.requests), len(names)) == (4, 1)
    assert names.pop() in str(lost.value)


def test_the_name_of_a_write_is_kept() -> None:
    line = Line(told(NotFound))
    with pytest.raises(NotFound):
        line.memory.retract("a", write=Write(op_id="mine"))
    assert [one.headers["Idempotency-Key"] for one in line.requests] == ["mine"]


def test_what_may_not_be_sent_twice_is_not() -> None:
    for error in (httpx2.ReadError("cut"), told(StoreUnavailable)):
        line = Line(error)
        with pytest.raises((CommitUnknown, StoreUnavailable)):
            line.memory.ingest(Reading((), (), ()))
        assert len(line.requests) == 1


def test_what_was_never_sent_may_be() -> None:
    line = Line(httpx2.ConnectError("down"))
    with pytest.raises(StoreUnavailable, match="graphmem serve"):
        line.memory.ingest(Reading((), (), ()))
    assert len(line.requests) == 4


@pytest.mark.parametrize("kind", STATUSES, ids=lambda kind: kind.__name__)
def test_each_error_comes_back_as_its_own_class(kind: type[GraphMemError]) -> None:
    with pytest.raises(kind, match="what was wrong") as back:
        Line(told(kind)).memory.changes()
    assert type(back.value) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(403, Forbidden), (404, NotFound), (502, StoreUnavailable), (418, Unsupported)]
)
def test_an_answer_of_something_else_is_said_to_be_one(status: int, kind: type[GraphMemError]) -> None:
    with pytest.raises(kind, match=f"http://server answered {status}"):
        Line(httpx2.Response(status, text="<html>")).memory.changes()


def test_an_export_that_is_cut_off_is_told() -> None:
    class Cut(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"one\ntwo\nth"
            raise httpx2.ReadError("cut")

    lines = Line(httpx2.Response(200, stream=Cut())).memory.export()
    assert [next(lines), next(lines)] == ["one", "two"]
    with pytest.raises(StoreUnavailable, match="cut off"):
        next(lines)


def test_an_export_that_is_refused_is_told_in_the_words_of_the_server() -> None:
    with pytest.raises(Forbidden, match="what was wrong"):
        list(Line(told(Forbidden)).memory.export())


def test_a_restore_is_sent_once_and_whole() -> None:
    line = Line(httpx2.Response(200, text=as_json(Restored(2))))
    seen: list[tuple[int, int]] = []
    assert line.memory.restore(iter(["a", "b\u2028c"]), progress=lambda *done: seen.append(done)) == 2
    assert [one.read().decode() for one in line.requests] == ["a\nb\u2028c\n"]
    assert seen == [(2, 2)]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"])
def test_only_a_server_without_tls_and_a_proxy_is_reached_without_certificates(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ("HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.lower(), raising=False)
    context = trusted_certificates("http://127.0.0.1:7470")
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname, context.get_ca_certs()) == (ssl.CERT_REQUIRED, True, [])
    assert trusted_certificates("https://memory.example") is True
    monkeypatch.setenv(name, "https://proxy.example")
    assert (trusted_certificates("http://127.0.0.1:7470") is True) is ("HTTPS" not in name.upper())
