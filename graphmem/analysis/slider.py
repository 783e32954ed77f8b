"""A picture that follows a slider over days in a notebook, and a still one wherever nothing runs."""

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
    """Shown as the value of a notebook's cell.

    Without ipywidgets, or where no kernel runs (a page on the web, a printed notebook), the picture of one day stands
    there instead.

    Args:
        draw: Draws for an instant, on a figure of its own.
        days: Where the slider may stand, in order.
        start: Which of them it stands on at first.
    """

    def __init__(self, draw: Callable[[datetime], Axes], days: Sequence[datetime], start: int = -1) -> None:
        if not days:
            raise InvalidInput("a slider needs at least one day to stand on")
        self._draw = draw
        self._days = list(days)
        self._start = self._days[start]

    def picture(self, day: datetime) -> bytes:
        """The PNG of one day."""
        import matplotlib.pyplot as plt

        figure = self._draw(day).get_figure(root=True)
        assert figure is not None, "axes stand on a figure"  # noqa: S101
        written = io.BytesIO()
        figure.savefig(written, format="png", dpi=_DOTS_PER_INCH)
        plt.close("all")
        return written.getvalue()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude
        still = {"text/plain": f"as of {self._start:%Y-%m-%d}", "image/png": _text(self.picture(self._start))}
        return {**self._widget(), **still}

    def _widget(self) -> dict[str, Any]:
        """The live form, if there is what shows it."""
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
