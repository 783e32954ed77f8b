"""`Memory` with the signatures and results of mem0's open-source class."""

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
from graphmem.sources.memories.mem0_labels import MARK, OWNERS, Mem0Fields, end_of, owner_label

_UNSET = object()
#: All writes through this interface have the origin of a conversation.
_HEARSAY = Write(origin=Origin.CONVERSATION)
_PROPOSED = "Recorded as a proposal: a conversation does not change what is more trusted. Nothing was changed yet."
_CHUNK = 200
_DEFAULT_THRESHOLD = 0.1
_LISTED = frozenset({State.HOLDS})
_EXPIRED_TOO = frozenset({State.HOLDS, State.ENDED})


class Memory:
    """Memories of users, agents and runs, with the interface of mem0's open-source `Memory`.

    Args:
        config: A mem0 configuration. Only `url` is used; other keys configure models and servers that graphmem does not
            need, and are listed in a warning.
        memory: An open memory to use; by default that at `url`, else at `GRAPHMEM_URL` or in the nearest `.graphmem/`
            folder, else a file in the user's data folder.
    """

    def __init__(self, config: object = None, *, memory: GraphMemory | None = None) -> None:
        self._memory = _opened(_url_in(config)) if memory is None else memory

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any]) -> Self:
        """Return a memory for a configuration; see the class."""
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
        """Store the text of each message; `infer` and `prompt` are ignored, and no facts are extracted.

        Returns:
            `{"results": [{"id", "memory", "event", "role", "actor_id"}]}`; `event` is ADD, or NONE if it existed.

        Raises:
            WrongArgument: No owner, or an invalid argument.
            Unsupported: A `memory_type`, which needs a language model.
        """
        del infer, prompt
        if memory_type is not None:
            raise Unsupported(f"memory_type {memory_type!r} needs a language model; leave it out")
        owners = some_owner(owners_of({"user_id": user_id, "agent_id": agent_id, "run_id": run_id}))
        day = day_of(expiration_date)
        payload = Mem0Fields({**owners, **({} if day is None else {"expiration_date": day})}, _own(metadata))
        start = moment_of(timestamp) or datetime.now(UTC)
        parsed = list(messages_of(messages))
        written = self._memory.add_many([remembered(message, payload, start) for message in parsed], write=_HEARSAY)
        return {
            "results": [
                {
                    "id": self._lasting(result.ids[0]) if result.is_confirmation else result.ids[0],
                    "memory": message["content"],
                    "event": "NONE" if result.is_confirmation else "ADD",
                    "role": message["role"],
                    "actor_id": message["name"] or None,
                }
                for message, result in zip(parsed, written, strict=True)
            ]
        }

    def get(self, memory_id: str) -> dict[str, Any] | None:
        """Return the latest version of a memory; None if it does not exist or was deleted."""
        card = self._current(memory_id)
        return None if card is None else item(card)

    def get_all(
        self,
        *,
        filters: Mapping[str, Any] | None = None,
        top_k: int = 20,
        show_expired: bool = False,
        **former: object,
    ) -> dict[str, Any]:
        """Return the memories that pass the filters, last recorded first, as `{"results": [...]}`.

        Args:
            filters: At least one of `user_id`, `agent_id` and `run_id`, and any conditions on metadata.
            top_k: The most results to return.
            show_expired: Include memories past their `expiration_date`.
            former: `user_id`, `agent_id`, `run_id` and `limit`, as in earlier releases of mem0.
        """
        conditions, count = _conditions_of(filters, former, top_k)
        results: list[dict[str, Any]] = []
        for card in self._cards(_labelled(conditions, is_history=show_expired)):
            if (
                len(results) < count
                and card.state in _states(is_history=show_expired)
                and fits(conditions, values(card))
            ):
                results.append(item(card))
        return {"results": results}

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
        """Return the memories in force for a question, best first, as `{"results": [{"id", "memory", "score", ...}]}`.

        Args:
            query: A question in natural language.
            top_k: The most results to return.
            filters: As in `get_all`.
            threshold: The minimum score, from 0 to 1.
            rerank: Ignored: results are already ranked.
            explain: Include the parts of each score as `score_details`.
            reference_date: The valid time of the search.
            show_expired: As in `get_all`.
            former: As in `get_all`.
        """
        del rerank
        if not isinstance(query, str) or not query.strip():
            raise WrongArgument(f"query {query!r} is empty or not a string")
        conditions, count = _conditions_of(filters, former, top_k)
        at = graphmem.At(moment_of(reference_date))
        results: list[dict[str, Any]] = []
        for hit in self._hits(query, at, _labelled(conditions, is_history=show_expired), count):
            is_match = hit.card.state in _states(is_history=show_expired) and fits(conditions, values(hit.card))
            if is_match and hit.relevance >= (_DEFAULT_THRESHOLD if threshold is None else threshold):
                results.append(
                    {**item(hit.card, hit.relevance), **({"score_details": dict(hit.parts)} if explain else {})}
                )
            if len(results) >= count:
                break
        return {"results": results[:count]}

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expiration_date: object = _UNSET,
        data: str | None = None,
    ) -> dict[str, str]:
        """Supersede a memory with a new version under the same id; the old version stays in its history.

        Raises:
            NoSuchMemory: No memory has this id.
            WrongArgument: No change was given.
            Conflict: Another writer changed it at the same time.
        """
        new_text = data if text is None else text
        if new_text is None and metadata is None and expiration_date is _UNSET:
            raise WrongArgument("nothing to change: give a text, metadata or an expiration_date")
        current = self._existing(memory_id)
        payload = payload_of(current)
        named = {**payload.named, "id": lasting_id(current), "created_at": item(current)["created_at"]}
        if expiration_date is not _UNSET:
            named.pop("expiration_date", None)
            day = day_of(expiration_date)
            named.update({} if day is None else {"expiration_date": day})
        full_text = text_of(statement_of(current)) if new_text is None else new_text
        new = restated(full_text, Mem0Fields(named, {**payload.metadata, **_own(metadata)}))
        done = self._memory.supersede(current.id, new, write=_HEARSAY)
        if done.is_proposal:
            return {"message": _PROPOSED}
        if "expiration_date" in named:
            last = max(end_of(named["expiration_date"]), datetime.now(UTC))
            self._memory.end(done.ids[-1], at=last, word="expired", write=_HEARSAY)
        return {"message": "Memory updated successfully!"}

    def delete(self, memory_id: str) -> dict[str, str]:
        """Retract all versions of a memory; `graphmem erase` removes its content.

        Raises:
            NoSuchMemory: No memory has this id.
        """
        current = self._existing(memory_id)
        is_done = self._retract(own_chain(self._memory.history(current.id)))
        return {"message": "Memory deleted successfully!" if is_done else _PROPOSED}

    def delete_all(self, user_id: object = None, agent_id: object = None, run_id: object = None) -> dict[str, str]:
        """Retract all memories that belong to all the given owners.

        Raises:
            WrongArgument: No owner is given; `reset` retracts everything.
        """
        owners = some_owner(owners_of({"user_id": user_id, "agent_id": agent_id, "run_id": run_id}))
        cards = [card for card in self._cards(_labelled(owners, is_history=True)) if fits(owners, values(card))]
        is_done = self._retract(reversed(cards))
        return {"message": "Memories deleted successfully!" if is_done else _PROPOSED}

    def history(self, memory_id: str) -> list[dict[str, Any]]:
        """Return the events of a memory, oldest first; empty if no memory has this id."""
        try:
            history = self._memory.history(memory_id)
        except NotFound:
            return []
        return list(events(history))

    def reset(self) -> None:
        """Retract everything written through this interface; other memories of the store stay."""
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

    # ---- internals

    def _current(self, memory_id: str) -> Card | None:
        """Return the current version of a memory, even if expired; None if it was deleted."""
        try:
            card = self._memory.get(memory_id)
        except NotFound:
            return None
        if card.state is not State.SUPERSEDED:
            return None if card.state is State.RETRACTED else card
        heads = self._memory.explain(memory_id).resolves_to
        return heads[0].card if heads and heads[0].card.state is not State.RETRACTED else None

    def _existing(self, memory_id: str) -> Card:
        card = self._current(memory_id)
        if card is None:
            raise NoSuchMemory(f"no memory {memory_id!r}; get_all and search return existing ids")
        return card

    def _lasting(self, memory_id: str) -> str:
        return lasting_id(self._memory.get(memory_id))

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
        """Retract memories in order, earlier versions first, so that none comes back into force in between.

        Returns:
            Whether all were retracted; for memories more trusted than a conversation the retraction is only proposed.
        """
        believed = [card.id for card in cards if card.state is not State.RETRACTED]
        done = [self._memory.retract(memory_id, write=_HEARSAY) for memory_id in believed]
        return not any(written.is_proposal for written in done)


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
    """Return the `url` of a configuration; its other keys are listed in a warning."""
    if config is None:
        return None
    settings = dict(config) if isinstance(config, Mapping) else vars(config)
    url = settings.pop("url", None)
    if settings:
        warnings.warn(f"graphmem ignores these settings: {', '.join(sorted(settings))}", stacklevel=3)
    return None if url is None else str(url)


