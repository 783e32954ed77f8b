"""Deliveries of forges: their signatures, and the refs that moved. URLs in deliveries are never opened.

Source: docs.github.com, "Webhook events and payloads" and "Validating webhook deliveries"; docs.gitlab.com, "Webhooks"
and "Webhook events".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.sources.git.repository_identity import remote_identity
from graphmem.webhooks.sources import Forge, WebhookSource

_SIGNATURE = "x-hub-signature-256"
_TOKEN = "x-gitlab-token"  # noqa: S105 - the name of a header
_PREFIX = "sha256="
_EVENTS: Mapping[Forge, str] = {Forge.GITHUB: "x-github-event", Forge.GITLAB: "x-gitlab-event"}
#: Headers that name a delivery; a repeated attempt has the same value.
_IDS: Mapping[Forge, tuple[str, ...]] = {
    Forge.GITHUB: ("x-github-delivery",),
    Forge.GITLAB: ("idempotency-key", "x-gitlab-event-uuid"),
}
_URLS = ("html_url", "clone_url", "ssh_url", "web_url", "git_http_url", "git_ssh_url")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
#: A ref as git allows it, without the forms that mean several commits.
_REF = re.compile(r"refs/(?:[^\s\x00-\x1f\x7f~^:?*\[\\@{./][^\s\x00-\x1f\x7f~^:?*\[\\]*)")
_MOST_REF_CHARS = 500
_MOST_ID_CHARS = 200


@dataclass(frozen=True, slots=True)
class Movement:
    """A ref of a repository and the commit to which it moved, from a delivery.

    Attributes:
        ref: The full name of the ref.
        sha: The commit; None if the ref was deleted, or the delivery names none.
    """

    ref: str
    sha: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed delivery.

    Attributes:
        key: A hash that repeated attempts of the delivery share.
        names: The names of its repository, `host/path`.
        movement: The ref that moved; None for events that graphmem ignores.
    """

    key: str
    names: tuple[str, ...]
    movement: Movement | None


def signers(
    forge: Forge, headers: Mapping[str, str], body: bytes, sources: Iterable[WebhookSource]
) -> list[WebhookSource]:
    """Return the repositories whose secret signed a body; empty if the signature is missing or wrong.

    Every secret is compared, each in constant time.

    Args:
        forge: The forge to whose address the delivery was sent.
        headers: With names in lower case.
        body: The bytes of the request, as they came.
        sources: The repositories that may have sent it.
    """
    given = headers.get(_SIGNATURE if forge is Forge.GITHUB else _TOKEN, "").encode("utf-8", "surrogateescape")
    return [
        source
        for source in sources
        if source.forge is forge and hmac.compare_digest(given, _expected(forge, source.secret, body))
    ]


def is_signed(forge: Forge, headers: Mapping[str, str]) -> bool:
    """Return True if a request has the header of a signature, right or wrong."""
    return bool(headers.get(_SIGNATURE if forge is Forge.GITHUB else _TOKEN))


def _expected(forge: Forge, secret: str, body: bytes) -> bytes:
    if forge is Forge.GITLAB:
        return secret.encode()
    return (_PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()).encode()


def read_delivery(forge: Forge, headers: Mapping[str, str], body: bytes) -> Delivery:
    """Return the parsed delivery; the caller has checked its signature.

    Raises:
        InvalidInput: The body is not JSON, or has not the form that the forge documents.
    """
    try:
        payload = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            "the body is not JSON in UTF-8: choose application/json in the webhook's settings"
        ) from error
    if not isinstance(payload, dict):
        raise InvalidInput("the body is no JSON object")
    event = headers.get(_EVENTS[forge], "")
    project = _part(payload, "repository" if forge is Forge.GITHUB else "project")
    named = _github(event, payload) if forge is Forge.GITHUB else _gitlab(event, payload)
    return Delivery(_key(forge, headers, body), _names(project), None if named is None else _movement(*named))


def _key(forge: Forge, headers: Mapping[str, str], body: bytes) -> str:
    ids = [headers[name] for name in _IDS[forge] if headers.get(name)]
    told = ids[0][:_MOST_ID_CHARS].encode("utf-8", "surrogateescape") if ids else hashlib.sha256(body).digest()
    return hashlib.sha256(b"\x1f".join((forge.encode(), told))).hexdigest()


def _names(project: Mapping[str, Any]) -> tuple[str, ...]:
    urls = (
        project.get(name) for name in ("html_url", "clone_url", "ssh_url", "web_url", "git_http_url", "git_ssh_url")
    )
    names = (remote_identity(url) for url in urls if isinstance(url, str))
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _github(event: str, payload: Mapping[str, Any]) -> tuple[object, object] | None:
    """Return the ref and the commit of an event of GitHub."""
    match event:
        case "push":
            return payload.get("ref"), payload.get("after")
        case "pull_request":
            request = _part(payload, "pull_request")
            if request.get("merged"):
                return f"refs/heads/{_part(request, 'base').get('ref')}", request.get("merge_commit_sha")
            return f"refs/pull/{payload.get('number')}/head", None
        case "release":
            return f"refs/tags/{_part(payload, 'release').get('tag_name')}", None
    return None


def _gitlab(event: str, payload: Mapping[str, Any]) -> tuple[object, object] | None:
    """Return the ref and the commit of an event of GitLab."""
    match event:
        case "Push Hook" | "Tag Push Hook":
            return payload.get("ref"), payload.get("after")
        case "Merge Request Hook":
            request = _part(payload, "object_attributes")
            if request.get("state") == "merged":
                return f"refs/heads/{request.get('target_branch')}", request.get("merge_commit_sha")
            return f"refs/merge-requests/{request.get('iid')}/head", None
        case "Release Hook":
            return f"refs/tags/{payload.get('tag')}", None
    return None


def _part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = payload.get(name)
    return part if isinstance(part, dict) else {}


def _movement(ref: object, sha: object) -> Movement:
    if not isinstance(ref, str) or len(ref) > _MOST_REF_CHARS or not _REF.fullmatch(ref) or ".." in ref:
        raise InvalidInput(f"{ref!r:.80} is no ref")
    is_commit = isinstance(sha, str) and _SHA.fullmatch(sha) is not None and set(sha) != {"0"}
    return Movement(ref, str(sha) if is_commit else None)


def addressed(delivery: Delivery, signed: Sequence[WebhookSource]) -> WebhookSource | None:
    """Return the repository that a delivery is about, among those whose secret signed it."""
    return next((source for source in signed if source.name in delivery.names), None)
