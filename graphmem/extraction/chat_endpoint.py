"""An OpenAI-compatible endpoint: one structured call for each part of a conversation."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from graphmem.extraction.answer_form import INSTRUCTIONS, SCHEMA, AnswerRefused, statements_of
from graphmem.extraction.sent_turns import parts_of, sent_turns
from graphmem.sources.transcripts import Turn
from graphmem.sources.transcripts.quoted_statements import ModelReading, QuotedStatement

#: The longest answer that is read.
MAX_ANSWER_BYTES = 1 << 20
_CONNECT_S = 10.0
_OK = 200
#: Statuses of endpoints that do not know `response_format`.
_NO_SCHEMA = frozenset({400, 404, 415, 422, 501})


class EndpointFailure(Exception):
    """A call failed; the text says why, in a few words and without words of the endpoint."""


@dataclass(slots=True)
class ChatEndpoint:
    """Reads statements with the model of an endpoint; no call is repeated.

    Attributes:
        url: Up to the version, for example `http://127.0.0.1:11434/v1`.
        model: The name of the model.
        key: The API key, if the endpoint needs one.
        timeout_s: How long an answer may take, in seconds.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    _takes_schema: bool = field(default=True, repr=False)

    def statements_in(self, turns: Sequence[Turn]) -> ModelReading:
        """Return the statements that the model reads; after a call that fails, the rest of the turns is left unread."""
        statements: list[QuotedStatement] = []
        dropped = Counter[str]()
        try:
            for part in parts_of(sent_turns(turns)):
                statements += self._read(part, dropped)
        except EndpointFailure as failure:
            return ModelReading(tuple(statements), dict(dropped), str(failure))
        return ModelReading(tuple(statements), dict(dropped))

    def _read(self, part: Sequence[Turn], dropped: Counter[str]) -> list[QuotedStatement]:
        try:
            return statements_of(self._content(part), dropped)
        except AnswerRefused:
            raise EndpointFailure("the answer is not of the schema") from None

    def _content(self, part: Sequence[Turn]) -> str:
        """Return the text of the answer; without a schema in the request if the endpoint takes none."""
        if self._takes_schema:
            status, body = self._post(self._request(part, with_schema=True))
            if status not in _NO_SCHEMA:
                return _content(status, body)
        status, body = self._post(self._request(part, with_schema=False))
        content = _content(status, body)
        self._takes_schema = False
        return content

    def _request(self, part: Sequence[Turn], *, with_schema: bool) -> dict[str, Any]:
        lines = [{"turn": turn.number, "speaker": turn.speaker.value, "text": turn.text} for turn in part]
        instructions = INSTRUCTIONS if with_schema else f"{INSTRUCTIONS}\n{_PLAIN}"
        request: dict[str, Any] = {
            "model": self.model,
            "temperature": 0,
            "stream": False,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)},
            ],
        }
        if with_schema:
            form = {"name": "statements", "strict": True, "schema": SCHEMA}
            request["response_format"] = {"type": "json_schema", "json_schema": form}
        return request

    def _post(self, request: dict[str, Any]) -> tuple[int, bytes]:
        """Return status and body of an answer.

        Raises:
            EndpointFailure: There is no whole answer within the time and the length that are allowed.
        """
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        limits = httpx2.Timeout(self.timeout_s, connect=min(_CONNECT_S, self.timeout_s))
        address = f"{self.url.rstrip('/')}/chat/completions"
        end = time.monotonic() + self.timeout_s
        try:
            with (
                httpx2.Client(timeout=limits, headers=headers, follow_redirects=False) as client,
                client.stream("POST", address, json=request) as response,
            ):
                return response.status_code, b"".join(self._limited(response.iter_bytes(), end))
        except httpx2.TimeoutException:
            raise self._late() from None
        except httpx2.ConnectError:
            raise EndpointFailure("no connection") from None
        except (httpx2.HTTPError, httpx2.InvalidURL):
            raise EndpointFailure("the answer broke off") from None

    def _limited(self, chunks: Iterator[bytes], end: float) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise EndpointFailure(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
            if time.monotonic() > end:
                raise self._late()
            yield chunk

    def _late(self) -> EndpointFailure:
        return EndpointFailure(f"no answer within {self.timeout_s:g} s")


_PLAIN = f"Answer with one JSON object of this schema and nothing else: {json.dumps(SCHEMA)}"


def _content(status: int, body: bytes) -> str:
    if status != _OK:
        raise EndpointFailure(f"HTTP status {status}")
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise AnswerRefused from None
    if not isinstance(content, str):
        raise AnswerRefused
    return content