def _own(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Drop metadata keys that only arguments may set."""
    return {key: value for key, value in (metadata or {}).items() if key not in (*OWNERS, "actor_id")}


def _conditions_of(
    filters: Mapping[str, Any] | None, former: Mapping[str, object], top_k: int
) -> tuple[dict[str, Any], int]:
    """Return the conditions and the number of results of a call."""
    unknown = sorted(former.keys() - {*OWNERS, "limit"})
    if unknown:
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}")
    conditions = {**dict(filters or {}), **owners_of(former)}
    conditions |= owners_of({name: value for name, value in conditions.items() if isinstance(value, str | int)})
    if not conditions.keys() & set(OWNERS):
        raise WrongArgument("no owner: give filters at least one of user_id, agent_id, run_id")
    fits(conditions, {})  # raises on an invalid condition, even if there are no memories
    count = former.get("limit", top_k)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise WrongArgument(f"top_k {count!r} is not a number of results")
    return conditions, count


def _labelled(conditions: Mapping[str, Any], *, is_history: bool) -> Filter:
    """Return the conditions that the store can test: an owner's label, or the label of this interface."""
    owned = [owner_label(name, conditions[name]) for name in OWNERS if isinstance(conditions.get(name), str)]
    plain = [label for label in owned if not label.endswith("=*")]
    return Filter(labels=(plain[0] if plain else MARK,), include_history=is_history)


def _states(*, is_history: bool) -> frozenset[State]:
    return _EXPIRED_TOO if is_history else _LISTED
