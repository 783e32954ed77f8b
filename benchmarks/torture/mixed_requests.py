"""Requests of callers who may not see each other's memories: every text carries a word that tells its home."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx2

from benchmarks.torture.canaries import (
    OWN_REPO,
    SHARED_REPOS,
    TENANTS,
    USERS,
    Canaries,
    Home,
    Reader,
    home_of,
    is_word,
    own_repo_name,
    unused,
)
from graphmem.keys import Key, KeyRing, Permission

_START = datetime(2026, 1, 1, tzinfo=UTC)
_ID_CHARS = string.digits + "abcdefghjkmnpqrstvwxyz"
_ORIGINS = ("human", "human", "human", "document", "agent", "conversation", "external")
_RECENT = 60
#: Past whatever is written here, and the same for two questions after one another.
_NOW = "2030-01-01T00:00:00Z"
#: How often each is sent, compared with the others.
OPERATIONS = {
    "add": 14,
    "add many": 4,
    "ingest": 2,
    "supersede": 12,
    "amend": 4,
    "transition, end, retract, confirm": 10,
    "erase": 3,
    "link": 5,
    "revoke": 5,
    "get, history, explain": 16,
    "search": 10,
    "list": 6,
    "timeline": 4,
    "changes": 3,
    "conflicts, diff, repositories": 3,
    "export, status, check": 2,
}
_QUESTIONS = {"get, history, explain", "search", "list", "timeline", "changes", "conflicts, diff, repositories"}


# ---- callers


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds a key: of a tenant, bound to a user or a repository or to nothing."""

    name: str
    key: str
    tenant: int
    user: int | None = None
    repo: int | None = None
    is_blind: bool = False

    @property
    def is_bound(self) -> bool:
        """Whether it opens less than its tenant."""
        return self.user is not None or self.repo is not None

    @property
    def mark(self) -> tuple[int, int | None, int | None]:
        """Equal for callers who share the names of writes."""
        return self.tenant, self.user, self.repo


def callers(ring: KeyRing) -> list[Caller]:
    """For each tenant three users, one without a user, one bound to a repository, and one that only writes."""
    found = []
    every, usual = tuple(Permission), (Permission.READ, Permission.WRITE, Permission.REVIEW)
    for tenant in range(TENANTS):
        for user in range(USERS):
            key = _key(ring, tenant, every if user == 0 else usual, user=_user(user))
            found.append(Caller(f"user {user} of {tenant}", key, tenant, user))
        found += [Caller(f"nobody of {tenant}", _key(ring, tenant, every), tenant)] * 2
        repo = _key(ring, tenant, usual, repos=(_repo(tenant, None, 0),))
        found.append(Caller(f"repository 0 of {tenant}", repo, tenant, repo=0))
        blind = _key(ring, tenant, (Permission.WRITE,))
        found.append(Caller(f"writer of {tenant}", blind, tenant, is_blind=True))
    return found


def _key(ring: KeyRing, tenant: int, permissions: tuple[Permission, ...], **bound: Any) -> str:  # noqa: ANN401
    draft = Key(
        id="",
        digest="",
        name=f"key of tenant {tenant}",
        tenant=_tenant(tenant),
        permissions=permissions,
        created_at=_START,
        **bound,
    )
    return ring.create(draft).text


def _tenant(number: int) -> str:
    return f"tenant{number}"


def _user(number: int) -> str:
    return f"user{number}"


def _repo(tenant: int, user: int | None, number: int) -> str:
    return own_repo_name(tenant, user or 0) if number == OWN_REPO else f"repository{number}"


