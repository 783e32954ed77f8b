"""Receives deliveries in a server: stores the events, and works on them in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from graphmem.errors import GraphMemError
from graphmem.service.repository_ingestion import RepositoryMemory
from graphmem.store import Clock
from graphmem.webhooks.deliveries import Delivery, addressed, read_delivery, signers
from graphmem.webhooks.event_folder import Event, EventFolder
from graphmem.webhooks.mirror_work import WebhookWork, work_on_events
from graphmem.webhooks.sources import Forge, WebhookSource, WebhookSources, read_webhook_sources

#: Seconds after which waiting events are looked at again: a mirror may be fetched later than its forge delivers.
AGAIN_S = 60.0
#: Seconds that an unfinished reading gets when the server ends. Changes that it has recorded stay.
_GRACE_S = 10.0


class WebhookReceiver:
    """Receives deliveries for the repositories in a file; the file is read again for each delivery.

    Args:
        path: The file.
        clock: The current time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._wake = threading.Event()
        read_webhook_sources(path)  # Errors in the file are raised when the server starts.

    def sources(self) -> WebhookSources:
        """Return the repositories, as the file has them now."""
        return read_webhook_sources(self._path)

    def signers(self, forge: Forge, headers: Mapping[str, str], body: bytes) -> list[WebhookSource]:
        """Return the repositories whose secret signed a body; see `deliveries.signers`."""
        return signers(forge, headers, body, self.sources().sources)

    def take(self, forge: Forge, headers: Mapping[str, str], body: bytes, signed: list[WebhookSource]) -> str | None:
        """Store the event of a signed delivery, and wake the work.

        Returns:
            `queued`, `known` for a repeated delivery, `ignored` for an event that graphmem does not read; None if the
            delivery is about no repository of its secret.

        Raises:
            InvalidInput: The body has not the form that the forge documents.
            StoreUnavailable: The event cannot be stored.
        """
        delivery = read_delivery(forge, headers, body)
        source = addressed(delivery, signed)
        if delivery.movement is None:
            return "ignored"
        if source is None:
            return None
        is_new = EventFolder(self.sources().queue).put(_event(delivery, source, self._clock().isoformat()))
        self._wake.set()
        return "queued" if is_new else "known"

    def work(self, memory: RepositoryMemory) -> WebhookWork | None:
        """Do the work on waiting events; see `work_on_events`."""
        return work_on_events(memory, self.sources(), now=self._clock())

    @contextmanager
    def running(self, memory: RepositoryMemory, on_work: Callable[[WebhookWork], None]) -> Iterator[None]:
        """Work on events as they arrive, in a thread that ends with the block.

        Args:
            memory: An open memory.
            on_work: Called with the result of each run that read a mirror or failed to read it.
        """
        is_over = threading.Event()

        def run() -> None:
            while not is_over.is_set():
                try:
                    work = self.work(memory)
                except (GraphMemError, OSError) as error:
                    work = WebhookWork(failed={"": str(error)})
                if work is not None and (work.read or work.failed):
                    on_work(work)
                self._wake.wait(AGAIN_S)
                self._wake.clear()

        thread = threading.Thread(target=run, name="graphmem webhooks", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            self._wake.set()
            thread.join(_GRACE_S)


def _event(delivery: Delivery, source: WebhookSource, received_at: str) -> Event:
    assert delivery.movement is not None, "an event that moves nothing is ignored"  # noqa: S101
    movement = delivery.movement
    return Event(delivery.key, source.tenant, source.name, movement.ref, movement.sha, received_at)
