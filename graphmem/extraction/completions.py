"""Chat completions of an OpenAI-compatible endpoint with a JSON schema, limited in time and length."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

import httpx2

from graphmem.deadline import deadline
from graphmem.deferred_dataclass import dataclass

#: The longest answer that is read.
MAX_ANSWER_BYTES = 1 << 20
_CONNECT_S = 10.0
#: Time that the rest of a request needs after the endpoint's answer, in seconds.
_REST_S = 10.0
_OK = 200
#: Statuses of endpoints that do not know `response_format`.
_NO_SCHEMA = frozenset({400, 404, 415, 422, 501})


class EndpointFailure(Exception):
    """A call failed; the text says why, in a few words and without words of the endpoint."""


class AnswerRefused(EndpointFailure):
    """The answer is not of the schema."""

    def __init__(self) -> None:
        super().__init__("the answer is not of the schema")


@dataclass(slots=True)
class Completions:
    """Asks a model for a JSON object; no call is repeated.

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

    def object(self, messages: Sequence[Mapping[str, str]], name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON object in a model's answer; an endpoint that takes no schema is sent it in the first message.

        Args:
            messages: `role` and `content`.
            name: The name of the schema.
            schema: The JSON schema of the object.

        Raises:
            EndpointFailure: There is no answer, or none with a JSON object.
        """
        return _object(self._content(messages, name, schema))

    def _content(self, messages: Sequence[Mapping[str, str]], name: str, schema: Mapping[str, Any]) -> str:
        request = {"model": self.model, "temperature": 0, "stream": False, "messages": messages}
        if self._takes_schema:
            form = {"name": name, "strict": True, "schema": schema}
            status, body = self._post({**request, "response_format": {"type": "json_schema", "json_schema": form}})
            if status not in _NO_SCHEMA:
                return _content(status, body)
        first, *others = messages
        plain = f"{first['content']}\nAnswer with one JSON object of this schema and nothing else: {json.dumps(schema)}"
        status, body = self._post({**request, "messages": [{**first, "content": plain}, *others]})
        content = _content(status, body)
        self._takes_schema = False
        return content

    def _post(self, request: Mapping[str, Any]) -> tuple[int, bytes]:
        """Return status and body of an answer.

        Raises:
            EndpointFailure: There is no whole answer within the time and the length that are allowed.
        """
        now = time.monotonic()
        end = min(now + self.timeout_s, deadline() - _REST_S)
        if end <= now:
            raise EndpointFailure("no time left for a call")
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        limits = httpx2.Timeout(end - now, connect=min(_CONNECT_S, end - now))
        address = f"{self.url.rstrip('/')}/chat/completions"
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
        return EndpointFailure("no answer in time")


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


def _object(content: str) -> dict[str, Any]:
    """Return the first JSON object in a text, which may have words or a code fence around it."""
    try:
        value, _ = json.JSONDecoder().raw_decode(content, max(content.find("{"), 0))
    except (ValueError, RecursionError):
        raise AnswerRefused from None
    if not isinstance(value, dict):
        raise AnswerRefused
    return value
