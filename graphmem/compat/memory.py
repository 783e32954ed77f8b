"""`Memory` with the signatures and answers of mem0's open-source class."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import graphmem
from graphmem import Filter, GraphMemory, Page
from graphmem.answers import Card, Hit, State
from graphmem.compat.arguments import (
    day_of,
    messages_of,
    moment_of,
    owners_of,
    remembered,
    restated,
    some_owner,
)
from graphmem.compat.filters import fits
from graphmem.compat.items import (
    events,
    item,
    lasting_id,
    own_chain,
    payload_of,
    statement_of,
    text_of,
    values,
)
from graphmem.compat.refusals import NoSuchMemory, WrongArgument
from graphmem.drafts import make_private_folder
from graphmem.errors import NotFound, Unsupported
from graphmem.model import Origin
from graphmem.service import Write
from graphmem.sources.memories.mem0_labels import MARK, OWNERS, Payload, end_of, owner_label

_UNSET = object()
#: What comes through this interface is a conversation's word.
_HEARSAY = Write(origin=Origin.CONVERSATION)
_PROPOSED = "Recorded as a proposal: a conversation does not change what is more trusted. Nothing was changed yet."
_CHUNK = 200
_DEFAULT_THRESHOLD = 0.1
_LISTED = frozenset({State.HOLDS})
_EXPIRED_TOO = frozenset({State.HOLDS, State.ENDED})


class Memory:
    """Memories of users, agents and runs, with the interface of mem0's open-source `Memory`.

    Args:
        config: As that interface has it; everything in it but `url` concerns models and servers that graphmem does not
            need, and is named in a warning.
        memory: An opened memory to use; without it the one at `url`, else at `GRAPHMEM_URL` or in the `.graphmem/`
            found upward, else a file in the user's data folder.
    """

    def __init__(self, config: object = None, *, memory: GraphMemory | None = None) -> None:
        self._memory = _opened(_url_in(config)) if memory is None else memory

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any]) -> Self:
        """A memory by a configuration; see the class."""
        return cls(config_dict)

    def add(  # noqa: PLR0913 - the other interface's own signature
        self,
        messages: object,
        *,
        user_id: object = None,
        agent_id: object = None,
        run_id: object = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: object = None,
        expiration_date: object = None,
        infer: bool = True,
        memory_type: str | None = None,
        prompt: str | None = None,
    ) -> dict[str, Any]:
        """Remember each message in its own words; nothing is extracted, whatever `infer` and `prompt` say.

        Returns:
            `{"results": [{"id", "memory", "event", "role", "actor_id"}]}`; `event` is ADD, or NONE for what is there.

        Raises:
            WrongArgument: Nobody to remember it for, or something that makes no sense.
            Unsupported: A `memory_type`: that needs a language model.
        """
        del infer, prompt
        if memory_type is not None:
            raise Unsupported(f"memory_type {memory_type!r} needs a language model; leave it out")
        owners = some_owner(owners_of({"user_id": user_id, "agent_id": agent_id, "run_id": run_id}))
        day = day_of(expiration_date)
        payload = Payload({**owners, **({} if day is None else {"expiration_date": day})}, _own(metadata))
        start = moment_of(timestamp) or datetime.now(UTC)
        said = list(messages_of(messages))
        written = self._memory.add_many([remembered(one, payload, start) for one in said], write=_HEARSAY)
        return {
            "results": [
                {
                    "id": self._lasting(one.ids[0]) if one.is_confirmation else one.ids[0],
                    "memory": message["content"],
                    "event": "NONE" if one.is_confirmation else "ADD",
                    "role": message["role"],
                    "actor_id": message["name"] or None,
                }
                for message, one in zip(said, written, strict=True)
            ]
        }

    def get(self, memory_id: str) -> dict[str, Any] | None:
        """A memory in its latest words; None if there is none, or it was deleted."""
        found = self._current(memory_id)
        return None if found is None else item(found)

    def get_all(
        self,
        *,
        filters: Mapping[str, Any] | None = None,
        top_k: int = 20,
        show_expired: bool = False,
        **former: object,
    ) -> dict[str, Any]:
        """The memories that fit the filters, last recorded first, as `{"results": [...]}`.

        Args:
            filters: At least one of `user_id`, `agent_id` and `run_id`, and any conditions on metadata.
            top_k: At most so many.
            show_expired: Those past their `expiration_date`, too.
            former: `user_id`, `agent_id`, `run_id` and `limit`, as earlier releases took them.
        """
        wanted, count = _asked(filters, former, top_k)
        found: list[dict[str, Any]] = []
        for card in self._cards(_labelled(wanted, is_history=show_expired)):
            if len(found) < count and card.state in _states(is_history=show_expired) and fits(wanted, values(card)):
                found.append(item(card))
        return {"results": found}

    def search(  # noqa: PLR0913 - the other interface's own signature
        self,
        query: str,
        *,
        top_k: int = 20,
        filters: Mapping[str, Any] | None = None,
        threshold: float | None = _DEFAULT_THRESHOLD,
        rerank: bool = False,
        explain: bool = False,
        reference_date: object = None,
        show_expired: bool = False,
        **former: object,
    ) -> dict[str, Any]:
        """What holds for a question, best first, as `{"results": [{"id", "memory", "score", ...}]}`.

        Args:
            query: A question in plain words.
            top_k: At most so many.
            filters: As in `get_all`.
            threshold: The least score, from 0 to 1.
            rerank: Not used: answers are ranked as they are.
            explain: Tell what each score is made of, as `score_details`.
            reference_date: Ask for what held at that time.
            show_expired: As in `get_all`.
            former: As in `get_all`.
        """
        del rerank
        if not isinstance(query, str) or not query.strip():
            raise WrongArgument(f"{query!r} is no question")
        wanted, count = _asked(filters, former, top_k)
        at = graphmem.At(moment_of(reference_date))
        found: list[dict[str, Any]] = []
        for hit in self._hits(query, at, _labelled(wanted, is_history=show_expired), count):
            is_wanted = hit.card.state in _states(is_history=show_expired) and fits(wanted, values(hit.card))
            if is_wanted and hit.relevance >= (_DEFAULT_THRESHOLD if threshold is None else threshold):
                found.append(
                    {**item(hit.card, hit.relevance), **({"score_details": dict(hit.parts)} if explain else {})}
                )
            if len(found) >= count:
                break
        return {"results": found[:count]}

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expiration_date: object = _UNSET,
        data: str | None = None,
    ) -> dict[str, str]:
        """Let new words take over from those of a memory, which keeps its id; the old words stay in its history.

        Raises:
            NoSuchMemory: There is none of that id.
            WrongArgument: Nothing to change was given.
            Conflict: Somebody else changed it at the same moment.
        """
        said = data if text is None else text
        if said is None and metadata is None and expiration_date is _UNSET:
            raise WrongArgument("nothing to change: give a text, metadata or an expiration_date")
        current = self._known(memory_id)
        payload = payload_of(current)
        named = {**payload.named, "id": lasting_id(current), "created_at": item(current)["created_at"]}
        if expiration_date is not _UNSET:
            named.pop("expiration_date", None)
            day = day_of(expiration_date)
            named.update({} if day is None else {"expiration_date": day})
        kept = text_of(statement_of(current)) if said is None else said
        new = restated(kept, Payload(named, {**payload.metadata, **_own(metadata)}))
        done = self._memory.supersede(current.id, new, write=_HEARSAY)
        if done.is_proposal:
            return {"message": _PROPOSED}
        if "expiration_date" in named:
            last = max(end_of(named["expiration_date"]), datetime.now(UTC))
            self._memory.end(done.ids[-1], at=last, word="expired", write=_HEARSAY)
        return {"message": "Memory updated successfully!"}

    def delete(self, memory_id: str) -> dict[str, str]:
        """Retract a memory in all its wordings: it is believed no more; `graphmem erase` removes its content.

        Raises:
            NoSuchMemory: There is none of that id.
        """
        current = self._known(memory_id)
        is_done = self._retract(own_chain(self._memory.history(current.id)))
        return {"message": "Memory deleted successfully!" if is_done else _PROPOSED}

    def delete_all(self, user_id: object = None, agent_id: object = None, run_id: object = None) -> dict[str, str]:
        """Retract all memories of a user, an agent or a run, or of what they have in common.

        Raises:
            WrongArgument: None of them is given; `reset` retracts everything.
        """
        owners = some_owner(owners_of({"user_id": user_id, "agent_id": agent_id, "run_id": run_id}))
        cards = [card for card in self._cards(_labelled(owners, is_history=True)) if fits(owners, values(card))]
        is_done = self._retract(reversed(cards))
        return {"message": "Memories deleted successfully!" if is_done else _PROPOSED}

    def history(self, memory_id: str) -> list[dict[str, Any]]:
        """What happened to a memory, first to last; empty if there is none of that id."""
        try:
            told = self._memory.history(memory_id)
        except NotFound:
            return []
        return list(events(told))

    def reset(self) -> None:
        """Retract everything that was written through this interface; other memories of the store stay."""
        self._retract(reversed(list(self._cards(Filter(labels=(MARK,), include_history=True)))))

    def close(self) -> None:
        """Release the store; safe to call twice."""
        self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- parts

    def _current(self, memory_id: str) -> Card | None:
        """What stands for a memory now, be it expired; None if it was deleted."""
        try:
            card = self._memory.get(memory_id)
        except NotFound:
            return None
        if card.state is not State.SUPERSEDED:
            return None if card.state is State.RETRACTED else card
        heads = self._memory.explain(memory_id).resolves_to
        return heads[0].card if heads and heads[0].card.state is not State.RETRACTED else None

    def _known(self, memory_id: str) -> Card:
        found = self._current(memory_id)
        if found is None:
            raise NoSuchMemory(f"no memory {memory_id!r}; get_all and search show the ids that there are")
        return found

    def _lasting(self, key: str) -> str:
        return lasting_id(self._memory.get(key))

    def _cards(self, where: Filter) -> Iterator[Card]:
        cursor = None
        while True:
            listed = self._memory.list(where, page=Page(_CHUNK, cursor))
            yield from listed.cards
            cursor = listed.cursor
            if cursor is None:
                return

    def _hits(self, query: str, at: graphmem.At, where: Filter, count: int) -> Iterator[Hit]:
        page = Page(max(count, 1))
        while True:
            answer = self._memory.search(query, at=at, where=where, page=page, min_relevance=0.0)
            yield from answer.hits
            if answer.cursor is None:
                return
            page = Page(page.limit, answer.cursor)

    def _retract(self, cards: Iterable[Card]) -> bool:
        """Retract memories, the first words of each before its later ones, so that none comes back meanwhile.

        Returns:
            Whether all were; what is more trusted than a conversation is only proposed to be.
        """
        believed = [card.id for card in cards if card.state is not State.RETRACTED]
        done = [self._memory.retract(key, write=_HEARSAY) for key in believed]
        return not any(one.is_proposal for one in done)


def _opened(url: str | None) -> GraphMemory:
    if url is not None:
        return graphmem.open(url, create=True)
    try:
        return graphmem.open()
    except NotFound:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "graphmem"
        make_private_folder(home)
        return graphmem.open(str(home / "compat.db"), create=True)


def _url_in(config: object) -> str | None:
    """The `url` of a configuration; what else stands in it is named in a warning."""
    if config is None:
        return None
    given = dict(config) if isinstance(config, Mapping) else vars(config)
    url = given.pop("url", None)
    if given:
        warnings.warn(f"graphmem needs none of this: {', '.join(sorted(given))}", stacklevel=3)
    return None if url is None else str(url)


def _own(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Metadata without what only arguments may set."""
    return {key: value for key, value in (metadata or {}).items() if key not in (*OWNERS, "actor_id")}


