"""Writers that go on under faults, and what must hold of a store that they wrote to."""

from __future__ import annotations

import threading
import time
from collections import Counter
from types import TracebackType
from typing import Self

from graphmem.errors import CommitUnknown, StoreUnavailable
from graphmem.store import Store
from tests.laws.world import R, add, send

_PAUSE_S = 0.02


class Load:
    """Threads that write one memory after another, and send again whatever could not be written.

    Attributes:
        acknowledged: The op_ids of what was.
        failures: How often a call failed in a way that sending again mends.
        faults: Everything else that was raised.
    """

    def __init__(self, store: Store, writers: int) -> None:
        self._store = store
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(writers)]
        self.acknowledged: set[str] = set()
        self.failures = 0
        self.faults: list[BaseException] = []

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let each writer finish what it has begun."""
        self._ends.set()
        for one in self._threads:
            one.join()

    def await_more(self, count: int = 5) -> None:
        """Until so many more are acknowledged; the test's own limit ends a wait in vain."""
        wanted = len(self.acknowledged) + count
        while len(self.acknowledged) < wanted and not self.faults:
            time.sleep(_PAUSE_S)

    def await_failure(self) -> None:
        """Until a call has failed."""
        seen = self.failures
        while self.failures == seen and not self.faults:
            time.sleep(_PAUSE_S)

    def _write(self, writer: int) -> None:
        number = 0
        while not self._ends.is_set() and not self.faults:
            key = f"w{writer}-{number}"
            try:
                send(self._store, key, add(key))
            except (StoreUnavailable, CommitUnknown):
                self.failures += 1
            except BaseException as exc:  # noqa: BLE001 - told to the test
                self.faults.append(exc)
            else:
                self.acknowledged.add(key)
                number += 1


def until_written(store: Store, key: str) -> None:
    """Send a write until it works; what says that it will not work is raised."""
    while True:
        try:
            send(store, key, add(key))
        except (StoreUnavailable, CommitUnknown) as exc:
            if "read-only" in str(exc):
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def op_ids(store: Store) -> list[str]:
    """Of the whole ledger, in its order."""
    found: list[str] = []
    while some := store.changes(R, after=len(found)):
        found += [one.op_id for one in some]
    return found


def whole(store: Store, acknowledged: set[str]) -> list[str]:
    """What is lost, there twice, or found by the store's own check."""
    counted = Counter(op_ids(store))
    lost = sorted(f"lost: {one}" for one in acknowledged - counted.keys())
    doubled = sorted(f"twice: {one}" for one, count in counted.items() if count > 1)
    return [*lost, *doubled, *(str(one) for one in store.check())]
