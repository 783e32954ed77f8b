"""The progress of a tool call that runs in a worker thread, and its cancellation by the client."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from threading import Event


class CallCancelled(Exception):
    """The client cancelled the call; what was recorded before stays."""


class CallProgress:
    """Reports the steps of a call, and stops it between two steps if the client cancelled it.

    Args:
        report: Sends the number of finished steps, their total so far, and a text.
        cancelled: Set once the client cancelled the call.
    """

    def __init__(self, report: Callable[[int, int, str], None], cancelled: Event) -> None:
        self._report = report
        self._cancelled = cancelled
        self._before = self._last = 0

    def start(self, name: str) -> Callable[[int, int], None]:
        """Return the progress of the next part of the call; its steps are added to those of earlier parts.

        Raises:
            CallCancelled: From the progress, if the client cancelled the call.
        """
        self._before = self._last

        def advance(done: int, total: int) -> None:
            if self._cancelled.is_set():
                raise CallCancelled("the client cancelled the call; what was recorded stays, and a new call continues")
            if self._before + done > self._last:
                self._last = self._before + done
                self._report(self._last, max(self._before + total, self._last), f"{name}: {done} of {total}")

        return advance


_progress: ContextVar[CallProgress] = ContextVar("progress")


def set_progress(progress: CallProgress) -> None:
    """Set the progress of the calls that this context starts."""
    _progress.set(progress)


def call_progress() -> CallProgress:
    """Return the progress of the current call; outside of a call one that reports nothing."""
    return _progress.get(CallProgress(lambda _done, _total, _text: None, Event()))