def _asked(filters: Mapping[str, Any] | None, former: Mapping[str, object], top_k: int) -> tuple[dict[str, Any], int]:
    """The conditions and the number of answers that a call asks for."""
    unknown = sorted(former.keys() - {*OWNERS, "limit"})
    if unknown:
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}")
    wanted = {**dict(filters or {}), **owners_of(former)}
    wanted |= owners_of({name: value for name, value in wanted.items() if isinstance(value, str | int)})
    if not wanted.keys() & set(OWNERS):
        raise WrongArgument("whose memories? Give filters at least one of user_id, agent_id, run_id")
    fits(wanted, {})  # refuses what is no condition, whatever is found
    count = former.get("limit", top_k)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise WrongArgument(f"top_k {count!r} is no number of answers")
    return wanted, count


def _labelled(wanted: Mapping[str, Any], *, is_history: bool) -> Filter:
    """The part of the conditions that the store can test: one owner, or that it is of this interface at all."""
    owned = [owner_label(name, wanted[name]) for name in OWNERS if isinstance(wanted.get(name), str)]
    plain = [label for label in owned if not label.endswith("=*")]
    return Filter(labels=(plain[0] if plain else MARK,), include_history=is_history)


def _states(*, is_history: bool) -> frozenset[State]:
    return _EXPIRED_TOO if is_history else _LISTED