# ---- requests


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        hidden: What it names that its caller may not see.
        written: The words of the memory that it would record.
        named: The memories that it would relate.
        erases: The memory whose content it would remove.
        home: Where its change can be seen.
    """

    method: str
    path: str
    reader: Reader
    params: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] | None = None
    op_id: str | None = None
    hidden: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    erases: str | None = None
    home: Home | None = None

    def with_names(self, names: dict[str, str]) -> Request:
        """The same with other names in place of hidden ones."""
        path, body = self.path, json.dumps(self.body)
        for old, new in names.items():
            path, body = path.replace(old, new), body.replace(old, new)
        params = tuple((name, names.get(value, value)) for name, value in self.params)
        return replace(self, path=path, body=json.loads(body), params=params)

    @property
    def sent(self) -> str:
        """All of its text."""
        return " ".join((self.path, json.dumps(self.body), str(self.params), self.op_id or ""))


class Requests:
    """Makes requests of one caller after the other, from what those before them wrote.

    Attributes:
        canaries: All that was written.
        caller: Who sends the request that was made last.
    """

    def __init__(self, callers: list[Caller], rng: random.Random) -> None:
        self.canaries, self.caller = Canaries(), callers[0]
        self._callers, self._rng = callers, rng
        self._ids: list[str] = []
        #: Memories that were related to others, of which a reader may see only one side.
        self._related: list[str] = []
        self._changes: list[tuple[int, Home]] = []
        self._op_ids: dict[str, set[tuple[int, int | None, int | None]]] = {}
        self._cursors: list[str] = []
        self._reader = Reader(0, None, None)
        self._hidden: list[str] = []
        self._makers: dict[str, Callable[[], Request]] = {
            "add": self._add,
            "add many": self._add_many,
            "ingest": self._ingest,
            "supersede": self._supersede,
            "amend": self._amend,
            "transition, end, retract, confirm": self._change,
            "erase": self._erase,
            "link": self._link,
            "revoke": self._revoke,
            "get, history, explain": self._look,
            "search": self._search,
            "list": self._list,
            "timeline": self._timeline,
            "changes": self._ledger,
            "conflicts, diff, repositories": self._overview,
            "export, status, check": self._whole,
        }

    def make(self, name: str) -> Request:
        """A request for an operation of some caller."""
        self.caller, self._hidden = self._rng.choice(self._callers), []
        self._reader = self._standing(is_question=name in _QUESTIONS)
        request = self._makers[name]()
        return replace(request, hidden=tuple(self._hidden))

    def is_first_use(self, op_id: str) -> bool:
        """Whether none of those who share the names of their writes sent this one before."""
        users = self._op_ids.setdefault(op_id, set())
        is_first = self.caller.mark not in users
        users.add(self.caller.mark)
        return is_first

    def like(self, name: str) -> str:
        """A name of the same form that nothing has."""
        if is_word(name):
            return unused(name, self._rng.getrandbits(20))
        if name.startswith("changes/"):
            return "changes/9007199254740991/"
        if name.startswith(("tenant", "user", "repository")):
            return name[:-1] + "9"
        return "".join(self._rng.choice(_ID_CHARS) for _ in name[:-2]) + "7k"

    def learn(self, request: Request, answer: httpx2.Response) -> None:
        """Take in what was written, and what a later request can send back."""
        if not answer.headers["content-type"].startswith("application/json"):
            return
        document = answer.json()
        if cursor := document.get("cursor"):
            self._cursors.append(cursor)
        for written in document.get("written", [document] if "change" in document else []):
            self._learn_ids(written["ids"], request)
            self._changes.append((written["change"]["seq"], request.home or request.reader.home))
        self._learn_ids([*document.get("added", []), *document.get("reworded", [])], request)
        if "change" in document:
            self._related += request.named
        if request.erases is not None and not document.get("notes"):
            self.canaries.erase(request.erases)

    def _learn_ids(self, ids: list[str], request: Request) -> None:
        for key in ids:
            if key not in self.canaries.homes:
                self._ids.append(key)
                self.canaries.homes[key] = request.home or request.reader.home
                self.canaries.words[key] = request.written

    # ---- choices

    def _standing(self, *, is_question: bool) -> Reader:
        """Where the caller stands; a key without a user names one sometimes, and a question related repositories."""
        caller, rng = self.caller, self._rng
        user = caller.user
        if not caller.is_bound and rng.random() < 0.2:  # noqa: PLR2004 - one in five
            user = rng.randrange(USERS)
        repos = [None, *range(SHARED_REPOS), *([] if user is None else [OWN_REPO])]
        repo = rng.choice(repos) if caller.repo is None else caller.repo
        is_related = is_question and caller.repo is None and rng.random() < 0.2  # noqa: PLR2004 - one in five
        related = tuple(range(SHARED_REPOS)) if is_related else ()
        return Reader(caller.tenant, user, repo, related, is_blind=caller.is_blind)

    def _target(self) -> str:
        """A memory: one that is seen mostly, one that is hidden, or none."""
        sees, place = self._reader.sees, self._rng.random()
        if self._reader.is_blind:
            sees = replace(self._reader, is_blind=False).sees
        homes = self.canaries.homes
        if place < 0.65:  # noqa: PLR2004 - two in three
            some = self._related if place < 0.25 else self._ids  # noqa: PLR2004 - one in four
            seen = [key for key in some[-_RECENT:] if key in homes and sees(homes[key])]
            if seen:
                return self._rng.choice(seen)
        hidden = [key for key in self._rng.choices(self._ids, k=10) if not sees(homes[key])] if self._ids else []
        if not hidden or place > 0.95:  # noqa: PLR2004 - one in twenty
            return self.like("0" * 12)
        return self._named_otherwise(hidden[0])

    def _named_otherwise(self, key: str) -> str:
        """A hidden memory by id, by the beginning of its id, or by alias."""
        place = self._rng.random()
        words = self.canaries.words.get(key, ())
        name = key if place < 0.7 else key[:8] if place < 0.85 or len(words) < 2 else words[1]  # noqa: PLR2004
        self._hidden.append(name)
        return name

    def _home_of(self, target: str) -> Home:
        return self.canaries.homes.get(target, self._reader.home)

    def _signed(self, home: Home) -> dict[str, Any]:
        word, origin = self.canaries.word, self._rng.choice(_ORIGINS)
        return {
            "reason": f"because of {word(home)}",
            "source": f"page {word(home)}",
            "actor": f"{word(home)} herself",
            "origin": origin,
        }

    def _op_id(self) -> str | None:
        place = self._rng.random()
        if place < 0.5:  # noqa: PLR2004 - every other
            return None
        if place < 0.75 and self._op_ids:  # noqa: PLR2004 - one in four
            # A second write of one's own under a name is rightly refused.
            free = [name for name, users in self._op_ids.items() if self.caller.mark not in users]
            return self._rng.choice(free) if free else None
        return f"write-{self._rng.getrandbits(40):x}"

    def _statement(self, home: Home) -> tuple[dict[str, Any], tuple[str, ...]]:
        """A statement, and the words of its content, alias and subject."""
        words = tuple(self.canaries.word(home) for _ in range(3))
        topic = self._rng.choice(("queue", "database", "format", "cache"))
        anchor = {"kind": "file", "name": f"src/{topic}/{self.canaries.word(home)}.py"}
        return {
            "title": f"The {topic} is {words[0]}",
            "body": f"It was {words[0]} in the {topic} all along.",
            "kind": self._rng.choice(("decision", "fact", "convention", "task")),
            "subject": words[2] if self._rng.random() < 0.5 else f"stack.{topic}",  # noqa: PLR2004 - every other
            "aliases": [words[1]],
            "labels": [self.canaries.word(home)],
            "anchors": [anchor],
        }, words

    # ---- operations

    def _query(self, reader: Reader, **more: str) -> tuple[tuple[str, str], ...]:
        """Where the reader stands; sometimes a tenant, a user or a repository of others is named."""
        params = dict(more)
        if reader.repo is not None and self.caller.repo is None:
            params["repo"] = _repo(reader.tenant, reader.user, reader.repo)
        if reader.user is not None and (self.caller.user is None or self._rng.random() < 0.5):  # noqa: PLR2004
            params["user"] = _user(reader.user)
        if self._rng.random() < 0.03:  # noqa: PLR2004 - one in thirty
            name, value = self._foreign()
            params[name] = value
            self._hidden.append(value)
        related = [("related_repos", _repo(reader.tenant, None, one)) for one in reader.related]
        return (*params.items(), *related)

    def _foreign(self) -> tuple[str, str]:
        """A tenant, a user or a repository that the caller cannot stand in."""
        choices = [("tenant", _tenant(1 - self.caller.tenant))]
        if self.caller.user is not None:
            choices.append(("user", _user((self.caller.user + 1) % USERS)))
        if self.caller.repo is not None:
            choices.append(("repo", _repo(self.caller.tenant, None, 1)))
        return self._rng.choice(choices)

    def _write(self, path: str, body: dict[str, Any], home: Home, **more: Any) -> Request:  # noqa: ANN401
        op_id = None if self._hidden else more.pop("op_id", None)
        more.pop("op_id", None)
        signed = self._signed(home)
        for one in (body, *body.get("items", ())):
            for said in (one.get("statement"), one.get("new")):
                if isinstance(said, dict):  # nobody records words of another origin than their own
                    said["origin"] = signed["origin"]
        return Request("POST", path, self._reader, self._query(self._reader), body | signed, op_id, home=home, **more)

    def _ask(self, route: str, body: dict[str, Any] | None = None, **params: str) -> Request:
        reader = self._reader
        if self._changes and self._rng.random() < 0.1:  # noqa: PLR2004 - one in ten
            known = [seq for seq, home in self._changes if home.tenant == reader.tenant]
            params |= {"known_at": str(self._rng.choice(known))} if known else {}
        return Request("GET" if body is None else "POST", route, reader, self._query(reader, **params), body)

    def _add(self) -> Request:
        home = self._reader.home
        statement, words = self._statement(home)
        similar = self._rng.choice(("keep", "skip", None))
        body = {"statement": statement, "on_similar": similar}
        request = self._write("/v1/memories", body, home, written=words, op_id=self._op_id())
        return request if not self._hidden else replace(request, op_id=None)

    def _add_many(self) -> Request:
        home = self._reader.home
        items: list[dict[str, Any]] = [
            {"statement": self._statement(home)[0]} for _ in range(self._rng.randrange(1, 4))
        ]
        for place, item in enumerate(items[1:]):
            if self._rng.random() < 0.3:  # noqa: PLR2004 - three in ten take over from the one before
                item["supersedes"] = [place]
        return self._write("/v1/memories/batch", {"items": items, "on_similar": "keep"}, home)

    def _ingest(self) -> Request:
        home, documents = self._reader.home, []
        for number in range(1, 3):
            word = self.canaries.word(home)
            text = f"# {number}. Use {word}\n\nDate: 2025-01-0{number}\n\n## Status\n\nAccepted\n\n"
            text += f"## Context\n\nWe had {word}.\n\n## Decision\n\nWe use {word}.\n"
            documents.append({"path": f"adr/{number:04}-{word}.md", "content": text})
        return self._write("/v1/ingest/decisions", {"documents": documents}, home)

    def _supersede(self) -> Request:
        old = self._target()
        home = self._home_of(old)  # where new words live
        body: dict[str, Any] = {}
        words: tuple[str, ...] = ()
        if self._rng.random() < 0.7:  # noqa: PLR2004 - seven in ten
            body["new"], words = self._statement(home)
            if self._rng.random() < 0.3:  # noqa: PLR2004 - a text takes over what the old statement is about
                body["new"], words = body["new"]["title"], words[:1]
        else:
            body["by"] = self._target()
            home = self._home_of(body["by"]).within(home)
        if self._rng.random() < 0.1:  # noqa: PLR2004 - one in ten
            body["also"] = [self._target()]
            # Whoever sees one of several old memories beside the new one is told the reason of the whole.
            home = self._home_of(body["by"]) if "by" in body else home
        named = (old, body.get("by", old))
        body["kind"] = self._rng.choice(("update", "update", "correction"))
        return self._write(f"/v1/memories/{old}/supersede", body, home, written=words, named=named)

    def _amend(self) -> Request:
        old = self._target()
        home = self._home_of(old)
        statement, words = self._statement(home)
        body = {"new": statement, "part": f"part {self.canaries.word(home)}"}
        return self._write(f"/v1/memories/{old}/amend", body, home, written=words)

    def _change(self) -> Request:
        """A transition, an end, a retraction or a confirmation."""
        target = self._target()
        home = self._home_of(target)
        verb = self._rng.choice(("transition", "end", "retract", "confirm"))
        body: dict[str, Any] = {}
        if verb in {"transition", "end"}:
            body["word"] = f"gone {self.canaries.word(home)}"
        if verb == "transition":
            body["status"] = self._rng.choice(("active", "ended", "proposed", "deferred"))
        return self._write(f"/v1/memories/{target}/{verb}", body, home)

    def _erase(self) -> Request:
        target = self._target()
        return self._write(f"/v1/memories/{target}/erase", {}, self._home_of(target), erases=target)

    def _link(self) -> Request:
        source, target = self._target(), self._target()
        home = self._home_of(source).within(self._home_of(target))
        kind = self._rng.choice(("depends_on", "refines", "conflicts_with"))
        return self._write(
            f"/v1/memories/{source}/links", {"target": target, "kind": kind}, home, named=(source, target)
        )

    def _revoke(self) -> Request:
        sees = replace(self._reader, is_blind=False).sees
        own = [one for one in self._changes if one[1].tenant == self._reader.tenant]
        seq, home = self._rng.choice(own or [(2**40, self._reader.home)])
        if not sees(home):
            self._hidden.append(f"changes/{seq}/")
        body = {"move": 1} if self._rng.random() < 0.2 else {}  # noqa: PLR2004 - one in five
        return self._write(f"/v1/changes/{seq}/revoke", body, home if sees(home) else self._reader.home)

    def _look(self) -> Request:
        """A memory, its history or its explanation."""
        end = self._rng.choice(("", "/history", "/explain"))
        return self._ask(f"/v1/memories/{self._target()}{end}")

    def _search(self) -> Request:
        place, query = self._rng.random(), self._rng.choice(("which queue", "the database is", "format of the cache"))
        some = self._rng.choices(self._ids, k=5) if self._ids else []
        words = [one for key in some for one in self.canaries.words[key]] or ["none"]
        if place < 0.5:  # noqa: PLR2004 - every other
            query = self._word(words)
        body: dict[str, Any] = {"query": query, "limit": self._rng.choice((3, 10, 100))}
        body["where"] = {"include_history": self._rng.random() < 0.5}  # noqa: PLR2004 - every other
        if self._cursors and self._rng.random() < 0.1:  # noqa: PLR2004 - one in ten
            body["cursor"] = self._rng.choice(self._cursors)
        return self._ask("/v1/search", body, as_of=_NOW)

    def _list(self) -> Request:
        params = {"limit": str(self._rng.choice((2, 20, 1000))), "as_of": _NOW}
        if self._rng.random() < 0.3:  # noqa: PLR2004 - three in ten
            params["subjects"] = self._subject()
        if self._cursors and self._rng.random() < 0.3:  # noqa: PLR2004 - three in ten
            params["cursor"] = self._rng.choice(self._cursors[-_RECENT:])
        params["include_history"] = self._rng.choice(("true", "false"))
        return self._ask("/v1/memories", None, **params)

    def _timeline(self) -> Request:
        if self._rng.random() < 0.3:  # noqa: PLR2004 - three in ten
            return self._ask("/v1/timeline", path="src/", as_of=_NOW)
        return self._ask("/v1/timeline", subject=self._subject(), as_of=_NOW)

    def _ledger(self) -> Request:
        after = self._rng.choice(self._changes)[0] if self._changes else 0
        params = {"after": str(self._rng.choice((0, after))), "limit": self._rng.choice(("5", "100", "1000"))}
        return Request("GET", "/v1/changes", self._reader, self._query(self._reader, **params))

    def _overview(self) -> Request:
        """Conflicts, differences and repositories."""
        where = self._rng.choice(("conflicts", "diff", "repositories"))
        if where == "diff":
            params = self._query(self._reader, start="2026-01-01", end=_NOW)
            return Request("GET", "/v1/diff", self._reader, params)
        if where == "repositories":
            return Request("GET", "/v1/repositories", self._reader, self._query(self._reader))
        return self._ask("/v1/conflicts", as_of=_NOW)

    def _whole(self) -> Request:
        """What only a key of a whole tenant is given."""
        path = self._rng.choice(("export", "export", "status", "check"))
        reader = replace(self._reader, is_whole=not self.caller.is_bound)
        return Request("GET", f"/v1/{path}", reader, self._query(self._reader))

    def _subject(self) -> str:
        """The subject of some memory."""
        some = self._rng.choices(self._ids, k=5) if self._ids else []
        return self._word([one[2] for key in some if len(one := self.canaries.words[key]) > 2] or ["stack.queue"])  # noqa: PLR2004

    def _word(self, words: list[str]) -> str:
        """One of some words; noted as hidden if it is."""
        word = self._rng.choice(words)
        widest = replace(self._reader, is_blind=False, related=tuple(range(SHARED_REPOS)))
        if is_word(word) and not widest.sees(home_of(word)):
            self._hidden.append(word)
        return word
