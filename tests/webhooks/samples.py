"""Deliveries as the forges document them, with the fields that are read and some that are not.

Source: docs.github.com, "Webhook events and payloads": push, pull_request, release; docs.gitlab.com, "Webhook events":
push, tag, merge request, release.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

SECRET = "a secret of the webhook"  # noqa: S105 - it opens nothing
NAME = "github.com/acme/shop"
PROJECT = "gitlab.example.com/acme/shop"
AFTER, MERGED, GONE = "6" * 40, "7" * 40, "0" * 40

_REPOSITORY = {
    "id": 186853002,
    "full_name": "acme/shop",
    "private": False,
    "html_url": "https://github.com/acme/shop",
    "url": "https://api.github.com/repos/acme/shop",
    "git_url": "git://github.com/acme/shop.git",
    "ssh_url": "git@github.com:acme/shop.git",
    "clone_url": "https://github.com/acme/shop.git",
    "default_branch": "main",
}
_PROJECT = {
    "id": 15,
    "name": "Shop",
    "web_url": "https://gitlab.example.com/acme/shop",
    "git_ssh_url": "git@gitlab.example.com:acme/shop.git",
    "git_http_url": "https://gitlab.example.com/acme/shop.git",
    "path_with_namespace": "acme/shop",
    "default_branch": "main",
}


def _pull_request(*, is_merged: bool) -> dict[str, Any]:
    request = {
        "number": 12,
        "state": "closed" if is_merged else "open",
        "merged": is_merged,
        "merge_commit_sha": MERGED,
        "head": {"ref": "fix", "sha": AFTER, "repo": {**_REPOSITORY, "full_name": "ann/shop"}},
        "base": {"ref": "main", "sha": "5" * 40, "repo": _REPOSITORY},
    }
    return {
        "action": "closed" if is_merged else "synchronize",
        "number": 12,
        "pull_request": request,
        "repository": _REPOSITORY,
    }


def _merge_request(state: str) -> dict[str, Any]:
    attributes = {
        "id": 99,
        "iid": 3,
        "state": state,
        "target_branch": "main",
        "source_branch": "fix",
        "merge_commit_sha": MERGED if state == "merged" else None,
        "last_commit": {"id": AFTER},
        "url": "https://gitlab.example.com/acme/shop/-/merge_requests/3",
    }
    return {"object_kind": "merge_request", "project": _PROJECT, "object_attributes": attributes}


def _pushed(kind: str, ref: str, after: str) -> dict[str, Any]:
    return {"object_kind": kind, "before": "5" * 40, "after": after, "ref": ref, "project": _PROJECT, "commits": []}


#: (event, payload, the ref and the commit that it moves)
GITHUB: dict[str, tuple[str, dict[str, Any], tuple[str, str | None] | None]] = {
    "push": (
        "push",
        {"ref": "refs/heads/main", "before": "5" * 40, "after": AFTER, "deleted": False, "repository": _REPOSITORY},
        ("refs/heads/main", AFTER),
    ),
    "deletion": (
        "push",
        {"ref": "refs/heads/old", "before": AFTER, "after": GONE, "deleted": True, "repository": _REPOSITORY},
        ("refs/heads/old", None),
    ),
    "pull request": ("pull_request", _pull_request(is_merged=False), ("refs/pull/12/head", None)),
    "merge": ("pull_request", _pull_request(is_merged=True), ("refs/heads/main", MERGED)),
    "release": (
        "release",
        {
            "action": "published",
            "release": {"tag_name": "v1.0", "target_commitish": "main", "tarball_url": "https://example.invalid/x"},
            "repository": _REPOSITORY,
        },
        ("refs/tags/v1.0", None),
    ),
    "ping": ("ping", {"zen": "Keep it logically awesome.", "hook_id": 1, "repository": _REPOSITORY}, None),
}
GITLAB: dict[str, tuple[str, dict[str, Any], tuple[str, str | None] | None]] = {
    "push": ("Push Hook", _pushed("push", "refs/heads/main", AFTER), ("refs/heads/main", AFTER)),
    "tag": ("Tag Push Hook", _pushed("tag_push", "refs/tags/v1.0", AFTER), ("refs/tags/v1.0", AFTER)),
    "merge request": ("Merge Request Hook", _merge_request("opened"), ("refs/merge-requests/3/head", None)),
    "merge": ("Merge Request Hook", _merge_request("merged"), ("refs/heads/main", MERGED)),
    "release": (
        "Release Hook",
        {"object_kind": "release", "tag": "v1.1", "action": "create", "project": _PROJECT, "url": "https://x.invalid/"},
        ("refs/tags/v1.1", None),
    ),
    "issue": ("Issue Hook", {"object_kind": "issue", "project": _PROJECT}, None),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of a forge."""

    path: str
    body: bytes
    headers: dict[str, str]


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def from_github(name: str = "push", delivery: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958", **changed: Any) -> Sent:  # noqa: ANN401
    event, payload, _ = GITHUB[name]
    body = json.dumps({**payload, **changed}).encode()
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": signature(body),
        "User-Agent": "GitHub-Hookshot/044aadd",
        "Content-Type": "application/json",
    }
    return Sent("/webhooks/github", body, headers)


def from_gitlab(name: str = "push", delivery: str = "13792a34-cac6-4fda-95a8-c58e00a3954e", **changed: Any) -> Sent:  # noqa: ANN401
    event, payload, _ = GITLAB[name]
    headers = {
        "X-Gitlab-Event": event,
        "X-Gitlab-Token": SECRET,
        "Idempotency-Key": delivery,
        "X-Gitlab-Event-UUID": "0f8e8e8e-0000-4000-8000-000000000000",
        "Content-Type": "application/json",
    }
    return Sent("/webhooks/gitlab", json.dumps({**payload, **changed}).encode(), headers)
