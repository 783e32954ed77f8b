"""A plot with a slider over days for notebooks, and a still picture where no kernel runs."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from graphmem.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOTS_PER_INCH = 80


class AsOfSlider:
    """The value of a notebook cell: a plot for a day chosen with a slider.

    Without ipywidgets, or without a running kernel (a web page, a printed notebook), it shows a picture of the
    start day.

    Args:
        draw: Draws for an instant, on a new figure.
        days: The days of the slider, in order.
        start: Index of the day shown first.
    """

    def __init__(self, draw: Callable[[datetime], Axes], days: Sequence[datetime], start: int = -1) -> None:
        if not days:
            raise InvalidInput("days is empty: a slider needs at least one day")
        self._draw = draw
        self._days = list(days)
        self._start = self._days[start]

    def picture(self, day: datetime) -> bytes:
        """Return the PNG of a day."""
        import matplotlib.pyplot as plt

        figure = self._draw(day).get_figure(root=True)
        assert figure is not None, "axes have a figure"  # noqa: S101
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
        plt.close("all")
        return buffer.getvalue()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude
        still = {"text/plain": f"as of {self._start:%Y-%m-%d}", "image/png": _text(self.picture(self._start))}
        return {**self._widget(), **still}

    def _widget(self) -> dict[str, Any]:
        """Return the interactive form; empty without ipywidgets."""
        try:
            import ipywidgets
        except ModuleNotFoundError:
            return {}
        image = ipywidgets.Image(value=self.picture(self._start), format="png")
        options = [(f"{day:%Y-%m-%d}", day) for day in self._days]
        slider = ipywidgets.SelectionSlider(options=options, value=self._start, description="as of")

        def follow(change: dict[str, Any]) -> None:
            image.value = self.picture(change["new"])

        slider.observe(follow, names="value")
        bundle: dict[str, Any] = ipywidgets.VBox([slider, image])._repr_mimebundle_()
        return bundle


def _text(picture: bytes) -> str:
    return b64encode(picture).decode("ascii")
